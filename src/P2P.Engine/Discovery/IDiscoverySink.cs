using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery;

/// <summary>Where a source of peers puts its news about one torrent. Any thread; must only post.</summary>
internal interface IDiscoverySink
{
    /// <summary>Endpoints found; duplicates are allowed.</summary>
    void OnPeersFound(DiscoverySource source, ImmutableArray<PeerEndpoint> peers);

    /// <summary>What the source is doing for this torrent; the counts of peers are filled in by the torrent.</summary>
    void OnStatus(DiscoverySnapshot status);
}
