using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using P2P.Engine.Persistence;
using P2P.Engine.Primitives;
using P2P.Engine.Session;

namespace P2P.Harness;

/// <summary>The process under test of <see cref="StorePowerCut"/>: changes the state as fast as it is acknowledged and prints every answer.</summary>
/// <remarks>
/// Lines: READY; "A n" torrent n is added; "S n v" torrent n has value v; "r n" removal of n begins; "R n" it is removed; "C v" the setting is v;
/// "E text" an error. Torrent numbers and values are never used twice.
/// </remarks>
internal static class StoreStorm
{
    private const int Writers = 4;
    private const int SavesPerTorrent = 6;

    public static async Task RunAsync(HarnessOptions options)
    {
        var files = new DurableFiles(options.IsCanary ? StoreDurability.None : StoreDurability.Full);
        var store = new LiteDbSessionStore(options.Required("data"), TimeProvider.System, NullLogger.Instance, files);
        await store.LoadAsync(CancellationToken.None);
        Say("READY");
        var first = options.Number("first", 1);
        var storms = Enumerable.Range(0, Writers).Select(writer => ChangeTorrentsAsync(store, first + writer)).Append(ChangeSettingsAsync(store, options.Number("setting", 1)));
        await Task.WhenAll(storms);
    }

    /// <summary>The infohash of torrent <paramref name="number"/>.</summary>
    public static InfoHash HashOf(int number) => new(SHA1.HashData(BitConverter.GetBytes(number)));

    /// <summary>The bytes of its .torrent file: 100 B to 20 KiB, depending on the number.</summary>
    public static byte[] TorrentFileOf(int number)
    {
        var bytes = new byte[100 + (number * 7919 % 20_000)];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Its record with a value; the bitfield follows from both, so that a mixture is noticed.</summary>
    public static TorrentRecord RecordOf(int number, long value)
    {
        var have = new byte[200 + (number % 2000)];
        new Random(unchecked((number * 31) + (int)value)).NextBytes(have);
        return new TorrentRecord { InfoHash = HashOf(number), Name = $"storm {number}", Uploaded = value, Have = have };
    }

    private static async Task ChangeTorrentsAsync(LiteDbSessionStore store, int first)
    {
        for (var number = first; ; number += Writers)
        {
            await SayWhenAsync(store.AddAsync(RecordOf(number, 0), TorrentFileOf(number)), $"A {number}");
            for (var value = 1; value <= SavesPerTorrent; value++)
            {
                await SayWhenAsync(store.SaveAsync(RecordOf(number, value)), $"S {number} {value}");
            }

            if (number % 3 == 0)
            {
                Say($"r {number}");
                await SayWhenAsync(store.RemoveAsync(HashOf(number)), $"R {number}");
            }
        }
    }

    private static async Task ChangeSettingsAsync(LiteDbSessionStore store, int first)
    {
        for (long value = first; ; value++)
        {
            var settings = ImmutableDictionary<string, string>.Empty.Add("value", value.ToString(CultureInfo.InvariantCulture));
            await SayWhenAsync(store.SaveSettingsAsync(settings), $"C {value}");
        }
    }

    private static async Task SayWhenAsync(Task task, string line)
    {
        try
        {
            await task;
            Say(line);
        }
        catch (Exception exception)
        {
            // The disk is gone; the parent ends this process soon.
            Say("E " + exception.Message);
            await Task.Delay(Timeout.Infinite);
        }
    }

    private static void Say(string line)
    {
        lock (Console.Out)
        {
            Console.Out.Write(line + "\n");
            Console.Out.Flush();
        }
    }
}
