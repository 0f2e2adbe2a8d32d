using System.Text.Json.Nodes;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>The fast extension (BEP 6) and upload_only (BEP 21) with libtorrent, while there are fewer slots than leechers.</summary>
public sealed class FastExtensionTests
{
    private const long Length = 6_000_001;
    private const int PieceLength = 32 << 10;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(90);
    private static readonly string[] Words = ["HAVE_ALL", "HAVE_NONE", "ALLOWED_FAST", "REJECT", "EXTENDED_HANDSHAKE"];

    [Fact]
    public async Task Two_of_us_take_turns_at_the_one_slot_of_libtorrent()
    {
        Assert.SkipWhen(LibtorrentPeer.WhyUnavailable is not null, LibtorrentPeer.WhyUnavailable ?? "");
        using var loopback = new LoopbackFixture();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, announce: null);
        var settings = new JsonObject
        {
            ["unchoke_slots_limit"] = 1,
            ["unchoke_interval"] = 1,
            ["optimistic_unchoke_interval"] = 2,
            ["num_optimistic_unchoke_slots"] = 1,
            ["upload_rate_limit"] = 1_500_000,
        };
        await using var seed = await LibtorrentPeer.StartAsync(loopback, settings, keepsTalk: true);
        await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
        await using var first = await OurPeer.StartAsync(loopback);
        await using var second = await OurPeer.StartAsync(loopback);

        TorrentHandle[] handles = [await first.AddAsync(torrent), await second.AddAsync(torrent)];
        await Task.WhenAll(handles.Select(handle => handle.AddPeerAsync(seed.Endpoint)));
        await Task.WhenAll(handles.Select(handle => OurPeer.UntilAsync(handle, TorrentState.Seeding, Timeout)));

        torrent.AssertCopiedTo(first.SharedDirectory);
        torrent.AssertCopiedTo(second.SharedDirectory);
        first.AssertNoStrikes();
        second.AssertNoStrikes();
        var talk = await seed.TalkAsync(Words);
        AssertSaid(talk, "==> HAVE_ALL", "<== HAVE_NONE", "==> ALLOWED_FAST", "==> REJECT");
    }

    [Fact]
    public async Task Three_libtorrents_take_turns_at_our_two_slots()
    {
        Assert.SkipWhen(LibtorrentPeer.WhyUnavailable is not null, LibtorrentPeer.WhyUnavailable ?? "");
        using var loopback = new LoopbackFixture();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, announce: null);
        await using var ours = await OurPeer.StartAsync(loopback, options => options with
        {
            RegularSlots = 1,
            OptimisticSlots = 1,
            ChokeInterval = TimeSpan.FromSeconds(1),
            MaxUploadRate = 1_500_000,
        });
        await ours.SeedAsync(torrent, Timeout);
        await using var first = await LibtorrentPeer.StartAsync(loopback, keepsTalk: true);
        await using var second = await LibtorrentPeer.StartAsync(loopback, keepsTalk: true);
        await using var third = await LibtorrentPeer.StartAsync(loopback, keepsTalk: true);
        (LibtorrentPeer Peer, string Folder)[] leeches = [.. new[] { first, second, third }.Select(peer => (peer, loopback.NewDirectory("leech")))];
        foreach (var (peer, folder) in leeches)
        {
            await peer.AddAsync(torrent.TorrentPath, folder, seed: false);
            await peer.ConnectAsync(ours.Endpoint);
        }

        foreach (var (peer, folder) in leeches)
        {
            await ((IReferencePeer)peer).UntilCompleteAsync(Timeout);
            torrent.AssertCopiedTo(folder);
        }

        ours.AssertNoStrikes();
        string[] talk = [.. await first.TalkAsync(Words), .. await second.TalkAsync(Words), .. await third.TalkAsync(Words)];
        AssertSaid(talk, "<== HAVE_ALL", "==> HAVE_NONE", "<== ALLOWED_FAST", "<== REJECT", "'upload_only': 1");
    }

    private static void AssertSaid(IReadOnlyCollection<string> talk, params string[] words)
    {
        foreach (var word in words)
        {
            Assert.True(talk.Any(line => line.Contains(word, StringComparison.Ordinal)), $"{word} was not said; but:\n{string.Join('\n', talk.Take(60))}");
        }
    }
}
