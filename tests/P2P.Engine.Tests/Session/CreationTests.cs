using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Metainfo;
using P2P.Engine.Session.Creation;
using Xunit;

namespace P2P.Engine.Tests.Session;

/// <summary>Making torrents of files: what goes in, what stays out, and what is refused in one sentence.</summary>
public sealed class CreationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("p2p-create-").FullName;
    private CreationResult? _made;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Folder_MadeThenRead_HasItsFilesAndHashes()
    {
        Write("b/two.bin", 40_000);
        Write("a.txt", 1);
        Write("b/empty", 0);
        Write(".hidden", 9);
        File.CreateSymbolicLink(Path.Combine(_folder, "content", "link"), "a.txt");

        var done = await MakeAsync(new CreateTorrentRequest
        {
            Path = Path.Combine(_folder, "content"),
            PieceLength = 16_384,
            Trackers = [["http://a.example/announce"], ["udp://b.example:80"]],
            Comment = "hello",
            Source = "mark",
            IsPrivate = true,
        });

        Assert.Equal((TorrentCreationState.Done, 40_001L, 40_001L, 3, 3), (done.State, done.HashedBytes, done.TotalBytes, done.Files, done.PieceCount));
        Assert.Equal(["1 hidden file or folder is left out.", "1 link is left out."], done.Warnings);
        var read = MetainfoReader.Read(_made!.TorrentFile);
        Assert.Equal(["content/a.txt", "content/b/empty", "content/b/two.bin"], read.Files.Select(file => file.Path));
        Assert.Equal((done.InfoHash!.Value, true, "hello", 3), (read.InfoHash, read.IsPrivate, read.Comment, _made.Facts.Length));
        Assert.Equal([["http://a.example/announce"], ["udp://b.example:80"]], read.Trackers.Select(tier => tier.ToArray()));
        byte[] content = [.. Bytes("a.txt"), .. Bytes("b/two.bin")];
        Assert.Equal(
            content.Chunk(16_384).SelectMany(System.Security.Cryptography.SHA1.HashData), read.PieceHashes.ToArray());
        Assert.Empty(read.Warnings);
    }

    [Theory]
    [InlineData(16_384)]
    [InlineData(32_768)]
    [InlineData(65_536)]
    public async Task File_AtTheEdgesOfPieces_IsHashedWhole(int length)
    {
        foreach (var size in (int[])[length - 1, length, length + 1])
        {
            Write("f", size);
            await MakeAsync(new CreateTorrentRequest { Path = Path.Combine(_folder, "content", "f"), PieceLength = 16_384 });
            var read = MetainfoReader.Read(_made!.TorrentFile);
            Assert.Equal(("f", (long)size), (Assert.Single(read.Files).Path, read.PayloadLength));
            Assert.Equal(Bytes("f").Chunk(16_384).SelectMany(System.Security.Cryptography.SHA1.HashData), read.PieceHashes.ToArray());
        }
    }

    [Fact]
    public async Task Preview_IsWhatWouldBeMade()
    {
        Write("x", 5_000_000);
        var preview = await Desk().PreviewAsync(new CreateTorrentRequest { Path = Path.Combine(_folder, "content") }, CancellationToken.None);
        Assert.Equal((1, 5_000_000L, 16_384, 306), (preview.Files, preview.TotalBytes, preview.PieceLength, preview.PieceCount));
    }

    [Theory]
    [InlineData("relative/path", "create.path")]
    [InlineData("/nowhere/at/all", "create.not_found")]
    public async Task Path_ThatCannotBe_IsRefused(string path, string code) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<TorrentEngineException>(() => Desk().PreviewAsync(new CreateTorrentRequest { Path = path }, CancellationToken.None))).Code);

    [Fact]
    public async Task Folder_WithoutContent_IsRefused()
    {
        Write("empty", 0);
        Write(".hidden", 5);
        var done = await MakeAsync(new CreateTorrentRequest { Path = Path.Combine(_folder, "content") });
        Assert.Equal((TorrentCreationState.Failed, "create.empty"), (done.State, done.ErrorCode));
    }

    [Fact]
    public void Request_WithBadParts_IsRefusedAtOnce()
    {
        var good = new CreateTorrentRequest { Path = _folder };
        Assert.Equal("create.piece_length", Code(good with { PieceLength = 20_000 }));
        Assert.Equal("create.piece_length", Code(good with { PieceLength = 128 << 20 }));
        Assert.Equal("create.tracker", Code(good with { Trackers = [["ftp://x"]] }));
        Assert.Equal("create.web_seed", Code(good with { WebSeeds = ["nothing"] }));
        Assert.Equal("create.private", Code(good with { IsPrivate = true }));

        string Code(CreateTorrentRequest request) => Assert.Throws<TorrentEngineException>(() => Desk().Start(request)).Code;
    }

    [Fact]
    public async Task Failure_OfTheAdd_IsToldAsItsOwn()
    {
        Write("f", 100);
        var desk = new CreationDesk(new FakeTimeProvider(), NullLogger.Instance, _ => throw new TorrentEngineException("torrent.duplicate", "It is here."));
        var done = await EndAsync(desk, new CreateTorrentRequest { Path = Path.Combine(_folder, "content", "f") });
        Assert.Equal((TorrentCreationState.Failed, "torrent.duplicate", "It is here."), (done.State, done.ErrorCode, done.Error));
    }

    [Theory]
    [InlineData(1, 16 << 10)]
    [InlineData(32_768_000, 16 << 10)]
    [InlineData(33_000_000, 32 << 10)]
    [InlineData(1L << 30, 1 << 20)]
    [InlineData(1L << 45, 16 << 20)]
    public void PieceLength_Chosen_GivesAtMostTwoThousandPieces(long total, int length) => Assert.Equal(length, PieceLengthChoice.For(total));

    private CreationDesk Desk() => new(new FakeTimeProvider(), NullLogger.Instance, made =>
    {
        _made = made;
        return Task.CompletedTask;
    });

    private Task<TorrentCreationSnapshot> MakeAsync(CreateTorrentRequest request) => EndAsync(Desk(), request);

    private static async Task<TorrentCreationSnapshot> EndAsync(CreationDesk desk, CreateTorrentRequest request)
    {
        desk.Start(request);
        while (desk.All[0].State == TorrentCreationState.Hashing)
        {
            await Task.Yield();
        }

        return desk.All[0];
    }

    private void Write(string name, int length)
    {
        var path = Path.Combine(_folder, "content", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
    }

    private byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(_folder, "content", name));
}
