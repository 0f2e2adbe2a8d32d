using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>Announces one torrent to its trackers, by the decisions of an <see cref="AnnounceSchedule"/>; one run from start to stop.</summary>
/// <remarks>
/// A loop of its own: announces run as tasks and post their answers back. Idle, it holds one timer of its time provider. Times come
/// from the monotonic clock laid onto the UTC time of its making, so a stepped wall clock moves no announce (R-G02).
/// </remarks>
internal sealed class TorrentAnnouncer : SerialLoop<AnnouncerMessage>, IAnnouncer
{
    /// <summary>How long leaving may take in all.</summary>
    public static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(5);

    /// <summary>Peers asked for when we lack them (the answer still fits one UDP datagram of 1,220 bytes), and when we do not.</summary>
    private const int ManyPeers = 200;
    private const int FewPeers = 50;

    private readonly InfoHash _infoHash;
    private readonly PeerId _peerId;
    private readonly Func<int> _port;
    private readonly TimeProvider _clock;
    private readonly IAnnounceSink _sink;
    private readonly ILogger _logger;
    private readonly Dictionary<string, ITracker> _trackers = new(StringComparer.Ordinal);
    private readonly AnnounceSchedule _schedule;
    private readonly uint _key;
    private readonly DateTimeOffset _madeAt;
    private readonly long _madeTimestamp;
    private readonly ITimer _timer;
    private readonly List<TaskCompletionSource> _stopWaiters = [];
    private CancellationTokenSource _lifetime = new();
    private CancellationTokenSource? _stopDeadline;
    private Phase _phase = Phase.Ready;
    private bool _wantsPeers;
    private bool _isDirty;
    private int _stopsUnderWay;

    /// <summary>Makes the trackers; announces nothing before <see cref="Start"/>.</summary>
    /// <param name="infoHash">The torrent.</param>
    /// <param name="peerId">Who we say we are.</param>
    /// <param name="port">The port peers reach us at, asked at each announce; any thread.</param>
    /// <param name="tiers">Announce URLs by tier (BEP 12).</param>
    /// <param name="network">How trackers are reached.</param>
    /// <param name="clock">Time and timers.</param>
    /// <param name="scheduler">Runs this loop.</param>
    /// <param name="random">Shuffle, jitter, key and transaction ids; this announcer's alone from now on.</param>
    /// <param name="minInterval">Never announce regularly more often than this.</param>
    /// <param name="sink">Where peers and states go.</param>
    /// <param name="logger">For the log.</param>
    public TorrentAnnouncer(
        InfoHash infoHash,
        PeerId peerId,
        Func<int> port,
        ImmutableArray<ImmutableArray<string>> tiers,
        INetwork network,
        TimeProvider clock,
        ILoopScheduler scheduler,
        Random random,
        TimeSpan minInterval,
        IAnnounceSink sink,
        ILogger logger)
        : base(scheduler)
    {
        _infoHash = infoHash;
        _peerId = peerId;
        _port = port;
        _clock = clock;
        _sink = sink;
        _logger = logger;
        _key = (uint)random.NextInt64(1L << 32);
        _madeAt = clock.GetUtcNow();
        _madeTimestamp = clock.GetTimestamp();
        var factory = new TrackerFactory(network, clock, random, minInterval);
        _schedule = new AnnounceSchedule(tiers.Select(tier => tier.Select(url => (url, WhyUnusable(factory, url))).ToArray()), minInterval, random);
        _timer = clock.CreateTimer(_ => Post(new AnnouncerMessage.Wake()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private enum Phase
    {
        Ready,
        Running,
        Leaving,
        Gone,
    }

    private DateTimeOffset Now => _madeAt + _clock.GetElapsedTime(_madeTimestamp);

    /// <inheritdoc/>
    public void Start() => Post(new AnnouncerMessage.Start());

    /// <inheritdoc/>
    public void Completed() => Post(new AnnouncerMessage.Completed());

    /// <inheritdoc/>
    public void AnnounceNow() => Post(new AnnouncerMessage.AnnounceNow());

    /// <inheritdoc/>
    public void SetWantsPeers(bool wantsPeers) => Post(new AnnouncerMessage.WantsPeers(wantsPeers));

    /// <inheritdoc/>
    public Task StopAsync()
    {
        var done = new TaskCompletionSource(); // answered on the loop; what follows only posts
        Post(new AnnouncerMessage.Stop(done));
        return done.Task;
    }

    /// <inheritdoc/>
    protected override void Handle(AnnouncerMessage message)
    {
        AssertOnLoop();
        _isDirty = true;
        switch (message)
        {
            case AnnouncerMessage.Start when _phase == Phase.Ready:
                _phase = Phase.Running;
                _schedule.Start();
                break;
            case AnnouncerMessage.Completed:
                _schedule.Completed();
                break;
            case AnnouncerMessage.AnnounceNow:
                _schedule.AskNow();
                break;
            case AnnouncerMessage.WantsPeers wants:
                _wantsPeers = wants.Value;
                _schedule.SetWantsPeers(wants.Value);
                break;
            case AnnouncerMessage.Ended ended:
                OnEnded(ended);
                break;
            case AnnouncerMessage.Scraped scraped:
                OnScraped(scraped);
                break;
            case AnnouncerMessage.GiveUp when _phase == Phase.Leaving:
                Leave();
                break;
            case AnnouncerMessage.Stop stop:
                OnStop(stop.Done);
                break;
        }

        Advance();
    }

    /// <inheritdoc/>
    protected override void OnFault(Exception exception) => TrackerLog.Fault(_logger, _infoHash.ToString(), exception);

    /// <inheritdoc/>
    protected override void OnBatchEnd()
    {
        if (!_isDirty)
        {
            return;
        }

        _isDirty = false;
        var plan = _schedule.Plan(Now);
        _sink.OnTrackersChanged(
            [.. _schedule.Entries.Select(entry => entry.ToSnapshot(plan.TryGetValue(entry, out var dueAt) ? dueAt : null))]);
    }

    private string? WhyUnusable(TrackerFactory factory, string url)
    {
        if (_trackers.ContainsKey(url))
        {
            return null;
        }

        if (factory.Create(url, out var problem) is not { } tracker)
        {
            return problem.Message;
        }

        _trackers.Add(url, tracker);
        return null;
    }

    /// <summary>Begins what is due and sets the timer for what comes next.</summary>
    private void Advance()
    {
        if (_phase != Phase.Running)
        {
            return;
        }

        var now = Now;
        while (_schedule.Next(now) is { } due)
        {
            _ = RunAsync(due.Tracker, due.Event, _lifetime);
        }

        var wait = _schedule.NextAt(now) is { } next ? next - now : Timeout.InfiniteTimeSpan;
        _timer.Change(wait == Timeout.InfiniteTimeSpan || wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private async Task RunAsync(TrackerEntry entry, AnnounceEvent @event, CancellationTokenSource lifetime)
    {
        AnnounceResponse response;
        try
        {
            var totals = _sink.Totals;
            var wanted = @event == AnnounceEvent.Stopped ? 0 : _wantsPeers ? ManyPeers : FewPeers;
            var request = new AnnounceRequest(
                _infoHash, _peerId, _port(), totals.Uploaded, totals.Downloaded, totals.Left, @event, wanted, _key, entry.TrackerId);
            response = await _trackers[entry.Url].AnnounceAsync(request, lifetime.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            response = new AnnounceResponse { Failure = ("tracker.timeout", "did not answer before we left") };
        }
#pragma warning disable CA1031 // A bug in a tracker client must not leave its tracker "announcing" for ever: logged, shown, retried.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            TrackerLog.Fault(_logger, _infoHash.ToString(), exception);
            response = new AnnounceResponse { Failure = ("tracker.internal", "an error of this program; the log has it") };
        }

        Post(new AnnouncerMessage.Ended(entry, @event, response, lifetime));
    }

    private void OnEnded(AnnouncerMessage.Ended ended)
    {
        if (ended.Lifetime != _lifetime)
        {
            return; // Cut short by the stop, which announces to this tracker itself.
        }

        _schedule.Ended(ended.Tracker, ended.Event, ended.Response, Now);
        var host = HostOf(ended.Tracker);
        if (ended.Response.Failure is { } failure)
        {
            TrackerLog.AnnounceFailed(_logger, _infoHash.ToString(), host, ended.Event, failure.Code, failure.Message);
        }
        else
        {
            TrackerLog.Announced(_logger, _infoHash.ToString(), host, ended.Event, ended.Response.Peers.Length);
            if (_phase == Phase.Running && _schedule.BeginScrape(ended.Tracker, Now))
            {
                _ = ScrapeAsync(ended.Tracker, _lifetime.Token);
            }
        }

        if (_phase == Phase.Leaving && --_stopsUnderWay == 0)
        {
            Leave();
        }
        else if (_phase == Phase.Running && !ended.Response.Peers.IsEmpty)
        {
            _sink.OnPeersFound(ended.Response.Peers);
        }
    }

    private async Task ScrapeAsync(TrackerEntry entry, CancellationToken lifetime)
    {
        try
        {
            Post(new AnnouncerMessage.Scraped(entry, await _trackers[entry.Url].ScrapeAsync(_infoHash, lifetime).ConfigureAwait(false)));
        }
        catch (OperationCanceledException)
        {
            return; // we left: nobody looks at the counts any more
        }
#pragma warning disable CA1031 // A bug in a tracker client costs counts, which is no reason to fail anything else: logged.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            TrackerLog.Fault(_logger, _infoHash.ToString(), exception);
        }
    }

    private void OnScraped(AnnouncerMessage.Scraped scraped)
    {
        if (scraped.Response.Failure is { } failure)
        {
            TrackerLog.ScrapeFailed(_logger, _infoHash.ToString(), HostOf(scraped.Tracker), failure.Code, failure.Message);
        }
        else
        {
            scraped.Tracker.Scrape = scraped.Response;
        }
    }

    private static string HostOf(TrackerEntry entry) => TrackerUrl.TryParse(entry.Url, out var url, out _) ? url.Host : "";

    private void OnStop(TaskCompletionSource done)
    {
        _stopWaiters.Add(done);
        if (_phase == Phase.Gone)
        {
            Leave();
        }

        if (_phase is Phase.Leaving or Phase.Gone)
        {
            return;
        }

        _phase = Phase.Leaving;
        var announces = _lifetime;
        _stopDeadline = new CancellationTokenSource(StopDeadline, _clock);
        _lifetime = _stopDeadline;
        announces.Cancel();
        announces.Dispose();
        var hearers = _schedule.Stop(Now);
        if (hearers.IsEmpty)
        {
            Leave();
            return;
        }

        // The deadline ends the announces, and the waiting for one that does not obey it.
        _stopsUnderWay = hearers.Length;
        _stopDeadline.Token.Register(() => Post(new AnnouncerMessage.GiveUp()));
        foreach (var entry in hearers)
        {
            _ = RunAsync(entry, AnnounceEvent.Stopped, _lifetime);
        }
    }

    private void Leave()
    {
        _phase = Phase.Gone;
        _timer.Dispose();
        _stopDeadline?.Dispose();

        // The last words are shown before anybody who waits for the end may look.
        OnBatchEnd();
        foreach (var waiter in _stopWaiters)
        {
            waiter.TrySetResult();
        }

        _stopWaiters.Clear();
    }
}

/// <summary>What a <see cref="TorrentAnnouncer"/> is told.</summary>
internal abstract record AnnouncerMessage
{
    /// <summary>Begin.</summary>
    internal sealed record Start : AnnouncerMessage;

    /// <summary>The download finished.</summary>
    internal sealed record Completed : AnnouncerMessage;

    /// <summary>The user asks.</summary>
    internal sealed record AnnounceNow : AnnouncerMessage;

    /// <summary>Peers are (not) wanted.</summary>
    internal sealed record WantsPeers(bool Value) : AnnouncerMessage;

    /// <summary>The timer fired.</summary>
    internal sealed record Wake : AnnouncerMessage;

    /// <summary>Leaving took too long.</summary>
    internal sealed record GiveUp : AnnouncerMessage;

    /// <summary>An announce ended; <paramref name="Lifetime"/> tells which run of announces it belongs to.</summary>
    internal sealed record Ended(TrackerEntry Tracker, AnnounceEvent Event, AnnounceResponse Response, CancellationTokenSource Lifetime) : AnnouncerMessage;

    /// <summary>A scrape ended.</summary>
    internal sealed record Scraped(TrackerEntry Tracker, ScrapeResponse Response) : AnnouncerMessage;

    /// <summary>Leave; complete <paramref name="Done"/> when left.</summary>
    internal sealed record Stop(TaskCompletionSource Done) : AnnouncerMessage;
}
