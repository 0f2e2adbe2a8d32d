using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Peers that announced themselves to us (BEP 5, 33). Told the time in ms; one owner.</summary>
/// <remarks>
/// At most 2,000 infohashes of 500 peers; the infohash, and the peer, announced longest ago makes room. A peer is forgotten 30 minutes after
/// its last announce: clients announce every 15 (libtorrent) to 30 minutes, and a dead peer costs everybody who asks a dial.
/// </remarks>
internal sealed class PeerStore(Random random)
{
    /// <summary>Infohashes kept.</summary>
    public const int MaxInfoHashes = 2_000;

    /// <summary>Peers kept of each.</summary>
    public const int MaxPeers = 500;

    /// <summary>Time a peer is kept after its last announce, ms.</summary>
    public const long ExpiryMs = 1_800_000;

    private const long SweepMs = 60_000;

    private readonly Dictionary<InfoHash, Swarm> _swarms = [];
    private long _sweptAtMs = long.MinValue;

    /// <summary>Infohashes with peers.</summary>
    public int InfoHashes => _swarms.Count;

    /// <summary>Peers of all.</summary>
    public int Peers => _swarms.Values.Sum(swarm => swarm.Peers.Count);

    /// <summary>Keeps a peer, or keeps it longer.</summary>
    public void Add(InfoHash infoHash, PeerEndpoint peer, bool isSeed, long nowMs)
    {
        Sweep(nowMs);
        if (!_swarms.TryGetValue(infoHash, out var swarm))
        {
            if (_swarms.Count >= MaxInfoHashes)
            {
                _swarms.Remove(_swarms.MinBy(entry => entry.Value.LastMs).Key);
            }

            swarm = new Swarm();
            _swarms.Add(infoHash, swarm);
        }

        swarm.LastMs = nowMs;
        if (!swarm.Peers.ContainsKey(peer) && swarm.Peers.Count >= MaxPeers)
        {
            swarm.Peers.Remove(swarm.Peers.MinBy(entry => entry.Value.AtMs).Key);
        }

        swarm.Peers[peer] = (isSeed, nowMs);
    }

    /// <summary>Peers of one family drawn by lot.</summary>
    public ImmutableArray<PeerEndpoint> Sample(InfoHash infoHash, bool isIPv6, int most, bool withoutSeeds, long nowMs)
    {
        if (!_swarms.TryGetValue(infoHash, out var swarm))
        {
            return [];
        }

        PeerEndpoint[] peers =
        [
            .. swarm.Peers.Where(peer => peer.Key.IsIPv4 != isIPv6 && nowMs - peer.Value.AtMs < ExpiryMs && !(withoutSeeds && peer.Value.IsSeed)).Select(peer => peer.Key),
        ];
        random.Shuffle(peers);
        return [.. peers.Take(most)];
    }

    /// <summary>Filters of seeds and of the others (BEP 33); null when nobody is known.</summary>
    public (PeerFilter Seeds, PeerFilter Leechers)? Filters(InfoHash infoHash, long nowMs)
    {
        if (!_swarms.TryGetValue(infoHash, out var swarm))
        {
            return null;
        }

        var (seeds, leechers) = (new PeerFilter(), new PeerFilter());
        foreach (var (peer, (isSeed, atMs)) in swarm.Peers)
        {
            if (nowMs - atMs < ExpiryMs)
            {
                (isSeed ? seeds : leechers).Add(peer.Address);
            }
        }

        return (seeds, leechers);
    }

    /// <summary>Infohashes drawn by lot (BEP 51).</summary>
    public ImmutableArray<InfoHash> SampleInfoHashes(int most)
    {
        InfoHash[] all = [.. _swarms.Keys];
        random.Shuffle(all);
        return [.. all.Take(most)];
    }

    /// <summary>The largest swarms, for the page.</summary>
    public ImmutableArray<DhtStoredSwarm> Largest(int most, DateTimeOffset now, long nowMs) =>
    [
        .. _swarms.OrderByDescending(entry => entry.Value.Peers.Count).ThenBy(entry => entry.Key).Take(most).Select(entry => new DhtStoredSwarm(
            entry.Key.ToString(), entry.Value.Peers.Count, entry.Value.Peers.Values.Count(peer => peer.IsSeed), now.AddMilliseconds(entry.Value.LastMs - nowMs))),
    ];

    /// <summary>Forgets who did not announce for long.</summary>
    public void Sweep(long nowMs)
    {
        if (_sweptAtMs != long.MinValue && nowMs - _sweptAtMs < SweepMs)
        {
            return;
        }

        _sweptAtMs = nowMs;
        foreach (var (infoHash, swarm) in _swarms.ToArray())
        {
            foreach (var (peer, (_, atMs)) in swarm.Peers.ToArray())
            {
                if (nowMs - atMs >= ExpiryMs)
                {
                    swarm.Peers.Remove(peer);
                }
            }

            if (swarm.Peers.Count == 0)
            {
                _swarms.Remove(infoHash);
            }
        }
    }

    private sealed class Swarm
    {
        public Dictionary<PeerEndpoint, (bool IsSeed, long AtMs)> Peers { get; } = [];

        public long LastMs { get; set; }
    }
}
