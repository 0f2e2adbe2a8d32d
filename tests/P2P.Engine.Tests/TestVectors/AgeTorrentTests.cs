using System.Security.Cryptography;
using P2P.Engine.Metainfo;
using P2P.Engine.Tests.Metainfo;
using Xunit;

namespace P2P.Engine.Tests.TestVectors;

/// <summary>The client's example, and a generated one of the same shape for clones that do not have it.</summary>
public sealed class AgeTorrentTests
{
    private const int Size = 2_920_050;

    [Fact]
    public void Read_Example_Has179PiecesAndTheirHashesFit()
    {
        var (torrent, content) = (RepositoryRoot.SharedData("age.torrent"), RepositoryRoot.SharedData("age.txt"));
        Assert.SkipWhen(torrent is null || content is null, "../shared/data/age.torrent is not on this machine");

        Check(File.ReadAllBytes(torrent!), File.ReadAllBytes(content!));
    }

    [Fact]
    public void Read_LookAlike_Has179PiecesAndTheirHashesFit()
    {
        var content = new byte[Size];
        new Random(179).NextBytes(content);
        var hashes = content.Chunk(16_384).SelectMany(SHA1.HashData).ToArray();

        Check(TorrentBuilder.Single(Size, "age.txt").With("pieces", Ben.S(hashes)).Build(), content);
    }

    private static void Check(byte[] torrent, byte[] content)
    {
        var read = MetainfoReader.Read(torrent);

        Assert.Equal((Size, 16_384, 179), (read.Geometry.TotalLength, read.Geometry.PieceLength, read.Geometry.PieceCount));
        Assert.Equal([new MetainfoFile("age.txt", Size, 0, false)], read.Files);
        for (var piece = 0; piece < read.Geometry.PieceCount; piece++)
        {
            var bytes = content.AsSpan((int)read.Geometry.OffsetOf(piece), read.Geometry.LengthOf(piece));
            Assert.Equal(read.PieceHashes.Slice(piece * 20, 20).ToArray(), SHA1.HashData(bytes));
        }
    }
}
