using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using P2P.Engine.Diagnostics;
using P2P.Engine.Metainfo;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>One torrent's mind: owns its pieces, peers, requests, choke state and rates; everyone else posts to it.</summary>
/// <remarks>
/// A serial loop: handlers are synchronous, told the time by the clock, and do no I/O. Three files: this one (life, commands, beat), Wire (one
/// method per message of a peer) and Disk (one per completion). Thread: any may post; state is touched by the loop only.
/// </remarks>
internal sealed partial class TorrentLoop : SerialLoop<TorrentCommand>, IPeerSink, IDiskSink
{
    /// <summary>64 ticks: about 6 s while rates are limited, well below the 30 s between two computations of the shares.</summary>
    private const double HeldBackTicks = 64;

    private static readonly DisconnectReason Stopped = new("local.stopped", "We stopped the torrent.");

    private readonly TorrentContext _context;
    private readonly TorrentSetup _setup;
    private readonly TorrentMetainfo _metainfo;
    private readonly PieceGeometry _geometry;
    private readonly FileSelection _selection;
    private readonly TokenBucket _uploadBudget;
    private readonly Uploader _uploader;
    private readonly ChokeBoard _board;
    private readonly PeerPool _pool = new();
    private readonly Random _random;
    private readonly TorrentView _view;

    private readonly Dictionary<PeerConnection, PeerState> _peers = [];
    private readonly RateMeter _received = new();
    private readonly RateMeter _sent = new();

    private PiecePicker _picker;
    private Bitfield _have;
    private FlushLedger _ledger;
    private readonly SmartBan _smartBan = new();
    private ITorrentStorage? _storage;
    private SwarmRules _rules;
    private TorrentPhase _phase = TorrentPhase.Stopped;
    private DiskError? _error;
    private long _retryAtMs;
    private bool? _isStrict;
    private bool _willStart;
    private double _heldBack;
    private int _lastPeerId;
    private int _dialing;
    private bool _wantsPeers;
    private DateTimeOffset? _completedAt;
    private (long Share, long Lent, int Torrents, DateTimeOffset? At) _rates;

    public TorrentLoop(TorrentContext context, TorrentSetup setup, SwarmRules rules)
        : base(context.Scheduler)
    {
        _context = context;
        _setup = setup;
        _metainfo = setup.Metainfo;
        _geometry = _metainfo.Geometry;
        _rules = rules;
        _random = new Random(setup.Seed);
        _selection = new FileSelection(_metainfo, setup.Priorities);
        _uploadBudget = new TokenBucket(0, NowMs);
        _uploader = new Uploader(_geometry, _uploadBudget, context.UploadBudget);
        _board = new ChokeBoard(new Choker(_random), _uploader, context.Clock);
        _isStrict = setup.IsStrict;
        _completedAt = setup.CompletedAt;
        _picker = new PiecePicker(_geometry, _random) { IsSequential = setup.IsSequential };
        _have = new Bitfield(_geometry.PieceCount);
        if (setup.Have is { } have && Bitfield.TryRead(have, _geometry.PieceCount, out var recorded))
        {
            _have = recorded!;
        }

        _ledger = new FlushLedger(_geometry.PieceCount);
        _isInSharedRoot = setup.Storage.StartsInSharedRoot;
        _fingerprints = setup.Fingerprints;
        _recordedHave = setup.Have;
        _partials = setup.PartialPieces;
        _willStart = setup.WillStart;
        _wasClean = setup.IsCleanStop;
        _wasChecked = setup.WasChecked;
        _view = new TorrentView(setup, _selection);
        ApplyPriorities();
    }

    /// <summary>Its name in the network.</summary>
    public InfoHash InfoHash => _metainfo.InfoHash;

    /// <summary>Upload rate and whether it wants more, for the shares; written by the loop, read by the session.</summary>
    public UploadUse UploadUse { get; private set; } = new(false, 0, false);

    /// <summary>Bytes moved in this run, and missing; any thread.</summary>
    public (long Uploaded, long Downloaded, long Left) Totals =>
        (Interlocked.Read(ref _uploadedThisRun), Interlocked.Read(ref _downloadedThisRun), Interlocked.Read(ref _left));

    private long NowMs => _context.Clock.NowMs();

    private bool IsComplete => _picker.MissingWanted == 0;

    private bool IsStrict => _isStrict ?? _rules.IsStrict;

    private bool IsTransferring => _phase == TorrentPhase.Active;

    /// <inheritdoc/>
    public void OnMessages(PeerConnection peer, PeerBatch batch) => Post(new TorrentCommand.PeerMessages(peer, batch));

    /// <inheritdoc/>
    public void OnSent(PeerConnection peer, int blocks, int payloadBytes) => Post(new TorrentCommand.BlocksSent(peer, blocks, payloadBytes));

    /// <inheritdoc/>
    public void OnClosed(PeerConnection peer, DisconnectReason reason) => Post(new TorrentCommand.PeerGone(peer, reason));

    /// <inheritdoc/>
    public void OnDisk(DiskCompletion completion) => Post(new TorrentCommand.Disk(completion));

    /// <inheritdoc/>
    protected override void Handle(TorrentCommand message)
    {
        AssertOnLoop();
        switch (message)
        {
            case TorrentCommand.PeerMessages messages: OnPeerMessages(messages.Peer, messages.Batch); break;
            case TorrentCommand.BlocksSent sent: OnBlocksSent(sent); break;
            case TorrentCommand.Disk disk: OnDiskCompletion(disk.Completion); break;
            case TorrentCommand.Tick tick: OnTick(tick.IsFull); break;
            case TorrentCommand.PeerJoined joined: OnPeerJoined(joined); break;
            case TorrentCommand.DialFailed failed: OnDialFailed(failed); break;
            case TorrentCommand.PeerGone gone: OnPeerGone(gone.Peer, gone.Reason); break;
            case TorrentCommand.PeersFound found: OnPeersFound(found); break;
            case TorrentCommand.ProgressRecorded recorded: OnProgressRecorded(recorded.Sequence); break;
            case TorrentCommand.TrackersChanged changed: _view.Trackers = changed.Trackers; _view.IsDirty = true; break;
            case TorrentCommand.RatesComputed rates: OnRatesComputed(rates); break;
            case TorrentCommand.RulesChanged changed: _rules = changed.Rules; _view.IsDirty = true; break;
            case TorrentCommand.Watch watch: _view.Watchers += watch.Change; PublishIfDirty(force: true); break;
            case TorrentCommand.BuildDetails build: build.Reply.TrySetResult(Details()); break;
            default: OnCommand(message); break;
        }
    }

    /// <inheritdoc/>
    protected override void OnFault(Exception exception)
    {
        EngineLog.TorrentFault(_context.Logger, InfoHash, exception);
        Fail(new DiskError("engine.fault", $"An internal error stopped this torrent ({exception.Message}). The log has the details; press Start to go on.", IsTransient: false));
    }

    private void OnCommand(TorrentCommand command)
    {
        switch (command)
        {
            case TorrentCommand.Start: Start(); break;
            case TorrentCommand.Stop stop: Stop(stop.Done); break;
            case TorrentCommand.Recheck: Recheck(); break;
            case TorrentCommand.Remove remove: Remove(remove); break;
            case TorrentCommand.SetSequential sequential: _picker.IsSequential = sequential.IsSequential; break;
            case TorrentCommand.SetStrict strict: SetStrict(strict.IsStrict); break;
            case TorrentCommand.SetPriorities set: SetPriorities(set.Priorities); break;
            default: throw new InvalidOperationException($"A torrent does not know the message {command.GetType().Name}.");
        }

        PublishIfDirty(force: true);
    }

    private void Start()
    {
        if (_phase is not (TorrentPhase.Stopped or TorrentPhase.Failed))
        {
            _startAfterStop = _phase == TorrentPhase.Stopping;
            return;
        }

        _error = null;
        _willStart = false;
        _phase = TorrentPhase.Probing;
        _pool.RetrySoon();
        _storage ??= _context.Disk.Open(_setup.Storage with { StartsInSharedRoot = _isInSharedRoot }, this);
        _storage.SetWanted(_selection.WantedFiles());
        _storage.Probe();
    }

    private void SetStrict(bool? isStrict)
    {
        _isStrict = isStrict;
        foreach (var peer in _peers.Values)
        {
            peer.IsSource = ChokeBoard.IsSourceNow(peer, _peers.Values, _rules, IsStrict);
            RequestMore(peer);
        }
    }

    private void SetPriorities(ImmutableArray<FilePriority> priorities)
    {
        var wasComplete = IsComplete;
        _selection.Set(priorities);
        ApplyPriorities();
        _storage?.SetWanted(_selection.WantedFiles());
        foreach (var peer in _peers.Values)
        {
            CountInteresting(peer);
        }

        if (_phase == TorrentPhase.Active && IsComplete && !wasComplete)
        {
            OnAllWantedVerified();
        }
        else if (!IsComplete)
        {
            _completedAt = null;
            _isFinishing = false;
        }
    }

    private void ApplyPriorities()
    {
        var pieces = _selection.PiecePriorities();
        for (var piece = 0; piece < pieces.Length; piece++)
        {
            _picker.SetPriority(piece, pieces[piece]);
        }

        UpdateLeft();
    }

    private void OnTick(bool isFull)
    {
        var now = NowMs;
        if (_phase == TorrentPhase.Failed && _error is { IsTransient: true } && now >= _retryAtMs)
        {
            _context.Host.OnEvent(this, EngineEventKind.Recovered, "Trying again after a disk error.");
            Start();
        }

        if (IsTransferring)
        {
            if (isFull)
            {
                TickPeers(now);
                _board.Tick(_peers.Values, _rules, IsComplete, IsStrict, now);
                DialMore(now);
                RetryFailedPieces(now);
                RelieveBlockPool();
            }

            foreach (var peer in _peers.Values)
            {
                RequestMore(peer);
                _uploader.Pump(peer, _storage!, now);
            }

            FlushIfDue(now);
            // One refusal says little: a peer that drains a full queue is refused for a moment too. Held back is who is refused most of the time.
            _heldBack += ((_uploader.WantsMore ? 1.0 : 0.0) - _heldBack) / HeldBackTicks;
            UploadUse = new UploadUse(
                _peers.Values.Any(peer => !peer.AmChoking && peer.IsInterested), _sent.BytesPerSecond(now), WantsMore: _heldBack > 0.5);
            _uploader.WantsMore = false;
        }

        if (isFull)
        {
            PublishIfDirty(force: false);
        }
    }

    private void TickPeers(long now)
    {
        var timestamp = _context.Clock.GetTimestamp();
        foreach (var peer in _peers.Values.ToArray())
        {
            peer.Connection.Tick(timestamp);
            _picker.SetRate(peer.Id, peer.Received.RecentBytesPerSecond(now));
            if (peer.Window.CheckTimeouts(now, peer.Requests.Count))
            {
                // Snubbed: others may fetch what it holds back; if it comes late it is still taken (W38).
                ReleaseRequests(peer);
            }
        }

        SetWantsPeers(!IsComplete && _peers.Count + _dialing < Math.Min(_rules.MaxConnections, 30));
    }

    private void SetWantsPeers(bool wantsPeers)
    {
        if (_wantsPeers != wantsPeers)
        {
            _wantsPeers = wantsPeers;
            _context.Host.OnWantsPeers(this, wantsPeers);
        }
    }

    private void OnRatesComputed(TorrentCommand.RatesComputed rates)
    {
        _rates = (rates.Share, rates.Lent, rates.UploadingTorrents, rates.At);
        _uploadBudget.Rate = _rules.MaxUploadRate == 0 ? 0 : Math.Max(1, rates.Share + rates.Lent);
        _view.IsDirty = true;
    }

    private void OnPeersFound(TorrentCommand.PeersFound found)
    {
        var now = NowMs;
        foreach (var endpoint in found.Endpoints)
        {
            _pool.Add(endpoint, found.Source, now);
        }

        _view.IsDirty = true;
        DialMore(now);
    }

    private void DialMore(long now)
    {
        // A seed does not go looking for other seeds: it dials while it has room, and drops those that turn out complete.
        while (IsTransferring && _peers.Count + _dialing < _rules.MaxConnections && _context.Permits.TryTakeDial())
        {
            if (!_pool.TryNext(now, out var endpoint))
            {
                _context.Permits.EndDial(wasOpened: false);
                return;
            }

            _dialing++;
            _context.Dialer.Dial(this, endpoint);
        }
    }

    private void OnDialFailed(TorrentCommand.DialFailed failed)
    {
        _dialing--;
        _context.Permits.EndDial(wasOpened: false);
        if (failed.Reason.Code == "peer.self")
        {
            _pool.Forget(failed.Endpoint);
        }
        else
        {
            _pool.OnDialFailed(failed.Endpoint, NowMs);
        }

        if (IsTransferring)
        {
            DialMore(NowMs);
        }
    }

    private void Fail(DiskError error)
    {
        if (_phase is TorrentPhase.Removed)
        {
            return;
        }

        EngineLog.TorrentFailed(_context.Logger, InfoHash, error.Code, error.Message);
        _context.Host.OnEvent(this, EngineEventKind.Failed, error.Message);
        var wasActive = IsTransferring;
        _error = error;
        _phase = TorrentPhase.Failed;
        _retryAtMs = NowMs + 30_000;
        DropPeers();
        DropPartialPieces();
        _checking?.Cancel();
        _checking = null;
        if (wasActive)
        {
            _context.Host.OnInactive(this);
        }

        _stopDone?.TrySetResult();
        _stopDone = null;
        PublishIfDirty(force: true);
    }

    private void DropPeers()
    {
        foreach (var peer in _peers.Values.ToArray())
        {
            ClosePeer(peer, Stopped);
        }
    }

    private void DropPartialPieces()
    {
        foreach (var partial in _picker.Partials.ToArray())
        {
            foreach (var block in _picker.Remove(partial.Piece).TakeBlocks())
            {
                block?.Return();
            }
        }
    }

    private void UpdateLeft()
    {
        long left = 0;
        for (var piece = 0; piece < _geometry.PieceCount; piece++)
        {
            left += _picker.IsWanted(piece) && !_have[piece] ? _geometry.LengthOf(piece) : 0;
        }

        Interlocked.Exchange(ref _left, left);
        _view.IsDirty = true;
    }

    private void PublishIfDirty(bool force)
    {
        var now = NowMs;
        _view.IsDirty |= force || _peers.Count > 0 || _phase is TorrentPhase.Checking;
        if (!_view.IsDirty)
        {
            return;
        }

        _view.IsDirty = false;
        _context.Host.OnSnapshot(this, _view.Snapshot(Facts(now)));
        if (_view.Watchers > 0)
        {
            _context.Host.OnDetails(this, Details());
        }
    }

    private TorrentDetails Details()
    {
        var now = NowMs;
        var facts = Facts(now);
        var choking = _board.Snapshot(_peers.Values, _rules, IsComplete, IsStrict, _view.Rates(facts, _rules, _rates), now);
        return _view.Details(facts, choking, _picker, _context.Clock.GetUtcNow());
    }

    private TorrentFacts Facts(long now) => new(
        _phase, _error, _have, _picker, _peers.Values, now)
    {
        Downloaded = _setup.Downloaded + _downloadedThisRun,
        Uploaded = _setup.Uploaded + _uploadedThisRun,
        Wasted = _wasted,
        DownloadRate = _received.RecentBytesPerSecond(now),
        UploadRate = _sent.RecentBytesPerSecond(now),
        KnownPeers = _pool.Count,
        Left = _left,
        CheckedPieces = _checkedPieces,
        PiecesToCheck = _piecesToCheck,
        Sentence = _sentence,
        IsInSharedRoot = _isInSharedRoot,
        CompletedAt = _completedAt,
        IsSequential = _picker.IsSequential,
        IsStrict = _isStrict,
        IsDownloadLimited = _isDownloadLimited,
        WillStart = _willStart || (_phase == TorrentPhase.Stopping && _startAfterStop),
    };
}
