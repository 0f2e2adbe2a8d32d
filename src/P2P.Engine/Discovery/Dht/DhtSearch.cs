using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>A lookup under way and what it is for. Loop only; changed by <see cref="DhtSearches"/>.</summary>
internal sealed class DhtSearch(Lookup lookup, string purpose, TorrentRound? round, DateTimeOffset startedAt, long startedMs)
{
    /// <summary>Whom to ask next.</summary>
    public Lookup Lookup { get; } = lookup;

    /// <summary>"peers of Debian 12", "our own neighbourhood", "bucket 7".</summary>
    public string Purpose { get; } = purpose;

    /// <summary>The torrent it is for; null: for the table.</summary>
    public TorrentRound? Round { get; } = round;

    /// <summary>It looks around our own place.</summary>
    public bool IsJoin { get; init; }

    /// <summary>When it began, ms.</summary>
    public long StartedMs { get; } = startedMs;

    /// <summary>Peers it found.</summary>
    public HashSet<PeerEndpoint> Peers { get; } = [];

    /// <summary>Nodes to announce to that were not asked yet; null while it looks.</summary>
    public Queue<LookupNode>? ToAnnounce { get; set; }

    /// <summary>Announces on their way.</summary>
    public int AnnouncesUnderWay { get; set; }

    /// <summary>Nodes that took our announce.</summary>
    public int Announced { get; set; }

    /// <summary>When the lookup itself ended, ms; null while it runs.</summary>
    public long? EndedMs { get; set; }

    /// <summary>For the page.</summary>
    public DhtLookupSnapshot ToSnapshot() => new()
    {
        Purpose = Purpose,
        Target = Lookup.Target.ToString(),
        IsIPv6 = Lookup.IsIPv6,
        StartedAt = startedAt,
        Duration = EndedMs is { } endedMs ? TimeSpan.FromMilliseconds(endedMs - StartedMs) : null,
        Queries = Lookup.Queries,
        Replies = Lookup.Replies,
        Timeouts = Lookup.Failures,
        Hops = Lookup.Hops,
        Peers = Peers.Count,
        Announced = Announced,
        ClosestSharedBits = Lookup.ClosestSharedBits,
    };
}

/// <summary>One search for the peers of a torrent, in one family or both.</summary>
internal sealed class TorrentRound(FollowedTorrent torrent)
{
    /// <summary>Whose.</summary>
    public FollowedTorrent Torrent { get; } = torrent;

    /// <summary>Peers found, of both families.</summary>
    public HashSet<PeerEndpoint> Peers { get; } = [];

    /// <summary>Lookups not ended, announces included.</summary>
    public int Open { get; set; }

    /// <summary>Nodes that answered.</summary>
    public int Replies { get; set; }

    /// <summary>Queries sent.</summary>
    public int Queries { get; set; }

    /// <summary>Nodes that took our announce.</summary>
    public int Announced { get; set; }
}
