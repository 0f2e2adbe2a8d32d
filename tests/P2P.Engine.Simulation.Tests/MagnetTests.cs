using System.Net;
using System.Security.Cryptography;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Magnet links in whole swarms: metadata from peers of whom most may lie, restarts, and what comes after (BEP 9; reliability.md 3.4, R-M02 to R-M04).</summary>
public sealed class MagnetTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);
    private static readonly string[] Kinds = ["wrong", "silent", "refusing", "small", "large", "huge", "unasked", "leaving", "lying total", "negative"];

    [Theory] // G20 to G25, G29, R-M03: ten liars of each kind, and one of each kind, beside one honest peer
    [InlineData("wrong")]
    [InlineData("silent")]
    [InlineData("refusing")]
    [InlineData("small")]
    [InlineData("large")]
    [InlineData("huge")]
    [InlineData("unasked")]
    [InlineData("leaving")]
    [InlineData("lying total")]
    [InlineData("negative")]
    [InlineData("mixed")]
    public void One_honest_among_ten_liars_is_enough_within_a_minute(string kind)
    {
        List<double> times = [];
        foreach (var seed in new[] { 71, 72, 73 })
        {
            // 3 parts of metadata. The honest one stands anywhere in the list.
            var swarm = new SwarmBuilder(seed).Sharing(40 << 20, 16 * 1024).Seeds(1, up: 500_000).Start();
            var endpoints = Enumerable.Range(0, 10).Select(i => Liar(swarm, kind == "mixed" ? Kinds[i] : kind, i).Endpoint).Append(swarm["seed0"].Endpoint).ToArray();
            swarm.World.Random.Shuffle(endpoints);
            Assert.True(swarm.World.RunUntil(() => swarm["seed0"].IsComplete(swarm.Torrent), Minute)); // It takes up no connection before.
            var taker = Taker(swarm);
            var began = swarm.World.Elapsed;

            taker.AddMagnet(Link(swarm.Torrent, endpoints), chooseFiles: true);

            Assert.True(swarm.World.RunUntil(() => taker.Row(swarm.Torrent) is { State: TorrentState.Stopped }, Minute), $"seed {seed}: {taker.Row(swarm.Torrent)}");
            times.Add((swarm.World.Elapsed - began).TotalSeconds);
            Assert.Equal(swarm.Torrent.PieceCount, taker.Row(swarm.Torrent)!.PieceCount);
            Assert.DoesNotContain(taker.Events, item => item.Message.Contains(swarm["seed0"].Card.Address.ToString(), StringComparison.Ordinal));
        }

        output.WriteLine($"{kind}: metadata after {string.Join(", ", times.Select(time => $"{time:0.0}"))} s");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_link_alone_ends_in_the_whole_file(bool byTracker)
    {
        var swarm = new SwarmBuilder(74).Sharing(2 << 20, 64 * 1024).Seeds(1, up: 500_000).Leechers(2, up: 500_000).Start();
        var taker = Taker(swarm);
        taker.AddMagnet(byTracker ? $"{Link(swarm.Torrent)}&tr={Uri.EscapeDataString(SimulatedTracker.Url)}" : Link(swarm.Torrent, swarm["seed0"].Endpoint));

        Assert.True(swarm.World.RunUntil(() => taker.IsComplete(swarm.Torrent), TimeSpan.FromMinutes(5)), $"{taker.Row(swarm.Torrent)}");
        Assert.True(taker.Volume.Of(swarm.Torrent).IsComplete());
        Assert.Equal(swarm.Torrent.Metainfo.InfoBytes.ToArray(), MetainfoReader.Read(taker.Store.Torrents[swarm.Torrent.InfoHash].File).InfoBytes.ToArray());
    }

    [Fact]
    public void A_kill_before_the_metadata_is_here_loses_nothing()
    {
        var swarm = new SwarmBuilder(75).Sharing(2 << 20, 64 * 1024).Seeds(1, up: 500_000).ComingEvery(TimeSpan.FromSeconds(90)).Start();
        var (taker, seed) = (Taker(swarm), swarm["seed0"]);
        taker.AddMagnet($"{Link(swarm.Torrent, seed.Endpoint)}&dn=a+name", chooseFiles: true);
        swarm.World.Run(TimeSpan.FromSeconds(20));
        Assert.Equal((TorrentState.Metadata, "a name"), (taker.Row(swarm.Torrent)!.State, taker.Row(swarm.Torrent)!.Name));

        taker.Kill();
        swarm.World.Run(TimeSpan.FromSeconds(1));
        taker.Start();

        Assert.Equal((TorrentState.Metadata, "a name"), (taker.Row(swarm.Torrent)!.State, taker.Row(swarm.Torrent)!.Name));
        Assert.True(swarm.World.RunUntil(() => taker.Row(swarm.Torrent) is { State: TorrentState.Stopped }, TimeSpan.FromMinutes(5)), $"{taker.Row(swarm.Torrent)}");
        swarm.World.Run(TimeSpan.FromMinutes(1));
        Assert.Equal((0, 0), (taker.Row(swarm.Torrent)!.HaveBytes, taker.Row(swarm.Torrent)!.Downloaded)); // The choice of files comes first.

        // The peers of the link are remembered for that long.
        taker.StartTorrent(swarm.Torrent);
        Assert.True(swarm.World.RunUntil(() => taker.IsComplete(swarm.Torrent), TimeSpan.FromMinutes(5)), $"{taker.Row(swarm.Torrent)}");
    }

    [Fact]
    public void A_kill_in_the_middle_of_the_metadata_begins_it_again()
    {
        // 4 parts of metadata at 6 KB/s: the first is here after 3 s, the last after 9 s.
        var swarm = new SwarmBuilder(80).Sharing(40 << 20, 16 * 1024).Seeds(1, up: 6_000).Start();
        Assert.True(swarm.World.RunUntil(() => swarm["seed0"].IsComplete(swarm.Torrent), Minute));
        var taker = Taker(swarm);
        taker.AddMagnet(Link(swarm.Torrent, swarm["seed0"].Endpoint), chooseFiles: true);
        Assert.True(swarm.World.RunUntil(() => taker.Row(swarm.Torrent) is { Progress: > 0.2 }, Minute), $"{taker.Row(swarm.Torrent)}");
        Assert.Equal(TorrentState.Metadata, taker.Row(swarm.Torrent)!.State);
        Assert.InRange(taker.Details(swarm.Torrent).Metadata!.Received, 1, swarm.Torrent.Metainfo.InfoBytes.Length - 1);

        taker.Kill();
        swarm.World.Run(TimeSpan.FromSeconds(1));
        taker.Start();

        // Parts of a dictionary that no hash proves yet are not kept: any of them may be a liar's.
        Assert.Equal((TorrentState.Metadata, 0), (taker.Row(swarm.Torrent)!.State, taker.Row(swarm.Torrent)!.Progress));
        Assert.True(swarm.World.RunUntil(() => taker.Row(swarm.Torrent) is { State: TorrentState.Stopped }, Minute), $"{taker.Row(swarm.Torrent)}");
        Assert.Equal(swarm.Torrent.Metainfo.InfoBytes.ToArray(), MetainfoReader.Read(taker.Store.Torrents[swarm.Torrent.InfoHash].File).InfoBytes.ToArray());
    }

    [Fact] // G28
    public void Ten_thousand_requests_for_metadata_get_twice_the_whole()
    {
        var swarm = new SwarmBuilder(76).Sharing(40 << 20, 16 * 1024).Seeds(1, up: 0).Start();
        var (served, refused) = (0, 0);
        var parts = (swarm.Torrent.Metainfo.InfoBytes.Length + MetadataMessage.PartLength - 1) / MetadataMessage.PartLength;
        swarm.Scripted("greedy").Dial(swarm["seed0"], async wire =>
        {
            var theirs = await MetadataScript.GreetAsync(wire, swarm.Torrent.InfoHash, size: null);
            wire.Beside(AskAsync);
            while (true)
            {
                var (id, payload) = await wire.ReceiveAsync();
                if (id == MessageId.Extended && payload[0] == MetadataScript.OurSubId && MetadataMessage.TryRead(payload.AsMemory(1), out var message))
                {
                    served += message.Type == MetadataMessageType.Data ? 1 : 0;
                    refused += message.Type == MetadataMessageType.Reject ? 1 : 0;
                }
            }

            async Task AskAsync()
            {
                for (var i = 0; i < 10_000; i++)
                {
                    await wire.SendAsync(new MetadataMessage(MetadataMessageType.Request, i % parts, 0, default).ToMessage(theirs));
                    if (i % 100 == 99)
                    {
                        await wire.Delay(TimeSpan.FromSeconds(1));
                    }
                }
            }
        });

        swarm.World.Run(TimeSpan.FromMinutes(3));

        output.WriteLine($"{parts} parts: {served} served, {refused} refused");
        Assert.Equal(2 * parts, served);
        Assert.True(refused > 0);
    }

    [Fact] // G30, R-M04
    public void Metadata_with_the_right_hash_that_breaks_a_rule_is_an_error_and_not_a_loop()
    {
        var swarm = new SwarmBuilder(77).Sharing(1 << 20, 64 * 1024).Seeds(1).Start();
        var info = "d6:lengthi1e4:name2:..12:piece lengthi16384e6:pieces19:aaaaaaaaaaaaaaaaaaae"u8.ToArray();
        var infoHash = new InfoHash(SHA1.HashData(info));
        var teller = swarm.Scripted("teller");
        teller.Listen(async wire => await MetadataScript.GiveAsync(wire, await MetadataScript.GreetAsync(wire, infoHash, info.Length), part => MetadataScript.Part(part, info)));
        var taker = Taker(swarm);

        taker.AddMagnet($"magnet:?xt=urn:btih:{infoHash}&x.pe={teller.Endpoint}");

        Assert.True(swarm.World.RunUntil(() => taker.Row(infoHash) is { State: TorrentState.Error }, Minute), $"{taker.Row(infoHash)}");
        output.WriteLine(taker.Row(infoHash)!.Error ?? "");
        swarm.World.Run(TimeSpan.FromMinutes(5));
        Assert.Equal(TorrentState.Error, taker.Row(infoHash)!.State);
        Assert.Equal(1, teller.Ended);
    }

    [Fact] // G31, R-D05: from the moment it is known
    public void Metadata_that_says_private_ends_exchange_and_dht()
    {
        var swarm = new SwarmBuilder(78).Sharing(2 << 20, 64 * 1024).Private().Seeds(1, up: 100_000).Build();
        swarm["seed0"].IsPrivacyKnown = false;
        swarm.Start();
        var taker = Taker(swarm, options => options with { PeerExchange = true, Dht = true, LocalDiscovery = true, DhtBootstrap = ["10.1.1.1:6881"] }, isPrivateKnown: false);
        taker.AddMagnet($"{Link(swarm.Torrent, swarm["seed0"].Endpoint)}&tr={Uri.EscapeDataString(SimulatedTracker.Url)}");
        Assert.True(swarm.World.RunUntil(() => taker.Row(swarm.Torrent) is { State: TorrentState.Downloading }, Minute), $"{taker.Row(swarm.Torrent)}");
        swarm.World.Privacy.Add(swarm.Torrent.InfoHash);

        Assert.True(swarm.World.RunUntil(() => taker.IsComplete(swarm.Torrent), TimeSpan.FromMinutes(5)), $"{taker.Row(swarm.Torrent)}");
        swarm.World.Run(TimeSpan.FromMinutes(10));

        Assert.Empty(swarm.World.Privacy.Violations);
        Assert.All(
            taker.Details(swarm.Torrent).Discovery.Where(source => source.Source is DiscoverySource.Dht or DiscoverySource.Exchange or DiscoverySource.LocalNetwork),
            source => Assert.Equal(DiscoveryState.Forbidden, source.State));
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace()
    {
        Assert.Equal(Trace(79), Trace(79));

        static (long, string) Trace(int seed)
        {
            var swarm = new SwarmBuilder(seed).Sharing(2 << 20, 64 * 1024).Seeds(1, up: 500_000).Start();
            var liars = Kinds.Select((kind, i) => Liar(swarm, kind, i).Endpoint).ToArray();
            var taker = Taker(swarm);
            taker.AddMagnet(Link(swarm.Torrent, [.. liars, swarm["seed0"].Endpoint]));
            swarm.World.Run(TimeSpan.FromMinutes(2));
            Assert.True(taker.IsComplete(swarm.Torrent));
            return (swarm.World.Trace.Count, swarm.World.Trace.Hash);
        }
    }

    private static string Link(SimulatedTorrent torrent, params PeerEndpoint[] peers) =>
        $"magnet:?xt=urn:btih:{torrent.InfoHash}{string.Concat(peers.Select(peer => $"&x.pe={peer}"))}";

    private static SimulatedHost Taker(SimulatedSwarm swarm, Func<TorrentEngineOptions, TorrentEngineOptions>? options = null, bool isPrivateKnown = true)
    {
        var settings = options?.Invoke(SimulatedHost.DefaultOptions) ?? SimulatedHost.DefaultOptions;
        var taker = new SimulatedHost(swarm.Network, "taker", IPAddress.Parse("10.90.1.1"), new Link(Down: 2_000_000, Latency: TimeSpan.FromMilliseconds(20)), settings);
        taker.IsPrivacyKnown = isPrivateKnown;
        taker.Start();
        return taker;
    }

    private static ScriptedPeer Liar(SimulatedSwarm swarm, string kind, int number)
    {
        var (peer, size) = (swarm.Scripted($"{kind}{number}"), swarm.Torrent.Metainfo.InfoBytes.Length);
        var told = kind switch { "small" => size - 1, "large" => size * 2, "huge" => 33_554_432, _ => size };
        var noise = new byte[MetadataMessage.PartLength];
        new Random(number).NextBytes(noise);
        peer.Listen(async wire =>
        {
            var theirs = await MetadataScript.GreetAsync(wire, wire.Torrent.InfoHash, told);
            for (var i = 0; i < 40 && kind == "unasked"; i++)
            {
                await wire.SendAsync(new MetadataMessage(MetadataMessageType.Data, i % 3, told, noise).ToMessage(theirs));
            }

            await MetadataScript.GiveAsync(wire, theirs, part => Lie(part)?.ToMessage(subId: 0));
        });
        return peer;

        MetadataMessage? Lie(int part) => kind switch
        {
            "silent" => null,
            "refusing" => new MetadataMessage(MetadataMessageType.Reject, part, 0, default),
            "leaving" => throw new P2P.Engine.Transport.NetworkException("net.closed", "It leaves."),
            "lying total" => new MetadataMessage(MetadataMessageType.Data, part, told + 1, noise),
            "negative" => new MetadataMessage(MetadataMessageType.Data, -1, told, noise),
            _ => new MetadataMessage(MetadataMessageType.Data, part, told, noise.AsMemory(0, Math.Clamp(told - (part * MetadataMessage.PartLength), 1, noise.Length))),
        };
    }
}
