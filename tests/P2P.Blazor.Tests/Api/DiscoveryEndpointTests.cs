using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>Magnet links, making of torrents, and what discovery tells, over the API.</summary>
public sealed class DiscoveryEndpointTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Hash = "aabbccddeeff00112233445566778899aabbccdd";
    private static readonly CancellationToken None = CancellationToken.None;

    private FakeEngine Engine => fixture.Host.Engine;

    private HttpClient Client()
    {
        Engine.Reset();
        return fixture.Client;
    }

    [Fact]
    public async Task Post_Magnet_IsAddedInStateMetadata()
    {
        var client = Client();
        using var form = new MultipartFormDataContent { { new StringContent($"magnet:?xt=urn:btih:{Hash}"), "magnet" }, { new StringContent("true"), "chooseFiles" } };

        using var reply = await client.PostAsync("/api/v1/torrents", form, None);

        Assert.Equal(HttpStatusCode.Created, reply.StatusCode);
        Assert.Equal($"/api/v1/torrents/{Hash}", reply.Headers.Location!.OriginalString);
        Assert.Equal("metadata", (await reply.Content.ReadFromJsonAsync<JsonElement>(None)).GetProperty("state").GetString());
        Assert.True(Engine.LastAdd!.ChooseFiles);
    }

    [Fact]
    public async Task Post_BadMagnetOrMagnetWithFile_IsOneSentence()
    {
        var client = Client();
        using var bad = new MultipartFormDataContent { { new StringContent("magnet:?dn=x"), "magnet" } };
        using var both = new MultipartFormDataContent
        {
            { new StringContent($"magnet:?xt=urn:btih:{Hash}"), "magnet" }, { new ByteArrayContent(FakeEngine.TorrentFile()), "torrent", "a.torrent" },
        };

        Assert.Equal("magnet.no_hash", await CodeAsync(await client.PostAsync("/api/v1/torrents", bad, None), HttpStatusCode.BadRequest));
        Assert.Equal("upload.invalid", await CodeAsync(await client.PostAsync("/api/v1/torrents", both, None), HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Create_UnderTheSharedFolder_Answers202AndItsProgressThen201()
    {
        var client = Client();
        var path = Path.Combine(Engine.Options.SharedDirectory, "film");
        using var reply = await client.PostAsJsonAsync(
            "/api/v1/torrents/create", new { path, pieceLength = 65_536, trackers = new[] { "http://a.example/announce", "udp://b.example:6969" }, @private = true, start = false }, None);

        Assert.Equal(HttpStatusCode.Accepted, reply.StatusCode);
        var asked = Engine.LastCreation!;
        Assert.Equal((path, 65_536, true, false), (asked.Path, asked.PieceLength, asked.IsPrivate, asked.Start));
        Assert.Equal([["http://a.example/announce"], ["udp://b.example:6969"]], asked.Trackers.Select(tier => tier.ToArray()));
        var progress = await client.GetFromJsonAsync<JsonElement>(reply.Headers.Location, None);
        Assert.Equal(("hashing", 1_000_000), (progress.GetProperty("state").GetString(), progress.GetProperty("hashedBytes").GetInt64()));

        Engine.Creations = [Engine.Creations[0] with { State = TorrentCreationState.Done, InfoHash = Engine.Torrents[0].InfoHash }];
        using var made = await client.GetAsync(reply.Headers.Location, None);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal($"/api/v1/torrents/{Engine.Torrents[0].InfoHash}", made.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("""{"path":"/etc/passwd"}""", "path.not_allowed")]
    [InlineData("""{}""", "body.invalid")]
    [InlineData("""{"path":7}""", "body.invalid")]
    [InlineData("""{"path":"SHARED/a","trackers":"x"}""", "body.invalid")]
    [InlineData("""{"path":"SHARED/a","nonsense":1}""", "body.invalid")]
    public async Task Create_BadBody_IsOneSentence(string body, string code)
    {
        var client = Client();
        using var content = new StringContent(body.Replace("SHARED", Engine.Options.SharedDirectory, StringComparison.Ordinal), System.Text.Encoding.UTF8, "application/json");
        Assert.Equal(code, await CodeAsync(await client.PostAsync("/api/v1/torrents/create", content, None), HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Delete_Creation_IsCancelledAndUnknownIs404()
    {
        var client = Client();
        Engine.StartCreation(new CreateTorrentRequest { Path = "/srv/p2p/shared/a" });

        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync("/api/v1/creations/creation0", None)).StatusCode);
        Assert.Equal(TorrentCreationState.Cancelled, Engine.Creations[0].State);
        Assert.Equal("creation.not_found", await CodeAsync(await client.DeleteAsync("/api/v1/creations/nobody", None), HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task Get_MetainfoDiscoveryDhtAndTracker_AreThere()
    {
        var client = Client();
        var torrent = Engine.Torrents[0];

        using var file = await client.GetAsync($"/api/v1/torrents/{torrent.InfoHash}/metainfo", None);
        Assert.Equal(("application/x-bittorrent", (byte)'d'), (file.Content.Headers.ContentType!.MediaType, (await file.Content.ReadAsByteArrayAsync(None))[0]));
        Assert.EndsWith(".torrent", file.Content.Headers.ContentDisposition!.FileNameStar ?? file.Content.Headers.ContentDisposition.FileName, StringComparison.Ordinal);
        var sources = await client.GetFromJsonAsync<JsonElement>($"/api/v1/torrents/{torrent.InfoHash}/discovery", None);
        Assert.Equal(["tracker", "dht", "localNetwork", "exchange", "manual", "incoming"], sources.EnumerateArray().Select(source => source.GetProperty("source").GetString()));
        Assert.Equal(12, (await client.GetFromJsonAsync<JsonElement>("/api/v1/dht", None)).GetProperty("tables")[0].GetProperty("nodes").GetArrayLength());
        Assert.False((await client.GetFromJsonAsync<JsonElement>("/api/v1/tracker", None)).GetProperty("isRunning").GetBoolean());
    }

    [Fact]
    public async Task Patch_DiscoverySettings_AreThePatch()
    {
        var client = Client();
        using var reply = await client.PatchAsJsonAsync(
            "/api/v1/settings", new { dht = false, dhtBootstrap = new[] { "a.example:1" }, localDiscovery = false, peerExchange = true, tracker = new { enabled = true, httpPort = 0, udpPort = 7000, servesAny = true } }, None);

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        var patch = Engine.LastPatch!;
        Assert.Equal((false, false, true, true, 0, 7000, true), (patch.Dht, patch.LocalDiscovery, patch.PeerExchange, patch.TrackerEnabled, patch.TrackerHttpPort, patch.TrackerUdpPort, patch.TrackerServesAny));
        Assert.Equal(["a.example:1"], patch.DhtBootstrap!.Value);
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage reply, HttpStatusCode status)
    {
        using (reply)
        {
            Assert.Equal(status, reply.StatusCode);
            return (await reply.Content.ReadFromJsonAsync<JsonElement>(None)).GetProperty("code").GetString();
        }
    }
}
