using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using P2P.Engine.Session;
using Xunit;

namespace P2P.Engine.Tests.Session;

public sealed class SavePathsTests
{
    [Fact]
    public void RefusalOf_ShortPathsOfItsOwn_IsNull() =>
        Assert.Null(SavePaths.RefusalOf(Torrent("a/b"), "/dl", [("other", "/dl", Torrent("a/c")), ("elsewhere", "/dl2", Torrent("a/b"))]));

    [Fact]
    public void RefusalOf_PathOf4096Bytes_IsTooLong() => // P24
        Assert.Equal("path.too_long", SavePaths.RefusalOf(Torrent("f"), "/" + new string('r', 4_093), [])?.Code);

    [Fact]
    public void RefusalOf_FileOfAnother_IsInUse() => // P33
        Assert.Equal("path.in_use", SavePaths.RefusalOf(Torrent("a/b"), "/dl", [("other", "/dl/", Torrent("a/b"))])?.Code);

    private static TorrentMetainfo Torrent(string path) => new()
    {
        InfoHash = default,
        InfoBytes = ReadOnlyMemory<byte>.Empty,
        HasV1 = true,
        Name = "torrent",
        Geometry = PieceGeometry.Contiguous(1, 1),
        PieceHashes = new byte[20],
        Files = [new MetainfoFile(path, 1, 0, IsPad: false)],
    };
}
