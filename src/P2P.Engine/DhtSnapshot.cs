using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>The DHT node as of one moment. Immutable.</summary>
public sealed record DhtSnapshot
{
    /// <summary>It takes part.</summary>
    public required bool IsRunning { get; init; }

    /// <summary>Why it does not, in one sentence; null when it does or is switched off.</summary>
    public string? Error { get; init; }

    /// <summary>UDP port; 0 while not bound.</summary>
    public int Port { get; init; }

    /// <summary>Our id, 40 hex digits, one per family that is in use: IPv4 first.</summary>
    public ImmutableArray<DhtTableSnapshot> Tables { get; init; } = [];

    /// <summary>Our address as other nodes agree on it (BEP 42); null while unknown.</summary>
    public IPAddress? ExternalAddress { get; init; }

    /// <summary>We ask and are not asked (BEP 43).</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Nodes asked first when none is known, and what came of it.</summary>
    public ImmutableArray<DhtBootstrapSnapshot> Bootstrap { get; init; } = [];

    /// <summary>Lookups under way and the last 50 that ended, newest first.</summary>
    public ImmutableArray<DhtLookupSnapshot> Lookups { get; init; } = [];

    /// <summary>What others stored with us.</summary>
    public DhtStoreSnapshot Store { get; init; } = new();

    /// <summary>Packets and bytes since the start.</summary>
    public DhtTrafficSnapshot Traffic { get; init; } = new();
}

/// <summary>The routing table of one address family.</summary>
/// <param name="IsIPv6">BEP 32's table; false: IPv4.</param>
/// <param name="Id">Our id there, 40 hex digits.</param>
/// <param name="Buckets">From the farthest to the one that holds our own id.</param>
/// <param name="Nodes">All nodes, bucket by bucket.</param>
public sealed record DhtTableSnapshot(bool IsIPv6, string Id, ImmutableArray<DhtBucketSnapshot> Buckets, ImmutableArray<DhtNodeSnapshot> Nodes);

/// <summary>One bucket.</summary>
/// <param name="SharedBits">Leading bits its ids share with ours; the last bucket: at least so many.</param>
/// <param name="Good">Nodes that answered in the last 15 minutes.</param>
/// <param name="Questionable">Nodes not heard of for longer.</param>
/// <param name="Replacements">Nodes waiting for a place.</param>
/// <param name="ChangedAt">When it last changed.</param>
public sealed record DhtBucketSnapshot(int SharedBits, int Good, int Questionable, int Replacements, DateTimeOffset ChangedAt);

/// <summary>One node.</summary>
/// <param name="Id">40 hex digits.</param>
/// <param name="Endpoint">Address and port.</param>
/// <param name="SharedBits">Leading bits its id shares with ours.</param>
/// <param name="IsGood">Answered in the last 15 minutes.</param>
/// <param name="FitsAddress">Its id fits its address (BEP 42).</param>
/// <param name="RoundTripMs">Last round trip, ms; null when unknown.</param>
/// <param name="LastSeenAt">When it last answered.</param>
/// <param name="Client">Version it tells, printable; empty when none.</param>
public sealed record DhtNodeSnapshot(
    string Id, PeerEndpoint Endpoint, int SharedBits, bool IsGood, bool FitsAddress, int? RoundTripMs, DateTimeOffset? LastSeenAt, string Client);

/// <summary>A node asked first.</summary>
/// <param name="Host">"host:port" as configured.</param>
/// <param name="Message">What came of it, in words.</param>
public sealed record DhtBootstrapSnapshot(string Host, string Message);

/// <summary>One iterative lookup.</summary>
public sealed record DhtLookupSnapshot
{
    /// <summary>What for: "peers of Debian 12", "our own neighbourhood", "bucket 7".</summary>
    public required string Purpose { get; init; }

    /// <summary>Target, 40 hex digits.</summary>
    public required string Target { get; init; }

    /// <summary>BEP 32's table.</summary>
    public bool IsIPv6 { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took; null while it runs.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Queries sent.</summary>
    public int Queries { get; init; }

    /// <summary>Answers received.</summary>
    public int Replies { get; init; }

    /// <summary>Queries that timed out.</summary>
    public int Timeouts { get; init; }

    /// <summary>Length of the longest chain of answers that led to a node asked.</summary>
    public int Hops { get; init; }

    /// <summary>Peers found.</summary>
    public int Peers { get; init; }

    /// <summary>Nodes we announced ourselves to.</summary>
    public int Announced { get; init; }

    /// <summary>Leading bits the closest node that answered shares with the target.</summary>
    public int ClosestSharedBits { get; init; }
}

/// <summary>What others stored with this node.</summary>
public sealed record DhtStoreSnapshot
{
    /// <summary>Infohashes with peers.</summary>
    public int InfoHashes { get; init; }

    /// <summary>Peers of all infohashes.</summary>
    public int Peers { get; init; }

    /// <summary>Items of BEP 44, immutable and mutable.</summary>
    public int Items { get; init; }

    /// <summary>The 100 infohashes with most peers.</summary>
    public ImmutableArray<DhtStoredSwarm> Swarms { get; init; } = [];
}

/// <summary>Peers of one infohash stored here.</summary>
/// <param name="InfoHash">40 hex digits.</param>
/// <param name="Peers">How many.</param>
/// <param name="Seeds">Of these, how many said they have everything (BEP 33).</param>
/// <param name="LastAnnounceAt">When one was last announced.</param>
public sealed record DhtStoredSwarm(string InfoHash, int Peers, int Seeds, DateTimeOffset LastAnnounceAt);

/// <summary>Packets and bytes of the node since its start.</summary>
/// <param name="PacketsIn">Datagrams received.</param>
/// <param name="PacketsOut">Datagrams sent.</param>
/// <param name="BytesIn">Bytes of these, headers of IP and UDP left out.</param>
/// <param name="BytesOut">Bytes of these.</param>
/// <param name="QueriesIn">Queries of others that we answered.</param>
/// <param name="QueriesOut">Queries of ours.</param>
/// <param name="Timeouts">Queries of ours that nobody answered.</param>
/// <param name="Dropped">Datagrams thrown away: malformed, unasked for, or over a limit.</param>
/// <param name="Silenced">Queries not answered because their source or all together asked too much.</param>
public sealed record DhtTrafficSnapshot(
    long PacketsIn = 0, long PacketsOut = 0, long BytesIn = 0, long BytesOut = 0, long QueriesIn = 0, long QueriesOut = 0, long Timeouts = 0,
    long Dropped = 0, long Silenced = 0);
