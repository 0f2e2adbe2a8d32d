namespace P2P.Engine;

/// <summary>Where peers of a torrent come from.</summary>
public enum DiscoverySource
{
    /// <summary>Trackers (BEP 3, 15).</summary>
    Tracker,

    /// <summary>The DHT (BEP 5).</summary>
    Dht,

    /// <summary>The local network (BEP 14).</summary>
    LocalNetwork,

    /// <summary>Other peers (BEP 11).</summary>
    Exchange,

    /// <summary>The user, or the magnet link itself.</summary>
    Manual,

    /// <summary>They connected to us.</summary>
    Incoming,
}

/// <summary>What a source of peers is doing.</summary>
public enum DiscoveryState
{
    /// <summary>Switched off in the settings.</summary>
    Off,

    /// <summary>Not allowed for this torrent: it is private (BEP 27).</summary>
    Forbidden,

    /// <summary>Nothing asked yet, or waiting for its turn.</summary>
    Waiting,

    /// <summary>A question is under way.</summary>
    Asking,

    /// <summary>The last try worked.</summary>
    Working,

    /// <summary>The last try failed.</summary>
    Failing,
}

/// <summary>One source of peers of one torrent. Immutable.</summary>
public sealed record DiscoverySnapshot
{
    /// <summary>Which.</summary>
    public required DiscoverySource Source { get; init; }

    /// <summary>What it is doing.</summary>
    public required DiscoveryState State { get; init; }

    /// <summary>Last result, or why it is off, in one sentence.</summary>
    public string Message { get; init; } = "";

    /// <summary>Known endpoints that came from it first.</summary>
    public int KnownPeers { get; init; }

    /// <summary>Connected peers that came from it.</summary>
    public int ConnectedPeers { get; init; }

    /// <summary>When it last brought a result.</summary>
    public DateTimeOffset? LastAt { get; init; }

    /// <summary>When it is asked next; null when not planned.</summary>
    public DateTimeOffset? NextAt { get; init; }
}

/// <summary>How far the info dictionary of a magnet link is.</summary>
/// <param name="Received">Bytes here.</param>
/// <param name="Size">Bytes in all as peers say; null while nobody said.</param>
/// <param name="Peers">Connected peers that offer it.</param>
/// <param name="Refused">Whole answers thrown away because their hash was wrong.</param>
public sealed record MetadataProgress(int Received, int? Size, int Peers, int Refused);
