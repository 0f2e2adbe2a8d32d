using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session.History;

/// <summary>What earlier runs left. Immutable.</summary>
/// <param name="Totals">Sums of all runs before this one.</param>
/// <param name="Events">Their last events, oldest first.</param>
internal sealed record HistoryAtStart(SessionTotals Totals, ImmutableArray<EngineEvent> Events)
{
    /// <summary>Reads it; what cannot be read is as if it had never been.</summary>
    public static async Task<HistoryAtStart> LoadAsync(IJournalStore store)
    {
        var totals = await store.ReadAsync(JournalName.Statistics).ConfigureAwait(false);
        var events = ImmutableArray.CreateBuilder<EngineEvent>();
        foreach (var frame in await store.ReadAsync(JournalName.Events).ConfigureAwait(false))
        {
            if (EventCodec.TryRead(frame, out var happened) && (events.Count == 0 || happened.Sequence > events[^1].Sequence))
            {
                events.Add(happened);
            }
        }

        return new HistoryAtStart(totals is [.., var last] && StatisticsKeeper.TryRead(last, out var sums) ? sums : new SessionTotals(), events.DrainToImmutable());
    }
}

/// <summary>What the session remembers of itself: events and sums over torrents. Follows the beat and hands what is worth keeping to the store. Session loop only.</summary>
/// <param name="store">Where it is kept.</param>
/// <param name="clock">Beats come by it.</param>
/// <param name="disk">Counts bytes and jobs.</param>
/// <param name="budget">Counts connections.</param>
/// <param name="connections">Counts how they came about.</param>
internal sealed class SessionHistory(IJournalStore store, TimeProvider clock, IDisk disk, ConnectionBudget budget, ConnectionCounters connections)
{
    /// <summary>Sums are kept once a minute while they change: that much of them a kill costs.</summary>
    private const long KeepSumsMs = 60_000;

    /// <summary>Events go to the store in batches, so long apart: that much of them a kill costs.</summary>
    private const long KeepEventsMs = 5_000;

    private readonly SessionWatch _watch = new();
    private readonly List<byte[]> _newEvents = [];
    private readonly StatisticsKeeper _sums = new();
    private readonly RateMeter _written = new();
    private readonly RateMeter _read = new();
    private readonly long _startedMs = clock.NowMs();
    private SessionTotals _keptSums = new();
    private long _sumsKeptAtMs = clock.NowMs();
    private long _eventsKeptAtMs = clock.NowMs();

    /// <summary>The last events. Any thread may read.</summary>
    public EventRing Events { get; } = new();

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
        Events.Begin(before.Events);
        KeepSums(clock.NowMs()); // The start itself counts.
    }

    /// <summary>The torrents of the last run are in the table.</summary>
    public void OnStarted(int torrents, bool wasCleanStop, string? notice)
    {
        var after = torrents > 0 && !wasCleanStop ? " The last stop was not a clean one, so pieces written last are checked." : "";
        Tell(null, new TorrentNews(EngineEventKind.SessionStarted, $"The client started with {PlainWords.Counted(torrents, "torrent")}.{after}", [DiagnosisArgument.Number("torrents", torrents)]));
        if (notice is not null)
        {
            Tell(null, new TorrentNews(EngineEventKind.StateRecovered, notice, [DiagnosisArgument.Words("message", notice)]));
        }
    }

    /// <summary>Settings changed in the page.</summary>
    public void OnSettings(ImmutableDictionary<string, string> before, ImmutableDictionary<string, string> after)
    {
        var changes = after.Where(pair => before.GetValueOrDefault(pair.Key) != pair.Value).OrderBy(pair => pair.Key, StringComparer.Ordinal).ToArray();
        if (changes.Length > 0)
        {
            Tell(null, new TorrentNews(
                EngineEventKind.SettingsChanged,
                $"Settings changed: {string.Join(", ", changes.Select(pair => $"{pair.Key} is {(pair.Value.Length > 0 ? pair.Value : "empty")}"))}.",
                [.. changes.Select(pair => DiagnosisArgument.Words(pair.Key, pair.Value))]));
        }
    }

    /// <summary>Something happened, to a torrent or to none.</summary>
    public void Tell(InfoHash? torrent, TorrentNews news) =>
        Tell(new EngineEvent(clock.GetUtcNow(), news.Kind, torrent, news.Sentence) { Arguments = news.Arguments.IsDefault ? [] : news.Arguments });

    /// <summary>A second passed.</summary>
    public void Beat(IEnumerable<TorrentEntry> torrents, SessionFacts facts)
    {
        foreach (var happened in _watch.Observe(facts, clock.GetUtcNow()))
        {
            Tell(happened);
        }

        Count(torrents);
        var now = clock.NowMs();
        if (now - _sumsKeptAtMs >= KeepSumsMs)
        {
            KeepSums(now);
        }

        if (now - _eventsKeptAtMs >= KeepEventsMs)
        {
            KeepEvents(now);
        }
    }

    private void Count(IEnumerable<TorrentEntry> torrents)
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
        Count(torrents);
        Tell(null, new TorrentNews(EngineEventKind.SessionStopped, "The client stopped cleanly.", []));
        KeepSums(clock.NowMs());
        KeepEvents(clock.NowMs());
    }

    private void Observe(TorrentEntry entry)
    {
        var (uploaded, downloaded, _) = entry.Loop.Totals;
        _sums.Observe(entry.Loop, new TorrentCounts(downloaded, uploaded, entry.Snapshot?.Wasted ?? 0, entry.Snapshot?.FailedHashes ?? 0));
    }

    private void Tell(EngineEvent happened) => _newEvents.Add(EventCodec.Write(Events.Add(happened)));

    private void KeepEvents(long nowMs)
    {
        if (_newEvents.Count > 0)
        {
            _eventsKeptAtMs = nowMs;
            _ = store.AppendAsync(JournalName.Events, [.. _newEvents.TakeLast(JournalName.Events.Keep)]);
            _newEvents.Clear();
        }
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
