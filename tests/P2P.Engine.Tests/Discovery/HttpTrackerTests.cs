using System.Text;
using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;
using Xunit;

namespace P2P.Engine.Tests.Discovery;

public sealed class HttpTrackerTests
{
    private static readonly AnnounceRequest Request = new(
        InfoHash.Parse("123456789abcdef123456789abcdef123456789a"), new PeerId("-P20100-abc\0\xff~ghijkl"u8), Port: 6881, Uploaded: 3, Downloaded: 1,
        Left: 2, AnnounceEvent.Started, NumWant: 50, Key: 0xDEADBEEF, TrackerId: null);

    private readonly FakeTimeProvider _time = new();
    private readonly FakeTrackerNetwork _network = new();

    public HttpTrackerTests() => SynchronizationContext.SetSynchronizationContext(null);

    [Theory]
    [InlineData("http://t.example.org/announce", "/announce?")]
    [InlineData("http://t.example.org/announce?passkey=ab", "/announce?passkey=ab&")]
    [InlineData("http://t.example.org", "/?")]
    public void AnnounceUri_ByBep3_EscapesEveryByteOfTheHash(string url, string prefix)
    {
        var uri = Tracker(url).AnnounceUri(Request);

        Assert.StartsWith(prefix + "info_hash=%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A&peer_id=-P20100-abc%00", uri.PathAndQuery, StringComparison.Ordinal);
        Assert.EndsWith("&port=6881&uploaded=3&downloaded=1&left=2&numwant=50&key=DEADBEEF&compact=1&no_peer_id=1&event=started", uri.PathAndQuery, StringComparison.Ordinal);
    }

    [Fact]
    public void AnnounceUri_TrackerId_IsSentBackAndNoEventWhenNone()
    {
        var uri = Tracker("http://t.example.org/announce").AnnounceUri(Request with { TrackerId = "a&b\u00ff", Event = AnnounceEvent.None });

        Assert.EndsWith("&no_peer_id=1&trackerid=a%26b%FF", uri.PathAndQuery, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, "de", null)]
    [InlineData(404, "not here", "tracker.http")]
    [InlineData(503, "de", "tracker.http")]
    [InlineData(400, "d14:failure reason7:bad keye", "tracker.failure")]
    [InlineData(200, "<html>", "tracker.bencode")]
    public async Task AnnounceAsync_StatusAndBody_BecomeAResult(int status, string body, string? code)
    {
        _network.Http = _ => new HttpReply(status, Encoding.ASCII.GetBytes(body));

        var response = await Tracker("http://t.example.org/announce").AnnounceAsync(Request, default);

        Assert.Equal(code, response.Failure?.Code);
    }

    [Theory] // row H01
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnnounceAsync_NeverAnswered_TimesOutAt30Seconds(bool failsWhenCancelled)
    {
        _network.FailsWhenCancelled = failsWhenCancelled;
        var announce = Tracker("http://t.example.org/announce").AnnounceAsync(Request, default);

        _time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.False(announce.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.True(announce.IsCompletedSuccessfully);
        Assert.Equal(("tracker.timeout", "timed out after 30 s"), (await announce).Failure);
    }

    [Fact] // row H03
    public async Task AnnounceAsync_MoreThan1MiB_IsTooBig()
    {
        _network.Http = _ => new HttpReply(200, new byte[(1 << 20) + 1]);

        Assert.Equal("tracker.too_big", (await Tracker("http://t.example.org/announce").AnnounceAsync(Request, default)).Failure?.Code);
    }

    [Fact]
    public async Task AnnounceAsync_NetworkFails_KeepsItsCode()
    {
        _network.Http = _ => throw new NetworkException("tracker.tls", "The certificate is not valid.");

        var response = await Tracker("https://t.example.org/announce").AnnounceAsync(Request, default);

        Assert.Equal(("tracker.tls", "The certificate is not valid."), response.Failure);
    }

    [Theory] // BEP 48
    [InlineData("http://t.example.org/announce", "http://t.example.org/scrape?")]
    [InlineData("http://user:pass@t.example.org:81/ab/announce.php?passkey=cd", "http://t.example.org:81/ab/scrape.php?passkey=cd&")]
    public async Task ScrapeAsync_ByBep48_AsksAtScrape(string url, string prefix)
    {
        _network.Http = _ => new HttpReply(200, "de"u8.ToArray());

        await Tracker(url).ScrapeAsync(Request.InfoHash, default);

        Assert.Equal(prefix + "info_hash=%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A", Assert.Single(_network.Gets).AbsoluteUri);
    }

    [Fact]
    public async Task ScrapeAsync_NoFormForIt_AsksNothing()
    {
        var response = await Tracker("http://t.example.org/a").ScrapeAsync(Request.InfoHash, default);

        Assert.Equal("tracker.no_scrape", response.Failure?.Code);
        Assert.Empty(_network.Gets);
    }

    [Theory]
    [InlineData(200, "d5:filesd20:{hash}d8:completei5e10:downloadedi50e10:incompletei-1eeee", null, 5, 50, 0)]
    [InlineData(200, "d5:filesd20:{hash}d8:complete1:5eee", null, null, null, null)]
    [InlineData(200, "d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei5eeee", null, null, null, null)]
    [InlineData(200, "d5:filesl20:{hash}ee", null, null, null, null)]
    [InlineData(200, "d14:failure reason2:noe", "tracker.failure", null, null, null)]
    [InlineData(200, "<html>", "tracker.bencode", null, null, null)]
    [InlineData(200, "le", "tracker.bencode", null, null, null)]
    [InlineData(404, "d5:filesdee", "tracker.http", null, null, null)]
    public async Task ScrapeAsync_StatusAndBody_BecomeAResult(int status, string body, string? code, int? seeds, int? downloads, int? leechers)
    {
        var hash = Encoding.Latin1.GetString(Request.InfoHash.ToArray());
        _network.Http = _ => new HttpReply(status, Encoding.Latin1.GetBytes(body.Replace("{hash}", hash, StringComparison.Ordinal)));

        var response = await Tracker("http://t.example.org/announce").ScrapeAsync(Request.InfoHash, default);

        Assert.Equal((code, seeds, downloads, leechers), (response.Failure?.Code, response.Seeds, response.Downloads, response.Leechers));
    }

    private HttpTracker Tracker(string text)
    {
        Assert.True(TrackerUrl.TryParse(text, out var url, out _));
        return new HttpTracker(url, _network, _time, TimeSpan.FromSeconds(300));
    }
}
