using System.Net;
using System.Text.Json;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>The list, one torrent's views and its commands.</summary>
public sealed class TorrentRoutesTests : IClassFixture<ApiFixture>
{
    private readonly FakeHost _host;
    private readonly HttpClient _client;

    public TorrentRoutesTests(ApiFixture fixture)
    {
        (_host, _client) = (fixture.Host, fixture.Client);
        _host.Engine.Reset(torrents: 6);
    }

    private string First => $"/api/v1/torrents/{_host.Engine.Torrents[0].InfoHash}";

    public static TheoryData<string> Views => ["", "/peers", "/choking", "/pieces", "/trackers", "/discovery", "/files"];

    public static TheoryData<string> Commands => ["start", "stop", "recheck", "announce"];

    [Fact]
    public async Task GetTorrents_Always_HasExactlyTheSummaryFields()
    {
        var rows = await (await _client.GetAsync("/api/v1/torrents")).JsonAsync();
        Assert.Equal(6, rows.GetArrayLength());
        Assert.Equal(
            ["infoHash", "name", "state", "progress", "size", "downloaded", "uploaded", "downloadRate", "uploadRate", "connectedPeers", "seeds", "etaSeconds", "error"],
            rows[0].EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task GetTorrents_EveryState_IsOneOfTheSixWords()
    {
        var rows = await (await _client.GetAsync("/api/v1/torrents")).JsonAsync();
        Assert.Equal(["downloading", "seeding", "stopped", "checking", "queued", "error"], rows.EnumerateArray().Select(row => row.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task GetTorrent_Present_BeginsWithTheSummary()
    {
        var view = await (await _client.GetAsync(First)).JsonAsync();
        var row = (await (await _client.GetAsync("/api/v1/torrents")).JsonAsync())[0];
        Assert.All(row.EnumerateObject(), member => Assert.Equal(member.Value.GetRawText(), view.GetProperty(member.Name).GetRawText()));
        Assert.Equal(262_144, view.GetProperty("pieceLength").GetInt32());
        Assert.Equal(JsonValueKind.Null, view.GetProperty("completedAt").ValueKind);
    }

    [Theory]
    [MemberData(nameof(Views))]
    public async Task View_Present_IsJson(string view)
    {
        var response = await _client.GetAsync(First + view);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [MemberData(nameof(Views))]
    public async Task View_UnknownTorrent_Is404(string view)
    {
        var response = await _client.GetAsync($"/api/v1/torrents/{new string('0', 40)}{view}");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("torrent.not_found", await response.CodeAsync());
    }

    // Row A39.
    [Theory]
    [InlineData("0123456789012345678901234567890123456789a")]
    [InlineData("012345678901234567890123456789012345678")]
    [InlineData("$")]
    [InlineData("true%20or%201=1")]
    [InlineData("..%2fx")]
    [InlineData("gggggggggggggggggggggggggggggggggggggggg")]
    public async Task View_NotAnInfoHash_Is400(string infoHash)
    {
        var response = await _client.GetAsync($"/api/v1/torrents/{infoHash}");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("infohash.invalid", await response.CodeAsync());
    }

    [Fact]
    public async Task GetTorrent_UpperCaseInfoHash_IsFound() =>
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync($"/api/v1/torrents/{_host.Engine.Torrents[0].InfoHash.ToString().ToUpperInvariant()}")).StatusCode);

    [Fact]
    public async Task GetPeers_Downloading_NamesEndpointAndFlags()
    {
        var peer = (await (await _client.GetAsync(First + "/peers")).JsonAsync())[0];
        Assert.Equal("198.51.100.1:6881", peer.GetProperty("endpoint").GetString());
        Assert.False(peer.GetProperty("amChoking").GetBoolean());
        Assert.Equal("qBittorrent 5.1.2", peer.GetProperty("client").GetString());
    }

    [Fact]
    public async Task GetChoking_Downloading_TermsAddUp()
    {
        var choking = await (await _client.GetAsync(First + "/choking")).JsonAsync();
        var rates = choking.GetProperty("rates");
        Assert.Equal(rates.GetProperty("downloadRate").GetInt64(), rates.GetProperty("downloadTerms").EnumerateArray().Sum(term => term.GetProperty("rate").GetInt64()));
        Assert.Equal("00:00:30", choking.GetProperty("interval").GetString());
        Assert.Equal("regular", choking.GetProperty("decisions")[0].GetProperty("slot").GetString());
        Assert.Equal("topRate", choking.GetProperty("decisions")[0].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task GetPieces_Downloading_BitfieldIsBase64OfWireBits()
    {
        var pieces = await (await _client.GetAsync(First + "/pieces")).JsonAsync();
        var bits = pieces.GetProperty("bitfield").GetBytesFromBase64();
        Assert.Equal(_host.Engine.Torrents[0].Details!.Pieces.Have, bits);
        Assert.Equal(pieces.GetProperty("havePieces").GetInt32(), bits.Sum(value => System.Numerics.BitOperations.PopCount(value)));
        Assert.Equal(pieces.GetProperty("pieceCount").GetInt32(), pieces.GetProperty("availability").GetBytesFromBase64().Length);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_Present_IsObeyed(string command)
    {
        var response = await _client.PostAsync($"{First}/{command}", null);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal([$"{command} {_host.Engine.Torrents[0].InfoHash}"], _host.Engine.Commands);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_ByGet_IsRefusedAndDoesNothing(string command)
    {
        var response = await _client.GetAsync($"{First}/{command}");
        // A build's asset table has a catch-all GET route, so here it is 404; published, it is 405.
        Assert.Contains(response.StatusCode, new[] { HttpStatusCode.MethodNotAllowed, HttpStatusCode.NotFound });
        Assert.Contains(await response.CodeAsync(), new[] { "method.not_allowed", "route.not_found" });
        Assert.Empty(_host.Engine.Commands);
    }

    [Theory]
    [InlineData("torrent.busy", HttpStatusCode.Conflict)]
    [InlineData("disk.full", HttpStatusCode.InsufficientStorage)]
    [InlineData("disk.read_only", HttpStatusCode.ServiceUnavailable)]
    [InlineData("state.unsaved", HttpStatusCode.ServiceUnavailable)]
    [InlineData("path.too_long", HttpStatusCode.BadRequest)]
    [InlineData("something.else", HttpStatusCode.InternalServerError)]
    public async Task Command_EngineRefuses_AnswersItsCodeAndSentence(string code, HttpStatusCode status)
    {
        _host.Engine.FailNext(code, "This is why.");
        var response = await _client.PostAsync(First + "/start", null);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.JsonAsync();
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal("This is why.", problem.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("127.0.0.1:6881")]
    [InlineData("[::1]:6881")]
    public async Task AddPeer_Endpoint_IsObeyed(string endpoint)
    {
        var response = await _client.PostAsync(First + "/peers", $$"""{"endpoint":"{{endpoint}}"}""".AsJson());
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal([$"peer {endpoint} {_host.Engine.Torrents[0].InfoHash}"], _host.Engine.Commands);
    }

    [Theory]
    [InlineData("""{"endpoint":"example.org:6881"}""", "peer.invalid")]
    [InlineData("""{"endpoint":"127.0.0.1"}""", "peer.invalid")]
    [InlineData("""{"endpoint":"127.0.0.1:0"}""", "peer.invalid")]
    [InlineData("""{"endpoint":"127.0.0.1:70000"}""", "peer.invalid")]
    [InlineData("""{"endpoint":"224.0.0.1:6881"}""", "peer.invalid")]
    [InlineData("""{"endpoint":6881}""", "peer.invalid")]
    [InlineData("""{}""", "peer.invalid")]
    [InlineData("""[]""", "body.invalid")]
    [InlineData("""{"endpoint":""", "body.invalid")]
    [InlineData("", "body.invalid")]
    public async Task AddPeer_BadBody_Is400(string body, string code)
    {
        var response = await _client.PostAsync(First + "/peers", body.AsJson());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(code, await response.CodeAsync());
        Assert.Empty(_host.Engine.Commands);
    }

    [Theory]
    [InlineData("", "false")]
    [InlineData("?deleteData=false", "false")]
    [InlineData("?deleteData=true", "true")]
    public async Task Delete_Present_KeepsDataUnlessAsked(string query, string deleteData)
    {
        var infoHash = _host.Engine.Torrents[0].InfoHash;
        Assert.Equal(HttpStatusCode.NoContent, (await _client.DeleteAsync(First + query)).StatusCode);
        Assert.Equal([$"remove {infoHash} deleteData={deleteData}"], _host.Engine.Commands);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.DeleteAsync($"/api/v1/torrents/{infoHash}")).StatusCode);
    }

    [Fact]
    public async Task Delete_UnclearFlag_Is400AndKeepsAll()
    {
        var response = await _client.DeleteAsync(First + "?deleteData=perhaps");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(6, _host.Engine.Torrents.Count);
    }

    [Fact]
    public async Task GetSession_Always_CountsStatesAndShowsSettings()
    {
        _host.Engine.Publish(session => session with { ListenError = "Port 6881 is in use.", FreeBytes = -1 });
        var session = await (await _client.GetAsync("/api/v1/session")).JsonAsync();
        Assert.Equal(6, session.GetProperty("torrents").GetInt32());
        Assert.Equal(1, session.GetProperty("states").GetProperty("seeding").GetInt32());
        Assert.Equal("Port 6881 is in use.", session.GetProperty("listenError").GetString());
        Assert.Equal(JsonValueKind.Null, session.GetProperty("freeBytes").ValueKind);
        Assert.Equal(3, session.GetProperty("settings").GetProperty("regularSlots").GetInt32());
    }

    [Fact]
    public async Task GetEvents_Some_NamesKindAndTorrent()
    {
        _host.Engine.Events = [new EngineEvent(_host.Engine.Now, EngineEventKind.Finished, _host.Engine.Torrents[0].InfoHash, "Done.")];
        var entry = (await (await _client.GetAsync("/api/v1/events")).JsonAsync())[0];
        Assert.Equal("finished", entry.GetProperty("kind").GetString());
        Assert.Equal(_host.Engine.Torrents[0].InfoHash.ToString(), entry.GetProperty("torrent").GetString());
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/api/v1/health")]
    public async Task Health_EngineRuns_SaysWhatIsWrong(string path)
    {
        Assert.Equal("ok", (await (await _client.GetAsync(path)).JsonAsync()).GetProperty("status").GetString());
        _host.Engine.Publish(session => session with { StateError = "The disk is read-only." });
        var health = await (await _client.GetAsync(path)).JsonAsync();
        Assert.Equal("degraded", health.GetProperty("status").GetString());
        Assert.Equal("The disk is read-only.", health.GetProperty("problems")[0].GetString());
    }
}
