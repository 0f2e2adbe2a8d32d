using P2P.Engine.Discovery.Trackers;
using Xunit;

namespace P2P.Engine.Tests.Discovery;

public sealed class TrackerUrlTests
{
    [Theory]
    [InlineData("http://tracker.example.org/announce", "tracker.example.org", 80, "/announce")]
    [InlineData("https://tracker.example.org/x/announce.php?passkey=ab%20c", "tracker.example.org", 443, "/x/announce.php?passkey=ab%20c")]
    [InlineData("HTTP://t.example.org:6969", "t.example.org", 6969, "/")]
    [InlineData("udp://t.example.org:1337/announce#note", "t.example.org", 1337, "/announce")]
    [InlineData("udp://127.0.0.1:6969", "127.0.0.1", 6969, "/")]
    [InlineData("http://127.0.0.1:6969/announce", "127.0.0.1", 6969, "/announce")]
    [InlineData("http://[2001:db8::1]:80/announce", "2001:db8::1", 80, "/announce")]
    [InlineData("http://tracker:6969/announce", "tracker", 6969, "/announce")]
    [InlineData("http://user:secret@t.example.org/announce", "t.example.org", 80, "/announce")]
    [InlineData("http://t.example.org?x=1", "t.example.org", 80, "/?x=1")]
    public void TryParse_UsableUrl_IsTakenApart(string text, string host, int port, string path)
    {
        Assert.True(TrackerUrl.TryParse(text, out var url, out _));
        Assert.Equal((host, port, path), (url.Host, url.Port, url.PathAndQuery));
    }

    [Theory] // rows H09, H11 to H14, H16, H17
    [InlineData("file:///etc/passwd", "tracker.scheme")]
    [InlineData("ftp://t.example.org/announce", "tracker.scheme")]
    [InlineData("wss://t.example.org/announce", "tracker.scheme")]
    [InlineData("data:text/plain,x", "tracker.url")]
    [InlineData("", "tracker.url")]
    [InlineData("http://", "tracker.url")]
    [InlineData("http:///announce", "tracker.url")]
    [InlineData("http://t.example.org:0/announce", "tracker.url")]
    [InlineData("http://t.example.org:65536/announce", "tracker.url")]
    [InlineData("http://t.example.org:+80/announce", "tracker.url")]
    [InlineData("udp://t.example.org/announce", "tracker.url")]
    [InlineData("http://bt1.archiv\uff45.org/announce", "tracker.idn")]
    [InlineData("http://xn--e1afmkfd.example/announce", "tracker.idn")]
    [InlineData("http://t.example.org./announce", "tracker.url")]
    [InlineData("http://host%00.evil/announce", "tracker.url")]
    [InlineData("http://t.example.org/announce?info_hash=x", "tracker.ssrf")]
    [InlineData("http://t.example.org/announce?a=1&peer%5Fid=x", "tracker.ssrf")]
    [InlineData("http://t.example.org/ann\r\nounce", "tracker.url")]
    [InlineData("http://t.example.org/ann ounce", "tracker.url")]
    [InlineData("http://t.example.org/ann\"ounce", "tracker.url")]
    [InlineData("http://192.168.1.1/api/delete?x=1", "tracker.ssrf")]
    [InlineData("http://localhost/", "tracker.ssrf")]
    [InlineData("http://169.254.169.254/announce", "tracker.ssrf")]
    [InlineData("http://0.0.0.0/announce", "tracker.ssrf")]
    [InlineData("http://224.0.0.1/announce", "tracker.ssrf")]
    [InlineData("http://2130706433/announce", "tracker.ssrf")]
    [InlineData("http://0x7f.1/announce", "tracker.ssrf")]
    [InlineData("http://127.1/announce", "tracker.ssrf")]
    [InlineData("http://[::ffff:127.0.0.1]/x", "tracker.ssrf")]
    [InlineData("http://[fc00::1]/x", "tracker.ssrf")]
    public void TryParse_BadUrl_SaysWhy(string text, string code)
    {
        Assert.False(TrackerUrl.TryParse(text, out var url, out var problem));
        Assert.Null(url);
        Assert.Equal(code, problem.Code);
        Assert.EndsWith(".", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_LongerThan2048_IsRefused()
    {
        var fits = "http://t.example.org/announce?k=".PadRight(2048, 'a');

        Assert.True(TrackerUrl.TryParse(fits, out _, out _));
        Assert.False(TrackerUrl.TryParse(fits + "a", out _, out var problem));
        Assert.Equal("tracker.url", problem.Code);
    }

    [Theory] // the table of BEP 48
    [InlineData("http://example.com/announce", "http://example.com:80/scrape")]
    [InlineData("http://example.com/x/announce", "http://example.com:80/x/scrape")]
    [InlineData("http://example.com/announce.php", "http://example.com:80/scrape.php")]
    [InlineData("http://example.com/a", null)]
    [InlineData("http://example.com/announce?x2%0644", "http://example.com:80/scrape?x2%0644")]
    [InlineData("http://example.com/announce?x=2/4", "http://example.com:80/scrape?x=2/4")]
    [InlineData("http://example.com/x%064announce", null)]
    [InlineData("udp://example.com:80/announce", null)]
    public void ScrapeUrl_ByBep48_ReplacesAnnounce(string announce, string? scrape)
    {
        Assert.True(TrackerUrl.TryParse(announce, out var url, out _));
        Assert.Equal(scrape, url.ScrapeUrl);
    }
}
