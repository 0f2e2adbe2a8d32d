using System.Net;
using System.Text;
using P2P.Blazor.Api;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>PATCH settings: all mistakes at once, nothing changed by a wrong request.</summary>
public sealed class SettingsRoutesTests : IClassFixture<ApiFixture>
{
    private const string Settings = "/api/v1/settings";

    private readonly FakeHost _host;
    private readonly HttpClient _client;

    public SettingsRoutesTests(ApiFixture fixture)
    {
        (_host, _client) = (fixture.Host, fixture.Client);
        _host.Engine.Reset(torrents: 3);
    }

    [Fact]
    public async Task Patch_SomeSettings_ChangesThoseOnly()
    {
        var shared = Path.Combine(_host.Engine.Options.SharedDirectory, "new");
        var response = await _client.PatchAsync(Settings, $$"""
            {"maxUploadRate":1000,"maxDownloadRate":0,"regularSlots":4,"chokeInterval":"00:00:10","strictTitForTat":true,"sharedDirectory":"{{shared}}","maxConnections":null}
            """.AsJson());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var now = await response.JsonAsync();
        Assert.Equal(1000, now.GetProperty("maxUploadRate").GetInt64());
        Assert.Equal("00:00:10", now.GetProperty("chokeInterval").GetString());
        var patch = _host.Engine.LastPatch!;
        Assert.Equal((1000L, 0L, 4, TimeSpan.FromSeconds(10), true, shared), (patch.MaxUploadRate, patch.MaxDownloadRate, patch.RegularSlots, patch.ChokeInterval, patch.StrictTitForTat, patch.SharedDirectory));
        Assert.Equal((null, null, null), (patch.MaxConnections, patch.OptimisticSlots, patch.IncompleteDirectory));
    }

    // Row A36.
    [Theory]
    [InlineData("maxUploadRate", "-1")]
    [InlineData("maxUploadRate", "9223372036854775808")]
    [InlineData("maxUploadRate", "1e999")]
    [InlineData("maxUploadRate", "1.5")]
    [InlineData("maxUploadRate", "\"1000\"")]
    [InlineData("maxDownloadRate", "-1")]
    [InlineData("maxDownloadRate", "true")]
    [InlineData("maxConnections", "0")]
    [InlineData("maxConnections", "100001")]
    [InlineData("maxConnectionsPerTorrent", "0")]
    [InlineData("regularSlots", "0")]
    [InlineData("regularSlots", "101")]
    [InlineData("optimisticSlots", "-1")]
    [InlineData("chokeInterval", "\"00:00:00\"")]
    [InlineData("chokeInterval", "\"02:00:00\"")]
    [InlineData("chokeInterval", "30")]
    [InlineData("chokeInterval", "\"soon\"")]
    [InlineData("strictTitForTat", "1")]
    [InlineData("incompleteDirectory", "\"relative\"")]
    [InlineData("sharedDirectory", "\"/etc\"")]
    [InlineData("sharedDirectory", "7")]
    [InlineData("dht", "\"on\"")]
    [InlineData("dhtBootstrap", "\"a:1\"")]
    [InlineData("dhtBootstrap", "[1]")]
    [InlineData("localDiscovery", "1")]
    [InlineData("peerExchange", "\"yes\"")]
    [InlineData("tracker", "true")]
    [InlineData("hookProgram", "\"/bin/sh\"")]
    public async Task Patch_OneMistake_Is400WithItsFieldAndNothingChanges(string field, string value)
    {
        var response = await _client.PatchAsync(Settings, $$"""{"optimisticSlots":2,"{{field}}":{{value}}}""".Replace("\"optimisticSlots\":2,\"optimisticSlots\"", "\"optimisticSlots\"").AsJson());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.JsonAsync();
        Assert.Equal("settings.invalid", problem.GetProperty("code").GetString());
        Assert.Equal([field], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
        Assert.Empty(_host.Engine.Commands);
    }

    [Theory]
    [InlineData("enabled", "1", HttpStatusCode.BadRequest)]
    [InlineData("httpPort", "65536", HttpStatusCode.BadRequest)]
    [InlineData("udpPort", "-1", HttpStatusCode.BadRequest)]
    [InlineData("servesAny", "\"all\"", HttpStatusCode.BadRequest)]
    [InlineData("colour", "7", HttpStatusCode.BadRequest)]
    [InlineData("interval", "\"00:05:00\"", HttpStatusCode.Forbidden)]
    public async Task Patch_MistakeInTheTracker_NamesItsPath(string member, string value, HttpStatusCode status)
    {
        var response = await _client.PatchAsync(Settings, $$"""{"tracker": {"{{member}}": {{value}} } }""".AsJson());
        Assert.Equal(status, response.StatusCode);
        Assert.Equal([$"tracker.{member}"], (await response.JsonAsync()).GetProperty("errors").EnumerateObject().Select(error => error.Name));
        Assert.Empty(_host.Engine.Commands);
    }

    [Fact]
    public async Task Patch_Discovery_ChangesThoseOnly()
    {
        var response = await _client.PatchAsync(
            Settings, """{"dht":false,"dhtBootstrap":["a.example:1","[::1]:2"],"localDiscovery":false,"tracker":{"udpPort":7000,"servesAny":true,"enabled":null}}""".AsJson());
        var now = await response.JsonAsync();
        Assert.Equal((false, true, 7000), (now.GetProperty("dht").GetBoolean(), now.GetProperty("peerExchange").GetBoolean(), now.GetProperty("tracker").GetProperty("udpPort").GetInt32()));
        Assert.Equal("00:30:00", now.GetProperty("tracker").GetProperty("interval").GetString());
        var patch = _host.Engine.LastPatch!;
        Assert.Equal(["a.example:1", "[::1]:2"], patch.DhtBootstrap!.Value);
        Assert.Equal((false, false, null, null, null, 7000, true), (patch.Dht, patch.LocalDiscovery, patch.PeerExchange, patch.TrackerEnabled, patch.TrackerHttpPort, patch.TrackerUdpPort, patch.TrackerServesAny));
    }

    [Fact]
    public async Task Patch_SeveralMistakes_NamesAll()
    {
        var response = await _client.PatchAsync(Settings, """{"maxUploadRate":-1,"regularSlots":"x","chokeInterval":"00:00:00"}""".AsJson());
        Assert.Equal(["chokeInterval", "maxUploadRate", "regularSlots"], (await response.JsonAsync()).GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    // Row A37.
    [Theory]
    [InlineData("listenPort", "-1")]
    [InlineData("listenPort", "6882")]
    [InlineData("listenAddress", "\"0.0.0.0\"")]
    [InlineData("listenAddress", "null")]
    [InlineData("dataDirectory", "\"/tmp\"")]
    [InlineData("allowedSaveRoots", "[\"/\"]")]
    [InlineData("allowedNames", "[\"evil.example\"]")]
    [InlineData("urls", "\"http://0.0.0.0:5080\"")]
    public async Task Patch_ConfigurationOnly_Is403(string field, string value)
    {
        var response = await _client.PatchAsync(Settings, $$"""{"{{field}}":{{value}}}""".AsJson());
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("settings.config_only", await response.CodeAsync());
        Assert.Empty(_host.Engine.Commands);
    }

    // Row A31.
    [Theory]
    [InlineData("""{"maxUploadRate":1,"maxUploadRate":2}""")]
    [InlineData("""{"maxUploadRate":NaN}""")]
    [InlineData("""{"maxUploadRate":1""")]
    [InlineData("""{"maxUploadRate":1} x""")]
    [InlineData("""[1]""")]
    [InlineData("null")]
    public async Task Patch_NotAJsonObject_Is400(string body)
    {
        var response = await _client.PatchAsync(Settings, body.AsJson());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("body.invalid", await response.CodeAsync());
        Assert.Empty(_host.Engine.Commands);
    }

    [Fact]
    public async Task Patch_DepthOf1000_Is400() =>
        Assert.Equal("body.invalid", await (await _client.PatchAsync(Settings, $"{{\"a\":{new string('[', 1000)}{new string(']', 1000)}}}".AsJson())).CodeAsync());

    [Fact]
    public async Task Patch_OneByteOver1MiB_Is413()
    {
        var response = await _client.PatchAsync(Settings, ("{}" + new string(' ', JsonBody.MaxBytes - 1)).AsJson());
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _client.PatchAsync(Settings, ("{}" + new string(' ', JsonBody.MaxBytes - 2)).AsJson())).StatusCode);
    }

    // Row A08: what a plain form of another site can send.
    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    public async Task Patch_NotJsonType_Is415(string mediaType)
    {
        var response = await _client.PatchAsync(Settings, new StringContent("{}", Encoding.UTF8, mediaType));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal("body.media_type", await response.CodeAsync());
    }

    [Fact]
    public async Task Patch_EngineRefuses_Is400()
    {
        _host.Engine.FailNext("settings.invalid", "The engine says no.");
        var response = await _client.PatchAsync(Settings, """{"maxUploadRate":1}""".AsJson());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("The engine says no.", (await response.JsonAsync()).GetProperty("detail").GetString());
    }
}
