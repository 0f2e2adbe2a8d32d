using System.Collections.Immutable;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Serving;

/// <summary>What a tracker answers.</summary>
/// <param name="Seeds">Peers that have everything.</param>
/// <param name="Leechers">The others.</param>
/// <param name="Downloads">Completed downloads counted.</param>
/// <param name="Peers">Peers given, of the asker's family, in the span handed in.</param>
internal readonly record struct SwarmAnswer(int Seeds, int Leechers, int Downloads, int Peers);

/// <summary>Swarms and their peers, as a tracker keeps them. Told the time in ms; one owner.</summary>
/// <remarks>
/// A peer is its address and port; one that does not announce within twice the interval is forgotten. At most 10,000 swarms (the one announced
/// to longest ago makes room), 100,000 peers of one and 200,000 of all, beyond which announces are answered and not kept.
/// </remarks>
internal sealed class SwarmTable(TimeSpan interval, Random random)
{
    /// <summary>Swarms kept.</summary>
    public const int MaxSwarms = 10_000;

    /// <summary>Peers kept of one swarm.</summary>
    public const int MaxPeersPerSwarm = 100_000;

    /// <summary>Peers kept of all.</summary>
    public const int MaxPeers = 200_000;

    private readonly Dictionary<InfoHash, Swarm> _swarms = [];
    private readonly long _expiryMs = (long)(2 * interval.TotalMilliseconds);

    /// <summary>Swarms known.</summary>
    public int Swarms => _swarms.Count;

    /// <summary>Peers of all.</summary>
    public int Peers { get; private set; }

    /// <summary>One announce; peers for the answer go into <paramref name="into"/>.</summary>
    public SwarmAnswer Announce(InfoHash infoHash, PeerEndpoint peer, long left, AnnounceEvent happened, Span<PeerEndpoint> into, long nowMs)
    {
        if (!_swarms.TryGetValue(infoHash, out var swarm))
        {
            if (happened == AnnounceEvent.Stopped)
            {
                return default;
            }

            MakeRoom();
            swarm = new Swarm();
            _swarms.Add(infoHash, swarm);
        }

        swarm.LastMs = nowMs;
        var family = peer.IsIPv4 ? swarm.IPv4 : swarm.IPv6;
        var before = family.Count;
        if (happened == AnnounceEvent.Stopped)
        {
            family.Remove(peer);
            Peers += family.Count - before;
            return new SwarmAnswer(swarm.Seeds, swarm.Leechers, swarm.Downloads, 0);
        }

        var isSeed = left == 0;
        if (swarm.Count < MaxPeersPerSwarm && Peers < MaxPeers)
        {
            var became = family.Put(peer, isSeed, nowMs);
            Peers += family.Count - before;

            // Counted when it is told and true, and once for each time a peer becomes a seed.
            swarm.Downloads += happened == AnnounceEvent.Completed && isSeed && (became || family.Count > before) ? 1 : 0;
        }

        var given = family.Sample(into, peer, withoutSeeds: isSeed, random);
        return new SwarmAnswer(swarm.Seeds, swarm.Leechers, swarm.Downloads, given);
    }

    /// <summary>Counts of one swarm; null when it is unknown.</summary>
    public SwarmAnswer? Scrape(InfoHash infoHash) =>
        _swarms.TryGetValue(infoHash, out var swarm) ? new SwarmAnswer(swarm.Seeds, swarm.Leechers, swarm.Downloads, 0) : null;

    /// <summary>Forgets peers that did not announce, and swarms nobody is in. To be called about once a minute.</summary>
    public void Sweep(long nowMs)
    {
        foreach (var (infoHash, swarm) in _swarms.ToArray())
        {
            var before = swarm.Count;
            swarm.IPv4.Expire(nowMs - _expiryMs);
            swarm.IPv6.Expire(nowMs - _expiryMs);
            Peers += swarm.Count - before;
            if (swarm.Count == 0 && nowMs - swarm.LastMs >= _expiryMs)
            {
                _swarms.Remove(infoHash);
            }
        }
    }

    /// <summary>The largest swarms, for the page.</summary>
    public ImmutableArray<TrackedSwarmSnapshot> Largest(int most, Func<InfoHash, string?> nameOf, DateTimeOffset now, long nowMs) =>
    [
        .. _swarms.OrderByDescending(entry => entry.Value.Count).ThenBy(entry => entry.Key).Take(most).Select(entry => new TrackedSwarmSnapshot(
            entry.Key.ToString(), nameOf(entry.Key), entry.Value.Seeds, entry.Value.Leechers, entry.Value.Downloads, now.AddMilliseconds(entry.Value.LastMs - nowMs))),
    ];

    private void MakeRoom()
    {
        if (_swarms.Count >= MaxSwarms)
        {
            var (infoHash, idlest) = _swarms.MinBy(entry => entry.Value.LastMs);
            Peers -= idlest.Count;
            _swarms.Remove(infoHash);
        }
    }

    private sealed class Swarm
    {
        public PeerTable IPv4 { get; } = new();

        public PeerTable IPv6 { get; } = new();

        public int Downloads { get; set; }

        public long LastMs { get; set; }

        public int Count => IPv4.Count + IPv6.Count;

        public int Seeds => IPv4.Seeds + IPv6.Seeds;

        public int Leechers => Count - Seeds;
    }
}
