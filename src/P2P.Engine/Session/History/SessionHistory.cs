using System.Collections.Immutable;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session.History;

/// <summary>What earlier runs left. Immutable.</summary>
/// <param name="Totals">Sums of all runs before this one.</param>
internal sealed record HistoryAtStart(SessionTotals Totals)
{
    /// <summary>Reads it; what cannot be read is as if it had never been.</summary>
    public static async Task<HistoryAtStart> LoadAsync(IJournalStore store)
    {
        var totals = await store.ReadAsync(JournalName.Statistics).ConfigureAwait(false);
        return new HistoryAtStart(totals is [.., var last] && StatisticsKeeper.TryRead(last, out var sums) ? sums : new SessionTotals());
    }
}

/// <summary>What the session remembers of itself: sums over torrents. Follows the beat and hands what is worth keeping to the store. Session loop only.</summary>
/// <param name="store">Where it is kept.</param>
/// <param name="clock">Beats come by it.</param>
/// <param name="disk">Counts bytes and jobs.</param>
/// <param name="budget">Counts connections.</param>
/// <param name="connections">Counts how they came about.</param>
internal sealed class SessionHistory(IJournalStore store, TimeProvider clock, IDisk disk, ConnectionBudget budget, ConnectionCounters connections)
{
    /// <summary>Sums are kept once a minute while they change: that much of them a kill costs.</summary>
    private const long KeepSumsMs = 60_000;

    private readonly StatisticsKeeper _sums = new();
    private readonly RateMeter _written = new();
    private readonly RateMeter _read = new();
    private readonly long _startedMs = clock.NowMs();
    private SessionTotals _keptSums = new();
    private long _sumsKeptAtMs = clock.NowMs();

    /// <summary>Sums and counters now.</summary>
    public SessionStatistics Statistics()
    {
        var (now, counters) = (clock.NowMs(), disk.Counters);
        return new SessionStatistics
        {
            AllTime = _sums.AllTime,
            SinceStart = _sums.SinceStart,
            Network = connections.Read(budget),
            Disk = new DiskStatistics
            {
                WaitingJobs = disk.PendingJobs,
                OldestWait = counters.OldestWait,
                WriteRate = _written.RecentBytesPerSecond(now),
                ReadRate = _read.RecentBytesPerSecond(now),
                BytesWritten = _written.Total,
                BytesRead = _read.Total,
            },
        };
    }

    /// <summary>Goes on from what earlier runs left.</summary>
    public void Begin(HistoryAtStart before)
    {
        _sums.Begin(before.Totals);
        KeepSums(clock.NowMs()); // The start itself counts.
    }

    /// <summary>A second passed.</summary>
    public void Beat(IEnumerable<TorrentEntry> torrents)
    {
        var now = clock.NowMs();
        foreach (var entry in torrents)
        {
            Observe(entry);
        }

        _sums.OnRunning(TimeSpan.FromMilliseconds(now - _startedMs));
        var counters = disk.Counters;
        _written.Add(now, counters.BytesWritten - _written.Total);
        _read.Add(now, counters.BytesRead - _read.Total);
        if (now - _sumsKeptAtMs >= KeepSumsMs)
        {
            KeepSums(now);
        }
    }

    /// <summary>A torrent's loop gives way to another, or is gone: takes its last counts.</summary>
    public void Part(TorrentEntry entry)
    {
        Observe(entry);
        _sums.Forget(entry.Loop);
    }

    /// <summary>A download finished.</summary>
    public void OnFinished() => _sums.OnFinished();

    /// <summary>Keeps everything, now: the session ends.</summary>
    public void End(IEnumerable<TorrentEntry> torrents)
    {
        Beat(torrents);
        KeepSums(clock.NowMs());
    }

    private void Observe(TorrentEntry entry)
    {
        var (uploaded, downloaded, _) = entry.Loop.Totals;
        _sums.Observe(entry.Loop, new TorrentCounts(downloaded, uploaded, entry.Snapshot?.Wasted ?? 0, entry.Snapshot?.FailedHashes ?? 0));
    }

    private void KeepSums(long nowMs)
    {
        _sumsKeptAtMs = nowMs;
        var sums = _sums.AllTime;
        if (sums != _keptSums)
        {
            _keptSums = sums;
            _ = store.AppendAsync(JournalName.Statistics, [StatisticsKeeper.Write(sums)]);
        }
    }
}
