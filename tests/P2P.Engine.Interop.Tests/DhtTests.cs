using System.Text.Json.Nodes;
using P2P.Engine.Interop.Tests.Drivers;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>The DHT among real nodes: 30 of three kinds in one namespace, no tracker anywhere.</summary>
public sealed class DhtTests
{
    private const int OurNodes = 16;
    private const int LibtorrentNodes = 12;
    private const int TransmissionNodes = 2;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(150);

    [Fact]
    public async Task Thirty_nodes_of_three_kinds_find_what_any_of_them_announced()
    {
        foreach (var reason in (string?[])[LibtorrentPeer.WhyUnavailable, TransmissionPeer.WhyUnavailable])
        {
            if (reason is not null)
            {
                Assert.Skip(reason);
            }
        }

        if (!Isolated.IsHere)
        {
            await Isolated.RunAsync(typeof(DhtTests), nameof(Thirty_nodes_of_three_kinds_find_what_any_of_them_announced));
            return;
        }

        using var loopback = new LoopbackFixture();
        await using var all = new Many();
        var ours = new List<OurPeer> { await all.AddAsync(OurPeer.StartAsync(loopback, options => options with { Dht = true })) };
        var first = ours[0].Endpoint.ToString();
        while (ours.Count < OurNodes)
        {
            ours.Add(await all.AddAsync(OurPeer.StartAsync(loopback, options => options with { Dht = true, DhtBootstrap = [first] })));
        }

        var libtorrents = new List<LibtorrentPeer>();
        for (var i = 0; i < LibtorrentNodes; i++)
        {
            var settings = new JsonObject { ["enable_dht"] = true, ["dht_bootstrap_nodes"] = first };
            libtorrents.Add(await all.AddAsync(LibtorrentPeer.StartAsync(loopback, settings, discovers: true)));
        }

        var transmissions = new List<TransmissionPeer>();
        for (var i = 0; i < TransmissionNodes; i++)
        {
            PeerEndpoint[] nodes = [.. ours.Take(8).Select(peer => peer.Endpoint)];
            transmissions.Add(await all.AddAsync(TransmissionPeer.StartAsync(loopback, nodes)));
        }

        await LoopbackFixture.UntilAsync(
            () => Task.FromResult(ours.TrueForAll(peer => peer.Engine.Snapshot.DhtNodes >= 5)), Timeout,
            $"a table of ours stays small: {string.Join(' ', ours.Select(peer => peer.Engine.Snapshot.DhtNodes))}");
        await LoopbackFixture.UntilAsync(
            async () => (await Task.WhenAll(libtorrents.Select(peer => peer.DhtNodesAsync()))).All(count => count >= 3), Timeout, "a table of libtorrent's stays small");

        // Ours seeds: libtorrent finds it by a question to its DHT, and Transmission downloads it by a bare magnet link.
        var torrent = TestTorrents.Single(loopback, 3_000_001, 16 << 10, announce: null, seed: 1);
        await ours[3].SeedAsync(torrent, Timeout);
        await LoopbackFixture.UntilAsync(
            async () => (await libtorrents[5].AskDhtAsync(torrent.InfoHash)).Contains(ours[3].Endpoint), Timeout, "libtorrent does not find what we announced");
        var folder = loopback.NewDirectory("transmission-download");
        await transmissions[0].AddMagnetAsync($"magnet:?xt=urn:btih:{torrent.InfoHash}", folder);
        await ((IReferencePeer)transmissions[0]).UntilCompleteAsync(Timeout);

        // libtorrent announces: ours, another one, downloads it by a bare magnet link.
        var other = TestTorrents.Single(loopback, 2_000_001, 16 << 10, announce: null, seed: 2);
        await libtorrents[7].AddAsync(other.TorrentPath, other.Directory, seed: true);
        var handle = await ours[11].AddMagnetAsync(other);
        await OurPeer.UntilAsync(handle, TorrentState.Seeding, Timeout);
        other.AssertCopiedTo(ours[11].SharedDirectory);

        // Transmission announces what it seeds: ours finds it.
        var third = TestTorrents.Single(loopback, 1_000_001, 16 << 10, announce: null, seed: 3);
        await transmissions[1].AddAsync(third.TorrentPath, third.Directory, seed: true);
        var fromTransmission = await ours[14].AddMagnetAsync(third);
        await OurPeer.UntilAsync(fromTransmission, TorrentState.Seeding, Timeout);
        third.AssertCopiedTo(ours[14].SharedDirectory);

        var dht = await ours[0].Engine.GetDhtAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"our first node: {dht.Tables.Sum(table => table.Nodes.Length)} nodes, {dht.Traffic}; tables {string.Join(' ', ours.Select(peer => peer.Engine.Snapshot.DhtNodes))}");
    }

    /// <summary>Disposes what was started, last first.</summary>
    private sealed class Many : IAsyncDisposable
    {
        private readonly Stack<IAsyncDisposable> _started = [];

        public async Task<T> AddAsync<T>(Task<T> starting)
            where T : IAsyncDisposable
        {
            var started = await starting;
            _started.Push(started);
            return started;
        }

        public async ValueTask DisposeAsync()
        {
            while (_started.TryPop(out var one))
            {
                await one.DisposeAsync();
            }
        }
    }
}
