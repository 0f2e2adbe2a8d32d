using System.Security.Cryptography;
using System.Text.Json.Nodes;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>Files read while they come, moved and renamed while they are shared, trackers edited: real disk, a client we did not write.</summary>
public sealed class StorageTests
{
    private const long Length = 24_000_001;
    private const int PieceLength = 64 << 10;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_end_of_a_file_is_read_while_libtorrent_still_gives_the_rest()
    {
        Assert.SkipWhen(LibtorrentPeer.WhyUnavailable is not null, LibtorrentPeer.WhyUnavailable ?? "");
        using var loopback = new LoopbackFixture();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, announce: null);
        await using var seed = await LibtorrentPeer.StartAsync(loopback, new JsonObject { ["upload_rate_limit"] = 2 << 20 });
        await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
        await using var ours = await OurPeer.StartAsync(loopback);
        var handle = await ours.AddAsync(torrent);
        await OurPeer.UntilAsync(handle, TorrentState.Downloading, Timeout); // What is still being checked gives whole files only.
        await handle.AddPeerAsync(seed.Endpoint);
        await using var file = await handle.OpenFileAsync(0);
        Assert.Equal(Length, file.Length);
        file.Seek(-65_536, SeekOrigin.End);
        var end = new byte[65_536];
        await file.ReadExactlyAsync(end, new CancellationTokenSource(Timeout).Token);
        Assert.InRange(handle.Snapshot.Progress, 0, 0.6);
        var content = await File.ReadAllBytesAsync(Path.Combine(torrent.Directory, torrent.Files[0].Path));
        Assert.Equal(content[^65_536..], end);
        Assert.Equal(0, await file.ReadAsync(end));

        var details = await handle.GetDetailsAsync();
        var peer = Assert.Single(details.Peers);
        Assert.Equal(0, peer.TheyLackPieces);
        Assert.Contains(details.KnownPeers, known => known.Endpoint == seed.Endpoint && known is { Condition: KnownPeerCondition.Connected, Source: "manual" });
        Assert.Equal(content.Length, (await handle.GetPeerPiecesAsync(peer.Endpoint)).Sum(bits => System.Numerics.BitOperations.PopCount(bits)) is var pieces && pieces == details.Summary.PieceCount ? content.Length : pieces);
        await handle.DropPeerAsync(peer.Endpoint, isBanned: true);
        await LoopbackFixture.UntilAsync(async () => (await handle.GetDetailsAsync()) is { Peers.Length: 0 } now && now.KnownPeers.Any(known => known.Condition == KnownPeerCondition.Banned), Timeout, "the banned peer stayed");
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task Files_move_to_another_folder_and_are_shared_from_there(bool isOtherVolume, bool isRunning)
    {
        using var loopback = new LoopbackFixture();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, announce: null);
        await using var ours = await OurPeer.StartAsync(loopback);
        var handle = await ours.SeedAsync(torrent, Timeout);
        var other = isOtherVolume ? Directory.CreateDirectory($"/dev/shm/p2p-{Guid.NewGuid():N}").FullName : loopback.NewDirectory("elsewhere");
        try
        {
            if (!isRunning)
            {
                await handle.StopAsync();
            }

            await handle.MoveStorageAsync(other).WaitAsync(Timeout);
            await OurPeer.UntilAsync(handle, isRunning ? TorrentState.Seeding : TorrentState.Stopped, Timeout);
            torrent.AssertCopiedTo(other);
            Assert.False(File.Exists(Path.Combine(ours.SharedDirectory, torrent.Files[0].Path)));
            Assert.Equal(other, handle.Snapshot.SavePath);
            await handle.MoveStorageAsync(other).WaitAsync(Timeout); // where it is already: nothing to do
            Assert.Equal("move.invalid", (await Assert.ThrowsAsync<TorrentEngineException>(() => handle.MoveStorageAsync("relative/folder"))).Code);

            await ours.RestartAsync();
            var again = ours.Engine.Find(handle.InfoHash)!;
            await OurPeer.UntilAsync(again, isRunning ? TorrentState.Seeding : TorrentState.Stopped, Timeout);
            Assert.Equal(other, again.Snapshot.SavePath);
            await again.MoveStorageAsync(ours.SharedDirectory).WaitAsync(Timeout);
            torrent.AssertCopiedTo(ours.SharedDirectory);
        }
        finally
        {
            Directory.Delete(other, recursive: true);
        }
    }

    [Fact]
    public async Task Files_left_out_move_along_with_their_shared_pieces_and_can_be_fetched_afterwards()
    {
        Assert.SkipWhen(LibtorrentPeer.WhyUnavailable is not null, LibtorrentPeer.WhyUnavailable ?? "");
        using var loopback = new LoopbackFixture();
        // Both borders between the files lie within a piece, so pieces are shared with the file that is left out.
        var torrent = TestTorrents.Multi(loopback, [("a.bin", 1_000_001), ("b.bin", 1_000_001), ("c.bin", 1_000_001)], PieceLength, announce: null);
        await using var seed = await LibtorrentPeer.StartAsync(loopback);
        await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
        await using var ours = await OurPeer.StartAsync(loopback);
        var handle = await ours.AddAsync(torrent);
        await handle.SetFilePrioritiesAsync(new Dictionary<int, FilePriority> { [1] = FilePriority.Skip });
        await handle.AddPeerAsync(seed.Endpoint);
        await OurPeer.UntilAsync(handle, TorrentState.Seeding, Timeout);
        await handle.SetFilePrioritiesAsync(new Dictionary<int, FilePriority> { [2] = FilePriority.Skip }); // It is here and stays, though nobody wants it any more.
        var other = loopback.NewDirectory("elsewhere");
        var have = handle.Snapshot.HavePieces;
        await handle.MoveStorageAsync(other).WaitAsync(Timeout);
        await OurPeer.UntilAsync(handle, row => row.State == TorrentState.Seeding && row.HavePieces == have, Timeout, $"{have} pieces after the move");
        foreach (var name in new[] { "a.bin", "c.bin" })
        {
            var path = Path.Combine(torrent.Files[0].Path.Split('/')[0], name);
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(torrent.Directory, path)), await File.ReadAllBytesAsync(Path.Combine(other, path)));
            Assert.False(File.Exists(Path.Combine(ours.SharedDirectory, path)));
        }

        Assert.Equal("file.not_wanted", (await Assert.ThrowsAsync<TorrentEngineException>(() => handle.OpenFileAsync(1))).Code);
        await handle.StopAsync();
        await using (var whole = await handle.OpenFileAsync(0))
        {
            Assert.Equal(1_000_001, whole.Length);
        }

        Assert.Equal("stream.stopped", (await Assert.ThrowsAsync<TorrentEngineException>(() => handle.OpenFileAsync(1))).Code);
        await handle.SetFilePrioritiesAsync(new Dictionary<int, FilePriority> { [1] = FilePriority.Normal, [2] = FilePriority.Normal });
        await handle.StartAsync();
        await handle.AddPeerAsync(seed.Endpoint);
        await OurPeer.UntilAsync(handle, row => row is { State: TorrentState.Seeding, Progress: 1 } && row.HavePieces == row.PieceCount, Timeout, "the rest");
        torrent.AssertCopiedTo(other);
        Assert.InRange(handle.Snapshot.Downloaded, 0, 3_000_003 + (4 * PieceLength));
    }

    [Fact]
    public async Task Names_and_trackers_are_edited_and_kept()
    {
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        var torrent = TestTorrents.Single(loopback, 200_000, PieceLength, announce: null);
        await using var ours = await OurPeer.StartAsync(loopback);
        var handle = await ours.SeedAsync(torrent, Timeout);
        await handle.RenameAsync("  Another name ");
        Assert.Equal(1, await handle.AddTrackersAsync([tracker.Url, tracker.Url]));
        Assert.Equal(0, await handle.AddTrackersAsync([tracker.Url]));
        await tracker.UntilAsync(announce => announce.Peer == ours.Endpoint, Timeout, "the tracker that was added was not announced to");
        foreach (var bad in new[] { "ftp://x/announce", "http://", "nothing" })
        {
            Assert.Equal("tracker.invalid", (await Assert.ThrowsAsync<TorrentEngineException>(() => handle.AddTrackersAsync([bad]))).Code);
        }

        Assert.Equal("rename.invalid", (await Assert.ThrowsAsync<TorrentEngineException>(() => handle.RenameAsync("a\nb"))).Code);
        await ours.RestartAsync();
        var again = ours.Engine.Find(handle.InfoHash)!;
        await OurPeer.UntilAsync(again, TorrentState.Seeding, Timeout);
        Assert.Equal("Another name", again.Snapshot.Name);
        await LoopbackFixture.UntilAsync(async () => (await again.GetDetailsAsync()).Trackers is [{ State: TrackerState.Working }], Timeout, "the edited tracker is not announced to after a restart");
        await again.SetTrackersAsync([]);
        Assert.Empty((await again.GetDetailsAsync()).Trackers);
        await again.RenameAsync(torrent.Files[0].Path);
        await LoopbackFixture.UntilAsync(() => Task.FromResult(again.Snapshot.Name == torrent.Files[0].Path), Timeout, "the name did not come back");
        Assert.True(SHA1.HashData(await again.GetMetainfoAsync()).Length > 0);
    }
}
