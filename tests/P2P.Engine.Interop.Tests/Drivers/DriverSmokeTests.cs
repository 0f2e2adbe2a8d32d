using Xunit;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>The reference clients against each other: when these fail, the drivers are at fault and not the engine.</summary>
public sealed class DriverSmokeTests
{
    private const long Length = 3_000_001;
    private const int PieceLength = 64 << 10;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Aria2_downloads_from_libtorrent_through_opentracker()
    {
        Require(LibtorrentPeer.WhyUnavailable, Aria2Peer.WhyUnavailable, OpenTracker.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        await using var tracker = await OpenTracker.StartAsync(loopback);
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, tracker.HttpUrl);
        await tracker.AllowAsync(torrent.InfoHash);
        await using var seed = await LibtorrentPeer.StartAsync(loopback);
        await using var leech = await Aria2Peer.StartAsync(loopback);

        await DownloadAsync(loopback, torrent, seed, leech, () => tracker.UntilSeededAsync(torrent.InfoHash, Timeout));

        Assert.True((await seed.PayloadAsync()).Uploaded >= Length);
    }

    [Fact]
    public async Task Libtorrent_downloads_from_libtorrent_through_opentracker_by_udp()
    {
        Require(LibtorrentPeer.WhyUnavailable, OpenTracker.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        await using var tracker = await OpenTracker.StartAsync(loopback);
        var torrent = TestTorrents.Multi(
            loopback, [("a.bin", 700_000), ("sub/b.bin", 1), ("sub/empty.bin", 0), ("c.bin", 900_001)], PieceLength, tracker.UdpUrl);
        await tracker.AllowAsync(torrent.InfoHash);
        await using var seed = await LibtorrentPeer.StartAsync(loopback);
        await using var leech = await LibtorrentPeer.StartAsync(loopback);

        await DownloadAsync(loopback, torrent, seed, leech, () => tracker.UntilSeededAsync(torrent.InfoHash, Timeout));
    }

    [Fact]
    public async Task Libtorrent_downloads_from_aria2()
    {
        Require(LibtorrentPeer.WhyUnavailable, Aria2Peer.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, tracker.Url);
        await using var seed = await Aria2Peer.StartAsync(loopback);
        await using var leech = await LibtorrentPeer.StartAsync(loopback);

        await DownloadAsync(loopback, torrent, seed, leech, () => tracker.UntilAsync(
            announce => announce.Peer == seed.Endpoint, Timeout, "the seed did not announce itself"));
    }

    [Fact]
    public async Task Libtorrent_downloads_from_transmission_and_the_tracker_hears_all_events()
    {
        Require(LibtorrentPeer.WhyUnavailable, TransmissionPeer.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, tracker.Url);
        await using var seed = await TransmissionPeer.StartAsync(loopback);
        await using var leech = await LibtorrentPeer.StartAsync(loopback);

        await DownloadAsync(loopback, torrent, seed, leech, () => tracker.UntilAsync(
            announce => announce.Peer == seed.Endpoint && announce.Left == 0, Timeout, "the seed did not announce itself"));

        var completed = await tracker.UntilAsync(announce => announce.Event == "completed", Timeout, "nobody said it was complete");
        Assert.Equal((leech.Endpoint, 0L), (completed.Peer, completed.Left));
    }

    [Fact]
    public async Task Transmission_downloads_when_libtorrent_dials_it()
    {
        Require(LibtorrentPeer.WhyUnavailable, TransmissionPeer.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, announce: null);
        await using var seed = await LibtorrentPeer.StartAsync(loopback);
        await using var leech = await TransmissionPeer.StartAsync(loopback);
        var target = loopback.NewDirectory("leech");

        await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
        await leech.AddAsync(torrent.TorrentPath, target, seed: false);
        await LoopbackFixture.UntilListeningAsync(leech.Endpoint.Address, leech.Endpoint.Port, Timeout);
        await seed.ConnectAsync(leech.Endpoint);
        await ((IReferencePeer)leech).UntilCompleteAsync(Timeout);

        await leech.DisposeAsync();
        torrent.AssertCopiedTo(target);
    }

    private static void Require(params string?[] reasons) =>
        Assert.SkipWhen(reasons.Any(reason => reason is not null), string.Join(", ", reasons.Where(reason => reason is not null)));

    private static async Task DownloadAsync(
        LoopbackFixture loopback, TestTorrent torrent, IReferencePeer seed, IReferencePeer leech, Func<Task> untilSeedIsKnown)
    {
        var target = loopback.NewDirectory("leech");
        await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
        await untilSeedIsKnown();
        await leech.AddAsync(torrent.TorrentPath, target, seed: false);
        await leech.UntilCompleteAsync(Timeout);
        torrent.AssertCopiedTo(target);
    }
}
