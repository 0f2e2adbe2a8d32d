using CsCheck;
using P2P.Engine.Metainfo;
using Xunit;
using static P2P.Engine.Tests.Metainfo.Ben;

namespace P2P.Engine.Tests.Metainfo;

/// <summary>Rows B28 and B29, and random damage: a torrent is read or refused, and nothing else ever happens.</summary>
public sealed class MetainfoMutationTests
{
    /// <summary>Twenty torrents of every kind, 0 to 19.</summary>
    private static byte[] Torrent(int number)
    {
        var torrent = (number % 5) switch
        {
            0 => TorrentBuilder.Single(100_000 + number),
            1 => TorrentBuilder.Folder(["a", "b.txt"], ["c", "\u00e9"], [$"d{number}"]),
            2 => new TorrentV2Builder().File(70_000 + number, "a").File(0, "b", "c").File(9, "b", "d").Build(),
            3 => new TorrentV2Builder().File(20_000, "a").File(40_000 + number, "b").BuildHybrid(),
            _ => TorrentBuilder.Folder((5, Texts("x")), (0, Texts("y")), (40_000, Texts("z", $"{number}"))).With("private", I(1)),
        };
        return torrent.WithRoot("announce", S("http://t.example/announce")).WithRoot("announce-list", L(Texts("udp://a:80", "http://b/"), Texts("https://c/")))
            .WithRoot("url-list", Texts("http://w/")).WithRoot("creation date", I(1_700_000_000)).WithRoot("comment", S("some words")).Build();
    }

    [Fact] // B28
    public void Read_EveryPrefixOfATorrent_IsRefused()
    {
        var torrent = TorrentBuilder.Single(510 * 16_384).Build();
        Assert.InRange(torrent.Length, 10_240, 11_000);
        for (var length = 0; length < torrent.Length; length++)
        {
            Assert.Throws<MetainfoException>(() => MetainfoReader.Read(torrent.AsMemory(0, length), NamePlatform.Unix));
        }
    }

    [Theory] // B29
    [MemberData(nameof(Numbers))]
    public void Read_EverySingleBitFlipped_IsReadOrRefused(int number)
    {
        var torrent = Torrent(number);
        MetainfoReader.Read(torrent.ToArray());
        for (var bit = 0; bit < Math.Min(4_096, torrent.Length) * 8; bit++)
        {
            torrent[bit / 8] ^= (byte)(1 << (bit % 8));
            IsReadOrRefused(torrent);
            torrent[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    /// <summary>0 to 19.</summary>
    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, 20)];

    [Fact]
    public void Read_RandomDamage_IsReadOrRefused() => Gen.Select(Gen.Int[0, 19], Gen.Int[0, 100_000], Gen.Int[0, 40], Gen.Byte.Array[0, 6]).Sample(
        (number, place, removed, inserted) =>
        {
            var torrent = Torrent(number);
            var at = place % torrent.Length;
            return IsReadOrRefused([.. torrent[..at], .. inserted, .. torrent[Math.Min(torrent.Length, at + removed)..]]);
        },
        iter: 2_000);

    private static bool IsReadOrRefused(byte[] bytes)
    {
        try
        {
            var read = MetainfoReader.Read(bytes, NamePlatform.Windows);
            return read.Geometry.PieceCount > 0 && read.Files.Length > 0 && read.Name.Length > 0;
        }
        catch (MetainfoException fault)
        {
            return fault.Code.Length > 0 && fault.Message.Length > 0;
        }
    }
}
