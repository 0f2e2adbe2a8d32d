using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Persistence;
using P2P.Engine.Primitives;
using P2P.Engine.Session;

namespace P2P.Engine.Tests.Persistence;

/// <summary>A data directory of its own under the temporary folder, with a clock that only tests move.</summary>
internal sealed class StateDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("p2p-state-").FullName;

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    public string Database => System.IO.Path.Combine(Path, "p2p.db");

    public string Log => System.IO.Path.Combine(Path, "p2p-log.db");

    public string TorrentPath(int number) => System.IO.Path.Combine(Path, "torrents", Hash(number) + ".torrent");

    public static InfoHash Hash(int number) => new(SHA1.HashData(Encoding.ASCII.GetBytes($"torrent {number}")));

    public static byte[] TorrentFile(int number) => Encoding.ASCII.GetBytes($"d4:infod4:name3:{number:D3}ee");

    public static TorrentRecord Record(int number) => new()
    {
        InfoHash = Hash(number),
        Name = $"torrent {number}",
        AddedAt = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(number),
        Downloaded = number * 1000L,
        Have = [.. Enumerable.Range(0, 200).Select(i => (byte)(i * number))],
        WasChecked = true,
    };

    /// <summary>A store that does not wait for the device: no test here cuts the power, and the device is everyone's.</summary>
    public LiteDbSessionStore Create(DurableFiles? files = null) =>
        new(Path, Clock, NullLogger.Instance, files ?? new DurableFiles(StoreDurability.None));

    public async Task<(LiteDbSessionStore Store, LoadedSession Session)> OpenAsync(DurableFiles? files = null)
    {
        var store = Create(files);
        try
        {
            return (store, await store.LoadAsync(CancellationToken.None));
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a start finds now; stops again at once.</summary>
    public async Task<LoadedSession> LoadAsync()
    {
        var (store, session) = await OpenAsync();
        await store.DisposeAsync();
        return session;
    }

    /// <summary>A stopped session of torrents 1..count and one setting.</summary>
    public async Task FillAsync(int count)
    {
        var (store, _) = await OpenAsync();
        var adds = Enumerable.Range(1, count).Select(number => store.AddAsync(Record(number), TorrentFile(number))).ToArray();
        await Task.WhenAll(adds);
        await store.SaveSettingsAsync(ImmutableDictionary<string, string>.Empty.Add("MaxUploadRate", "1000"));
        await store.DisposeAsync();
    }

    /// <summary>Moves the clock in steps until the task ends. The store's own thread decides when; no test time is measured.</summary>
    public async Task AdvanceUntilAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await task;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
