using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>Magnet links (BEP 9) with clients we did not write, as source and as taker of the metadata.</summary>
public sealed class MagnetTests
{
    // 1,250 pieces: 25 KB of hashes, so that the metadata has more than one part.
    private const long Length = 20_480_001;
    private const int PieceLength = 16 << 10;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData("libtorrent")]
    [InlineData("Transmission")]
    [InlineData("aria2")]
    public async Task We_fetch_metadata_and_content_by_a_magnet_link_from(string client)
    {
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, tracker.Url);
        await using var seed = await StartAsync(client, loopback);
        await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
        await tracker.UntilAsync(announce => announce.Peer == seed.Endpoint, Timeout, "the seed did not announce itself");
        await using var ours = await OurPeer.StartAsync(loopback);

        var handle = await ours.AddMagnetAsync(torrent, $"&tr={Uri.EscapeDataString(tracker.Url)}");

        Assert.Equal(TorrentState.Metadata, handle.Snapshot.State);
        await OurPeer.UntilAsync(handle, TorrentState.Seeding, Timeout);
        torrent.AssertCopiedTo(ours.SharedDirectory);
        Assert.Equal(torrent.InfoHash, ours.Engine.Inspect(await handle.GetMetainfoAsync()).InfoHash);
        ours.AssertNoStrikes();
    }

    [Theory]
    [InlineData("libtorrent")]
    [InlineData("Transmission")]
    [InlineData("aria2")]
    public async Task By_a_magnet_link_metadata_and_content_are_fetched_from_us_by(string client)
    {
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, tracker.Url);
        await using var ours = await OurPeer.StartAsync(loopback);
        await ours.SeedAsync(torrent, Timeout);
        await tracker.UntilAsync(announce => announce.Peer == ours.Endpoint, Timeout, "we did not announce ourselves");
        await using var leech = await StartAsync(client, loopback);
        var folder = loopback.NewDirectory("download");

        await leech.AddMagnetAsync($"magnet:?xt=urn:btih:{torrent.InfoHash}&tr={Uri.EscapeDataString(tracker.Url)}", folder);

        await leech.UntilCompleteAsync(Timeout);
        await leech.DisposeAsync();
        torrent.AssertCopiedTo(folder);
        ours.AssertNoStrikes();
    }

    [Fact]
    public async Task A_magnet_link_goes_on_after_a_restart_and_waits_for_the_choice_of_files()
    {
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        var torrent = TestTorrents.Multi(loopback, [("wanted.bin", 3_000_000), ("unwanted.bin", 4_000_000)], PieceLength, tracker.Url);
        await using var ours = await OurPeer.StartAsync(loopback);
        await ours.Engine.AddAsync(new AddTorrentRequest { Magnet = $"magnet:?xt=urn:btih:{torrent.InfoHash}&tr={Uri.EscapeDataString(tracker.Url)}", ChooseFiles = true });
        await ours.RestartAsync();
        var handle = ours.Engine.Find(torrent.InfoHash)!;
        Assert.Equal(TorrentState.Metadata, handle.Snapshot.State);

        await using var seed = await OurPeer.StartAsync(loopback);
        await seed.SeedAsync(torrent, Timeout);
        await OurPeer.UntilAsync(handle, TorrentState.Stopped, Timeout);
        var files = (await handle.GetDetailsAsync()).Files;
        Assert.Equal(["folder-1/wanted.bin", "folder-1/unwanted.bin"], files.Select(file => file.Path));
        await handle.SetFilePrioritiesAsync(new Dictionary<int, FilePriority> { [1] = FilePriority.Skip });
        await ours.RestartAsync();
        handle = ours.Engine.Find(torrent.InfoHash)!;
        Assert.Equal(TorrentState.Stopped, handle.Snapshot.State);
        await handle.StartAsync();

        await OurPeer.UntilAsync(handle, TorrentState.Seeding, Timeout);
        Assert.True(File.Exists(Path.Combine(ours.SharedDirectory, "folder-1/wanted.bin")));
        Assert.False(File.Exists(Path.Combine(ours.SharedDirectory, "folder-1/unwanted.bin")));
    }

    [Fact]
    public async Task Of_a_private_torrent_nothing_is_told_but_to_its_tracker()
    {
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        var torrent = TestTorrents.Single(loopback, 2_000_000, PieceLength, tracker.Url, seed: 77, isPrivate: true);
        TorrentEngineOptions Talkative(TorrentEngineOptions options) => options with { Dht = true, PeerExchange = true };
        await using var seed = await OurPeer.StartAsync(loopback, Talkative);
        await using var leech = await OurPeer.StartAsync(loopback, options => Talkative(options) with { DhtBootstrap = [seed.Endpoint.ToString()] });
        await seed.SeedAsync(torrent, Timeout);
        await LoopbackFixture.UntilAsync(() => Task.FromResult(leech.Engine.Snapshot.DhtNodes > 0), Timeout, "the DHT did not begin");

        // By a magnet link it is not known to be private until the metadata is here: whoever gives such a link away has told of it himself.
        var handle = await leech.AddAsync(torrent);
        await OurPeer.UntilAsync(handle, TorrentState.Seeding, Timeout);

        var sources = (await handle.GetDetailsAsync()).Discovery.ToDictionary(source => source.Source, source => source.State);
        Assert.Equal(DiscoveryState.Forbidden, sources[DiscoverySource.Dht]);
        Assert.Equal(DiscoveryState.Forbidden, sources[DiscoverySource.LocalNetwork]);
        Assert.Equal(DiscoveryState.Forbidden, sources[DiscoverySource.Exchange]);
        Assert.Empty((await seed.Engine.GetDhtAsync()).Store.Swarms);
        Assert.Empty(OurPeer.Privacy.Violations);
    }

    private static async Task<IReferencePeer> StartAsync(string client, LoopbackFixture loopback)
    {
        var reason = client switch
        {
            "libtorrent" => LibtorrentPeer.WhyUnavailable,
            "Transmission" => TransmissionPeer.WhyUnavailable,
            _ => Aria2Peer.WhyUnavailable,
        };
        if (reason is not null)
        {
            Assert.Skip(reason);
        }

        return client switch
        {
            "libtorrent" => await LibtorrentPeer.StartAsync(loopback),
            "Transmission" => await TransmissionPeer.StartAsync(loopback),
            _ => await Aria2Peer.StartAsync(loopback),
        };
    }
}
