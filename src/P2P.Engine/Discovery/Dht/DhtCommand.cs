using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Dht;

/// <summary>What the DHT node is told.</summary>
internal abstract record DhtCommand
{
    /// <summary>Bind the socket.</summary>
    internal sealed record Start : DhtCommand;

    /// <summary>Time passed.</summary>
    internal sealed record Tick : DhtCommand;

    /// <summary>A datagram came.</summary>
    internal sealed record Datagram(byte[] Bytes, PeerEndpoint From) : DhtCommand;

    /// <summary>A socket cannot receive any more.</summary>
    internal sealed record SocketLost(IDatagramSocket Socket, string Reason) : DhtCommand;

    /// <summary>A bootstrap node's name was looked up, or could not be: <paramref name="Problem"/>.</summary>
    internal sealed record Resolved(string Text, int Port, IPAddress[] Addresses, string? Problem) : DhtCommand;

    /// <summary>Look for a torrent's peers and announce it.</summary>
    internal sealed record Follow(InfoHash InfoHash, string Name, bool IsSeed, IDiscoverySink Sink) : DhtCommand;

    /// <summary>It has everything, or no more.</summary>
    internal sealed record SetSeed(InfoHash InfoHash, bool IsSeed) : DhtCommand;

    /// <summary>It wants peers, or no more.</summary>
    internal sealed record SetWantsPeers(InfoHash InfoHash, bool WantsPeers) : DhtCommand;

    /// <summary>The user asks.</summary>
    internal sealed record SearchNow(InfoHash InfoHash) : DhtCommand;

    /// <summary>Look for it no more.</summary>
    internal sealed record Unfollow(InfoHash InfoHash) : DhtCommand;

    /// <summary>Somebody is said to be a node.</summary>
    internal sealed record AddNode(PeerEndpoint Node) : DhtCommand;

    /// <summary>Other bootstrap nodes.</summary>
    internal sealed record SetBootstrap(ImmutableArray<string> Hosts) : DhtCommand;

    /// <summary>Show the node.</summary>
    internal sealed record GetSnapshot(TaskCompletionSource<DhtSnapshot> Reply) : DhtCommand;

    /// <summary>Give the state to keep.</summary>
    internal sealed record Save(TaskCompletionSource<byte[]> Reply) : DhtCommand;

    /// <summary>Close the socket and give the state to keep.</summary>
    internal sealed record Stop(TaskCompletionSource<byte[]> Reply) : DhtCommand;
}
