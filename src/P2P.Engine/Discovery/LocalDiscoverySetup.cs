using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery;

/// <summary>What a <see cref="LocalDiscovery"/> works with. Immutable.</summary>
internal sealed record LocalDiscoverySetup
{
    /// <summary>How the groups are joined.</summary>
    public required INetwork Network { get; init; }

    /// <summary>Time and its timer.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Runs the loop.</summary>
    public required ILoopScheduler Scheduler { get; init; }

    /// <summary>Makes the delays of each instance its own.</summary>
    public required int Seed { get; init; }

    /// <summary>Makes the cookie, which no other instance may share.</summary>
    public required Action<Span<byte>> Entropy { get; init; }

    /// <summary>The only address to use; null or unspecified for every interface of both families.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The port at which peers reach us now; 0 while there is none, and then nothing is announced. Called on the loop.</summary>
    public required Func<int> PeerPort { get; init; }

    /// <summary>A BitTorrent program was heard at that address and port, whatever torrents it has. Called on the loop; must only post.</summary>
    public required Action<PeerEndpoint> OnNeighbour { get; init; }

    /// <summary>For the log.</summary>
    public required ILogger Logger { get; init; }
}

/// <summary>What a <see cref="LocalDiscovery"/> is told.</summary>
internal abstract record LocalDiscoveryMessage
{
    /// <summary>Begin.</summary>
    internal sealed record Start : LocalDiscoveryMessage;

    /// <summary>Announce a torrent.</summary>
    internal sealed record Follow(InfoHash InfoHash, IDiscoverySink Sink) : LocalDiscoveryMessage;

    /// <summary>The user asks, or peers run out.</summary>
    internal sealed record SearchNow(InfoHash InfoHash) : LocalDiscoveryMessage;

    /// <summary>Forget a torrent.</summary>
    internal sealed record Unfollow(InfoHash InfoHash) : LocalDiscoveryMessage;

    /// <summary>Somebody announced; the datagram passed every check.</summary>
    internal sealed record Heard(LsdMessage Announce, PeerEndpoint Peer) : LocalDiscoveryMessage;

    /// <summary>An announce has gone out on so many networks.</summary>
    internal sealed record Sent(ImmutableArray<InfoHash> InfoHashes, int Networks) : LocalDiscoveryMessage;

    /// <summary>A socket ended.</summary>
    internal sealed record Lost(IMulticastSocket Socket, string Reason) : LocalDiscoveryMessage;

    /// <summary>The timer fired.</summary>
    internal sealed record Wake : LocalDiscoveryMessage;

    /// <summary>Leave; complete <paramref name="Done"/> when left.</summary>
    internal sealed record Stop(TaskCompletionSource Done) : LocalDiscoveryMessage;
}
