using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>What a KRPC datagram is.</summary>
internal enum KrpcKind
{
    Query,
    Response,
    Error,
}

/// <summary>Queries by name.</summary>
internal enum KrpcQuery
{
    /// <summary>Not a query.</summary>
    None,

    /// <summary>A well-formed query with a name we do not know: error 204, or by its target like find_node (BEP 5 note on forward compatibility).</summary>
    Unknown,
    Ping,
    FindNode,
    GetPeers,
    AnnouncePeer,

    /// <summary>BEP 44.</summary>
    Get,

    /// <summary>BEP 44.</summary>
    Put,

    /// <summary>BEP 51.</summary>
    SampleInfoHashes,
}

/// <summary>Address families whose nodes the asker wants (BEP 32).</summary>
[Flags]
internal enum KrpcWant
{
    /// <summary>Not told: those of the family the query came by.</summary>
    None = 0,
    IPv4 = 1,
    IPv6 = 2,
}

/// <summary>One KRPC message of any kind (BEP 5, 32, 33, 42, 43, 44, 51), the union of their fields. Immutable; memory fields may point into the datagram read.</summary>
internal sealed record KrpcMessage
{
    public required KrpcKind Kind { get; init; }

    /// <summary>"t", 1..32 bytes.</summary>
    public required ReadOnlyMemory<byte> Transaction { get; init; }

    /// <summary>"v", at most 16 bytes; empty when absent.</summary>
    public ReadOnlyMemory<byte> Version { get; init; }

    /// <summary>"ro" = 1 (BEP 43): ask it nothing.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>"ip" (BEP 42): the receiver as the sender sees it.</summary>
    public PeerEndpoint? YourEndpoint { get; init; }

    public KrpcQuery Query { get; init; }

    /// <summary>The sender's id; null only in errors.</summary>
    public NodeId? Id { get; init; }

    /// <summary>Target of find_node, get, sample_infohashes and unknown queries.</summary>
    public NodeId? Target { get; init; }

    /// <summary>Of get_peers and announce_peer.</summary>
    public InfoHash? InfoHash { get; init; }

    /// <summary>Write token, of a response or an announce or a put; at most 64 bytes.</summary>
    public ReadOnlyMemory<byte> Token { get; init; }

    /// <summary>announce_peer: port told, 0 when absent or out of range.</summary>
    public int Port { get; init; }

    /// <summary>announce_peer: take the port the datagram came from.</summary>
    public bool HasImpliedPort { get; init; }

    /// <summary>announce_peer: the peer has everything (BEP 33).</summary>
    public bool IsSeed { get; init; }

    /// <summary>get_peers: leave seeds out (BEP 33).</summary>
    public bool WantsNoSeeds { get; init; }

    /// <summary>get_peers: Bloom filters wanted (BEP 33).</summary>
    public bool IsScrape { get; init; }

    public KrpcWant Want { get; init; }

    /// <summary>"nodes": IPv4 nodes, at most 16 are read; unusable addresses are kept for the reader to judge.</summary>
    public ImmutableArray<DhtContact> Nodes { get; init; } = [];

    /// <summary>"nodes6": IPv6 nodes (BEP 32), at most 16.</summary>
    public ImmutableArray<DhtContact> Nodes6 { get; init; } = [];

    /// <summary>"values": peers of either family, at most 100.</summary>
    public ImmutableArray<PeerEndpoint> Values { get; init; } = [];

    /// <summary>"BFsd", "BFpe": 256 bytes each (BEP 33); empty when absent.</summary>
    public ReadOnlyMemory<byte> SeedFilter { get; init; }

    public ReadOnlyMemory<byte> PeerFilter { get; init; }

    /// <summary>sample_infohashes (BEP 51): seconds until the sample changes; how many are stored; at most 20 of them.</summary>
    public int Interval { get; init; }

    public int Stored { get; init; }

    public ImmutableArray<InfoHash> Samples { get; init; } = [];

    /// <summary>"v" of BEP 44: the bencoded value, exact bytes; empty when absent.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>"k": 32 bytes of Ed25519 public key; empty when the item is immutable.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; init; }

    public ReadOnlyMemory<byte> Salt { get; init; }

    /// <summary>"sig": 64 bytes.</summary>
    public ReadOnlyMemory<byte> Signature { get; init; }

    public long? Sequence { get; init; }

    public long? CompareAndSwap { get; init; }

    /// <summary>Of an error: 201 generic, 202 server, 203 protocol, 204 unknown method, 205..207 and 301, 302 of BEP 44.</summary>
    public int ErrorCode { get; init; }

    public string ErrorText { get; init; } = "";
}
