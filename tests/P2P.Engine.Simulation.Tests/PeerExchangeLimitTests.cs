using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>How much is told and believed of peers in whole swarms (BEP 11; reliability.md 2.3 and rows W52, W55).</summary>
public sealed class PeerExchangeLimitTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    [Fact]
    public void A_crowd_that_comes_and_goes_is_told_fifty_a_minute()
    {
        var swarm = new SwarmBuilder(95).Sharing(64 << 20, 256 * 1024).AllHaving(Exchanging).Seeds(1, up: 20_000).Leechers(1).Start();
        List<(TimeSpan At, PexMessage Message)> told = [];
        swarm.Scripted("onlooker").Dial(swarm["leech0"], async wire =>
        {
            await ExchangeScript.GreetAsync(wire);
            wire.Stay();
            await ExchangeScript.HearAsync(wire, message => told.Add((swarm.World.Elapsed, message)));
        });
        Assert.True(swarm.World.RunUntil(() => told.Count > 0, TimeSpan.FromMinutes(1)));
        ScriptedPeer[] crowd = [.. Enumerable.Range(0, 80).Select(number => swarm.Scripted($"guest{number}"))];
        foreach (var guest in crowd)
        {
            guest.Dial(swarm["leech0"], async wire =>
            {
                await ExchangeScript.GreetAsync(wire, guest.Endpoint.Port);
                wire.Stay();
                await wire.DrainAsync();
            });
        }

        swarm.World.Run(TimeSpan.FromMinutes(4));
        Array.ForEach(crowd, guest => guest.Process.Die());
        swarm.World.Run(TimeSpan.FromMinutes(6));

        output.WriteLine(string.Join("; ", told.Select(item => $"{item.At.TotalSeconds:0} s: +{item.Message.Added.Length} -{item.Message.Dropped.Length}")));
        Assert.All(told.Zip(told.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= TimeSpan.FromSeconds(59.9), $"{pair}"));
        Assert.All(told, item => Assert.InRange(item.Message.Added.Length, 0, PeerExchange.PerMessage));
        Assert.All(told, item => Assert.InRange(item.Message.Dropped.Length, 0, PeerExchange.PerMessage));
        var endpoints = crowd.Select(guest => guest.Endpoint).ToHashSet();
        Assert.Equal(crowd.Length, told.SelectMany(item => item.Message.Added).Count(peer => endpoints.Contains(peer.Endpoint)));
        Assert.Equal(crowd.Length, told.SelectMany(item => item.Message.Dropped).Count(endpoints.Contains));
    }

    [Fact] // W55: each of the liars keeps to the rates; together they invent more than the list holds
    public void Liars_that_keep_to_the_rates_get_a_third_of_the_list_and_no_place_of_an_honest_peer()
    {
        var swarm = new SwarmBuilder(96).Sharing(2 << 20, 64 * 1024).AllHaving(Exchanging)
            .Seeds(1, up: 20_000).Leechers(3, up: 20_000).Leechers(1, up: 20_000, name: "late").ComingEvery(TimeSpan.FromSeconds(60)).Start();
        var victim = swarm["leech0"];
        ScriptedPeer[] liars = [.. Enumerable.Range(0, 16).Select(number => swarm.Scripted($"liar{number}"))];
        for (var number = 0; number < liars.Length; number++)
        {
            var first = number * 4_000;
            liars[number].Dial(victim, async wire =>
            {
                var theirs = await ExchangeScript.GreetAsync(wire);
                wire.Stay();
                wire.Beside(async () =>
                {
                    for (var from = first; ; from += 200)
                    {
                        await wire.SendAsync(new PexMessage([.. Enumerable.Range(from, 200).Select(Invent)], []).ToMessage(theirs));
                        await wire.Delay(TimeSpan.FromSeconds(60));
                    }
                });
                await wire.DrainAsync();
            });
        }

        var most = 0;
        var connected = int.MaxValue;
        swarm.World.Run(TimeSpan.FromSeconds(30));
        swarm.World.Every(TimeSpan.FromSeconds(5), () =>
        {
            connected = Math.Min(connected, victim.Row(swarm.Torrent)!.ConnectedPeers);
            most = Math.Max(most, victim.Row(swarm.Torrent)!.KnownPeers);
        });

        Assert.True(swarm.RunUntilComplete(Limit));

        var known = victim.Details(swarm.Torrent).Discovery.First(row => row.Source == DiscoverySource.Exchange).KnownPeers;
        output.WriteLine($"known by exchange {known}, most of all {most}; never fewer than {connected} connected; late after {swarm.Durations("late")[0]:0} s");
        Assert.Equal(1_000, known);
        Assert.InRange(most, 1_000, 1_000 + liars.Length + (2 * swarm.Hosts.Count())); // An honest one may stand in the list as it came and where it listens.
        Assert.InRange(connected, liars.Length + 3, int.MaxValue); // the liars, the seed and the two other leechers
        Assert.All(liars, liar => Assert.Equal(0, liar.Ended));
        Assert.Contains(victim.Details(swarm.Torrent).Peers, peer => peer.Endpoint.Address.Equals(swarm["late0"].Card.Address));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Switched_off_nothing_of_it_is_sent_or_heard(bool isExchanging)
    {
        var swarm = new SwarmBuilder(97).Sharing(1 << 20, 64 * 1024).AllHaving(options => options with { PeerExchange = isExchanging })
            .Seeds(1, up: 20_000).Leechers(4, up: 20_000).Build();
        swarm.World.Privacy.Count(swarm.Torrent.InfoHash);
        swarm.Start();
        swarm.Scripted("teller").Dial(swarm["leech0"], async wire =>
        {
            var theirs = await ExchangeScript.GreetAsync(wire);
            await wire.SendAsync(new PexMessage([.. Enumerable.Range(0, 50).Select(Invent)], []).ToMessage(theirs == 0 ? Greeting.ExchangeId : theirs));
            wire.Stay();
            await wire.DrainAsync();
        });

        Assert.True(swarm.RunUntilComplete(Limit));
        swarm.World.Run(TimeSpan.FromMinutes(2));

        var privacy = swarm.World.Privacy;
        var known = swarm["leech0"].Details(swarm.Torrent).Discovery.First(row => row.Source == DiscoverySource.Exchange).KnownPeers;
        output.WriteLine($"{privacy.Sightings(swarm.Torrent.InfoHash, Sighting.Exchange)} of {privacy.Messages} messages; {known} peers heard of");
        Assert.True(privacy.Messages > 100);
        Assert.Equal(isExchanging, privacy.Sightings(swarm.Torrent.InfoHash, Sighting.Exchange) > 0);
        Assert.Equal(isExchanging ? 50 : 0, known);
    }

    private static TorrentEngineOptions Exchanging(TorrentEngineOptions options) => options with { PeerExchange = true };

    private static (PeerEndpoint Endpoint, PexFlags Flags) Invent(int number) =>
        (new PeerEndpoint(new IPAddress([10, 99, (byte)(number >> 8), (byte)number]), 6881), PexFlags.IsReachable);
}
