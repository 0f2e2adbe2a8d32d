using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Whole swarms that live by telling each other (BEP 11), and private ones that must not (BEP 27).</summary>
public sealed class PeerExchangeTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    [Fact]
    public void Twelve_who_each_know_one_other_become_one_swarm()
    {
        var with = Grow(isExchanging: true);
        var without = Grow(isExchanging: false);

        output.WriteLine($"connections of each after two minutes: {with.Connections:0.0} with exchange, {without.Connections:0.0} without; known by it {with.Known:0.0}");
        Assert.True(with.Connections >= 9, $"{with.Connections}");
        Assert.True(without.Connections < 5, $"{without.Connections}");
        Assert.Equal(0, without.Known);

        (double Connections, double Known) Grow(bool isExchanging)
        {
            var swarm = new SwarmBuilder(91).Sharing(8 << 20, 64 * 1024).WithNeighbours(1).AllHaving(options => options with { PeerExchange = isExchanging })
                .Seeds(1, up: 60_000).Leechers(11, up: 60_000).Start();
            swarm.World.Run(TimeSpan.FromMinutes(2));
            var (connections, known) = (swarm.Hosts.Average(host => host.Row(swarm.Torrent)!.ConnectedPeers), swarm.Hosts.Average(host => Known(host, swarm, DiscoverySource.Exchange)));
            Assert.True(swarm.RunUntilComplete(Limit));
            return (connections, known);
        }
    }

    [Fact]
    public void An_onlooker_is_told_once_a_minute_and_of_who_left()
    {
        var swarm = new SwarmBuilder(92).Sharing(32 << 20, 256 * 1024).AllHaving(options => options with { PeerExchange = true })
            .Seeds(1, up: 50_000).Leechers(6, up: 50_000).Leechers(3, up: 50_000, name: "late").ComingEvery(TimeSpan.FromSeconds(100)).Start();
        List<(TimeSpan At, PexMessage Message)> told = [];
        var onlooker = swarm.Scripted("onlooker");
        onlooker.Dial(swarm["leech0"], async wire =>
        {
            await ExchangeScript.GreetAsync(wire);
            wire.Stay();
            await ExchangeScript.HearAsync(wire, message => told.Add((swarm.World.Elapsed, message)));
        });

        swarm.World.Run(TimeSpan.FromMinutes(3));
        swarm["leech3"].Kill();
        swarm.World.Run(TimeSpan.FromMinutes(3));

        output.WriteLine(string.Join("; ", told.Select(item => $"{item.At.TotalSeconds:0} s: +{item.Message.Added.Length} -{item.Message.Dropped.Length}")));
        var added = told.SelectMany(item => item.Message.Added.Select(peer => peer.Endpoint)).ToList();
        Assert.All(told.Zip(told.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= TimeSpan.FromSeconds(59.9), $"{pair}"));
        Assert.Equal(added.Distinct(), added);
        Assert.DoesNotContain(added, endpoint => endpoint.Address.Equals(onlooker.Card.Address) || endpoint == swarm["leech0"].Endpoint);
        Assert.Superset(swarm.Group("late").Select(host => host.Endpoint).ToHashSet(), added.ToHashSet());
        Assert.Contains(swarm["leech3"].Endpoint, told.SelectMany(item => item.Message.Dropped));
    }

    [Fact] // W52, W55
    public void A_flood_of_invented_peers_fills_no_list_and_ends_the_connection()
    {
        var swarm = new SwarmBuilder(93).Sharing(4 << 20, 64 * 1024).AllHaving(options => options with { PeerExchange = true }).Seeds(1, up: 100_000).Leechers(3, up: 100_000).Start();
        var flooder = swarm.Scripted("flooder");
        flooder.Dial(swarm["leech0"], async wire =>
        {
            var theirs = await ExchangeScript.GreetAsync(wire);
            for (var number = 0; ; number += 200)
            {
                var invented = Enumerable.Range(number, 200).Select(i => (new PeerEndpoint(new IPAddress([10, 99, (byte)(i >> 8), (byte)i]), 6881), PexFlags.IsReachable));
                await wire.SendAsync(new PexMessage([.. invented], []).ToMessage(theirs));
                await wire.Delay(TimeSpan.FromSeconds(1));
            }
        });

        Assert.True(swarm.RunUntilComplete(Limit));

        output.WriteLine($"known by exchange: {Known(swarm["leech0"], swarm, DiscoverySource.Exchange)}, of all: {swarm["leech0"].Row(swarm.Torrent)!.KnownPeers}");
        Assert.Equal(1, flooder.Ended);
        Assert.InRange(swarm["leech0"].Row(swarm.Torrent)!.KnownPeers, 1, 210);
        Assert.All(swarm.Hosts, host => Assert.True(host.IsComplete(swarm.Torrent)));
    }

    [Theory] // R-D05: the public twin shows that there is something to see
    [InlineData(true)]
    [InlineData(false)]
    public void A_private_torrent_lives_by_its_tracker_alone(bool isPrivate)
    {
        var builder = new SwarmBuilder(94).Sharing(2 << 20, 64 * 1024).WithNeighbours(3)
            .AllHaving(options => options with { PeerExchange = true, Dht = true, LocalDiscovery = true, DhtBootstrap = ["10.1.1.1:6881"] });
        var swarm = (isPrivate ? builder.Private() : builder).Seeds(1, up: 50_000).Leechers(7, up: 50_000).Build();
        var privacy = swarm.World.Privacy;
        privacy.Count(swarm.Torrent.InfoHash);
        swarm.Start();

        Assert.True(swarm.RunUntilComplete(Limit));
        swarm.World.Run(TimeSpan.FromMinutes(20));

        var elsewhere = new[] { DiscoverySource.Dht, DiscoverySource.Exchange, DiscoverySource.LocalNetwork };
        var rows = swarm.Hosts.SelectMany(host => host.Details(swarm.Torrent).Discovery.Where(source => elsewhere.Contains(source.Source))).ToList();
        output.WriteLine(string.Join(", ", rows.GroupBy(row => (row.Source, row.State)).Select(group => $"{group.Key}: {group.Count()} rows, {group.Sum(row => row.KnownPeers)} peers")));
        Assert.Equal(swarm.Hosts.Count() * elsewhere.Length, rows.Count);
        var seen = Enum.GetValues<Sighting>().ToDictionary(kind => kind, kind => privacy.Sightings(swarm.Torrent.InfoHash, kind));
        output.WriteLine($"{privacy.Datagrams} datagrams and {privacy.Messages} messages looked at: {string.Join(", ", seen)}");
        Assert.Empty(privacy.Violations);
        Assert.Equal(isPrivate, privacy.Contains(swarm.Torrent.InfoHash));
        Assert.True(privacy.Datagrams > 100 && privacy.Messages > 1000, $"{privacy.Datagrams}, {privacy.Messages}"); // There was something to look at.
        Assert.All(seen, pair => Assert.Equal(isPrivate, pair.Value == 0));
        if (isPrivate)
        {
            Assert.All(rows, row => Assert.Equal((DiscoveryState.Forbidden, 0), (row.State, row.KnownPeers)));
        }
        else
        {
            Assert.All(rows, row => Assert.Equal(DiscoveryState.Working, row.State));
            Assert.True(rows.Sum(row => row.KnownPeers) > 0);
        }
    }

    private static int Known(SimulatedHost host, SimulatedSwarm swarm, DiscoverySource source) =>
        host.Details(swarm.Torrent).Discovery.First(row => row.Source == source).KnownPeers;
}
