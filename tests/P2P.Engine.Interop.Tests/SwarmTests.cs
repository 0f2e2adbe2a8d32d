using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>One engine in several swarms at once, with clients we did not write on the other side.</summary>
public sealed class SwarmTests
{
    private const int PieceLength = 64 << 10;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task We_seed_in_one_swarm_and_leech_in_two_others_at_once()
    {
        Assert.SkipWhen(LibtorrentPeer.WhyUnavailable is not null, LibtorrentPeer.WhyUnavailable ?? "");
        Assert.SkipWhen(TransmissionPeer.WhyUnavailable is not null, TransmissionPeer.WhyUnavailable ?? "");
        Assert.SkipWhen(Aria2Peer.WhyUnavailable is not null, Aria2Peer.WhyUnavailable ?? "");
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        var seeded = TestTorrents.Single(loopback, 9_000_001, PieceLength, tracker.Url, seed: 1);
        var second = TestTorrents.Single(loopback, 7_000_001, PieceLength, tracker.Url, seed: 2);
        var third = TestTorrents.Multi(loopback, [("a.bin", 3_000_000), ("b/c.bin", 2_000_003), ("empty.bin", 0)], PieceLength, tracker.Url, seed: 3);

        // Transmission gives a new peer its slot up to 10 s late: the limits keep the other two transfers going for longer than that.
        await using var ours = await OurPeer.StartAsync(loopback, options => options with { MaxUploadRate = 500_000, MaxDownloadRate = 500_000 });
        var first = await ours.SeedAsync(seeded, Timeout);
        await using var libtorrent = await LibtorrentPeer.StartAsync(loopback);
        await using var transmission = await TransmissionPeer.StartAsync(loopback);
        await libtorrent.AddAsync(second.TorrentPath, second.Directory, seed: true);
        await transmission.AddAsync(third.TorrentPath, third.Directory, seed: true);
        foreach (var seed in new IReferencePeer[] { libtorrent, transmission })
        {
            await tracker.UntilAsync(announce => announce.Peer == seed.Endpoint && announce.Left == 0, Timeout, $"{seed.Name} did not announce itself");
        }

        await using var aria2 = await Aria2Peer.StartAsync(loopback);
        var copy = loopback.NewDirectory("aria2-download");
        await aria2.AddAsync(seeded.TorrentPath, copy, seed: false);
        TorrentHandle[] downloads = [await ours.AddAsync(second), await ours.AddAsync(third)];

        await LoopbackFixture.UntilAsync(
            () => Task.FromResult(first.Snapshot is { State: TorrentState.Seeding, UploadRate: > 0 } && downloads.All(torrent => torrent.Snapshot is { State: TorrentState.Downloading, DownloadRate: > 0 })),
            Timeout,
            "the three were never in transfer at once");
        await Task.WhenAll(downloads.Select(torrent => OurPeer.UntilAsync(torrent, TorrentState.Seeding, Timeout)));
        await ((IReferencePeer)aria2).UntilCompleteAsync(Timeout);

        second.AssertCopiedTo(ours.SharedDirectory);
        third.AssertCopiedTo(ours.SharedDirectory);
        seeded.AssertCopiedTo(copy);
        Assert.Equal(0, downloads.Sum(torrent => torrent.Snapshot.Wasted));
    }
}
