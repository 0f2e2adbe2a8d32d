using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>Who told us about an endpoint.</summary>
internal enum PeerSource
{
    Tracker,
    Manual,
    Incoming,
    Exchange,
    LocalDiscovery,
    Dht,
    Resume,
}

/// <summary>Known endpoints of a torrent: whom to dial next.</summary>
internal sealed class PeerPool
{
    public PeerPool(int capacity = 3000) => throw new NotImplementedException();

    public int Count => throw new NotImplementedException();

    public bool Add(PeerEndpoint endpoint, PeerSource source, long nowMs) => throw new NotImplementedException();

    public bool TryNext(long nowMs, out PeerEndpoint endpoint) => throw new NotImplementedException();

    public void OnConnected(PeerEndpoint endpoint, long nowMs) => throw new NotImplementedException();

    public void OnDialFailed(PeerEndpoint endpoint, long nowMs) => throw new NotImplementedException();

    public void OnClosed(PeerEndpoint endpoint, bool wasUseful, long nowMs) => throw new NotImplementedException();

    public void Forget(PeerEndpoint endpoint) => throw new NotImplementedException();

    public void Ban(IPAddress address, long nowMs) => throw new NotImplementedException();

    public bool IsBanned(PeerEndpoint endpoint, long nowMs) => throw new NotImplementedException();

    public void Strike(PeerEndpoint endpoint, long nowMs) => throw new NotImplementedException();

    public void RetrySoon() => throw new NotImplementedException();
}
