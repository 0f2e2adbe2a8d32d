using System.Net;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Hundreds of our DHT nodes in virtual time: what is announced is found, through loss, exodus and lies.</summary>
public sealed class DhtTests(ITestOutputHelper output)
{
    private const int Torrents = 1_000;

    [Fact]
    public void A_thousand_lookups_among_300_nodes_find_what_was_announced()
    {
        var swarm = new DhtSwarm(1, loss: 0.01).Grow(300, TimeSpan.FromMinutes(5));
        var stored = Announce(swarm, Torrents);

        var (found, lookups) = LookUp(swarm, stored);

        Report("300 nodes", found, lookups, swarm);
        Assert.InRange(found / (double)Torrents, 0.999, 1);
    }

    [Fact] // 30 % leave within one minute; nobody tells anybody
    public void Lookups_go_on_when_a_third_of_the_nodes_leaves_in_one_minute()
    {
        var swarm = new DhtSwarm(2, loss: 0.01).Grow(300, TimeSpan.FromMinutes(5));
        var stored = Announce(swarm, Torrents);

        var leaving = swarm.Members.ToArray();
        swarm.World.Random.Shuffle(leaving);
        foreach (var member in leaving[..90])
        {
            member.Die();
            swarm.World.Run(TimeSpan.FromSeconds(60.0 / 90));
        }

        // What was stored before, found through what is left of the eight that hold it; who left itself is no peer any more.
        var (foundOld, lookupsOld) = LookUp(swarm, stored);
        Report("30 % gone, stored before", foundOld, lookupsOld, swarm);

        var (foundNew, lookupsNew) = LookUp(swarm, Announce(swarm, Torrents));
        Report("30 % gone, announced after", foundNew, lookupsNew, swarm);

        Assert.InRange(foundOld / (double)Torrents, 0.999, 1);
        Assert.InRange(foundNew / (double)Torrents, 0.999, 1);
    }

    [Fact] // D20
    public void A_thousand_identities_of_one_network_cannot_take_a_torrent_over()
    {
        var swarm = new DhtSwarm(3).Grow(100, TimeSpan.FromMinutes(5));
        var infoHash = swarm.NewInfoHash();
        var target = NodeId.Of(infoHash);
        var liars = new Eclipse(swarm.Network, target, count: 1_000, addresses: 250);
        liars.Advertise(swarm.Members.Select(member => member.Endpoint));
        swarm.World.Run(TimeSpan.FromMinutes(2));

        var owner = swarm.Any();
        var announced = owner.Follow(infoHash, isSeed: true);
        swarm.World.RunUntil(() => announced.HasEnded, TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(1));
        var asker = swarm.Any(but: owner);
        var news = asker.Follow(infoHash, isSeed: false);
        swarm.World.RunUntil(() => news.HasEnded, TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(1));

        output.WriteLine($"the liars answered {liars.Answered} queries and took {liars.Announces} announces; {announced.Status!.Message}; {news.Status!.Message}");
        Assert.True(liars.Answered > 0, "Nobody ever asked a liar: the attack did not take place.");
        Assert.Contains(owner.Peer, news.Peers);
        Assert.Equal(0, liars.Announces);
        foreach (var member in swarm.Members)
        {
            var table = swarm.Show(member).Tables[0];
            var crowded = table.Nodes.Where(node => Eclipse.IsOne(node.Endpoint))
                .GroupBy(node => Math.Min(node.SharedBits, table.Buckets.Length - 1))
                .Select(bucket => bucket.Count())
                .DefaultIfEmpty(0);
            Assert.InRange(crowded.Max(), 0, RoutingTable.MaxPerNetwork);
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_network_and_another_seed_another()
    {
        var traces = new[] { 7, 7, 8 }.Select(seed =>
        {
            var swarm = new DhtSwarm(seed, loss: 0.05).Grow(30, TimeSpan.FromMinutes(1));
            var (_, lookups) = LookUp(swarm, Announce(swarm, 10));
            return (swarm.World.Trace.Hash, swarm.World.EventCount, lookups.Sum(lookup => lookup.Queries));
        }).ToArray();

        Assert.Equal(traces[0], traces[1]);
        Assert.NotEqual(traces[0].Hash, traces[2].Hash);
    }

    [Fact] // no bootstrap list, no internet: one private network whose nodes hear of each other by other means
    public void Two_nodes_of_one_private_network_find_each_other_within_a_second()
    {
        var swarm = new DhtSwarm(4);
        var first = swarm.Join(IPAddress.Parse("192.168.1.10"));
        var infoHash = swarm.NewInfoHash();
        var firstNews = first.Follow(infoHash, isSeed: true);
        swarm.World.Run(TimeSpan.FromMinutes(1));
        Assert.Equal((Engine.DiscoveryState.Waiting, "No DHT node is known yet"), (firstNews.Status!.State, firstNews.Status.Message));

        var second = swarm.Join(IPAddress.Parse("192.168.1.11"));
        second.Loop.SetBootstrap([]);
        var secondNews = second.Follow(infoHash, isSeed: false);
        second.Loop.AddNode(first.Endpoint);

        // A ping, a search of one node and an announce, each a round trip of 20..300 ms.
        Assert.True(swarm.World.RunUntil(() => firstNews.Peers.Contains(second.Peer) || secondNews.Peers.Contains(first.Peer), TimeSpan.FromSeconds(1)));
        swarm.World.Run(TimeSpan.FromSeconds(30));
        Assert.Contains(first.Peer, secondNews.Peers);
        Assert.Contains(second.Peer, firstNews.Peers);
        Assert.DoesNotContain(second.Peer, secondNews.Peers);
        Assert.Contains(secondNews.Told, status => status.Message == "A peer announced itself to us");
        swarm.World.Run(TimeSpan.FromMinutes(16));
        Assert.Contains(secondNews.Told, status => status.Message == "Found 1 peer, announced to 1 node");
    }

    [Fact]
    public void A_node_that_starts_again_at_another_address_needs_no_bootstrap()
    {
        var swarm = new DhtSwarm(5).Grow(30, TimeSpan.FromMinutes(2));
        var old = swarm.Members[^1];
        var id = swarm.Show(old).Tables[0].Id;
        var state = swarm.World.Complete(old.Loop.StopAsync());
        Assert.Equal(0, old.Loop.Port);
        swarm.World.Run(TimeSpan.FromMinutes(1));

        var again = new DhtMember(swarm.Network, "again", swarm.NewAddress(), new Link(Latency: TimeSpan.FromMilliseconds(20)), [], state);
        again.Loop.Start();
        swarm.World.Run(TimeSpan.FromSeconds(20));

        var shown = swarm.Show(again);
        Assert.InRange(shown.Tables[0].Buckets.Sum(bucket => bucket.Good), 8, 30);
        Assert.Empty(shown.Bootstrap);
        Assert.NotEqual(id, shown.Tables[0].Id); // It moved to another address, and the others told it so (BEP 42).
        Assert.Equal(again.Card.Address, shown.ExternalAddress);
    }

    private List<(InfoHash InfoHash, DhtMember Owner)> Announce(DhtSwarm swarm, int count)
    {
        var stored = new List<(InfoHash, DhtMember)>();
        var news = new List<DhtNews>();
        for (var i = 0; i < count; i++)
        {
            var (infoHash, owner) = (swarm.NewInfoHash(), swarm.Any());
            stored.Add((infoHash, owner));
            news.Add(owner.Follow(infoHash, isSeed: true));
            swarm.World.Run(TimeSpan.FromMilliseconds(50));
        }

        Assert.True(swarm.World.RunUntil(() => news.TrueForAll(one => one.HasEnded), TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(1)));
        return stored;
    }

    private static (int Found, List<DhtLookupSnapshot> Lookups) LookUp(DhtSwarm swarm, List<(InfoHash InfoHash, DhtMember Owner)> stored)
    {
        var found = 0;
        var lookups = new List<DhtLookupSnapshot>();
        foreach (var batch in stored.Chunk(50))
        {
            var asked = new List<(DhtMember Asker, DhtNews News, InfoHash InfoHash, PeerEndpoint Peer)>();
            foreach (var (infoHash, owner) in batch)
            {
                var asker = swarm.Any(but: owner);
                asked.Add((asker, asker.Follow(infoHash, isSeed: false), infoHash, owner.Peer));
            }

            swarm.World.RunUntil(() => asked.TrueForAll(one => one.News.HasEnded), TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(1));
            foreach (var (asker, news, infoHash, peer) in asked)
            {
                found += news.Peers.Contains(peer) ? 1 : 0;
                lookups.Add(swarm.Show(asker).Lookups.First(lookup => lookup.Target == infoHash.ToString()));
                asker.Loop.Unfollow(infoHash);
            }
        }

        return (found, lookups);
    }

    private void Report(string what, int found, List<DhtLookupSnapshot> lookups, DhtSwarm swarm)
    {
        string Of(Func<DhtLookupSnapshot, double> value)
        {
            var sorted = lookups.Select(value).Order().ToArray();
            return $"mean {sorted.Average():0.00}, p50 {sorted[sorted.Length / 2]:0.##}, p99 {sorted[(int)(sorted.Length * 0.99)]:0.##}";
        }

        output.WriteLine($"{what}: {found} of {lookups.Count} found; hops {Of(lookup => lookup.Hops)}; queries {Of(lookup => lookup.Queries)}; replies {Of(lookup => lookup.Replies)}; "
            + $"timeouts {Of(lookup => lookup.Timeouts)}; seconds {Of(lookup => lookup.Duration!.Value.TotalSeconds)}; announced {Of(lookup => lookup.Announced)}; world {swarm.World.Elapsed}, {swarm.World.EventCount} events");
        var shown = swarm.Show(swarm.Alive[^1]);
        output.WriteLine($"a node: {shown.Tables[0].Nodes.Length} nodes in {shown.Tables[0].Buckets.Length} buckets, fit {shown.Tables[0].Nodes.Count(node => node.FitsAddress)}, external {shown.ExternalAddress}, {shown.Traffic}");
    }
}
