using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>Swarms of clients we did not write, through the tracker that our client is itself.</summary>
public sealed class TrackerServerTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task Libtorrent_and_aria2_or_Transmission_swarm_through_our_tracker_by(string scheme)
    {
        foreach (var reason in (string?[])[LibtorrentPeer.WhyUnavailable, Aria2Peer.WhyUnavailable, TransmissionPeer.WhyUnavailable])
        {
            if (reason is not null)
            {
                Assert.Skip(reason);
            }
        }

        using var loopback = new LoopbackFixture();
        await using var ours = await OurPeer.StartAsync(loopback, options => options with
        {
            Tracker = new TrackerServerOptions { Enabled = true, HttpPort = 0, UdpPort = 0, ServesAny = true, Interval = TimeSpan.FromSeconds(4) },
        });
        await LoopbackFixture.UntilAsync(async () => (await ours.Engine.GetTrackerServerAsync()).IsRunning, Timeout, "the tracker does not run");
        var url = (await ours.Engine.GetTrackerServerAsync()).AnnounceUrls.Single(announce => announce.StartsWith(scheme + ":", StringComparison.Ordinal));
        var torrent = TestTorrents.Single(loopback, 3_000_001, 16 << 10, url, seed: scheme.Length);
        await using var seed = await LibtorrentPeer.StartAsync(loopback);
        await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
        await LoopbackFixture.UntilAsync(async () => (await ours.Engine.GetTrackerServerAsync()).Peers == 1, Timeout, "libtorrent did not announce itself");

        // aria2 announces by HTTP only; Transmission never dials 127/8, but is dialled by the others.
        await using IReferencePeer leech = scheme == "http" ? await Aria2Peer.StartAsync(loopback) : await TransmissionPeer.StartAsync(loopback);
        var folder = loopback.NewDirectory("download");
        await leech.AddAsync(torrent.TorrentPath, folder, seed: false);
        var handle = await ours.AddAsync(torrent);

        await OurPeer.UntilAsync(handle, TorrentState.Seeding, Timeout);
        await leech.UntilCompleteAsync(Timeout);
        await leech.DisposeAsync();
        torrent.AssertCopiedTo(folder);
        torrent.AssertCopiedTo(ours.SharedDirectory);
        var state = await ours.Engine.GetTrackerServerAsync();
        Assert.Equal(torrent.InfoHash.ToString(), Assert.Single(state.Largest).InfoHash);
        Assert.True(state.Announces >= 4, $"{state.Announces} announces");
        ours.AssertNoStrikes();
    }
}
