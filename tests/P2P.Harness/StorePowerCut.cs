using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using P2P.Engine.Persistence;
using P2P.Engine.Session;

namespace P2P.Harness;

/// <summary>Cuts the power under a storm of changes and counts acknowledged ones that are not there afterwards (FT05, N2c).</summary>
internal sealed class StorePowerCut(HarnessOptions options)
{
    // A fresh disk now and then keeps both young and grown databases in the sample.
    private const int RoundsPerDisk = 10;

    private readonly Dictionary<int, long> _torrents = [];
    private readonly HashSet<int> _removed = [];
    private readonly HashSet<int> _beingRemoved = [];
    private long _setting;
    private long _acknowledged;
    private int _highest;

    public async Task<int> RunAsync()
    {
        var random = new Random(options.Seed);
        var (lost, roundsThatLost, recoveries, failures) = (0L, 0, 0, 0);
        var watch = Stopwatch.StartNew();
        using var disk = new LoopDisk(256);
        for (var round = 0; round < options.Rounds; round++)
        {
            if (round % RoundsPerDisk == 0)
            {
                disk.Format();
                Forget();
            }

            await StormAsync(disk, TimeSpan.FromMilliseconds(random.Next(20, 1500)));
            disk.Remount();
            try
            {
                var (missing, isRecovered) = await VerifyAsync(Path.Combine(disk.MountPoint, "state"));
                lost += missing;
                roundsThatLost += missing > 0 ? 1 : 0;
                recoveries += isRecovered ? 1 : 0;
                if (missing > 0)
                {
                    // What is lost is lost once; the next round starts from nothing.
                    disk.Format();
                    Forget();
                }
            }
            catch (Exception exception)
            {
                failures++;
                Console.WriteLine($"round {round}: does not open: {exception.Message}");
                disk.Format();
                Forget();
            }
        }

        Console.WriteLine(
            $"store-powercut{(options.IsCanary ? " canary (no flush)" : "")}: {options.Rounds} cuts, {_acknowledged} acknowledged changes, "
            + $"{lost} lost in {roundsThatLost} rounds, {failures} did not open, {recoveries} needed the recovery ladder, {watch.Elapsed.TotalSeconds:F0} s, seed {options.Seed}");
        return (lost + failures > 0) == options.IsCanary ? 0 : 1;
    }

    private async Task StormAsync(LoopDisk disk, TimeSpan moment)
    {
        var first = (_highest + 1).ToString(CultureInfo.InvariantCulture);
        List<string> arguments = ["store-child", "--data", Path.Combine(disk.MountPoint, "state"), "--first", first, "--setting", (_setting + 1).ToString(CultureInfo.InvariantCulture)];
        if (options.IsCanary)
        {
            arguments.Add("--canary");
        }

        using var child = new ChildProcess(arguments);
        if (await child.WaitForAsync("READY") is null)
        {
            throw new InvalidOperationException("The child did not start.");
        }

        await Task.Delay(moment);
        disk.Cut();
        await child.KillAsync();
        while (child.Lines.TryRead(out var line))
        {
            Note(line);
        }
    }

    private void Note(string line)
    {
        var words = line.Split(' ');
        var value = words.Length > 1 && long.TryParse(words[1], CultureInfo.InvariantCulture, out var parsed) ? parsed : 0;
        switch (words[0])
        {
            case "A":
                _torrents[(int)value] = 0;
                break;
            case "S":
                _torrents[(int)value] = long.Parse(words[2], CultureInfo.InvariantCulture);
                break;
            case "r":
                _beingRemoved.Add((int)value);
                return;
            case "R":
                _removed.Add((int)value);
                break;
            case "C":
                _setting = Math.Max(_setting, value);
                _acknowledged++;
                return;
            default:
                return;
        }

        _highest = Math.Max(_highest, (int)value);
        _acknowledged++;
    }

    /// <summary>Loads a copy of the state (loading writes) and counts what is missing.</summary>
    private async Task<(long Missing, bool IsRecovered)> VerifyAsync(string state)
    {
        using var copy = new DirectoryCopy(state);
        var store = new LiteDbSessionStore(copy.Path, TimeProvider.System, NullLogger.Instance, new DurableFiles(StoreDurability.None));
        LoadedSession session;
        try
        {
            session = await store.LoadAsync(CancellationToken.None);
        }
        finally
        {
            await store.DisposeAsync();
        }

        if (session.RecoveryNotice is { } notice)
        {
            Console.WriteLine(notice);
        }

        var found = session.Torrents.ToDictionary(torrent => torrent.Record.InfoHash);
        var setting = session.Settings.TryGetValue("value", out var text) ? long.Parse(text, CultureInfo.InvariantCulture) : 0;
        var missing = 0L;
        if (setting < _setting)
        {
            missing++;
            Report($"setting {_setting}: {setting}");
        }

        foreach (var (number, value) in _torrents)
        {
            var isThere = found.TryGetValue(StoreStorm.HashOf(number), out var torrent);
            var isRight = isThere
                ? torrent.Record.Uploaded >= value
                    && torrent.Record.Have!.AsSpan().SequenceEqual(StoreStorm.RecordOf(number, torrent.Record.Uploaded).Have)
                    && torrent.TorrentFile.AsSpan().SequenceEqual(StoreStorm.TorrentFileOf(number))
                    && !_removed.Contains(number)
                : _beingRemoved.Contains(number) || _removed.Contains(number);
            if (!isRight)
            {
                missing++;
                Report($"torrent {number}, value {value}: {(isThere ? $"value {torrent.Record.Uploaded}" : "absent")}");
            }
        }

        return (missing, session.RecoveryNotice is not null);
    }

    private void Report(string loss)
    {
        if (!options.IsCanary)
        {
            Console.WriteLine("lost: " + loss);
        }
    }

    private void Forget()
    {
        _torrents.Clear();
        _removed.Clear();
        _beingRemoved.Clear();
        _setting = 0;
    }
}
