using System.Collections.Immutable;
using System.Globalization;
using P2P.Engine.Diagnostics;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <summary>The owner of a magnet link's swarm until its info dictionary is here; then the session makes a <see cref="TorrentLoop"/> of it (BEP 9).</summary>
/// <remarks>
/// Speaks the extension protocol only: it chokes everyone, asks for no piece, and gives none. When the dictionary is right it parts from its
/// peers, hands it to the session with the endpoints worth dialling again, and does nothing more.
/// </remarks>
internal sealed class MetadataLoop : SwarmLoop
{
    private const int MaxUnasked = 16;
    private const int EnoughPeers = 30;
    private static readonly DisconnectReason Duplicate = new("peer.duplicate", "The same peer is connected already.");
    private static readonly DisconnectReason Parting = new("local.stopped", "The metadata is here, or is no longer wanted.");

    private readonly TorrentContext _context;
    private readonly MetadataSetup _setup;
    private readonly PeerPool _pool = new();
    private readonly Dictionary<PeerConnection, MetadataPeer> _peers = [];
    private readonly MetadataAssembly _assembly;
    private readonly PeerExchange _exchange = new();
    private readonly Dialling _dialling;
    private readonly MetadataView _view;
    private readonly TrackerWatch _trackerWatch = new();
    private SwarmRules _rules;
    private DiskError? _error;
    private int _lastPeerId;
    private DateTimeOffset? _stoppedAt;
    private bool _isRunning;
    private bool _isDone;
    private bool _willStart;
    private bool _wantsPeers;
    private bool _isDirty = true;

    public MetadataLoop(TorrentContext context, MetadataSetup setup, SwarmRules rules)
        : base(context.Scheduler)
    {
        (_context, _setup, _rules, _willStart) = (context, setup, rules, setup.WillStart);
        _assembly = new MetadataAssembly(setup.Magnet.InfoHash);
        _dialling = new Dialling(this, context, _pool);
        _view = new MetadataView(setup);
        foreach (var peer in setup.Magnet.Peers)
        {
            _pool.Add(peer, PeerSource.Manual, context.Clock.NowMs());
        }
    }

    /// <inheritdoc/>
    public override InfoHash InfoHash => _setup.Magnet.InfoHash;

    /// <inheritdoc/>
    /// <remarks>Something is missing, though nobody knows how much: trackers count it as a leecher.</remarks>
    public override (long Uploaded, long Downloaded, long Left) Totals => (0, 0, MetadataMessage.PartLength);

    private long NowMs => _context.Clock.NowMs();

    private bool IsExchanging => _rules.IsExchanging;

    /// <inheritdoc/>
    public override TorrentSnapshot FirstRow() => _view.Row(Facts());

    /// <inheritdoc/>
    protected override void Handle(TorrentCommand message)
    {
        AssertOnLoop();
        switch (message)
        {
            case TorrentCommand.PeerMessages messages: OnPeerMessages(messages.Peer, messages.Batch); break;
            case TorrentCommand.BlocksSent: break;
            case TorrentCommand.Tick tick: OnTick(tick.IsFull); break;
            case TorrentCommand.PeerJoined joined: OnPeerJoined(joined); break;
            case TorrentCommand.DialFailed failed: _dialling.OnFailed(failed, NowMs); DialMore(); break;
            case TorrentCommand.PeerGone gone: OnPeerGone(gone.Peer, gone.Reason); break;
            case TorrentCommand.PeersFound found: OnPeersFound(found.Endpoints, found.Source); break;
            case TorrentCommand.TrackersChanged changed: OnTrackersChanged(changed.Trackers); break;
            case TorrentCommand.DiscoveryChanged changed: _view.Told = _view.Told.SetItem(changed.Source.Source, changed.Source); _isDirty = true; break;
            case TorrentCommand.RulesChanged changed: _rules = changed.Rules; break;
            case TorrentCommand.Watch watch: _view.Watchers += watch.Change; Publish(); break;
            case TorrentCommand.BuildDetails build: build.Reply.TrySetResult(build.Complete(_view.Details(Facts()))); break;
            case TorrentCommand.ReadRounds read: _context.Rounds.Read(InfoHash, read); break;
            case TorrentCommand.Start: Start(); break;
            case TorrentCommand.Stop stop: Stop(); stop.Done?.TrySetResult(); break;
            case TorrentCommand.Remove remove: Stop(); _isDone = true; remove.Done.TrySetResult(); break;
            case TorrentCommand.Fail fail: Fail(fail.Error); break;
            case TorrentCommand.FindFile find: find.Reply.TrySetResult(null); break;
            case TorrentCommand.ReadPeerPieces read: read.Reply.TrySetResult([]); break;
            case TorrentCommand.SetSequential sequential: _view.IsSequential = sequential.IsSequential; Publish(); break;
            case TorrentCommand.SetStrict strict: _view.IsStrict = strict.IsStrict; Publish(); break;
            default: break; // Files, pieces, rates: there are none yet. What the user set is in the record, which the torrent's own loop is made from.
        }
    }

    /// <inheritdoc/>
    protected override void OnFault(Exception exception)
    {
        EngineLog.TorrentFault(_context.Logger, InfoHash, exception);
        Fail(new DiskError("engine.fault", $"An internal error stopped this torrent ({exception.Message}). The log has the details; press Start to go on.", IsTransient: false));
    }

    private void OnTrackersChanged(ImmutableArray<TrackerSnapshot> trackers)
    {
        (_view.Trackers, _isDirty) = (trackers, true);
        foreach (var news in _trackerWatch.Observe(trackers))
        {
            _context.Host.OnEvent(this, news);
        }
    }

    private void Start()
    {
        if (_isRunning || _isDone)
        {
            return;
        }

        (_isRunning, _willStart, _error, _stoppedAt) = (true, false, null, null);
        _pool.RetrySoon();
        _context.Host.OnActive(this, isComplete: false);
        DialMore();
        Publish();
    }

    private void Stop()
    {
        _willStart = false;
        if (_isRunning)
        {
            (_isRunning, _stoppedAt) = (false, _context.Clock.GetUtcNow());
            DropPeers();
            if (!_isDone)
            {
                _context.Host.OnInactive(this);
            }
        }

        Publish();
    }

    private void Fail(DiskError error)
    {
        EngineLog.TorrentFailed(_context.Logger, InfoHash, error.Code, error.Message);
        _context.Host.OnEvent(this, new TorrentNews(EngineEventKind.Failed, error.Message, [DiagnosisArgument.Words("code", error.Code)]));
        var wasActive = _isRunning || _isDone;
        (_error, _isRunning, _isDone) = (error, false, false);
        DropPeers();
        if (wasActive)
        {
            _context.Host.OnInactive(this);
        }

        Publish();
    }

    private void OnTick(bool isFull)
    {
        if (!isFull)
        {
            return;
        }

        if (_isRunning)
        {
            var timestamp = _context.Clock.GetTimestamp();
            foreach (var peer in _peers.Values.ToArray())
            {
                peer.Connection.Tick(timestamp);
            }

            Ask();
            DialMore();
            var wantsPeers = _peers.Count + _dialling.Count < Math.Min(_rules.MaxConnections, EnoughPeers);
            if (wantsPeers != _wantsPeers)
            {
                _wantsPeers = wantsPeers;
                _context.Host.OnWantsPeers(this, wantsPeers);
            }
        }

        if (_isDirty || _peers.Count > 0)
        {
            Publish();
        }
    }

    private void OnPeersFound(ImmutableArray<PeerEndpoint> endpoints, PeerSource source)
    {
        foreach (var endpoint in endpoints)
        {
            _pool.Add(endpoint, source, NowMs);
        }

        _isDirty = true;
        DialMore();
    }

    private void DialMore() => _dialling.DialMore(NowMs, () => _isRunning && _peers.Count + _dialling.Count < _rules.MaxConnections);

    private void OnPeerJoined(TorrentCommand.PeerJoined joined)
    {
        var (connection, handshake) = joined;
        _dialling.OnJoined(handshake);
        if (_peers.Values.FirstOrDefault(known => known.Connection.Handshake.PeerId == handshake.PeerId) is { } older
            && SimultaneousOpen.NewerStays(older.Connection.Handshake, _context.Clock.GetUtcNow() - older.ConnectedAt, handshake))
        {
            Close(older, Duplicate);
        }

        if (!_isRunning || !handshake.SupportsExtensions || _peers.Count >= _rules.MaxConnections || _pool.IsBanned(handshake.Remote, NowMs)
            || AddressLimits.IsFull(handshake.Remote.Address, _peers.Keys.Select(peer => peer.Handshake.Remote.Address))
            || _peers.Keys.Any(peer => peer.Handshake.PeerId == handshake.PeerId))
        {
            _dialling.Refuse(joined, NowMs);
            return;
        }

        var live = new PeerConnection(connection, handshake, _context.Blocks, _context.Clock, _context.Scheduler);
        var peer = new MetadataPeer(++_lastPeerId, live, _context.Clock.GetUtcNow());
        _peers.Add(live, peer);
        _pool.OnConnected(handshake.Remote, NowMs);
        live.Start(this, pieceCount: 0);
        if (handshake.SupportsFast)
        {
            live.Send(new PeerMessage(MessageId.HaveNone));
        }

        live.Send(Greeting.To(handshake, _rules, IsExchanging, isComplete: false, metadataSize: null));
    }

    private void OnPeerMessages(PeerConnection connection, PeerBatch batch)
    {
        _peers.TryGetValue(connection, out var peer);
        foreach (var message in batch.Messages)
        {
            message.Data?.Return();
            if (peer is { IsClosed: false } && message.Id == MessageId.Extended && OnExtended(peer, message) is { } reason)
            {
                Close(peer, reason);
            }
            else if (peer is { IsClosed: false } && message.Id == MessageId.Port && message.Begin is > 0 and <= ushort.MaxValue)
            {
                _context.Host.OnDhtNode(this, connection.Handshake.Remote.WithPort((int)message.Begin));
            }
        }

        batch.Recycle();
        if (_isRunning)
        {
            Ask();
        }
    }

    private DisconnectReason? OnExtended(MetadataPeer peer, in PeerMessage message) => message.Begin switch
    {
        ExtensionHandshake.SubId => OnHello(peer, message.Payload),
        Greeting.MetadataId => OnMetadata(peer, message.Payload),
        Greeting.ExchangeId when IsExchanging => OnExchange(peer, message.Payload),
        _ => null,
    };

    private DisconnectReason? OnHello(MetadataPeer peer, ReadOnlyMemory<byte> body)
    {
        if (!ExtensionHandshake.TryRead(body, out var hello, out var fault))
        {
            return new DisconnectReason(fault.Code, fault.Message, IsMisbehaviour: true);
        }

        peer.Client = string.IsNullOrEmpty(hello.Client) ? peer.Client : hello.Client;
        if (peer.Connection.Handshake.IsIncoming && hello.ListenPort is > 0 and var port)
        {
            peer.Endpoint = peer.Endpoint.WithPort(port);
        }

        peer.Exchange.SubId = hello.Messages.GetValueOrDefault(PexMessage.Name);
        peer.MetadataSubId = hello.Messages.GetValueOrDefault(MetadataMessage.Name);
        if (peer.MetadataSubId != 0 && hello.MetadataSize is { } size)
        {
            peer.MetadataSize = size;
            _assembly.Add(peer.Id, size);
        }

        _isDirty = true;
        return null;
    }

    private DisconnectReason? OnMetadata(MetadataPeer peer, ReadOnlyMemory<byte> body)
    {
        if (!MetadataMessage.TryRead(body, out var message))
        {
            return Invalid();
        }

        switch (message.Type)
        {
            case MetadataMessageType.Request:
                peer.Connection.Send(new MetadataMessage(MetadataMessageType.Reject, message.Part, 0, default).ToMessage(peer.MetadataSubId));
                return null;
            case MetadataMessageType.Reject:
                _assembly.OnReject(peer.Id, message.Part, NowMs);
                return null;
            case MetadataMessageType.Data when message.Part < 0 || (long)message.Part * MetadataMessage.PartLength >= peer.MetadataSize || message.TotalSize != peer.MetadataSize:
                return Invalid();
            case MetadataMessageType.Data:
                return OnPart(peer, message);
            default:
                return null;
        }
    }

    private DisconnectReason? OnPart(MetadataPeer peer, in MetadataMessage message)
    {
        switch (_assembly.OnData(peer.Id, message.Part, message.Data.Span, NowMs, out var whole))
        {
            case MetadataArrival.Unasked when ++peer.Unasked > MaxUnasked:
                return new DisconnectReason("meta.unsolicited", "It kept sending metadata nobody asked it for.", IsMisbehaviour: true);
            case MetadataArrival.BadLength:
                return Invalid();
            case MetadataArrival.Complete:
                Complete(whole);
                return null;
            default:
                _isDirty = true;
                return null;
        }
    }

    private DisconnectReason? OnExchange(MetadataPeer peer, ReadOnlyMemory<byte> body)
    {
        if (!PexMessage.TryRead(body, out var message))
        {
            return new DisconnectReason("peer.pex", "Its list of other peers is damaged.", IsMisbehaviour: true);
        }

        var (endpoints, reason) = _exchange.Hear(peer.Exchange, peer.Endpoint.Address, message!, NowMs, _context.Clock.GetUtcNow());
        OnPeersFound(endpoints, PeerSource.Exchange);
        return reason;
    }

    private static DisconnectReason Invalid() => new("meta.invalid", "Its part of the metadata cannot be right.", IsMisbehaviour: true);

    private void Ask()
    {
        if (_isDone)
        {
            return;
        }

        foreach (var (peerId, part) in _assembly.Next(NowMs))
        {
            var peer = _peers.Values.First(candidate => candidate.Id == peerId);
            peer.Connection.Send(new MetadataMessage(MetadataMessageType.Request, part, 0, default).ToMessage(peer.MetadataSubId));
        }
    }

    private void Complete(byte[] infoBytes)
    {
        // The connected first: they are there, and those that offered the metadata most likely have pieces, too.
        ImmutableArray<PeerEndpoint> worthDialling =
        [
            .. _peers.Values.Where(peer => !peer.Connection.Handshake.IsIncoming || peer.Endpoint != peer.Connection.Handshake.Remote)
                .OrderByDescending(peer => peer.MetadataSize > 0).Select(peer => peer.Endpoint),
            .. _pool.Known().Take(200),
        ];
        (_isDone, _isRunning) = (true, false);
        DropPeers();
        _context.Host.OnMetadata(this, infoBytes, [.. worthDialling.Distinct()]);
        Publish();
    }

    private void DropPeers()
    {
        foreach (var peer in _peers.Values.ToArray())
        {
            Close(peer, Parting);
        }
    }

    private void OnPeerGone(PeerConnection connection, DisconnectReason reason)
    {
        if (_peers.TryGetValue(connection, out var peer))
        {
            Forget(peer, reason);
        }
    }

    private void Close(MetadataPeer peer, DisconnectReason reason)
    {
        if (!peer.IsClosed)
        {
            peer.Connection.Close(reason);
            Forget(peer, reason);
        }
    }

    private void Forget(MetadataPeer peer, DisconnectReason reason)
    {
        peer.IsClosed = true;
        _peers.Remove(peer.Connection);
        _assembly.Remove(peer.Id);
        _context.Permits.Release();
        var remote = peer.Connection.Handshake.Remote;
        EngineLog.PeerClosed(_context.Logger, InfoHash, remote, peer.Client, reason.Code, reason.Message);
        _pool.OnClosed(remote, wasUseful: peer.MetadataSize > 0 && !reason.IsMisbehaviour, NowMs, byPeer: reason.Code == "peer.closed");
        if (reason.IsMisbehaviour)
        {
            EngineLog.PeerStruck(_context.Logger, InfoHash, remote, peer.Client, reason.Code, reason.Message);
            _pool.Strike(remote, NowMs);
        }

        _isDirty = true;
    }

    private void Publish()
    {
        _isDirty = false;
        var facts = Facts();
        _context.Host.OnSnapshot(this, _view.Row(facts));
        if (_view.Watchers > 0)
        {
            _context.Host.OnDetails(this, _view.Details(facts));
        }
    }

    private MetadataFacts Facts() => new(_isRunning, _isDone, _willStart, _error, _peers.Values, _assembly, _pool, _context.Clock.GetUtcNow())
    {
        NowMs = NowMs,
        StoppedAt = _stoppedAt,
        StateError = _rules.StateError,
        Exchange = IsExchanging ? _exchange.Counts(_peers.Values.Count(peer => peer.Exchange.SubId != 0)) : null,
    };
}

/// <summary>What one magnet link is and what its record says. Immutable.</summary>
internal sealed record MetadataSetup
{
    public required Metainfo.MagnetLink Magnet { get; init; }

    public required int Seed { get; init; }

    public required DateTimeOffset AddedAt { get; init; }

    /// <summary>Announce URLs by tier as they are used: the link's own, or as edited.</summary>
    public ImmutableArray<ImmutableArray<string>> Trackers { get; init; } = [];

    /// <summary>It will be told to start as soon as its record is durable.</summary>
    public bool WillStart { get; init; }

    public bool IsSequential { get; init; }

    public bool? IsStrict { get; init; }

    /// <summary>Absolute folder the files will go to.</summary>
    public required string SavePath { get; init; }
}

/// <summary>A connected peer of a magnet link. Loop only.</summary>
internal sealed class MetadataPeer(int id, PeerConnection connection, DateTimeOffset connectedAt)
{
    public int Id { get; } = id;

    public PeerConnection Connection { get; } = connection;

    public DateTimeOffset ConnectedAt { get; } = connectedAt;

    /// <summary>Where to reach it: for an incoming peer the port is the one it told us, once it did.</summary>
    public PeerEndpoint Endpoint { get; set; } = connection.Handshake.Remote;

    public string Client { get; set; } = connection.Handshake.PeerId.ClientName();

    /// <summary>Its number for ut_metadata; 0 while it does not speak it.</summary>
    public byte MetadataSubId { get; set; }

    /// <summary>Bytes of the dictionary as it told; 0 while it did not.</summary>
    public int MetadataSize { get; set; }

    /// <summary>Parts it sent unasked.</summary>
    public int Unasked { get; set; }

    public ExchangePartner Exchange { get; } = new();

    public bool IsClosed { get; set; }
}
