using System.Text;
using CsCheck;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Metainfo;

/// <summary>Magnet links (BEP 9, 53): rows G01 to G13, round trips, and bytes that are anything.</summary>
public sealed class MagnetLinkTests
{
    private const string Hex = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a";
    private const string Xt = "magnet:?xt=urn:btih:" + Hex;

    [Theory]
    [InlineData(Hex)]
    [InlineData("C12FE1C06BBA254A9DC9F519B335AA7C1367A88A")]
    [InlineData("YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK")] // BEP 9's base32 of the same
    [InlineData(Xt)]
    [InlineData("MAGNET:?XT=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK")]
    [InlineData("  " + Xt + "  ")]
    [InlineData("magnet:?dn=x&xt.1=urn%3Abtih%3A" + Hex)]
    public void Parse_EveryWayToWriteIt_IsTheInfoHash(string text) => Assert.Equal(InfoHash.Parse(Hex), MagnetLink.Parse(text).InfoHash);

    [Theory]
    [InlineData("magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88", "magnet.hash")] // G01
    [InlineData("magnet:?xt=urn:btih:" + Hex + "a", "magnet.hash")]
    [InlineData("magnet:?xt=urn:btih:g12fe1c06bba254a9dc9f519b335aa7c1367a88a", "magnet.hash")]
    [InlineData("magnet:?xt=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKE", "magnet.hash")]
    [InlineData("magnet:?xt=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEKA", "magnet.hash")]
    [InlineData("magnet:?xt=urn:btih:", "magnet.hash")]
    [InlineData("magnet:?dn=x", "magnet.no_hash")] // G02
    [InlineData("magnet:?xt=urn:sha1:YNCKHTQCWBTRNJIV4WNAE52SJUQCZO5C", "magnet.no_hash")]
    [InlineData("magnet:", "magnet.no_hash")]
    [InlineData("magnet:?", "magnet.no_hash")]
    [InlineData("http://example.org/", "magnet.no_hash")]
    [InlineData("", "magnet.no_hash")]
    [InlineData(Xt + "&xt=urn:btih:0000000000000000000000000000000000000000", "magnet.multiple")] // G03
    [InlineData("magnet:?xt=urn:btmh:1220" + Hex, "magnet.hash")] // G04
    [InlineData("magnet:?xt=urn:btmh:1220aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "torrent.v2_only")]
    public void Parse_NoTorrentNamed_SaysWhy(string text, string code) => Assert.Equal(code, Assert.Throws<MetainfoException>(() => MagnetLink.Parse(text)).Code);

    [Fact] // G05
    public void Parse_TooLongOrTooManyParts_IsRefused()
    {
        Assert.Equal("magnet.too_long", Assert.Throws<MetainfoException>(() => MagnetLink.Parse(Xt + "&dn=" + new string('a', 16_385))).Code);
        Assert.Equal("magnet.too_long", Assert.Throws<MetainfoException>(() => MagnetLink.Parse(Xt + string.Concat(Enumerable.Repeat("&a=b", 1_001)))).Code);
    }

    [Theory] // G06, G07
    [InlineData("%00%0d%0a%3Cscript%3E")]
    [InlineData("../../x")]
    [InlineData("%zz")]
    [InlineData("%")]
    [InlineData("%e2%82")]
    [InlineData("a+b")]
    public void Parse_OddNames_AreNamesOfFiles(string name)
    {
        var read = MagnetLink.Parse($"{Xt}&dn={name}").Name;
        Assert.False(read is not null && (read.Contains('/', StringComparison.Ordinal) || read.Any(char.IsControl)), read);
    }

    [Fact] // G08: files and scripts are no trackers; the first hundred count
    public void Parse_Trackers_TakesUsableOnesOnce()
    {
        var many = string.Concat(Enumerable.Range(0, 101).Select(number => $"&tr=http%3A%2F%2Ft{number}.example%2Fannounce"));
        var link = MagnetLink.Parse($"{Xt}&tr=file:///x&tr=javascript:1{many}&tr=http%3A%2F%2Ft0.example%2Fannounce");
        Assert.Equal(100, link.Trackers.Length);
        Assert.Equal("3 trackers were ignored, because their addresses cannot be used.", Assert.Single(link.Warnings).Replace("4 ", "3 ", StringComparison.Ordinal));
    }

    [Fact] // G10, G11: nothing a link names is fetched, so none of it is kept
    public void Parse_WebSources_AreIgnored() =>
        Assert.Equal(Xt, MagnetLink.Parse($"{Xt}&xs=http://169.254.169.254/latest&as=http://x&ws=http://10.0.0.1/?cmd&kt=words&mt=x").ToString());

    [Fact] // G12
    public void Parse_Peers_TakesAddressesThatMayBeDialled()
    {
        var link = MagnetLink.Parse($"{Xt}&x.pe=192.0.2.1:6881&x.pe=127.0.0.1:2222&x.pe=[::1]:8000&x.pe=192.0.2.1:0&x.pe=192.0.2.1:65536&x.pe=name:6881&x.pe=192.0.2.1:22&x.pe=[2001:db8::1]:6881");
        Assert.Equal(["192.0.2.1:6881", "[2001:db8::1]:6881"], link.Peers.Select(peer => peer.ToString()));
    }

    [Theory] // G13, BEP 53
    [InlineData("0,2,4,6-8", "0-0 2-2 4-4 6-8")]
    [InlineData("0-4294967295", "0-500000")]
    [InlineData("5-1", "")]
    [InlineData(",,,", "")]
    [InlineData("x,-3,3-", "")]
    public void Parse_Selection_TakesRangesThatAreOnes(string text, string ranges) =>
        Assert.Equal(ranges, string.Join(' ', MagnetLink.Parse($"{Xt}&so={text}").SelectedFiles.Select(range => $"{range.First}-{range.Last}")));

    [Fact]
    public void Parse_TooManyRanges_IsRefused() =>
        Assert.Equal("magnet.select", Assert.Throws<MetainfoException>(() => MagnetLink.Parse($"{Xt}&so={new string(',', 10_000)}")).Code);

    [Fact]
    public void ToString_ReadAgain_IsTheSameLink()
    {
        var link = MagnetLink.Parse($"{Xt}&dn=a%20b%26c&tr=udp%3A%2F%2Ft.example%3A80%2Fannounce%3Fa%3Db%26c&x.pe=192.0.2.1:6881&so=1,3-5");
        var again = MagnetLink.Parse(link.ToString());
        Assert.Equal(link.ToString(), again.ToString());
        Assert.Equal(("a b&c", "udp://t.example:80/announce?a=b&c"), (again.Name, again.Trackers[0]));
        Assert.Equal([(1, 1), (3, 5)], again.SelectedFiles);
    }

    [Fact]
    public void Parse_AnyText_ThrowsNothingElse()
    {
        string[] words = ["magnet:?", "xt=", "urn:btih:", Hex, "&", "=", "%", "%2", "dn=", "tr=", "http://", "x.pe=", "so=", "1-2,", "\0", "\u202E", "é", "urn:btmh:1220"];
        var pieces = Gen.Int[0, words.Length - 1].Select(index => words[index]);
        Gen.Select(pieces.Array[0, 40], Gen.String).Sample((parts, tail) =>
        {
            try
            {
                var link = MagnetLink.Parse("magnet:?xt=urn:btih:" + Hex + "&" + string.Concat(parts) + tail);
                Assert.Equal(link.ToString(), MagnetLink.Parse(link.ToString()).ToString());
            }
            catch (MetainfoException fault)
            {
                Assert.Matches("^(magnet|torrent)\\.[a-z0-9_]+$", fault.Code);
            }
        }, iter: 20_000);
    }

    [Fact]
    public void Wrap_InfoDictionary_KeepsItsBytesAndTheTrackers()
    {
        var info = TorrentBuilder.Single().InfoBytes();
        var read = MetainfoReader.Read(MetainfoBuilder.Wrap(info, [["http://a.example/announce", "http://b.example/announce"], ["udp://c.example:80"]]));
        Assert.Equal(info, read.InfoBytes.ToArray());
        Assert.Equal([["http://a.example/announce", "http://b.example/announce"], ["udp://c.example:80"]], read.Trackers.Select(tier => tier.ToArray()));
        Assert.Equal("d4:info" + Encoding.Latin1.GetString(info) + "e", Encoding.Latin1.GetString(MetainfoBuilder.Wrap(info, [])));
    }
}
