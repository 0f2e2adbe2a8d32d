using System.Net;
using System.Net.Sockets;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>Whole transfers over ::1, with a client we did not write; each side dials once.</summary>
public sealed class IPv6Tests
{
    private const long Length = 3_000_001;
    private const int PieceLength = 64 << 10;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task We_dial_libtorrent_and_download()
    {
        Require();
        using var loopback = new LoopbackFixture();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, announce: null);
        await using var ours = await OursAsync(loopback);
        await using var seed = await LibtorrentPeer.StartAsync(loopback, address: IPAddress.IPv6Loopback);
        await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);

        var handle = await ours.AddAsync(torrent);
        await handle.AddPeerAsync(seed.Endpoint);

        await OurPeer.UntilAsync(handle, TorrentState.Seeding, Timeout);
        torrent.AssertCopiedTo(ours.SharedDirectory);
        Assert.True((await seed.PayloadAsync()).Uploaded >= Length);
        ours.AssertNoStrikes();
    }

    [Fact]
    public async Task Libtorrent_dials_us_and_downloads()
    {
        Require();
        using var loopback = new LoopbackFixture();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, announce: null);
        await using var ours = await OursAsync(loopback);
        var handle = await ours.SeedAsync(torrent, Timeout);
        await using var leech = await LibtorrentPeer.StartAsync(loopback, address: IPAddress.IPv6Loopback);
        var folder = loopback.NewDirectory("libtorrent-download");
        await leech.AddAsync(torrent.TorrentPath, folder, seed: false);

        await leech.ConnectAsync(ours.Endpoint);

        await ((IReferencePeer)leech).UntilCompleteAsync(Timeout);
        torrent.AssertCopiedTo(folder);
        await OurPeer.UntilAsync(handle, snapshot => snapshot.Uploaded >= Length, Timeout, "all of it was uploaded by us");
        ours.AssertNoStrikes();
    }

    private static Task<OurPeer> OursAsync(LoopbackFixture loopback) => OurPeer.StartAsync(loopback, options => options with
    {
        ListenAddress = IPAddress.IPv6Loopback,
        ListenPort = LoopbackFixture.FreePort(IPAddress.IPv6Loopback),
    });

    private static void Require()
    {
        Assert.SkipWhen(LibtorrentPeer.WhyUnavailable is not null, LibtorrentPeer.WhyUnavailable ?? "");
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
    }
}
