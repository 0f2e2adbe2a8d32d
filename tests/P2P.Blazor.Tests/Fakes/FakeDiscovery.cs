using System.Collections.Immutable;
using System.Net;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Tests.Fakes;

/// <summary>Invents a DHT node and sources of peers. Pure.</summary>
public static class FakeDiscovery
{
    private static readonly DateTimeOffset Now = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A node with six buckets and a few lookups.</summary>
    public static DhtSnapshot Dht() => new()
    {
        IsRunning = true,
        Port = 6881,
        Bootstrap = [new DhtBootstrapSnapshot("router.example.org:6881", "answered")],
        Tables =
        [
            new DhtTableSnapshot(
                IsIPv6: false,
                "0123456789abcdef0123456789abcdef01234567",
                [.. Enumerable.Range(0, 6).Select(bits => new DhtBucketSnapshot(bits, 8 - bits, bits / 2, bits, Now))],
                [
                    .. Enumerable.Range(0, 12).Select(number => new DhtNodeSnapshot(
                        $"{number:x2}23456789abcdef0123456789abcdef01234567", new PeerEndpoint(IPAddress.Parse($"192.0.2.{number + 1}"), 6881), number % 6, number % 4 != 0,
                        FitsAddress: true, 20 + number, Now, "LT01")),
                ]),
        ],
        Lookups =
        [
            new DhtLookupSnapshot { Purpose = "peers of age.txt", Target = "aabb", StartedAt = Now, Duration = TimeSpan.FromSeconds(1.4), Queries = 15, Replies = 14, Hops = 2, Peers = 7, Announced = 8 },
        ],
        Store = new DhtStoreSnapshot { InfoHashes = 3, Peers = 41 },
        Traffic = new DhtTrafficSnapshot(1_200, 1_100, 96_000, 88_000, 400, 700, 12, 3, 1),
    };

    /// <summary>One row for each source.</summary>
    public static ImmutableArray<DiscoverySnapshot> Sources() =>
    [
        new() { Source = DiscoverySource.Tracker, State = DiscoveryState.Working, Message = "1 of 2 work, 1 fail.", KnownPeers = 12, ConnectedPeers = 3, LastAt = Now },
        new() { Source = DiscoverySource.Dht, State = DiscoveryState.Working, Message = "Found 7 peers, announced to 8 nodes.", KnownPeers = 7, ConnectedPeers = 2, LastAt = Now },
        new() { Source = DiscoverySource.LocalNetwork, State = DiscoveryState.Waiting, Message = "Announced on 1 network; nobody answered yet." },
        new() { Source = DiscoverySource.Exchange, State = DiscoveryState.Off, Message = "Switched off in the settings." },
        new() { Source = DiscoverySource.Manual, State = DiscoveryState.Working, Message = "Added by you, by the link, or known from before." },
        new() { Source = DiscoverySource.Incoming, State = DiscoveryState.Working, Message = "Peers that found us.", KnownPeers = 1, ConnectedPeers = 1 },
    ];
}
