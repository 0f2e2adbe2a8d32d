using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using P2P.Engine.Discovery;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Interop.Tests.Drivers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>One DHT on loopback of which a third is libtorrent's: what one kind announces the other finds.</summary>
public sealed class DhtNetworkTests(ITestOutputHelper output) : IDisposable
{
    private const int Ours = 20;
    private const int Theirs = 10;
    private const int Port = 6_881;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LoopbackFixture _loopback = new();
    private readonly List<SystemNetwork> _networks = [];

    public void Dispose()
    {
        _networks.ForEach(network => network.Dispose());
        _loopback.Dispose();
    }

    [Fact]
    public async Task Twenty_of_our_nodes_and_ten_of_libtorrent_find_what_the_others_announced()
    {
        Assert.SkipWhen(LibtorrentPeer.WhyUnavailable is not null, LibtorrentPeer.WhyUnavailable ?? "");
        var first = _loopback.NextAddress();
        List<(IPAddress Address, DhtLoop Loop)> ours = [(first, Start(first, []))];
        for (var i = 1; i < Ours; i++)
        {
            var address = _loopback.NextAddress();
            ours.Add((address, Start(address, [$"{first}:{Port}"])));
        }

        // libtorrent does not keep its bootstrap node: it must have others to name, or libtorrent is alone for minutes.
        await LoopbackFixture.UntilAsync(() => Task.FromResult(ours.TrueForAll(node => node.Loop.GoodNodes >= 8)), Patience, "not every node of ours knows eight others");
        var addresses = Enumerable.Range(0, Theirs).Select(_ => _loopback.NextAddress()).ToArray();
        var spec = new JsonObject { ["addresses"] = new JsonArray([.. addresses.Select(address => JsonValue.Create(address.ToString()))]), ["port"] = Port, ["bootstrap"] = $"{first}:{Port}" };
        await using var theirs = ClientProcess.Start(
            "/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Drivers", "lt_dht.py"), spec.ToJsonString()], _loopback.NewDirectory("libtorrent"), isDialogue: true);
        await theirs.NextLineAsync(Patience);
        await LoopbackFixture.UntilAsync(
            async () => (await AskAsync(theirs, "poll")).GetProperty("nodes").EnumerateArray().All(nodes => nodes.GetInt32() >= 8), Patience, "not every node of libtorrent knows eight others");

        // Ours announces, libtorrent looks.
        var forThem = new InfoHash(RandomNumberGenerator.GetBytes(20));
        var announced = new News();
        ours[7].Loop.Follow(forThem, "ours", isSeed: true, announced);
        await LoopbackFixture.UntilAsync(() => Task.FromResult(announced.Told.Any(status => status.State == DiscoveryState.Working)), Patience, "our announce did not end");
        output.WriteLine($"ours: {announced.Told.Last().Message}");
        Assert.Matches("announced to 8 nodes", announced.Told.Last(status => status.State == DiscoveryState.Working).Message);
        await AskAsync(theirs, "get", node: 3, forThem);
        var expected = $"{ours[7].Address}:{PeerPortOf(ours[7].Address)}";
        await LoopbackFixture.UntilAsync(
            async () => (await AskAsync(theirs, "poll")).GetProperty("found").TryGetProperty(forThem.ToString(), out var found) && found.EnumerateArray().Any(peer => peer.GetString() == expected),
            Patience,
            "libtorrent did not find our peer");

        // libtorrent announces, ours looks.
        var forUs = new InfoHash(RandomNumberGenerator.GetBytes(20));
        await AskAsync(theirs, "announce", node: 5, forUs);
        var theirPeer = new PeerEndpoint(addresses[5], Port);
        await LoopbackFixture.UntilAsync(
            async () =>
            {
                var news = new News();
                ours[11].Loop.Follow(forUs, "theirs", isSeed: false, news);
                await LoopbackFixture.UntilAsync(() => Task.FromResult(news.Told.Any(status => status.State == DiscoveryState.Working)), Patience, "our search did not end");
                return news.Peers.ContainsKey(theirPeer);
            },
            Patience,
            "we did not find libtorrent's peer");

        var shown = await ours[11].Loop.GetSnapshotAsync();
        output.WriteLine($"a node of ours: {shown.Tables[0].Nodes.Length} nodes ({string.Join(", ", shown.Tables[0].Nodes.Select(node => node.Client).Distinct())}), {shown.Traffic}");
        output.WriteLine($"its last search: {shown.Lookups[0]}");
        var theirsKnown = new HashSet<PeerEndpoint>();
        foreach (var (_, loop) in ours)
        {
            theirsKnown.UnionWith((await loop.GetSnapshotAsync()).Tables[0].Nodes.Where(node => node.Client.StartsWith("LT ", StringComparison.Ordinal)).Select(node => node.Endpoint));
            Assert.NotEmpty(await loop.StopAsync());
        }

        output.WriteLine($"our nodes know {theirsKnown.Count} of libtorrent's");
        Assert.NotEmpty(theirsKnown);
    }

    private static int PeerPortOf(IPAddress address) => 7_000 + address.GetAddressBytes()[3];

    private static async Task<JsonElement> AskAsync(ClientProcess process, string order, int node = 0, InfoHash infoHash = default)
    {
        var line = new JsonObject { ["do"] = order, ["node"] = node, ["hash"] = infoHash.ToString() };
        using var answer = JsonDocument.Parse(await process.AskAsync(line.ToJsonString(), Patience));
        Assert.True(answer.RootElement.GetProperty("ok").GetBoolean(), answer.RootElement.ToString());
        return answer.RootElement.Clone();
    }

    private DhtLoop Start(IPAddress address, ImmutableArray<string> bootstrap)
    {
        var network = new SystemNetwork(address, TimeProvider.System);
        _networks.Add(network);
        var loop = new DhtLoop(new DhtSetup
        {
            Network = network,
            Clock = TimeProvider.System,
            Scheduler = new ThreadPoolLoopScheduler(),
            Seed = RandomNumberGenerator.GetInt32(int.MaxValue),
            Entropy = RandomNumberGenerator.Fill,
            Address = address,
            Port = Port,
            PeerPort = () => PeerPortOf(address),
            Bootstrap = bootstrap,
            Logger = NullLogger.Instance,
        });
        loop.Start();
        return loop;
    }

    private sealed class News : IDiscoverySink
    {
        public ConcurrentDictionary<PeerEndpoint, bool> Peers { get; } = [];

        public ConcurrentQueue<DiscoverySnapshot> Told { get; } = [];

        public void OnPeersFound(DiscoverySource source, ImmutableArray<PeerEndpoint> peers)
        {
            foreach (var peer in peers)
            {
                Peers[peer] = true;
            }
        }

        public void OnStatus(DiscoverySnapshot status) => Told.Enqueue(status);
    }
}
