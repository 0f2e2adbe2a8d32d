using System.Net;
using P2P.Blazor.Tests.Api;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Composition;

/// <summary>Rows A01 to A11: who may ask, and the headers of every answer.</summary>
public sealed class SiteGuardTests : IClassFixture<ApiFixture>
{
    private readonly FakeHost _host;
    private readonly HttpClient _client;

    public SiteGuardTests(ApiFixture fixture)
    {
        (_host, _client) = (fixture.Host, fixture.Client);
        _host.Engine.Reset();
    }

    public static TheoryData<string> Paths => ["/", "/api/v1/torrents", "/api/v1/none", "/health", "/openapi/v1.json", "/_blazor/negotiate", "/_content/MudBlazor/MudBlazor.min.css"];

    [Theory]
    [InlineData("evil.example")]
    [InlineData("127.0.0.1.evil.com")]
    [InlineData("localhost.evil")]
    [InlineData("evil.localhost")]
    [InlineData("10.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("[::2]")]
    [InlineData("localhost@evil.example")]
    [InlineData("localhost;script-src *")]
    public async Task Request_UnknownHost_Is421WithoutCookie(string host)
    {
        foreach (var path in Paths)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Host", host);
            var response = await _client.SendAsync(request);
            Assert.Equal(HttpStatusCode.MisdirectedRequest, response.StatusCode);
            Assert.False(response.Headers.Contains("Set-Cookie"));
            Assert.Equal("host.unknown", await response.CodeAsync());
        }
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:5080")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:5080")]
    [InlineData("[::1]")]
    public async Task Request_Loopback_IsServed(string host)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Host = host;
        Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("box.local", HttpStatusCode.OK)]
    [InlineData("BOX.local:8443", HttpStatusCode.OK)]
    [InlineData("other.local:81", HttpStatusCode.OK)]
    [InlineData("other.local:82", HttpStatusCode.MisdirectedRequest)]
    [InlineData("xbox.local", HttpStatusCode.MisdirectedRequest)]
    public async Task Request_ConfiguredName_IsServed(string host, HttpStatusCode status)
    {
        using var named = new FakeHost(null, ("Host:AllowedNames:0", "box.local"), ("Host:AllowedNames:1", "other.local:81"));
        using var client = named.CreateClient();
        var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Host = host;
        Assert.Equal(status, (await client.SendAsync(request)).StatusCode);
    }

    // Row A04.
    [Fact]
    public async Task Request_ForwardedHost_IsIgnored()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Host = "evil.example";
        request.Headers.Add("X-Forwarded-Host", "localhost");
        request.Headers.Add("X-Forwarded-For", "127.0.0.1");
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await _client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://localhost:8080")]
    [InlineData("Origin", "https://localhost")]
    [InlineData("Origin", "http://localhost.evil")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Sec-Fetch-Site", "anything")]
    public async Task Request_FromAnotherSite_Is403AndDoesNothing(string header, string value)
    {
        var torrent = $"/api/v1/torrents/{_host.Engine.Torrents[0].InfoHash}";
        (HttpMethod Method, string Path, HttpContent? Body)[] requests =
        [
            (HttpMethod.Post, "/api/v1/torrents", ApiTestExtensions.Form(FakeEngine.TorrentFile())),
            (HttpMethod.Post, $"{torrent}/stop", null),
            (HttpMethod.Delete, torrent, null),
            (HttpMethod.Patch, "/api/v1/settings", "{}".AsJson()),
            (HttpMethod.Get, "/api/v1/torrents", null),
            (HttpMethod.Post, "/_blazor/negotiate", null),
        ];
        foreach (var (method, path, body) in requests)
        {
            var request = new HttpRequestMessage(method, path) { Content = body };
            request.Headers.Add(header, value);
            var response = await _client.SendAsync(request);
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
            Assert.Equal("site.foreign", await response.CodeAsync());
        }

        Assert.Empty(_host.Engine.Commands);
    }

    [Theory]
    [InlineData("Origin", "http://localhost")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    public async Task Request_FromOurPage_IsServed(string header, string value)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/torrents/{_host.Engine.Torrents[0].InfoHash}/stop");
        request.Headers.Add(header, value);
        Assert.Equal(HttpStatusCode.NoContent, (await _client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("/", false)]
    [InlineData("/api/v1/torrents", true)]
    public async Task Link_FromAnotherSite_OpensPagesOnly(string path, bool isRefused)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Sec-Fetch-Site", "cross-site");
        request.Headers.Add("Sec-Fetch-Mode", "navigate");
        request.Headers.Add("Sec-Fetch-Dest", "document");
        Assert.Equal(isRefused, (await _client.SendAsync(request)).StatusCode == HttpStatusCode.Forbidden);
    }

    // Row A09.
    [Theory]
    [InlineData(null)]
    [InlineData("http://evil.example")]
    public async Task Socket_WithoutOurOrigin_Is403(string? origin)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/_blazor");
        request.Headers.Add("Connection", "Upgrade");
        request.Headers.Add("Upgrade", "websocket");
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        Assert.Equal(HttpStatusCode.Forbidden, (await _client.SendAsync(request)).StatusCode);
    }

    // Row A10.
    [Fact]
    public async Task Preflight_AnyOrigin_GetsNoCorsHeader()
    {
        var request = new HttpRequestMessage(HttpMethod.Options, "/api/v1/torrents");
        request.Headers.Add("Origin", "http://evil.example");
        request.Headers.Add("Access-Control-Request-Method", "POST");
        var response = await _client.SendAsync(request);
        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        Assert.False(response.IsSuccessStatusCode);
    }

    // Row A11.
    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Answer_Any_HasTheSecurityHeaders(string path)
    {
        foreach (var host in new[] { "localhost", "evil.example" })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = host;
            var response = await _client.SendAsync(request);
            var policy = string.Join(' ', response.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("frame-ancestors 'none'", policy);
            Assert.Contains("script-src 'self';", policy);
            Assert.DoesNotContain("unsafe-eval", policy);
            Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));
            Assert.Equal(["DENY"], response.Headers.GetValues("X-Frame-Options"));
            Assert.Equal(["no-referrer"], response.Headers.GetValues("Referrer-Policy"));
            Assert.Equal(["same-origin"], response.Headers.GetValues("Cross-Origin-Opener-Policy"));
            Assert.Equal(["same-origin"], response.Headers.GetValues("Cross-Origin-Resource-Policy"));
            Assert.False(response.Headers.Contains("Server"));
            Assert.NotNull(response.Headers.CacheControl);
        }
    }
}
