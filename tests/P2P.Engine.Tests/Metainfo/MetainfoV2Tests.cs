using System.Security.Cryptography;
using P2P.Engine.Metainfo;
using Xunit;
using static P2P.Engine.Tests.Metainfo.Ben;

namespace P2P.Engine.Tests.Metainfo;

/// <summary>v2 and hybrid torrents are read (BEP 52), and rows T31 to T42.</summary>
public sealed class MetainfoV2Tests
{
    private static readonly byte[] SomeRoot = [.. Enumerable.Repeat((byte)7, 32)];

    private static readonly Dictionary<string, (string Code, Func<TorrentBuilder> Build)> Inputs = new()
    {
        ["B23"] = ("torrent.v2_unsorted", () => V2.WithRoot("a", D(("b", S("")), ("a", S(""))))),
        ["T33 no tree"] = ("torrent.v2_tree", () => V2.Without("file tree")),
        ["T33 empty tree"] = ("torrent.v2_tree", () => V2.With("file tree", D())),
        ["T33 list"] = ("torrent.v2_tree", () => V2.With("file tree", L())),
        ["T34 file and folder"] = ("torrent.v2_tree", () => Tree(("a", D(("", Leaf(5)), ("b", D(("", Leaf(5)))))))),
        ["T34 file at the root"] = ("torrent.v2_tree", () => Tree(("", Leaf(5)))),
        ["T34 leaf is no dictionary"] = ("torrent.v2_tree", () => Tree(("a", D(("", I(1)))))),
        ["T34 folder is no dictionary"] = ("torrent.v2_tree", () => Tree(("a", I(1)))),
        ["T34 empty folder"] = ("torrent.v2_tree", () => Tree(("a", D()))),
        ["T35"] = ("path.depth", () => V2.With("file tree", Deep(101))),
        ["T36 20,000"] = ("torrent.piece_length", () => V2.With("piece length", I(20_000))),
        ["T36 8,192"] = ("torrent.piece_length", () => V2.With("piece length", I(8_192))),
        ["T36 2^29"] = ("torrent.piece_length", () => V2.With("piece length", I(1 << 29))),
        ["T37 31 bytes"] = ("torrent.v2_root", () => Tree(("a", D(("", D(("length", I(5)), ("pieces root", S(new byte[31])))))))),
        ["T37 33 bytes"] = ("torrent.v2_root", () => Tree(("a", D(("", D(("length", I(5)), ("pieces root", S([.. SomeRoot, 1])))))))),
        ["T37 zeros"] = ("torrent.v2_root", () => Tree(("a", D(("", D(("length", I(5)), ("pieces root", S(new byte[32])))))))),
        ["T37 missing"] = ("torrent.v2_root", () => Tree(("a", D(("", D(("length", I(5)))))))),
        ["T38"] = ("torrent.v2_layers", () => Remove(V2)),
        ["T38 no dictionary"] = ("torrent.v2_layers", () => V2.WithRoot("piece layers", I(1))),
        ["T39 not x32"] = ("torrent.v2_layers", () => Layers(layer => layer[1..])),
        ["T39 wrong count"] = ("torrent.v2_layers", () => Layers(layer => [.. layer, .. SomeRoot])),
        ["T39 wrong root"] = ("torrent.v2_layers", () => Layers(layer => [.. layer[..^1], (byte)~layer[^1]])),
        ["T39 unknown root"] = ("torrent.v2_layers", () => V2.WithRoot("piece layers", Sorted([.. Honest.Select(h => (h.Root, S(h.Layer))), (SomeRoot, S(SomeRoot))]))),
        ["T40"] = ("torrent.too_many_pieces", () => Tree(("a", D(("", Leaf(1L << 62)))))),
        ["T41 size"] = ("torrent.hybrid_mismatch", () => HybridFiles(entry => entry with { Length = entry.Length - 1 })),
        ["T41 order"] = ("torrent.hybrid_mismatch", () => HybridFiles(entry => entry with { Path = entry.Path == "a" ? "b" : entry.Path == "b" ? "a" : entry.Path })),
        ["T41 count"] = ("torrent.hybrid_mismatch", () => HybridFiles(entry => entry.Path == "b" ? null : entry)),
        ["T41 pad missing"] = ("torrent.hybrid_mismatch", () => HybridFiles(entry => entry.Path is null ? null : entry)),
        ["T42"] = ("torrent.v2_pad", () => Tree(("a", D(("", D(("attr", S("p")), ("length", I(5)), ("pieces root", S(SomeRoot)))))))),
    };

    private static TorrentBuilder V2 => new TorrentV2Builder().File(20_000, "a").File(50_000, "b").Build();

    private static (byte[] Root, byte[] Layer)[] Honest
    {
        get
        {
            var read = V2.Read();
            return [.. read.Files.Select((file, i) => (file.PiecesRoot!.Value.ToArray(), read.PieceLayers[i].ToArray()))];
        }
    }

    /// <summary>Row and code.</summary>
    public static TheoryData<string, string> Rows => [.. Inputs.Select(pair => (pair.Key, pair.Value.Code))];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Read_BadV2_IsRefusedWithItsCode(string row, string code) =>
        Assert.Equal(code, Assert.Throws<MetainfoException>(() => Inputs[row].Build().Read()).Code);

    [Theory]
    [InlineData(16_384)]
    [InlineData(65_536)]
    public void Read_V2Folder_GivesNamesSizesRootsAndLayers(int pieceLength)
    {
        var torrent = new TorrentV2Builder(pieceLength).File(200_000, "a").File(0, "b", "empty").File(3, "b", "small").File(300_000, "c").Build();
        var read = torrent.Read();

        Assert.False(read.HasV1);
        Assert.Equal(SHA256.HashData(torrent.InfoBytes()), read.InfoHashV2!.Value.ToArray());
        Assert.Equal(read.InfoHashV2.Value[..20].ToArray(), read.InfoHash.ToArray());
        Assert.Equal(["T/a 200000 0", "T/b/empty 0 200000", "T/b/small 3 200000", "T/c 300000 200003"], read.Files.Select(f => $"{f.Path} {f.Length} {f.Offset}"));
        Assert.Equal([true, false, true, true], read.Files.Select(f => f.PiecesRoot is not null));
        Assert.Equal([Pieces(200_000), 0, 0, Pieces(300_000)], read.PieceLayers.Select(layer => layer.Length / 32));
        Assert.Equal(Pieces(200_000) + 1 + Pieces(300_000), read.Geometry.PieceCount);
        Assert.True(read.PieceHashes.IsEmpty);

        int Pieces(int length) => (length + pieceLength - 1) / pieceLength;
    }

    [Fact]
    public void Read_V2SingleFile_StandsAlone() => Assert.Equal(["T"], new TorrentV2Builder().File(5, "T").Build().Read().Files.Select(f => f.Path));

    [Fact]
    public void Read_Hybrid_IsTransferredAsV1WithV2Roots()
    {
        var torrent = Hybrid();
        var read = torrent.Read();

        Assert.True(read.HasV1);
        Assert.Equal(SHA1.HashData(torrent.InfoBytes()), read.InfoHash.ToArray());
        Assert.Equal(SHA256.HashData(torrent.InfoBytes()), read.InfoHashV2!.Value.ToArray());
        Assert.Equal([("T/a", false), ("T/.pad/1", true), ("T/b", false)], read.Files.Select(f => (f.Path, f.IsPad)));
        Assert.Equal(32_768, read.Files[2].Offset);
        Assert.Equal([2, 0, 4], read.PieceLayers.Select(layer => layer.Length / 32));
        Assert.Equal(6, read.Geometry.PieceCount);
        Assert.Empty(read.Warnings);
    }

    [Fact] // T31: version 1 is what an absent one means
    public void Read_MetaVersionOne_IsV1() => Assert.Null(TorrentBuilder.Single().With("meta version", I(1)).Read().InfoHashV2);

    private static TorrentBuilder Hybrid() => new TorrentV2Builder().File(20_000, "a").File(50_000, "b").BuildHybrid();

    private static TorrentBuilder Tree((string Key, byte[] Value) entry) => V2.With("file tree", D(entry)).WithRoot("piece layers", D());

    private static byte[] Leaf(long length) => D(("length", I(length)), ("pieces root", S(SomeRoot)));

    private static byte[] Deep(int depth)
    {
        var tree = D(("", Leaf(5)));
        for (var i = 0; i < depth; i++)
        {
            tree = D(("d", tree));
        }

        return tree;
    }

    private static TorrentBuilder Remove(TorrentBuilder torrent)
    {
        torrent.Root.Remove("piece layers");
        return torrent;
    }

    private static TorrentBuilder Layers(Func<byte[], byte[]> change) =>
        V2.WithRoot("piece layers", Sorted(Honest.Select((h, i) => (h.Root, S(i == 0 ? change(h.Layer) : h.Layer)))));

    /// <summary>The hybrid's v1 list, changed entry by entry; a pad has no path, null leaves an entry out.</summary>
    private static TorrentBuilder HybridFiles(Func<Entry, Entry?> change)
    {
        var entries = new Entry[] { new("a", 20_000), new(null, 12_768), new("b", 50_000) }.Select(change).OfType<Entry>().ToList();
        return Hybrid().With("files", L(entries.Select(entry => entry.Path is null
            ? D(("attr", S("p")), ("length", I(entry.Length)))
            : D(("length", I(entry.Length)), ("path", Texts(entry.Path)))))).Pieces(entries.Sum(entry => entry.Length), 16_384);
    }

    private sealed record Entry(string? Path, long Length);
}
