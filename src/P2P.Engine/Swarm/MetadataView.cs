using System.Collections.Immutable;
using System.Globalization;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>What the view needs to know of a magnet link at one beat. The references are the loop's own: read them on the loop only.</summary>
internal sealed record MetadataFacts(
    bool IsRunning, bool IsDone, bool WillStart, DiskError? Error, IReadOnlyCollection<MetadataPeer> Peers, MetadataAssembly Assembly, PeerPool Pool, DateTimeOffset At)
{
    /// <summary>How exchange goes; null when it is off.</summary>
    public ExchangeCounts? Exchange { get; init; }
}

/// <summary>Builds the immutable snapshots of one magnet link. Loop only.</summary>
internal sealed class MetadataView(MetadataSetup setup)
{
    private readonly string _magnet = setup.Magnet.ToString();
    private long _version;

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
        return new TorrentSnapshot
        {
            InfoHash = setup.Magnet.InfoHash,
            Name = setup.Magnet.Name ?? setup.Magnet.InfoHash.ToString(),
            State = facts.Error is not null ? TorrentState.Error
                : facts.IsRunning || facts.IsDone || facts.WillStart ? TorrentState.Metadata
                : TorrentState.Stopped,
            Progress = facts.IsDone ? 1 : size is > 0 and var total ? (double)received / total : 0,
            Size = 0,
            ConnectedPeers = facts.Peers.Count,
            KnownPeers = facts.Pool.Count,
            Error = facts.Error?.Message,
            ErrorCode = facts.Error?.Code,
            Reason = Reason(facts, received, size),
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

    private static string Reason(MetadataFacts facts, int received, int? size) => facts switch
    {
        { Error: { } error } => error.Message,
        { IsDone: true } => "The metadata is here; preparing the download.",
        { IsRunning: false, WillStart: true } => "About to look for peers that have the metadata.",
        { IsRunning: false } => "Stopped by you, before the metadata was here.",
        _ when size is > 0 and var total && facts.Assembly.Offers > 0 => string.Create(
            CultureInfo.InvariantCulture, $"Fetching the metadata: {received / 1024} of {(total + 1023) / 1024} KiB from {Counted(facts.Assembly.Offers)}."),
        { Peers.Count: > 0 } => $"{Counted(facts.Peers.Count)} connected, none offers the metadata yet.",
        _ when facts.Pool.Count > 0 => $"Connecting: {Counted(facts.Pool.Count)} known, none connected yet.",
        _ => "Looking for peers that have the metadata.",
    };

    private static string Counted(int peers) => string.Create(CultureInfo.InvariantCulture, $"{peers:N0} peer{(peers == 1 ? "" : "s")}");
}
