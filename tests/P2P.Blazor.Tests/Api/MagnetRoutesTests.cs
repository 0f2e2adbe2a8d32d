using System.Net;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>Magnet links, the .torrent given out, and where peers come from.</summary>
public sealed class MagnetRoutesTests : IClassFixture<ApiFixture>
{
    private const string Torrents = "/api/v1/torrents";
    private const string Hash = "0123456789abcdef0123456789abcdef01234567";
    private const string Magnet = $"magnet:?xt=urn:btih:{Hash}&dn=a+film&tr=http%3A%2F%2F127.0.0.1%3A6969%2Fannounce";

    private readonly FakeHost _host;
    private readonly HttpClient _client;

    public MagnetRoutesTests(ApiFixture fixture)
    {
        (_host, _client) = (fixture.Host, fixture.Client);
        _host.Engine.Reset(torrents: 3);
    }

    [Theory]
    [InlineData(Magnet, "a film")]
    [InlineData(Hash, Hash)]
    public async Task Add_Magnet_Is201InStateMetadata(string magnet, string name)
    {
        var response = await _client.PostAsync(Torrents, ApiTestExtensions.Form(null, ("magnet", magnet), ("chooseFiles", "true")));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal($"{Torrents}/{Hash}", response.Headers.Location?.OriginalString);
        var body = await response.JsonAsync();
        Assert.Equal(("metadata", name), (body.GetProperty("state").GetString(), body.GetProperty("name").GetString()));
        Assert.Equal((magnet, true, true), (_host.Engine.LastAdd!.Magnet, _host.Engine.LastAdd.ChooseFiles, _host.Engine.LastAdd.Start));
        Assert.True(_host.Engine.LastAdd.TorrentFile.IsEmpty);
    }

    [Fact]
    public async Task Add_MagnetTwice_Is409()
    {
        await _client.PostAsync(Torrents, ApiTestExtensions.Form(null, ("magnet", Magnet)));
        var response = await _client.PostAsync(Torrents, ApiTestExtensions.Form(null, ("magnet", Magnet)));
        Assert.Equal((HttpStatusCode.Conflict, "torrent.duplicate"), (response.StatusCode, await response.CodeAsync()));
    }

    [Theory]
    [InlineData("magnet:?dn=nothing")]
    [InlineData("magnet:?xt=urn:btih:short")]
    [InlineData("http://example.com/")]
    public async Task Add_NoMagnet_Is400(string magnet)
    {
        var response = await _client.PostAsync(Torrents, ApiTestExtensions.Form(null, ("magnet", magnet)));
        Assert.Equal((HttpStatusCode.BadRequest, "magnet.invalid"), (response.StatusCode, await response.CodeAsync()));
        Assert.Null(_host.Engine.LastAdd);
    }

    [Theory]
    [InlineData(true, "magnet", Magnet)]
    [InlineData(true, "chooseFiles", "true")]
    [InlineData(false, "uploadId", "0123")]
    [InlineData(false, "priorities", "skip")]
    [InlineData(false, "chooseFiles", "perhaps")]
    public async Task Add_FieldsThatExclude_Is400(bool withFile, string name, string value)
    {
        var form = withFile ? ApiTestExtensions.Form(FakeEngine.TorrentFile(), (name, value)) : ApiTestExtensions.Form(null, ("magnet", Magnet), (name, value));
        var response = await _client.PostAsync(Torrents, form);
        Assert.Equal((HttpStatusCode.BadRequest, "upload.invalid"), (response.StatusCode, await response.CodeAsync()));
        Assert.Empty(_host.Engine.Commands);
    }

    [Fact]
    public async Task Metainfo_OfATorrent_IsAFileWithASafeName()
    {
        var torrent = _host.Engine.Torrents[0];
        torrent.Snapshot = torrent.Snapshot with { Name = "../../etc/a\"b\u202E: naïve?" };
        var response = await _client.GetAsync($"{Torrents}/{torrent.InfoHash}/metainfo");
        Assert.Equal("application/x-bittorrent", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("a_b__ naïve_.torrent", response.Content.Headers.ContentDisposition?.FileNameStar);
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Equal(FakeEngine.TorrentFile(torrent.Snapshot.Name), await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Metainfo_OfAMagnetWithoutMetadata_Is404()
    {
        await _client.PostAsync(Torrents, ApiTestExtensions.Form(null, ("magnet", Magnet)));
        var response = await _client.GetAsync($"{Torrents}/{Hash}/metainfo");
        Assert.Equal((HttpStatusCode.NotFound, "metainfo.missing"), (response.StatusCode, await response.CodeAsync()));
    }

    [Fact]
    public async Task Discovery_OfAPrivateTorrent_SaysWhatIsForbidden()
    {
        var torrent = _host.Engine.Torrents[0];
        torrent.Details = torrent.Details! with { Discovery = FakeDiscovery.Sources(_host.Engine.Now, isPrivate: true) };
        var rows = await (await _client.GetAsync($"{Torrents}/{torrent.InfoHash}/discovery")).JsonAsync();
        Assert.Equal(["tracker", "dht", "localNetwork", "exchange", "manual", "incoming"], rows.EnumerateArray().Select(row => row.GetProperty("source").GetString()));
        Assert.Equal(
            ["dht", "localNetwork", "exchange"],
            rows.EnumerateArray().Where(row => row.GetProperty("state").GetString() == "forbidden").Select(row => row.GetProperty("source").GetString()));
    }

    [Fact]
    public async Task Dht_Running_TellsItsTablesAndAddress()
    {
        var dht = await (await _client.GetAsync("/api/v1/dht")).JsonAsync();
        Assert.True(dht.GetProperty("isRunning").GetBoolean());
        Assert.Equal("203.0.113.7", dht.GetProperty("externalAddress").GetString());
        Assert.Equal(50, dht.GetProperty("tables")[0].GetProperty("nodes").GetArrayLength());
        Assert.Equal(3, dht.GetProperty("lookups").GetArrayLength());
    }

    [Fact]
    public async Task Tracker_SwitchedOnBySettings_TellsItsUrls()
    {
        Assert.False((await (await _client.GetAsync("/api/v1/tracker")).JsonAsync()).GetProperty("isRunning").GetBoolean());
        await _client.PatchAsync("/api/v1/settings", """{"tracker":{"enabled":true,"httpPort":7001}}""".AsJson());
        var tracker = await (await _client.GetAsync("/api/v1/tracker")).JsonAsync();
        Assert.Equal("http://192.168.1.20:7001/announce", tracker.GetProperty("announceUrls")[0].GetString());
        await _host.Engine.UpdateSettingsAsync(new EngineSettingsPatch { TrackerEnabled = false, TrackerHttpPort = 6969 });
    }

    [Fact]
    public async Task Session_OffAndOn_TellsNodesAndTrackerPeersOrNull()
    {
        _host.Engine.Publish(session => session with { DhtNodes = -1, TrackerPeers = 5 });
        var session = await (await _client.GetAsync("/api/v1/session")).JsonAsync();
        Assert.Equal(System.Text.Json.JsonValueKind.Null, session.GetProperty("dhtNodes").ValueKind);
        Assert.Equal(5, session.GetProperty("trackerPeers").GetInt32());
    }
}
