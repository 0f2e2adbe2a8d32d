using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session.History;

/// <summary>What earlier runs left. Immutable.</summary>
/// <param name="Totals">Sums of all runs before this one.</param>
/// <param name="Events">Their last events, oldest first.</param>
/// <param name="Rates">Their rates, as a frame; empty when there are none.</param>
internal sealed record HistoryAtStart(SessionTotals Totals, ImmutableArray<EngineEvent> Events, byte[] Rates)
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

        var rates = await store.ReadAsync(JournalName.Rates).ConfigureAwait(false);
        return new HistoryAtStart(
            totals is [.., var last] && StatisticsKeeper.TryRead(last, out var sums) ? sums : new SessionTotals(),
            events.DrainToImmutable(),
            rates is [.., var newest] ? newest : []);
    }
}

/// <summary>What the session remembers of itself: events, sums and rates. Follows the beat and hands what is worth keeping to the store. Session loop only.</summary>
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

    /// <summary>Coarse rates of the session go to the store so often.</summary>
    private const long KeepRatesMs = 300_000;

    private readonly RateRings _rates = new();
    private readonly Dictionary<InfoHash, RateRings> _torrentRates = [];
    private readonly long _startedAtSecond = clock.GetUtcNow().ToUnixTimeSeconds();
    private readonly SessionWatch _watch = new();
    private readonly List<byte[]> _newEvents = [];
    private readonly StatisticsKeeper _sums = new();
    private readonly RateMeter _written = new();
    private readonly RateMeter _read = new();
    private readonly long _startedMs = clock.NowMs();
    private SessionTotals _keptSums = new();
    private long _sumsKeptAtMs = clock.NowMs();
    private long _eventsKeptAtMs = clock.NowMs();
    private long _ratesKeptAtMs = clock.NowMs();
    private long _second = clock.GetUtcNow().ToUnixTimeSeconds();
    private bool _hasNewRates;

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
        _rates.Begin(before.Rates, _second);
        KeepSums(clock.NowMs()); // The start itself counts.
    }

    /// <summary>The run before ended without a clean stop, and there were torrents to restore.</summary>
    public bool IsAfterUncleanStop { get; private set; }

    /// <summary>The torrents of the last run are in the table.</summary>
    public void OnStarted(int torrents, bool wasCleanStop, string? notice)
    {
        IsAfterUncleanStop = torrents > 0 && !wasCleanStop;
        var after = IsAfterUncleanStop ? " The last stop was not a clean one, so pieces written last are checked." : "";
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

        if (now - _ratesKeptAtMs >= KeepRatesMs)
        {
            KeepRates(now);
        }
    }

    /// <summary>Rates of the session, or of one torrent: empty when it has not moved.</summary>
    public RateHistory Rates(InfoHash? torrent, RateRange range) =>
        (torrent is not { } infoHash ? _rates : _torrentRates.GetValueOrDefault(infoHash) ?? new RateRings()).Read(range, _second);

    private void Count(IEnumerable<TorrentEntry> torrents)
    {
        var now = clock.NowMs();

        // Beats come a little early or late, yet each is one second's: else a second now and then would have none and the next two.
        var passed = _startedAtSecond + ((now - _startedMs) / 1000);
        _second = Math.Max(_second, Math.Clamp(_second + 1, passed - 1, passed + 1));
        var (down, up) = (0L, 0L);
        foreach (var entry in torrents)
        {
            var moved = Observe(entry);
            (down, up) = (down + moved.Downloaded, up + moved.Uploaded);
            AddRates(entry.Record.InfoHash, moved);
        }

        _rates.Add(_second, down, up);
        _hasNewRates |= down > 0 || up > 0;

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
        _torrentRates.Remove(entry.Record.InfoHash);
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
        KeepRates(clock.NowMs());
    }

    private (long Downloaded, long Uploaded) Observe(TorrentEntry entry)
    {
        var (uploaded, downloaded, _) = entry.Loop.Totals;
        return _sums.Observe(entry.Loop, new TorrentCounts(downloaded, uploaded, entry.Snapshot?.Wasted ?? 0, entry.Snapshot?.FailedHashes ?? 0));
    }

    // Made when it first moves, let go when all it could tell is past.
    private void AddRates(InfoHash torrent, (long Downloaded, long Uploaded) moved)
    {
        if (!_torrentRates.TryGetValue(torrent, out var rates))
        {
            if (moved == default)
            {
                return;
            }

            _torrentRates[torrent] = rates = new RateRings();
        }

        rates.Add(_second, moved.Downloaded, moved.Uploaded);
        if (rates.IsCold)
        {
            _torrentRates.Remove(torrent);
        }
    }

    private void KeepRates(long nowMs)
    {
        _ratesKeptAtMs = nowMs;
        if (_hasNewRates)
        {
            _hasNewRates = false;
            _ = store.AppendAsync(JournalName.Rates, [_rates.Write()]);
        }
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
