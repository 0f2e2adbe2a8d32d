using System.Net;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>PATCH of one torrent and of its files.</summary>
public sealed class ChangeTorrentTests : IClassFixture<ApiFixture>
{
    private readonly FakeHost _host;
    private readonly HttpClient _client;

    public ChangeTorrentTests(ApiFixture fixture)
    {
        (_host, _client) = (fixture.Host, fixture.Client);
        _host.Engine.Reset(torrents: 6);
    }

    private string InfoHash => _host.Engine.Torrents[0].InfoHash.ToString();

    private string First => $"/api/v1/torrents/{InfoHash}";

    [Theory]
    [InlineData("""{"sequential":true}""", "sequential True")]
    [InlineData("""{"sequential":false}""", "sequential False")]
    [InlineData("""{"strictTitForTat":true}""", "strict True")]
    [InlineData("""{"strictTitForTat":null}""", "strict session")]
    [InlineData("""{"strictTitForTat":false,"sequential":true}""", "strict False,sequential True")]
    [InlineData("""{}""", "")]
    public async Task Change_Switches_AreObeyed(string body, string commands)
    {
        var response = await _client.PatchAsync(First, body.AsJson());

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(commands.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(command => $"{command} {InfoHash}"), _host.Engine.Commands);
    }

    [Fact]
    public async Task Change_Switches_ShowInTheTorrent()
    {
        await _client.PatchAsync(First, """{"sequential":true,"strictTitForTat":true}""".AsJson());

        var view = await (await _client.GetAsync(First)).JsonAsync();
        Assert.True(view.GetProperty("sequential").GetBoolean());
        Assert.True(view.GetProperty("strictTitForTat").GetBoolean());
    }

    [Theory]
    [InlineData("""{"sequential":null}""")]
    [InlineData("""{"sequential":"true"}""")]
    [InlineData("""{"sequential":1}""")]
    [InlineData("""{"strictTitForTat":"session"}""")]
    [InlineData("""{"sequential":true,"colour":"red"}""")]
    [InlineData("""{"Sequential":true}""")]
    [InlineData("""{"sequential":true,"sequential":false}""")]
    [InlineData("""[]""")]
    [InlineData("")]
    public async Task Change_BadBody_Is400AndChangesNothing(string body)
    {
        var response = await _client.PatchAsync(First, body.AsJson());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("body.invalid", await response.CodeAsync());
        Assert.Empty(_host.Engine.Commands);
    }

    [Fact]
    public async Task Change_TwoMistakes_NamesBoth()
    {
        var problem = await (await _client.PatchAsync(First, """{"sequential":1,"strictTitForTat":2}""".AsJson())).JsonAsync();

        Assert.Equal(["sequential", "strictTitForTat"], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task Change_EngineRefuses_AnswersItsCode()
    {
        _host.Engine.FailNext("state.not_saved", "The disk is full.");

        var response = await _client.PatchAsync(First, """{"sequential":true}""".AsJson());

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("state.not_saved", await response.CodeAsync());
    }

    [Fact]
    public async Task ChangeFiles_Priorities_AreObeyedAndShown()
    {
        var before = await PrioritiesAsync();
        Assert.True(before.Length > 1);

        var response = await _client.PatchAsync(First + "/files", """{"priorities":{"0":"skip","1":"HIGH"}}""".AsJson());

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal([$"priorities 0=Skip,1=High {InfoHash}"], _host.Engine.Commands);
        var after = await PrioritiesAsync();
        Assert.Equal(["0 skip", "1 high", .. before[2..]], after);
    }

    [Theory]
    [InlineData("""{"priorities":{"9999":"skip"}}""", "file.not_found")]
    [InlineData("""{"priorities":{"-1":"skip"}}""", "body.invalid")]
    [InlineData("""{"priorities":{"00":"skip"}}""", "body.invalid")]
    [InlineData("""{"priorities":{" 0":"skip"}}""", "body.invalid")]
    [InlineData("""{"priorities":{"99999999999":"skip"}}""", "body.invalid")]
    [InlineData("""{"priorities":{"a.bin":"skip"}}""", "body.invalid")]
    [InlineData("""{"priorities":{"0":"urgent"}}""", "body.invalid")]
    [InlineData("""{"priorities":{"0":3}}""", "body.invalid")]
    [InlineData("""{"priorities":{"0":null}}""", "body.invalid")]
    [InlineData("""{"priorities":{"0":"skip","0":"high"}}""", "body.invalid")]
    [InlineData("""{"priorities":["skip"]}""", "body.invalid")]
    [InlineData("""{"priorities":{"0":"skip"},"start":true}""", "body.invalid")]
    [InlineData("""{}""", "body.invalid")]
    public async Task ChangeFiles_BadBody_Is400AndChangesNothing(string body, string code)
    {
        var before = await PrioritiesAsync();

        var response = await _client.PatchAsync(First + "/files", body.AsJson());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(code, await response.CodeAsync());
        Assert.Empty(_host.Engine.Commands);
        Assert.Equal(before, await PrioritiesAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/files")]
    public async Task Change_UnknownTorrent_Is404(string view)
    {
        var response = await _client.PatchAsync($"/api/v1/torrents/{new string('0', 40)}{view}", """{"priorities":{"0":"skip"}}""".AsJson());

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("torrent.not_found", await response.CodeAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/files")]
    public async Task Change_NotJson_Is415(string view)
    {
        using var form = new FormUrlEncodedContent([new("sequential", "true")]);
        var response = await _client.PatchAsync(First + view, form);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Empty(_host.Engine.Commands);
    }

    private async Task<string[]> PrioritiesAsync()
    {
        var files = await (await _client.GetAsync(First + "/files")).JsonAsync();
        return [.. files.EnumerateArray().Select(file => $"{file.GetProperty("index").GetInt32()} {file.GetProperty("priority").GetString()}")];
    }
}
