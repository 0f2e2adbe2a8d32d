using System.Collections.Immutable;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>What the view needs to know of a magnet link at one beat. The references are the loop's own: read them on the loop only.</summary>
internal sealed record MetadataFacts(
    bool IsRunning, bool IsDone, bool WillStart, DiskError? Error, IReadOnlyCollection<MetadataPeer> Peers, MetadataAssembly Assembly, PeerPool Pool, DateTimeOffset At)
{
    /// <summary>How exchange goes; null when it is off.</summary>
    public ExchangeCounts? Exchange { get; init; }

    public long NowMs { get; init; }

    /// <summary>When it was stopped, in this run.</summary>
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>Why the session's state cannot be saved.</summary>
    public string? StateError { get; init; }
}

/// <summary>Builds the immutable snapshots of one magnet link. Loop only.</summary>
internal sealed class MetadataView(MetadataSetup setup)
{
    private readonly string _magnet = setup.Magnet.ToString();
    private long _version;
    private Diagnosis _diagnosis = Diagnosis.Unknown;

    public int Watchers { get; set; }

    public bool IsSequential { get; set; } = setup.IsSequential;

    public bool? IsStrict { get; set; } = setup.IsStrict;

    /// <summary>As last told by the announcer.</summary>
    public ImmutableArray<TrackerSnapshot> Trackers { get; set; } =
    [
        .. setup.Trackers.SelectMany((tier, index) => tier.Select(url => new TrackerSnapshot { Url = url, Tier = index, Message = "not tried yet" })),
    ];

    /// <summary>As last told by DHT and local discovery.</summary>
    public ImmutableDictionary<DiscoverySource, DiscoverySnapshot> Told { get; set; } = ImmutableDictionary<DiscoverySource, DiscoverySnapshot>.Empty;

    /// <summary>The row.</summary>
    public TorrentSnapshot Row(MetadataFacts facts)
    {
        var (received, size) = (facts.Assembly.Received, facts.Assembly.Size);
        var state = facts.Error is not null ? TorrentState.Error
            : facts.IsRunning || facts.IsDone || facts.WillStart ? TorrentState.Metadata
            : TorrentState.Stopped;
        var diagnosis = Diagnose(facts, state);
        return new TorrentSnapshot
        {
            InfoHash = setup.Magnet.InfoHash,
            Name = setup.Magnet.Name ?? setup.Magnet.InfoHash.ToString(),
            State = state,
            Progress = facts.IsDone ? 1 : size is > 0 and var total ? (double)received / total : 0,
            Size = 0,
            ConnectedPeers = facts.Peers.Count,
            KnownPeers = facts.Pool.Count,
            Error = facts.Error?.Message,
            ErrorCode = facts.Error?.Code,
            Reason = diagnosis.Sentence,
            Diagnosis = diagnosis,
            AddedAt = setup.AddedAt,
            SavePath = setup.SavePath,
            IsSequential = IsSequential,
            StrictTitForTat = IsStrict,
            Tracker = RowHints.Host(Trackers),
        };
    }

    /// <summary>Everything, for whoever watches.</summary>
    public TorrentDetails Details(MetadataFacts facts) => new()
    {
        Version = ++_version,
        At = facts.At,
        Summary = Row(facts),
        Peers = [.. facts.Peers.Select(Peer)],
        Trackers = Trackers,
        Discovery = DiscoveryRows.Of(
            facts.Pool.CountBySource(),
            facts.Peers.CountBy(peer => peer.Connection.Handshake.IsIncoming ? PeerSource.Incoming : facts.Pool.SourceOf(peer.Connection.Handshake.Remote)).ToDictionary(),
            Trackers, Told, facts.Exchange, isPrivate: false),
        Magnet = _magnet,
        Metadata = facts.IsDone ? null : new MetadataProgress(facts.Assembly.Received, facts.Assembly.Size, facts.Assembly.Offers, facts.Assembly.Refused),
        Pieces = new PieceMapSnapshot(0, [], [], [], []),
        Choking = new ChokingSnapshot(),
    };

    private static PeerSnapshot Peer(MetadataPeer peer) => new()
    {
        Endpoint = peer.Endpoint,
        Client = peer.Client,
        IsIncoming = peer.Connection.Handshake.IsIncoming,
        AmChoking = true,
        IsChoking = true,
        ConnectedAt = peer.ConnectedAt,
        HasFast = peer.Connection.Handshake.SupportsFast,
    };

    private Diagnosis Diagnose(MetadataFacts facts, TorrentState state)
    {
        var diagnosis = DiagnosisTable.Of(new DiagnosisFacts
        {
            State = state,
            Now = facts.At,
            Error = facts.Error,
            StateError = facts.StateError,
            StoppedAt = facts.StoppedAt,
            HasMetadata = facts.IsDone,
            MetadataReceived = facts.Assembly.Received,
            MetadataSize = facts.Assembly.Size ?? 0,
            MetadataOffers = facts.Assembly.Offers,
            Peers = facts.Peers.Count,
            KnownPeers = facts.Pool.Count,
            Reach = facts.Peers.Count == 0 ? facts.Pool.Reach(facts.NowMs) : default,
            Trackers = Trackers,
        });
        return _diagnosis = diagnosis.Equals(_diagnosis) ? _diagnosis : diagnosis;
    }
}
