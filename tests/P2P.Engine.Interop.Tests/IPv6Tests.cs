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

    [Fact] // BEP 32: a DHT of IPv6 alone; the first node is the only thing that the others know
    public async Task Four_of_us_find_a_magnet_link_by_the_DHT()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
        using var loopback = new LoopbackFixture();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, announce: null);
        await using var first = await OursAsync(loopback, hasDht: true);
        await using var seed = await OursAsync(loopback, hasDht: true, first);
        await using var onlooker = await OursAsync(loopback, hasDht: true, first);
        await using var leech = await OursAsync(loopback, hasDht: true, first);
        await seed.SeedAsync(torrent, Timeout);

        var handle = await leech.AddMagnetAsync(torrent);

        await OurPeer.UntilAsync(handle, TorrentState.Seeding, Timeout);
        torrent.AssertCopiedTo(leech.SharedDirectory);
        var found = (await handle.GetDetailsAsync()).Discovery.Single(source => source.Source == DiscoverySource.Dht);
        Assert.Equal(DiscoveryState.Working, found.State);
        var table = Assert.Single((await onlooker.Engine.GetDhtAsync()).Tables, table => table.Nodes.Length > 0);
        Assert.True(table.IsIPv6);
        Assert.All(table.Nodes, node => Assert.Equal(IPAddress.IPv6Loopback, node.Endpoint.Address));
    }

    private static Task<OurPeer> OursAsync(LoopbackFixture loopback, bool hasDht = false, OurPeer? first = null) => OurPeer.StartAsync(loopback, options => options with
    {
        ListenAddress = IPAddress.IPv6Loopback,
        ListenPort = LoopbackFixture.FreePort(IPAddress.IPv6Loopback),
        Dht = hasDht,
        DhtBootstrap = first is null ? [] : [first.Endpoint.ToString()],
    });

    private static void Require()
    {
        Assert.SkipWhen(LibtorrentPeer.WhyUnavailable is not null, LibtorrentPeer.WhyUnavailable ?? "");
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
    }
}
