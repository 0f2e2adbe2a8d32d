using System.Diagnostics;
using System.Globalization;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>Torrents made by us, as other clients read them, and beside those that libtorrent makes of the same files.</summary>
public sealed class CreationTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Libtorrent_makes_the_same_info_dictionary_of_the_same_files()
    {
        Require(LibtorrentPeer.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        await using var ours = await OurPeer.StartAsync(loopback);
        for (var tree = 0; tree < 20; tree++)
        {
            var random = new Random(tree);
            var path = MakeTree(ours.SharedDirectory, $"tree {tree}", random);
            var pieceLength = 16_384 << random.Next(4);
            var made = await MakeAsync(ours, new CreateTorrentRequest { Path = path, PieceLength = pieceLength, Start = false });
            var file = await ours.Engine.Find(made.InfoHash!.Value)!.GetMetainfoAsync();
            var saved = Path.Combine(loopback.NewDirectory("made"), "a.torrent");
            await File.WriteAllBytesAsync(saved, file);

            const string script = """
                import os, sys, libtorrent as lt
                path, ours, length = sys.argv[1], sys.argv[2], int(sys.argv[3])
                root = path.rsplit('/', 1)[0]
                listed = lt.file_storage()
                lt.add_files(listed, path)
                # Its v1 order is that of the directory, which is nobody's choice: the order it gives v2 torrents (BEP 52) is taken.
                ordered = lt.create_torrent(listed, piece_size=length)
                lt.set_piece_hashes(ordered, root)
                entries = ordered.generate()[b'info'].get(b'files')
                files = lt.file_storage()
                if entries is None:
                    files = listed
                else:
                    for entry in entries:
                        if b'attr' not in entry:
                            name = '/'.join([os.path.basename(path)] + [part.decode() for part in entry[b'path']])
                            files.add_file(name, os.path.getsize(os.path.join(root, name)))
                maker = lt.create_torrent(files, piece_size=length, flags=lt.create_torrent.v1_only)
                lt.set_piece_hashes(maker, root)
                theirs = lt.bencode(maker.generate()[b'info'])
                mine = lt.torrent_info(ours)
                print('same' if theirs == mine.info_section() else 'different %r %r' % (theirs[:300], mine.info_section()[:300]))
                """;
            Assert.Equal("same", (await RunAsync("/usr/bin/python3", "-c", script, path, saved, pieceLength.ToString(CultureInfo.InvariantCulture))).Trim());
        }
    }

    [Fact]
    public async Task Libtorrent_Transmission_and_aria2_read_the_same_infohash()
    {
        Require(LibtorrentPeer.WhyUnavailable, Aria2Peer.WhyUnavailable, ClientProcess.Find("transmission-show") is null ? "transmission-show is not installed" : null);
        using var loopback = new LoopbackFixture();
        await using var ours = await OurPeer.StartAsync(loopback);
        var path = MakeTree(ours.SharedDirectory, "Ümläut and 日本", new Random(7));
        var made = await MakeAsync(ours, new CreateTorrentRequest
        {
            Path = path,
            Trackers = [["http://127.0.0.1:1/announce"], ["udp://127.0.0.1:2"]],
            Comment = "for a test",
            Source = "mark",
            IsPrivate = true,
            WebSeeds = ["http://example.org/files/"],
            Start = false,
        });
        var hash = made.InfoHash!.Value.ToString();
        var saved = Path.Combine(loopback.NewDirectory("made"), "a.torrent");
        await File.WriteAllBytesAsync(saved, await ours.Engine.Find(made.InfoHash.Value)!.GetMetainfoAsync());

        Assert.Equal(hash, (await RunAsync("/usr/bin/python3", "-c", "import sys, libtorrent as lt; t = lt.torrent_info(sys.argv[1]); assert t.priv(); print(t.info_hash())", saved)).Trim());
        Assert.Contains(hash, await RunAsync(ClientProcess.Find("transmission-show")!, saved), StringComparison.OrdinalIgnoreCase);
        Assert.Contains(hash, await RunAsync(ClientProcess.Find("aria2c")!, "-S", saved), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_torrent_made_here_seeds_at_once_without_a_check_and_aria2_downloads_it()
    {
        Require(Aria2Peer.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        await using var ours = await OurPeer.StartAsync(loopback);
        var content = Path.Combine(ours.SharedDirectory, "film.bin");
        var bytes = new byte[5_000_000];
        new Random(1).NextBytes(bytes);
        await File.WriteAllBytesAsync(content, bytes);

        var made = await MakeAsync(ours, new CreateTorrentRequest { Path = content, Trackers = [[tracker.Url]] });
        var handle = ours.Engine.Find(made.InfoHash!.Value)!;
        await OurPeer.UntilAsync(handle, TorrentState.Seeding, Timeout);
        Assert.Contains("0 are hashed again", ours.Log.ToString(), StringComparison.Ordinal);
        await tracker.UntilAsync(announce => announce.Peer == ours.Endpoint, Timeout, "we did not announce ourselves");

        var saved = Path.Combine(loopback.NewDirectory("made"), "a.torrent");
        await File.WriteAllBytesAsync(saved, await handle.GetMetainfoAsync());
        await using var leech = await Aria2Peer.StartAsync(loopback);
        var folder = loopback.NewDirectory("download");
        await leech.AddAsync(saved, folder, seed: false);
        await ((IReferencePeer)leech).UntilCompleteAsync(Timeout);
        await leech.DisposeAsync();
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(folder, "film.bin")));
        ours.AssertNoStrikes();
    }

    private static string MakeTree(string root, string name, Random random)
    {
        var top = Path.Combine(root, name);
        if (random.Next(4) == 0)
        {
            Directory.CreateDirectory(root);
            File.WriteAllBytes(top, Bytes(random, 1 + random.Next(200_000)));
            return top;
        }

        string[] names = ["a", "B", "b.txt", "ä", "日本.bin", "with space", "z-last", "A", "aa", "a.b"];
        string[] folders = ["", "sub/", "Sub/", "sub/deeper/", "a-folder/", "été/"];
        for (var i = 0; i < 2 + random.Next(12); i++)
        {
            var path = Path.Combine(top, folders[random.Next(folders.Length)] + names[random.Next(names.Length)]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (!Directory.Exists(path))
            {
                File.WriteAllBytes(path, Bytes(random, random.Next(5) == 0 ? i == 0 ? 1 : 0 : 1 + random.Next(100_000)));
            }
        }

        return top;
    }

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static async Task<TorrentCreationSnapshot> MakeAsync(OurPeer peer, CreateTorrentRequest request)
    {
        var id = peer.Engine.StartCreation(request).Id;
        await LoopbackFixture.UntilAsync(
            () => Task.FromResult(peer.Engine.Creations.Single(made => made.Id == id).State != TorrentCreationState.Hashing), Timeout, "the torrent is not made");
        var made = peer.Engine.Creations.Single(creation => creation.Id == id);
        Assert.True(made.State == TorrentCreationState.Done, made.Error);
        return made;
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : $"exit {process.ExitCode}: {output}{await errors}";
    }

    private static void Require(params string?[] reasons)
    {
        if (reasons.FirstOrDefault(reason => reason is not null) is { } reason)
        {
            Assert.Skip(reason);
        }
    }
}
