using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using P2P.Engine.Metainfo;
using Xunit;
using static P2P.Engine.Tests.Metainfo.Ben;

namespace P2P.Engine.Tests.Metainfo;

/// <summary>Good torrents, and rows T03 to T50 that are accepted with exactly one change.</summary>
public sealed class MetainfoReaderTests
{
    private static TorrentBuilder Single => TorrentBuilder.Single();

    [Fact]
    public void Read_SingleFile_GivesEverything()
    {
        var torrent = Single.With("private", I(0)).WithRoot("announce", S("http://t.example/announce")).WithRoot("comment", S("hi"))
            .WithRoot("created by", S("me")).WithRoot("creation date", I(1_700_000_000));
        var bytes = torrent.Build();
        var read = MetainfoReader.Read(bytes);

        Assert.Equal(SHA1.HashData(torrent.InfoBytes()), read.InfoHash.ToArray());
        Assert.Equal(torrent.InfoBytes(), read.InfoBytes.ToArray());
        Assert.Null(read.InfoHashV2);
        Assert.True(read.HasV1);
        Assert.Equal("T", read.Name);
        Assert.Equal((40_000, 16_384, 3), (read.Geometry.TotalLength, read.Geometry.PieceLength, read.Geometry.PieceCount));
        Assert.Equal(60, read.PieceHashes.Length);
        Assert.Equal([new MetainfoFile("T", 40_000, 0, false)], read.Files);
        Assert.False(read.IsPrivate);
        Assert.Equal([["http://t.example/announce"]], read.Trackers.Select(tier => tier.ToArray()));
        Assert.Equal(("hi", "me", DateTimeOffset.FromUnixTimeSeconds(1_700_000_000)), (read.Comment, read.CreatedBy, read.CreatedAt));
        Assert.Empty(read.Warnings);
        Assert.Empty(read.PieceLayers);
    }

    [Fact] // B23, B26, R-B04
    public void Read_UnsortedInfoAndLineEnd_HashesTheExactBytesAndWarns()
    {
        var info = D(("pieces", S(new byte[20])), ("piece length", I(16_384)), ("name", S("T")), ("length", I(5)));
        byte[] file = [.. D(("info", info)), .. "\r\n"u8];
        var read = MetainfoReader.Read(file);

        Assert.Equal(SHA1.HashData(info), read.InfoHash.ToArray());
        Assert.Contains("order", Assert.Single(read.Warnings), StringComparison.Ordinal);
    }

    [Fact] // T03
    public void Read_EmptyName_IsTheInfoHash()
    {
        var read = Single.With("name", S("")).Read();

        Assert.Equal(read.InfoHash.ToString(), read.Name);
        Assert.Equal(read.Name, read.Files[0].Path);
    }

    [Fact] // T10
    public void Read_EmptyFilesAmongOthers_AreKept()
    {
        var read = TorrentBuilder.Folder((0, Texts("a")), (7, Texts("d", "b")), (0, Texts("c"))).Read();

        Assert.Equal(["T/a 0 0", "T/d/b 7 0", "T/c 0 7"], read.Files.Select(f => $"{f.Path} {f.Length} {f.Offset}"));
    }

    [Fact] // T15, with the largest size that both limits allow: 1 PiB itself needs more pieces than allowed
    public void Read_AlmostOnePebibyte_IsRead()
    {
        const long length = 2_097_152L * 536_854_528;
        var bytes = Single.With("length", I(length)).With("piece length", I(536_854_528)).With("pieces", S(new byte[20 * 2_097_152])).Build();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = MetainfoReader.Read(bytes);

        Assert.Equal((length, 2_097_152), (read.PayloadLength, read.Geometry.PieceCount));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_048_576);
    }

    [Fact] // T17
    public void Read_PiecesOfOneByte_AreRead() => Assert.Equal(
        2_000_000, Single.With("length", I(2_000_000)).Pieces(2_000_000, 1).Read().Geometry.PieceCount);

    [Theory] // T20
    [InlineData("i9223372036854775807e")]
    [InlineData("i-1e")]
    [InlineData("i253402300800e")]
    [InlineData("4:2024")]
    public void Read_AbsurdDate_IsNone(string date) => Assert.Null(Single.WithRoot("creation date", Encoding.ASCII.GetBytes(date)).Read().CreatedAt);

    [Fact] // T21
    public void Read_HugeComment_IsCut()
    {
        var text = "\u001b[2J<b>\u202e" + new string('\u20AC', 3_500_000);
        var read = Single.WithRoot("comment", S(text)).WithRoot("created by", S(new string('x', 4_095) + "\U0001F600")).Read();

        Assert.Equal(text[..4_096], read.Comment);
        Assert.Equal(new string('x', 4_095), read.CreatedBy);
    }

    [Theory] // T22
    [InlineData("evil\0", "name")]
    [InlineData("shift_jis", "name")]
    public void Read_Encoding_IsIgnored(string encoding, string name)
    {
        Assert.Equal(name, TorrentBuilder.Single(name: name).WithRoot("encoding", S(encoding)).Read().Name);
        Assert.Equal("\u00e9", TorrentBuilder.Single(name: name).With("name.utf-8", S("\u00e9")).WithRoot("encoding", S(encoding)).Read().Name);
        Assert.Equal(name, TorrentBuilder.Single(name: name).With("name.utf-8", S([0xFF])).Read().Name);
        Assert.Equal(name, TorrentBuilder.Single(name: name).WithRoot("encoding", S(new byte[1_000_000])).Read().Name);
    }

    [Theory] // T23, R-T03
    [InlineData("i1e", true)]
    [InlineData("1:1", true)]
    [InlineData("l1:ae", true)]
    [InlineData("i2e", true)]
    [InlineData("i-1e", true)]
    [InlineData("0:", true)]
    [InlineData("i0e", false)]
    public void Read_Private_IsTrueForAnythingButZero(string value, bool expected) =>
        Assert.Equal(expected, Single.With("private", Encoding.ASCII.GetBytes(value)).Read().IsPrivate);

    [Fact] // T30, T49, T44, T29
    public void Read_OddExtras_AreIgnored()
    {
        var entry = D(("attr", S("xlh" + new string('z', 1_000_000))), ("ed2k", I(1)), ("length", I(5)), ("md5sum", L()), ("path", Texts("a")), ("sha1", S("x")));
        var read = TorrentBuilder.Folder(["a"]).With("files", L(entry)).Pieces(5, 16_384).With("pieces", S(new byte[20]))
            .WithRoot("nodes", L(L(S("127.0.0.1"), I(1)), L(S("a"), I(70_000)), L(S("x"), I(-1)), L(I(1), I(2)), L())).Read();

        Assert.Equal([new MetainfoFile("T/a", 5, 0, false)], read.Files);
    }

    [Fact] // T43
    public void Read_PadOfOneTebibyteWithoutPath_IsAPad()
    {
        var files = L(D(("length", I(10)), ("path", Texts("a"))), D(("attr", S("xlhp")), ("length", I(1L << 40))), D(("length", I(1)), ("path", Texts("b"))));
        var read = TorrentBuilder.Folder(["a"]).With("files", files).Pieces((1L << 40) + 11, 16_777_216).Read();

        Assert.Equal([false, true, false], read.Files.Select(f => f.IsPad));
        Assert.Equal(11, read.PayloadLength);
        Assert.Equal((1L << 40) + 10, read.Files[2].Offset);
    }

    [Fact] // T50, R-B02, at the largest file allowed
    public void Read_SixtyFourMebibytesOfUnknownKeys_AllocatesLittle()
    {
        var info = new MemoryStream();
        info.Write("d"u8);
        var chunk = new byte[6_000];
        for (var i = 0; i < 11_000; i++)
        {
            info.Write(S(i.ToString("D8", CultureInfo.InvariantCulture)));
            info.Write(S(chunk));
        }

        info.Write([.. S("length"), .. I(1), .. S("name"), .. S("T"), .. S("piece length"), .. I(1), .. S("pieces"), .. S(new byte[20]), (byte)'e']);
        var bytes = D(("info", info.ToArray()));
        Assert.InRange(bytes.Length, 60 << 20, MetainfoLimits.FileBytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = MetainfoReader.Read(bytes);

        Assert.Equal(1, read.PayloadLength);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_048_576);
    }

    [Fact] // R-B02 for an ordinary long list: names of usual length
    public void Read_HundredThousandFiles_AllocatesAtMostThreeTimesTheInput()
    {
        var files = new StringBuilder("l");
        for (var i = 0; i < 100_000; i++)
        {
            files.Append(CultureInfo.InvariantCulture, $"d6:lengthi1048576e4:pathl28:Season {i / 100:D5}, the collection29:Episode {i:D8} - title.jpegee");
        }

        const int pieceLength = 16_777_216;
        var bytes = TorrentBuilder.Folder(["a"]).Pieces(100_000L * 1_048_576, pieceLength).With("files", Encoding.ASCII.GetBytes(files.Append('e').ToString())).Build();
        MetainfoReader.Read(Single.Build());
        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = MetainfoReader.Read(bytes);

        Assert.Equal(100_000, read.Files.Length);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (3L * bytes.Length) + 1_048_576);
    }

    [Fact] // R-T05
    public void Read_UnderForeignCulture_IsTheSame()
    {
        var bytes = TorrentBuilder.Folder(["I\u0130\u0131i.txt"], ["TITLE"]).Build();
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NegativeSign = "\u2212";
        var plain = MetainfoReader.Read(bytes, NamePlatform.Windows);
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = culture;
        try
        {
            Assert.Equal(plain.Files, MetainfoReader.Read(bytes, NamePlatform.Windows).Files);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
