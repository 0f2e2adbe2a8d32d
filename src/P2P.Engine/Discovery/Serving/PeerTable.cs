using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Serving;

/// <summary>The peers of one swarm and one address family: found by endpoint, walked from anywhere. One owner.</summary>
/// <remarks>A flat array with an index beside it, so that 100,000 peers cost under 100 bytes each and an answer is one short walk.</remarks>
internal sealed class PeerTable
{
    private readonly Dictionary<PeerEndpoint, int> _index = [];
    private TrackedPeer[] _peers = [];

    /// <summary>Peers in it.</summary>
    public int Count { get; private set; }

    /// <summary>Of these, how many have everything.</summary>
    public int Seeds { get; private set; }

    /// <summary>Puts a peer in, or brings it up to date; true when it was not a seed before and is one now.</summary>
    public bool Put(PeerEndpoint endpoint, bool isSeed, long nowMs)
    {
        if (_index.TryGetValue(endpoint, out var at))
        {
            var became = isSeed && !_peers[at].IsSeed;
            Seeds += (isSeed ? 1 : 0) - (_peers[at].IsSeed ? 1 : 0);
            _peers[at] = new TrackedPeer(endpoint, isSeed, nowMs);
            return became;
        }

        if (Count == _peers.Length)
        {
            Array.Resize(ref _peers, Math.Max(8, Count * 2));
        }

        _index.Add(endpoint, Count);
        _peers[Count++] = new TrackedPeer(endpoint, isSeed, nowMs);
        Seeds += isSeed ? 1 : 0;
        return false;
    }

    /// <summary>Takes a peer out; false when it is not in.</summary>
    public bool Remove(PeerEndpoint endpoint)
    {
        if (!_index.Remove(endpoint, out var at))
        {
            return false;
        }

        Seeds -= _peers[at].IsSeed ? 1 : 0;
        Count--;
        if (at != Count)
        {
            _peers[at] = _peers[Count];
            _index[_peers[at].Endpoint] = at;
        }

        _peers[Count] = default;
        return true;
    }

    /// <summary>Copies peers for an answer, walking from a place drawn by lot; returns how many.</summary>
    /// <param name="into">Room for the answer.</param>
    /// <param name="asker">Left out: nobody needs itself.</param>
    /// <param name="withoutSeeds">A seed has no use for others.</param>
    /// <param name="random">Draws the place.</param>
    public int Sample(Span<PeerEndpoint> into, PeerEndpoint asker, bool withoutSeeds, Random random)
    {
        var (taken, start) = (0, Count == 0 ? 0 : random.Next(Count));
        for (var step = 0; step < Count && taken < into.Length; step++)
        {
            ref readonly var peer = ref _peers[start + step < Count ? start + step : start + step - Count];
            if (peer.Endpoint != asker && !(withoutSeeds && peer.IsSeed))
            {
                into[taken++] = peer.Endpoint;
            }
        }

        return taken;
    }

    /// <summary>Forgets who announced last before a time.</summary>
    public void Expire(long beforeMs)
    {
        for (var at = Count - 1; at >= 0; at--)
        {
            if (_peers[at].AtMs < beforeMs)
            {
                Remove(_peers[at].Endpoint);
            }
        }
    }

    private readonly record struct TrackedPeer(PeerEndpoint Endpoint, bool IsSeed, long AtMs);
}
