using System.Globalization;
using System.IO.Compression;
using System.Text;
using P2P.Engine.Metainfo;
using Xunit;
using static P2P.Engine.Tests.Metainfo.Ben;

namespace P2P.Engine.Tests.Metainfo;

/// <summary>Rows T01 to T50 of the catalogue of bad inputs that end in an error: each with its exact code.</summary>
public sealed class MetainfoRowTests
{
    private static readonly Dictionary<string, Func<byte[]>> Inputs = new()
    {
        ["T01 list"] = () => L(),
        ["T01 number"] = () => I(1),
        ["T01 string"] = () => S("spam"),
        ["T02 missing"] = () => D(("announce", S("http://t/"))),
        ["T02 number"] = () => D(("info", I(1))),
        ["T02 list"] = () => D(("info", L())),
        ["T02 string"] = () => D(("info", S("x"))),
        ["T03 missing"] = () => Single.Without("name").Build(),
        ["T03 number"] = () => Single.With("name", I(1)).Build(),
        ["T03 list"] = () => Single.With("name", L()).Build(),
        ["T04 missing"] = () => Single.Without("piece length").Build(),
        ["T04 0"] = () => Single.With("piece length", I(0)).Build(),
        ["T04 -1"] = () => Single.With("piece length", I(-1)).Build(),
        ["T04 string"] = () => Single.With("piece length", S("16384")).Build(),
        ["T04 2^63-1"] = () => Single.With("piece length", I(long.MaxValue)).Build(),
        ["T04 536,854,529"] = () => Single.With("piece length", I(536_854_529)).Build(),
        ["T05 missing"] = () => Single.Without("pieces").Build(),
        ["T05 number"] = () => Single.With("pieces", I(1)).Build(),
        ["T05 list"] = () => Single.With("pieces", L()).Build(),
        ["T06 19"] = () => Single.With("pieces", S(new byte[19])).Build(),
        ["T06 21"] = () => Single.With("pieces", S(new byte[21])).Build(),
        ["T07 too few"] = () => Single.With("pieces", S(new byte[40])).Build(),
        ["T07 too many"] = () => Single.With("pieces", S(new byte[80])).Build(),
        ["T07 empty"] = () => Single.With("length", I(1)).With("pieces", S("")).Build(),
        ["T08 -1"] = () => Single.With("length", I(-1)).Build(),
        ["T08 string"] = () => Single.With("length", S("1")).Build(),
        ["T08 missing"] = () => Single.Without("length").Build(),
        ["T09 single"] = () => TorrentBuilder.Single(0).Build(),
        ["T09 folder"] = () => TorrentBuilder.Folder((0, Texts("a")), (0, Texts("b"))).Build(),
        ["T11 empty"] = () => Single.Without("length").With("files", L()).Build(),
        ["T11 number"] = () => Single.Without("length").With("files", I(1)).Build(),
        ["T12"] = () => TorrentBuilder.Folder(["a"]).With("length", I(10)).Build(),
        ["T13 two of 2^62"] = () => Huge(1L << 62, 1L << 62),
        ["T13 past 2^63"] = () => Huge(long.MaxValue, 1, 1, 5),
        ["T13 2^63 and pad"] = () => Huge(long.MaxValue, long.MaxValue),
        ["T14"] = () => Single.With("length", I(1L << 60)).With("piece length", I(536_854_528)).With("pieces", S(new byte[20])).Build(),
        ["T16"] = () => TorrentBuilder.Single(2_097_153L * 16_384).Build(),
        ["T18"] = () => Many(500_001, 1),
        ["T19"] = () => Many(100_001, 0),
        ["T31 3"] = () => Single.With("meta version", I(3)).Build(),
        ["T31 0"] = () => Single.With("meta version", I(0)).Build(),
        ["T31 -1"] = () => Single.With("meta version", I(-1)).Build(),
        ["T31 string"] = () => Single.With("meta version", S("2")).Build(),
        ["T32 tree"] = () => Single.With("file tree", D()).Build(),
        ["T32 layers"] = () => Single.WithRoot("piece layers", D()).Build(),
        ["T47 gzip"] = Gzip,
        ["T47 page"] = () => Encoding.UTF8.GetBytes("<!DOCTYPE html><html>"),
        ["T47 empty"] = () => [],
        ["T47 zip"] = () => [(byte)'P', (byte)'K', 3, 4, 20, 0],
        ["T47 random"] = () => [0x7F, .. Random(65_535)],
        ["T48 length"] = () => Entry(D(("length", S("10")), ("path", Texts("a")))),
        ["T48 path missing"] = () => Entry(D(("length", I(10)))),
        ["T48 path string"] = () => Entry(D(("length", I(10)), ("path", S("a")))),
        ["T48 path number"] = () => Entry(D(("length", I(10)), ("path", I(1)))),
        ["T48 path []"] = () => Entry(D(("length", I(10)), ("path", L()))),
        ["T48 path [1]"] = () => Entry(D(("length", I(10)), ("path", L(I(1))))),
        ["T48 no dictionary"] = () => Entry(I(1)),
        ["B27"] = () => [0xEF, 0xBB, 0xBF, .. Single.Build()],
        ["B20"] = () => Single.WithRoot("a", [.. Enumerable.Repeat((byte)'l', 200), .. Enumerable.Repeat((byte)'e', 200)]).Build(),
        ["B22"] = () => Encoding.ASCII.GetBytes("d4:infod6:lengthi1e6:lengthi1eee"),
        ["B26"] = () => [.. Single.Build(), (byte)'x'],
        ["B26 three line ends"] = () => [.. Single.Build(), .. "\r\n\n"u8],
        ["P23"] = () => TorrentBuilder.Folder([.. Enumerable.Repeat("a", 101)]).Build(),
        ["too big"] = () => new byte[MetainfoLimits.FileBytes + 1],
    };

    private static TorrentBuilder Single => TorrentBuilder.Single();

    /// <summary>Row and code.</summary>
    public static TheoryData<string, string> Rows => new()
    {
        { "T01 list", "torrent.not_dict" }, { "T01 number", "torrent.not_dict" }, { "T01 string", "torrent.not_dict" },
        { "T02 missing", "torrent.no_info" }, { "T02 number", "torrent.no_info" }, { "T02 list", "torrent.no_info" }, { "T02 string", "torrent.no_info" },
        { "T03 missing", "torrent.name" }, { "T03 number", "torrent.name" }, { "T03 list", "torrent.name" },
        { "T04 missing", "torrent.piece_length" }, { "T04 0", "torrent.piece_length" }, { "T04 -1", "torrent.piece_length" },
        { "T04 string", "torrent.piece_length" }, { "T04 2^63-1", "torrent.piece_length" }, { "T04 536,854,529", "torrent.piece_length" },
        { "T05 missing", "torrent.pieces" }, { "T05 number", "torrent.pieces" }, { "T05 list", "torrent.pieces" },
        { "T06 19", "torrent.pieces_multiple" }, { "T06 21", "torrent.pieces_multiple" },
        { "T07 too few", "torrent.pieces_count" }, { "T07 too many", "torrent.pieces_count" }, { "T07 empty", "torrent.pieces_count" },
        { "T08 -1", "torrent.length" }, { "T08 string", "torrent.length" }, { "T08 missing", "torrent.length" },
        { "T09 single", "torrent.length" }, { "T09 folder", "torrent.length" },
        { "T11 empty", "torrent.no_files" }, { "T11 number", "torrent.no_files" },
        { "T12", "torrent.ambiguous_layout" },
        { "T13 two of 2^62", "torrent.too_large" }, { "T13 past 2^63", "torrent.too_large" }, { "T13 2^63 and pad", "torrent.too_large" },
        { "T14", "torrent.too_many_pieces" }, { "T16", "torrent.too_many_pieces" },
        { "T18", "torrent.too_many_files" }, { "T19", "torrent.too_many_empty_files" },
        { "T31 3", "torrent.meta_version" }, { "T31 0", "torrent.meta_version" }, { "T31 -1", "torrent.meta_version" }, { "T31 string", "torrent.meta_version" },
        { "T32 tree", "torrent.v2_missing_version" }, { "T32 layers", "torrent.v2_missing_version" },
        { "T47 gzip", "torrent.not_dict" }, { "T47 page", "torrent.not_dict" }, { "T47 empty", "torrent.not_dict" },
        { "T47 zip", "torrent.not_dict" }, { "T47 random", "torrent.not_dict" },
        { "T48 length", "torrent.length" }, { "T48 no dictionary", "torrent.length" }, { "T48 path missing", "torrent.path" },
        { "T48 path string", "torrent.path" }, { "T48 path number", "torrent.path" }, { "T48 path []", "torrent.path" }, { "T48 path [1]", "torrent.path" },
        { "B20", "bencode.depth" }, { "B22", "bencode.duplicate_key" }, { "B26", "bencode.trailing" }, { "B26 three line ends", "bencode.trailing" },
        { "B27", "bencode.syntax" },
        { "P23", "path.depth" },
        { "too big", "torrent.too_big" },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Read_BadTorrent_IsRefusedWithItsCode(string row, string code)
    {
        var fault = Assert.Throws<MetainfoException>(() => MetainfoReader.Read(Inputs[row](), NamePlatform.Unix));

        Assert.Equal(code, fault.Code);
        Assert.EndsWith(".", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_EveryInput_IsUsed() => Assert.Equal(Inputs.Keys.Order(), Rows.Select(row => row.Data.Item1).Order());

    [Theory] // T47: the hint
    [InlineData("T47 gzip", "gzip")]
    [InlineData("T47 page", "web page")]
    [InlineData("T47 empty", "empty")]
    [InlineData("T47 zip", "ZIP")]
    public void Read_WrongFile_SaysWhatItIs(string row, string hint) => Assert.Contains(
        hint, Assert.Throws<MetainfoException>(() => MetainfoReader.Read(Inputs[row]())).Message, StringComparison.Ordinal);

    [Theory] // T14: before allocation
    [InlineData("T14")]
    [InlineData("T13 two of 2^62")]
    public void Read_AbsurdSize_IsRefusedBeforeAllocation(string row)
    {
        var input = Inputs[row]();
        Assert.Throws<MetainfoException>(() => MetainfoReader.Read(input));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<MetainfoException>(() => MetainfoReader.Read(input));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 65_536);
    }

    private static byte[] Huge(params long[] lengths) =>
        new TorrentBuilder { Info = { ["name"] = S("T"), ["piece length"] = I(16_384), ["pieces"] = S(new byte[20]) } }
            .With("files", L(lengths.Select((length, i) => D(("length", I(length)), ("path", Texts($"{i}")))))).Build();

    private static byte[] Many(int count, int length)
    {
        var files = new StringBuilder("ld6:lengthi10e4:pathl5:firstee");
        for (var i = 0; i < count; i++)
        {
            files.Append(CultureInfo.InvariantCulture, $"d6:lengthi{length}e4:pathl7:{i:D7}ee");
        }

        return TorrentBuilder.Folder(["a"]).With("files", Encoding.ASCII.GetBytes(files.Append('e').ToString())).Build();
    }

    private static byte[] Entry(byte[] entry) => TorrentBuilder.Folder(["a"]).With("files", L(entry)).Build();

    private static byte[] Random(int count)
    {
        var bytes = new byte[count];
        new Random(47).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Gzip()
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
        {
            gzip.Write(Single.Build());
        }

        return output.ToArray();
    }
}
