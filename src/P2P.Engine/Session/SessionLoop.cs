using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using P2P.Engine.Diagnostics;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Session.History;
using P2P.Engine.Storage;
using P2P.Engine.Swarm;
using P2P.Engine.Transport;

namespace P2P.Engine.Session;

/// <summary>Owns the torrent table, the settings and the session's totals; everything about many torrents is decided here.</summary>
/// <remarks>A serial loop. Waiting for the store or a tracker is done by servants that post back.</remarks>
internal sealed partial class SessionLoop : SerialLoop<SessionCommand>
{
    private const int FastBeatsPerBeat = 10;
    private const int DhtSaveBeats = 600;
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FastBeat = TimeSpan.FromMilliseconds(100);

    private readonly EngineEnvironment _environment;
    private readonly ISessionStore _store;
    private readonly ILogger _logger;
    private readonly Random _random;
    private readonly BlockPool _blocks;
    private readonly IDisk _disk;
    private readonly PeerId _ourId;
    private readonly ConnectionBudget _budget;
    private readonly IncomingRouter _router;
    private readonly PeerDialer _dialer;
    private readonly DiscoveryBridge _discovery;
    private readonly TokenBucket _downloadBudget;
    private readonly TokenBucket _uploadBudget;
    private readonly SnapshotPublisher _publisher;
    private readonly ITimer _timer;
    private readonly RateRounds _rounds;
    private readonly StoreServant _servant;
    private readonly PeerListening _listening;
    private readonly TorrentFactory _factory;
    private readonly SessionHistory _history;
    private readonly SessionPicture _picture;
    private readonly QueueDesk _queue;
    private readonly ChangeDesk _changes;
    private readonly MoveDesk _moves;

    private readonly Dictionary<InfoHash, TorrentEntry> _torrents = [];
    private readonly Farewells _farewells;
    private ImmutableDictionary<InfoHash, TorrentPort> _ports = ImmutableDictionary<InfoHash, TorrentPort>.Empty;
    private ImmutableDictionary<string, string> _kept = ImmutableDictionary<string, string>.Empty;
    private TorrentEngineOptions _options;
    private string? _recoveryNotice;
    private long _version;
    private long _beats;
    private (int DhtPort, string? StateError) _told;
    private bool _isDirty = true;
    private bool _isFast;
    private bool _isStopping;

    public SessionLoop(EngineEnvironment environment, TorrentEngineOptions options, ISessionStore store, ILogger logger)
        : base(environment.Scheduler)
    {
        _environment = environment;
        _options = options;
        _store = store;
        _logger = logger;
        _random = new Random(environment.Seed);
        _blocks = new BlockPool((int)Math.Max(64, options.BlockMemory / PieceGeometry.BlockLength), environment.Scheduler);
        _disk = environment.Disk(_blocks);
        _ourId = PeerId.Create(_random);
        _budget = new ConnectionBudget(options.MaxConnections, options.MaxHalfOpen);
        var connections = new ConnectionCounters();
        _history = new SessionHistory(store.Journals, environment.Clock, _disk, _budget, connections);
        var handshaker = new PeerHandshaker(_ourId, environment.Clock, () => _discovery?.DhtPort > 0);
        _router = new IncomingRouter(handshaker, _budget, environment.Clock, connections, logger);
        _dialer = new PeerDialer(environment.Network, handshaker, environment.Clock, connections, logger);
        _discovery = new DiscoveryBridge(
            environment, _ourId, () => _router.Local?.Port ?? 0, NameOf, node => Post(new SessionCommand.DhtNodeFound(node)), _random, logger);
        _downloadBudget = new TokenBucket(options.DownloadLimit, environment.Clock.NowMs());
        _uploadBudget = new TokenBucket(options.UploadLimit, environment.Clock.NowMs());
        _rounds = new RateRounds(environment.Clock);
        _farewells = new Farewells(environment.Clock, logger);
        _listening = new PeerListening(environment.Network, _router, environment.Clock, logger);
        _picture = new SessionPicture(_discovery, _disk, _listening, _router, store, _history);
        _servant = new StoreServant(store, Post, logger);
        _queue = new QueueDesk(environment.Clock, _servant, Post);
        _changes = new ChangeDesk(infoHash => _torrents.GetValueOrDefault(infoHash), _queue, _discovery, store, _farewells, Post, Turn);
        _moves = new MoveDesk(infoHash => _torrents.GetValueOrDefault(infoHash), store, Post, Remake, Turn);
        _factory = new TorrentFactory(
            new TorrentContext(environment.Clock, environment.Scheduler, _disk, _blocks, _dialer, _budget, new TorrentReports(this), _downloadBudget, _uploadBudget, new ChokeJournals(store.Journals), logger),
            _random);
        StartedAt = environment.Clock.GetUtcNow();
        _publisher = new SnapshotPublisher(new SessionSnapshot { Version = 0, At = StartedAt, Torrents = [], StartedAt = StartedAt });
        _timer = environment.Clock.CreateTimer(_ => Post(new SessionCommand.Beat()), null, Beat, Beat);
    }

    /// <summary>When the session was made, UTC.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>The clock everything here goes by.</summary>
    public TimeProvider Clock => _environment.Clock;

    /// <summary>Settings in force. Any thread.</summary>
    public TorrentEngineOptions Options => Volatile.Read(ref _options);

    /// <summary>The latest snapshot and those who wait for the next. Any thread.</summary>
    public SnapshotPublisher Publisher => _publisher;

    /// <summary>All torrents as the world sees them. Any thread.</summary>
    public ImmutableDictionary<InfoHash, TorrentPort> Ports => Volatile.Read(ref _ports);

    /// <summary>The last events. Any thread may read.</summary>
    public EventRing Events => _history.Events;

    /// <summary>Blocks of payload lent now; for tests that look for leaks.</summary>
    public BlockPool Blocks => _blocks;

    /// <summary>Rates over time; of the session when <paramref name="torrent"/> is null. Any thread.</summary>
    public Task<RateHistory> ReadRatesAsync(InfoHash? torrent, RateRange range, CancellationToken cancellationToken)
    {
        var reply = new TaskCompletionSource<RateHistory>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(new SessionCommand.ReadRates(torrent, range, reply));
        return reply.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Stops accepting and closes the disk; after <see cref="SessionCommand.Shutdown"/> was answered.</summary>
    public async ValueTask CloseAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        _router.Dispose();
        var ended = new TaskCompletionSource(); // Answered on this loop, when nothing else comes any more.
        Post(new SessionCommand.EndHistory(ended));
        await ended.Task.ConfigureAwait(false);
        await _disk.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Handle(SessionCommand message)
    {
        switch (message)
        {
            case SessionCommand.RowChanged row: OnRowChanged(row); break;
            case SessionCommand.Beat: OnBeat(); break;
            case SessionCommand.Progress progress: OnProgressMade(progress); break;
            case SessionCommand.Active active: OnTorrentActive(active); break;
            case SessionCommand.Inactive inactive: OnTorrentInactive(inactive.Torrent); break;
            case SessionCommand.Completed completed: _history.OnFinished(); With(completed.Torrent, _discovery.Completed); break;
            case SessionCommand.WantsPeers wants: With(wants.Torrent, entry => _discovery.SetWantsPeers(entry, wants.IsWanting)); break;
            case SessionCommand.DhtNodeFound found: _discovery.AddNode(found.Node); break;
            case SessionCommand.Tell tell: OnTell(tell); break;
            case SessionCommand.Loaded loaded: OnLoaded(loaded); break;
            case SessionCommand.Add add: OnAdd(add); break;
            case SessionCommand.AddMagnet add: OnAddMagnet(add); break;
            case SessionCommand.Added added: OnAdded(added); break;
            case SessionCommand.MetadataFound found: OnMetadataFound(found); break;
            case SessionCommand.MetadataKept kept: OnMetadataKept(kept); break;
            case SessionCommand.Ask ask: ask.Answer(_discovery); break;
            case SessionCommand.Remove remove: OnRemove(remove); break;
            case SessionCommand.Removed removed: OnRemoved(removed); break;
            case SessionCommand.Change change: _changes.Change(change); break;
            case SessionCommand.SetTrackers set: _changes.SetTrackers(set); break;
            case SessionCommand.MoveInQueue move: _changes.MoveInQueue(move); break;
            case SessionCommand.AddTrackers add: _changes.AddTrackers(add); break;
            case SessionCommand.MoveStorage move: _moves.Move(move, _options, entry => RefusalOf(entry.Metainfo!, move.Folder, except: entry)); break;
            case SessionCommand.Relocate relocate: _moves.OnStopped(relocate, _options); break;
            case SessionCommand.Relocated relocated: _moves.OnSaved(relocated); break;
            case SessionCommand.Announce announce: _changes.Announce(announce); break;
            case SessionCommand.ChangeSettings change: OnChangeSettings(change); break;
            case SessionCommand.ReadRates read: read.Reply.TrySetResult(_history.Rates(read.Torrent, read.Range)); break;
            case SessionCommand.EndHistory end: _history.End(_torrents.Values); end.Reply.TrySetResult(); break;
            case SessionCommand.Shutdown shutdown: OnShutdown(shutdown.Reply); break;
            default: throw new InvalidOperationException($"The session does not know the message {message.GetType().Name}.");
        }
    }

    /// <inheritdoc/>
    protected override void OnFault(Exception exception) => EngineLog.SessionFault(_logger, exception);

    private TorrentEntry? EntryOf(SwarmLoop torrent) =>
        _torrents.TryGetValue(torrent.InfoHash, out var entry) && entry.Loop == torrent ? entry : null;

    private void With(SwarmLoop torrent, Action<TorrentEntry> act)
    {
        if (EntryOf(torrent) is { } entry)
        {
            act(entry);
        }
    }

    // Any thread: the tracker asks for every infohash it is asked for.
    private string? NameOf(InfoHash infoHash) => Ports.TryGetValue(infoHash, out var port) ? port.Snapshot.Name : null;

    private void OnRowChanged(SessionCommand.RowChanged row)
    {
        if (EntryOf(row.Torrent) is { } entry && !ReferenceEquals(entry.Row, row.Snapshot))
        {
            // A change of state is shown at once, numbers on the beat; and it may be another one's turn.
            var isNews = entry.Row is null || entry.Row.State != row.Snapshot.State;
            entry.Take(row.Snapshot);
            _isDirty = true;
            if (isNews)
            {
                MoveDesk.OnState(entry);
                _queue.Decide(_options);
                Publish();
            }
        }
    }

    private void OnTorrentActive(SessionCommand.Active active)
    {
        if (EntryOf(active.Torrent) is not { } entry || _isStopping)
        {
            return;
        }

        entry.IsActive = true;
        _router.Serve(entry.Loop);
        _discovery.Follow(entry);
        SetBeat();
    }

    private void OnTorrentInactive(SwarmLoop torrent)
    {
        if (EntryOf(torrent) is not { } entry)
        {
            return;
        }

        entry.IsActive = false;
        _router.Unserve(torrent);
        Part(entry);
    }

    private void OnBeat()
    {
        var isFull = !_isFast || ++_beats % FastBeatsPerBeat == 0;
        var (entries, first) = (_torrents.Values.Where(entry => entry.IsActive || isFull).ToArray(), _isFast ? _random.Next() : 0);
        for (var i = 0; i < entries.Length; i++)
        {
            entries[(int)(((long)first + i) % entries.Length)].Loop.Post(isFull ? FullTick : FastTick); // Nobody is always first at a limit.
        }

        if (!isFull)
        {
            return;
        }

        _isDirty |= _queue.Beat(_options);
        _rounds.Compute(_torrents.Values, _options);
        _history.Beat(_torrents.Values, new SessionFacts(_listening.Error, _router.Local?.Port ?? 0, _store.StateError, _budget.Open, _budget.MaxConnections));
        if (_told != (_discovery.DhtPort, _store.StateError))
        {
            SpreadRules();
        }

        if (_beats % DhtSaveBeats == 0 && !_isStopping && _discovery.SaveDhtAsync() is { } state)
        {
            _ = _servant.KeepDhtAsync(state);
        }

        if (_listening.IsRetryDue && !_isStopping)
        {
            Listen();
        }

        SetBeat();
        if (_isDirty || _discovery.DhtNodes != _publisher.Latest.DhtNodes || _discovery.TrackerPeers != _publisher.Latest.TrackerPeers)
        {
            Publish();
        }
    }

    private void SetBeat()
    {
        // Budgets are refilled ten times a second while there are any and something runs; otherwise once a second is enough.
        var isFast = _torrents.Values.Any(entry => entry.IsActive && (entry.Record is { MaxDownloadRate: > 0 } or { MaxUploadRate: > 0 } || _options.DownloadLimit > 0 || _options.UploadLimit > 0));
        if (isFast != _isFast)
        {
            _isFast = isFast;
            var period = isFast ? FastBeat : Beat;
            _timer.Change(period, period);
        }
    }

    private void Listen()
    {
        if (_listening.TryStart(_options))
        {
            _discovery.OnListening();
        }

        _isDirty = true;
        SpreadRules();
    }

    private void SpreadRules()
    {
        _told = (_discovery.DhtPort, _store.StateError);
        var rules = Rules();
        foreach (var entry in _torrents.Values)
        {
            entry.Loop.Post(new TorrentCommand.RulesChanged(rules));
        }
    }

    private SwarmRules Rules() => SwarmRules.From(_options, _router.Local?.Port ?? 0, _discovery.DhtPort, _store.StateError);

    private void OnTell(SessionCommand.Tell tell)
    {
        if (tell.News.Kind != EngineEventKind.Stopped)
        {
            EngineLog.TorrentEvent(_logger, tell.Torrent, tell.News.Sentence);
            _history.Tell(tell.Torrent, tell.News);
        }
        else if (!_isStopping && _torrents.TryGetValue(tell.Torrent, out var entry)) // Otherwise the session stopped it, not the user.
        {
            _history.Tell(tell.Torrent, entry.Record.IsStarted ? new TorrentNews(EngineEventKind.Queued, $"{entry.Record.DisplayName ?? entry.Record.Name} waits for its turn.", []) : tell.News);
        }
    }

    private void Publish()
    {
        _isDirty = false;
        _publisher.Publish(_picture.Take(_torrents.Values, _options, _recoveryNotice, ++_version, _environment.Clock.GetUtcNow(), StartedAt));
    }
}
