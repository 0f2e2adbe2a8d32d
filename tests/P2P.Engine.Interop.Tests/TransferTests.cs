using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>Whole transfers with clients we did not write, on both sides.</summary>
public sealed class TransferTests
{
    private const long Length = 20_000_001;
    private const int PieceLength = 64 << 10;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task We_download_from_libtorrent_and_aria2_downloads_it_from_us_alone()
    {
        Require(LibtorrentPeer.WhyUnavailable, Aria2Peer.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, tracker.Url);
        await using var ours = await OurPeer.StartAsync(loopback);
        TorrentHandle handle;
        await using (var seed = await LibtorrentPeer.StartAsync(loopback))
        {
            await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
            await tracker.UntilAsync(announce => announce.Peer == seed.Endpoint, Timeout, "the seed did not announce itself");
            handle = await ours.AddAsync(torrent);
            await OurPeer.UntilAsync(handle, TorrentState.Seeding, Timeout);
        }

        torrent.AssertCopiedTo(ours.SharedDirectory);

        await using var leech = await Aria2Peer.StartAsync(loopback);
        var folder = loopback.NewDirectory("aria2-download");
        await leech.AddAsync(torrent.TorrentPath, folder, seed: false);
        await LoopbackFixture.UntilAsync(async () => (await leech.StatusAsync()).IsComplete, Timeout, "aria2 did not finish");
        await leech.DisposeAsync();
        torrent.AssertCopiedTo(folder);
        await OurPeer.UntilAsync(handle, snapshot => snapshot.Uploaded >= Length, Timeout, "all of it was uploaded by us");
    }

    private static void Require(params string?[] reasons)
    {
        if (reasons.FirstOrDefault(reason => reason is not null) is { } reason)
        {
            Assert.Skip(reason);
        }
    }
}
