using System.Net;
using P2P.Engine.Metainfo;
using Xunit;
using static P2P.Engine.Tests.Metainfo.Ben;

namespace P2P.Engine.Tests.Metainfo;

/// <summary>Rows T24 to T28: trackers and web seeds, the bad ones skipped.</summary>
public sealed class AnnounceListTests
{
    [Fact] // BEP 12: the list goes before the single one
    public void Trackers_ListAndAnnounce_KeepsTiersInOrderOnce()
    {
        var read = TorrentBuilder.Single().WithRoot("announce", S("http://x/a")).WithRoot(
            "announce-list", L(Texts("udp://a:80", "http://b/ann"), Texts("https://c/", "udp://a:80"), Texts("udp://a:80"))).Read();

        Assert.Equal([["udp://a:80", "http://b/ann"], ["https://c/"]], read.Trackers.Select(tier => tier.ToArray()));
        Assert.Empty(read.Warnings);
    }

    [Fact] // T24
    public void Trackers_BadEntries_AreSkipped()
    {
        var list = L(I(1), L(I(2), S(""), L(S("http://deep/")), S("http://good/announce")), S("http://flat/"), L(), D());
        var read = TorrentBuilder.Single().WithRoot("announce", I(1)).WithRoot("announce-list", list).Read();

        Assert.Equal([["http://good/announce"], ["http://flat/"]], read.Trackers.Select(tier => tier.ToArray()));
        Assert.StartsWith("4 trackers were ignored", Assert.Single(read.Warnings), StringComparison.Ordinal);
    }

    [Fact] // T25
    public void Trackers_TooManyAndTooLong_KeepsTheFirstThousand()
    {
        var urls = Enumerable.Range(0, 100_000).Select(i => $"http://t{i}.example/announce").Prepend("http://long/" + new string('x', 1_000_000));
        var read = TorrentBuilder.Single().WithRoot("announce-list", L(Texts(urls))).Read();

        Assert.Equal(1_000, read.Trackers.Sum(tier => tier.Length));
        Assert.Equal("http://t0.example/announce", read.Trackers[0][0]);
        Assert.Equal("http://t999.example/announce", read.Trackers[0][^1]);
    }

    [Theory] // T26
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://x")]
    [InlineData("javascript:1")]
    [InlineData("\\\\host\\x")]
    [InlineData("http://")]
    [InlineData("udp://a")]
    [InlineData("http://a/\r\nX: y")]
    [InlineData("ftp://a/")]
    public void Trackers_SchemeOrHostUnusable_IsSkipped(string url)
    {
        var read = TorrentBuilder.Single().WithRoot("announce", S(url)).Read();

        Assert.Empty(read.Trackers);
        Assert.StartsWith("1 tracker was ignored", Assert.Single(read.Warnings), StringComparison.Ordinal);
    }

    [Fact] // T27
    public void WebSeeds_StringListNumberEmpty_KeepsTheFirstHundred()
    {
        Assert.Equal(["http://a/x"], Read(S("http://a/x")));
        Assert.Equal(["http://a/x", "https://b/"], Read(L(S("http://a/x"), I(1), S("https://b/"), S("http://a/x"))));
        Assert.Empty(Read(I(1)));
        Assert.Empty(Read(S("")));
        Assert.Empty(Read(L()));
        Assert.Equal(100, Read(Texts(Enumerable.Range(0, 101).Select(i => $"http://w{i}/"))).Length);
    }

    [Theory] // T28
    [InlineData("http://127.0.0.1:9091/?q=1")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("http://localhost/x")]
    [InlineData("http://a.localhost/x")]
    [InlineData("http://10.0.0.1/?cmd")]
    [InlineData("http://169.254.169.254/latest")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f.1/")]
    [InlineData("udp://a:80")]
    public void WebSeeds_AddressOfThisNetwork_IsSkipped(string url) => Assert.Empty(Read(S(url)));

    [Theory]
    [InlineData("8.8.8.8", false)]
    [InlineData("172.15.0.1", false)]
    [InlineData("172.31.0.1", true)]
    [InlineData("192.168.1.1", true)]
    [InlineData("100.64.0.1", true)]
    [InlineData("224.0.0.1", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("2606:4700::1", false)]
    [InlineData("fd00::1", true)]
    [InlineData("ff02::1", true)]
    [InlineData("::", true)]
    public void IsLocal_Address_TellsPublicFromOwn(string address, bool expected) => Assert.Equal(expected, UrlRules.IsLocal(IPAddress.Parse(address)));

    private static string[] Read(byte[] urlList) => [.. TorrentBuilder.Single().WithRoot("url-list", urlList).Read().WebSeeds];
}
