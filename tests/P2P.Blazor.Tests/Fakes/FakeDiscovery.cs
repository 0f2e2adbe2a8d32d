using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Tests.Fakes;

/// <summary>Invents sources of peers, a DHT node and a tracker whose numbers fit together. Pure.</summary>
public static class FakeDiscovery
{
    /// <summary>One row per source, in order; a private torrent's are forbidden but for trackers, manual and incoming.</summary>
    public static ImmutableArray<DiscoverySnapshot> Sources(DateTimeOffset now, bool isPrivate) =>
    [
        new() { Source = DiscoverySource.Tracker, State = DiscoveryState.Working, Message = "1 of 2 trackers works", KnownPeers = 12, ConnectedPeers = 4, LastAt = now - TimeSpan.FromMinutes(7), NextAt = now + TimeSpan.FromMinutes(23) },
        Of(DiscoverySource.Dht, new() { Source = DiscoverySource.Dht, State = DiscoveryState.Asking, Message = "asking 3 nodes, 14 peers so far", KnownPeers = 14, ConnectedPeers = 3, LastAt = now - TimeSpan.FromMinutes(2) }, isPrivate),
        Of(DiscoverySource.LocalNetwork, new() { Source = DiscoverySource.LocalNetwork, State = DiscoveryState.Waiting, NextAt = now + TimeSpan.FromMinutes(3) }, isPrivate),
        Of(DiscoverySource.Exchange, new() { Source = DiscoverySource.Exchange, State = DiscoveryState.Working, Message = "6 peers tell", KnownPeers = 31, ConnectedPeers = 1, LastAt = now - TimeSpan.FromSeconds(20) }, isPrivate),
        new() { Source = DiscoverySource.Manual, State = DiscoveryState.Waiting },
        new() { Source = DiscoverySource.Incoming, State = DiscoveryState.Working, Message = "2 came", KnownPeers = 2, ConnectedPeers = 2, LastAt = now - TimeSpan.FromSeconds(55) },
    ];

    /// <summary>A node that runs with <paramref name="nodes"/> nodes in its IPv4 table.</summary>
    public static DhtSnapshot Dht(DateTimeOffset now, int nodes = 50)
    {
        var id = Hex("our own id");
        ImmutableArray<DhtNodeSnapshot> known = [.. Enumerable.Range(0, nodes).Select(i => Node(i, now)).OrderBy(node => node.SharedBits)];
        ImmutableArray<DhtBucketSnapshot> buckets =
        [
            .. known.GroupBy(node => node.SharedBits).Select(bucket => new DhtBucketSnapshot(
                bucket.Key, bucket.Count(node => node.IsGood), bucket.Count(node => !node.IsGood), bucket.Key < 6 ? 3 : 0, now - TimeSpan.FromMinutes(bucket.Key))),
        ];
        return new DhtSnapshot
        {
            IsRunning = true,
            Port = 6881,
            Tables = [new DhtTableSnapshot(false, id, buckets, known), new DhtTableSnapshot(true, Hex("our other id"), [], [])],
            ExternalAddress = nodes == 0 ? null : IPAddress.Parse("203.0.113.7"),
            Bootstrap = [new("router.example:6881", "answered in 48 ms, gave 8 nodes"), new("dht.example:25401", "")],
            Lookups = nodes == 0 ? [] :
            [
                new() { Purpose = "peers of debian-13.1.0-amd64-netinst.iso", Target = Hex("a"), StartedAt = now - TimeSpan.FromSeconds(3), Queries = 14, Replies = 9, Timeouts = 2, Hops = 3, Peers = 14, ClosestSharedBits = 17 },
                new() { Purpose = "our own neighbourhood", Target = id, StartedAt = now - TimeSpan.FromMinutes(6), Duration = TimeSpan.FromSeconds(2.4), Queries = 31, Replies = 27, Timeouts = 4, Hops = 5, ClosestSharedBits = 19 },
                new() { Purpose = "bucket 7", Target = Hex("c"), StartedAt = now - TimeSpan.FromMinutes(9), Duration = TimeSpan.FromSeconds(12), Queries = 22, Replies = 12, Timeouts = 10, Hops = 4, Announced = 8, ClosestSharedBits = 11 },
            ],
            Store = nodes == 0 ? new() : new DhtStoreSnapshot { InfoHashes = 3, Peers = 61, Items = 2, Swarms = [.. Enumerable.Range(0, 3).Select(i => new DhtStoredSwarm(Hex($"stored {i}"), 40 - (i * 17), 3, now - TimeSpan.FromMinutes(i + 1)))] },
            Traffic = new DhtTrafficSnapshot(8_211, 9_004, 1_204_331, 1_411_200, 3_100, 2_220, 301, 17, 4),
        };
    }

    /// <summary>A tracker that runs: one swarm of ours, one of strangers.</summary>
    public static TrackerServerSnapshot Tracker(TrackerServerOptions options, DateTimeOffset now, TorrentSnapshot? ours) => new()
    {
        IsRunning = true,
        HttpPort = options.HttpPort,
        UdpPort = options.UdpPort,
        ServesAny = options.ServesAny,
        AnnounceUrls = [$"http://192.168.1.20:{options.HttpPort}/announce", $"udp://192.168.1.20:{options.UdpPort}/announce"],
        Swarms = 2,
        Peers = 19,
        Largest = [new TrackedSwarmSnapshot(ours?.InfoHash.ToString() ?? Hex("x"), ours?.Name, 3, 11, 42, now - TimeSpan.FromSeconds(12)), new TrackedSwarmSnapshot(Hex("foreign"), null, 1, 4, 0, now - TimeSpan.FromMinutes(4))],
        Announces = 12_345,
        Scrapes = 77,
        Refused = 5,
    };

    private static DiscoverySnapshot Of(DiscoverySource source, DiscoverySnapshot row, bool isPrivate) =>
        isPrivate ? new DiscoverySnapshot { Source = source, State = DiscoveryState.Forbidden } : row;

    private static DhtNodeSnapshot Node(int i, DateTimeOffset now) => new(
        Hex($"node {i}"), new PeerEndpoint(new IPAddress([203, 0, 113, (byte)(i + 1)]), 6881 + i), BitsOf(i), i % 5 != 4, i % 7 != 6,
        i % 5 == 4 ? null : 20 + (i * 7 % 180), i % 5 == 4 ? null : now - TimeSpan.FromSeconds(i * 9), i % 3 == 0 ? "LT 2.0" : "");

    // As in a table: eight in each far bucket, ever fewer in the near ones.
    private static int BitsOf(int i) => i < 32 ? i / 8 : 4 + Math.Min((i - 32) / 3, 8);

    private static string Hex(string seed) => Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(seed)));
}
