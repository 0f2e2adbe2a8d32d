using System.Net;
using System.Net.Http.Headers;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>Files in ranges, folder, trackers, labels, limits, queue and peers of one torrent by the API.</summary>
public sealed class StorageRoutesTests : IClassFixture<ApiFixture>
{
    private readonly FakeHost _host;
    private readonly HttpClient _client;

    public StorageRoutesTests(ApiFixture fixture)
    {
        (_host, _client) = (fixture.Host, fixture.Client);
        _host.Engine.Reset(torrents: 2);
    }

    private string InfoHash => _host.Engine.Torrents[0].InfoHash.ToString();

    private string First => $"/api/v1/torrents/{InfoHash}";

    [Fact]
    public async Task File_Whole_IsSavedUnderItsNameAndRunsNothing()
    {
        var response = await _client.GetAsync($"{First}/files/0");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(("attachment", "film.mkv"), (response.Content.Headers.ContentDisposition!.DispositionType, response.Content.Headers.ContentDisposition.FileNameStar));
        Assert.Equal("bytes", Assert.Single(response.Headers.AcceptRanges));
        Assert.Contains("sandbox", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal(1 << 20, (await response.Content.ReadAsByteArrayAsync()).Length);
    }

    [Theory]
    [InlineData("bytes=10-19", 206, 10, "bytes 10-19/1048576")]
    [InlineData("bytes=1048570-", 206, 6, "bytes 1048570-1048575/1048576")]
    [InlineData("bytes=-5", 206, 5, "bytes 1048571-1048575/1048576")]
    [InlineData("bytes=2000000-", 416, 0, "bytes */1048576")]
    public async Task File_Range_IsAnsweredAsAsked(string range, int status, int length, string contentRange)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{First}/files/1");
        request.Headers.TryAddWithoutValidation("Range", range);

        var response = await _client.SendAsync(request);

        Assert.Equal((status, contentRange), ((int)response.StatusCode, response.Content.Headers.ContentRange!.ToString()));
        Assert.Equal(Enumerable.Repeat((byte)1, length), await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task File_IfRange_SameTagGivesTheRangeAndAnotherTheWhole()
    {
        var tag = (await _client.GetAsync($"{First}/files/0")).Headers.ETag!;
        Assert.False(tag.IsWeak);
        foreach (var (one, status) in new[] { (tag, 206), (new EntityTagHeaderValue("\"another\""), 200) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{First}/files/0") { Headers = { Range = new RangeHeaderValue(0, 9), IfRange = new RangeConditionHeaderValue(one) } };
            Assert.Equal(status, (int)(await _client.SendAsync(request)).StatusCode);
        }
    }

    [Theory]
    [InlineData(0, "video/x-matroska", "inline")]
    [InlineData(1, "image/jpeg", "inline")]
    [InlineData(2, "text/plain", "inline")]
    public async Task File_Inline_HarmlessKindsAreShown(int index, string type, string disposition)
    {
        var headers = (await _client.GetAsync($"{First}/files/{index}?inline=1")).Content.Headers;
        Assert.Equal((type, disposition), (headers.ContentType!.MediaType, headers.ContentDisposition!.DispositionType));
    }

    [Theory]
    [InlineData("page.html")]
    [InlineData("picture.svg")]
    [InlineData("script.js")]
    [InlineData("without")]
    public async Task File_InlineOfWhatMayRunScript_IsSavedAllTheSame(string name)
    {
        var torrent = _host.Engine.Torrents[0];
        torrent.Details = torrent.Details! with { Files = [new FileSnapshot(0, $"folder/{name}", 1_000, 0, FilePriority.Normal)] };

        var headers = (await _client.GetAsync($"{First}/files/0?inline=1")).Content.Headers;

        Assert.Equal(("application/octet-stream", "attachment"), (headers.ContentType!.MediaType, headers.ContentDisposition!.DispositionType));
    }

    [Theory]
    [InlineData("3")]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("99999999999999")]
    public async Task File_UnknownIndex_Is404(string index)
    {
        var response = await _client.GetAsync($"{First}/files/{index}");
        Assert.Equal((HttpStatusCode.NotFound, "file.unknown"), (response.StatusCode, (await response.JsonAsync()).GetProperty("code").GetString()));
    }

    [Fact]
    public async Task File_Head_TellsTheLengthOnly()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, $"{First}/files/0");
        var response = await _client.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, 1L << 20), (response.StatusCode, response.Content.Headers.ContentLength));
    }

    [Theory]
    [InlineData("""{"label":null}""", "label ")]
    [InlineData("""{"forced":true}""", "forced True")]
    [InlineData("""{"name":"Other"}""", "name Other")]
    [InlineData("""{"maxUploadRate":5,"maxDownloadRate":7}""", "rates 7 5")]
    [InlineData("""{"maxDownloadRate":9}""", "rates 9 0")]
    [InlineData("""{"shareLimits":{"maxRatio":1.5,"action":"remove"}}""", "share limits 1.5")]
    [InlineData("""{"shareLimits":null}""", "share limits ")]
    public async Task Change_OwnSettings_AreObeyed(string body, string command)
    {
        Assert.Equal(HttpStatusCode.NoContent, (await _client.PatchAsync(First, body.AsJson())).StatusCode);
        Assert.Equal($"{command} {InfoHash}", Assert.Single(_host.Engine.Commands));
    }

    [Theory]
    [InlineData("""{"forced":1}""")]
    [InlineData("""{"maxDownloadRate":"fast"}""")]
    [InlineData("""{"shareLimits":{"action":"burn"}}""")]
    [InlineData("""{"shareLimits":{"maxSeedingTime":60}}""")]
    [InlineData("""{"sequential":true,"shareLimits":{"maxRatio":-1}}""")]
    [InlineData("""{"sequential":true,"maxUploadRate":-1}""")]
    [InlineData("""{"shareLimits":[]}""")]
    public async Task Change_BadSettings_Are400AndChangeNothing(string body)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await _client.PatchAsync(First, body.AsJson())).StatusCode);
        Assert.Empty(_host.Engine.Commands);
    }

    [Fact]
    public async Task Change_UnknownLabel_Is400()
    {
        var response = await _client.PatchAsync(First, """{"sequential":true,"label":"nothing"}""".AsJson());
        Assert.Equal("label.unknown", (await response.JsonAsync()).GetProperty("code").GetString());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Empty(_host.Engine.Commands);
    }

    [Fact]
    public async Task Queue_Moves_AreObeyedAndOthersRefused()
    {
        Assert.Equal(HttpStatusCode.NoContent, (await _client.PostAsync($"{First}/queue", """{"move":"top"}""".AsJson())).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await _client.PostAsync($"{First}/queue", """{"move":"sideways"}""".AsJson())).StatusCode);
        Assert.Equal($"queue Top {InfoHash}", Assert.Single(_host.Engine.Commands));
    }

    [Fact]
    public async Task Trackers_AreReplacedAndAdded()
    {
        Assert.Equal(HttpStatusCode.NoContent, (await _client.PutAsync($"{First}/trackers", """{"tiers":[["http://a/announce"],["udp://b:1"]]}""".AsJson())).StatusCode);
        var added = await _client.PostAsync($"{First}/trackers", """{"urls":["http://a/announce","http://c/announce"]}""".AsJson());
        Assert.Equal(1, (await added.JsonAsync()).GetProperty("added").GetInt32());
        Assert.Equal(["http://a/announce", "udp://b:1", "http://c/announce"], _host.Engine.Torrents[0].Details!.Trackers.Select(tracker => tracker.Url));
        Assert.Equal(HttpStatusCode.BadRequest, (await _client.PutAsync($"{First}/trackers", """{"tiers":["http://a/announce"]}""".AsJson())).StatusCode);
    }

    [Fact]
    public async Task Move_OutsideTheRoots_IsRefusedAndInsideObeyed()
    {
        var inside = Path.Combine(_host.Engine.Options.SharedDirectory, "films");
        Assert.Equal(HttpStatusCode.NoContent, (await _client.PostAsync($"{First}/move", $$"""{"path":"{{inside}}"}""".AsJson())).StatusCode);
        var refused = await _client.PostAsync($"{First}/move", """{"path":"/etc"}""".AsJson());
        Assert.Equal("path.not_allowed", (await refused.JsonAsync()).GetProperty("code").GetString());
        Assert.Equal($"move {inside} {InfoHash}", Assert.Single(_host.Engine.Commands));
    }

    [Fact]
    public async Task Peers_AreDroppedAndBanned()
    {
        var endpoint = _host.Engine.Torrents[0].Details!.Peers[0].Endpoint;
        Assert.Equal(HttpStatusCode.NoContent, (await _client.DeleteAsync($"{First}/peers/{endpoint}?ban=true")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await _client.DeleteAsync($"{First}/peers/nobody")).StatusCode);
        Assert.Equal($"ban {endpoint} {InfoHash}", Assert.Single(_host.Engine.Commands));
    }

    [Fact]
    public async Task Settings_QueueLimitsAndLabels_AreSetAndShown()
    {
        var response = await _client.PatchAsync("/api/v1/settings", """
            {"maxActiveDownloads":3,"useAlternativeRates":true,"shareLimits":{"maxRatio":2,"maxIdleTime":"1.00:00:00","action":"stop"},"labels":[{"name":"iso","shareLimits":{"maxRatio":1}}]}
            """.AsJson());
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var settings = await (await _client.GetAsync("/api/v1/settings")).JsonAsync();
        Assert.Equal(3, settings.GetProperty("maxActiveDownloads").GetInt32());
        Assert.Equal("1.00:00:00", settings.GetProperty("shareLimits").GetProperty("maxIdleTime").GetString());
        Assert.Equal("iso", settings.GetProperty("labels")[0].GetProperty("name").GetString());
        foreach (var bad in new[] { """{"labels":[{"name":1}]}""", """{"labels":{}}""", """{"labels":[{"name":"a","savePath":"/etc"}]}""", """{"maxActiveSeeds":-1}""" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await _client.PatchAsync("/api/v1/settings", bad.AsJson())).StatusCode);
        }
    }
}
