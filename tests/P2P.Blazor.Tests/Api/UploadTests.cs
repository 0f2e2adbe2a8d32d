using System.Net;
using System.Text;
using P2P.Blazor.Api;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>Adding torrents by file and by a kept upload; what a form may not be.</summary>
public sealed class UploadTests : IClassFixture<ApiFixture>
{
    private const string Torrents = "/api/v1/torrents";
    private const string Inspect = "/api/v1/torrents/inspect";

    private readonly FakeHost _host;
    private readonly HttpClient _client;

    public UploadTests(ApiFixture fixture)
    {
        (_host, _client) = (fixture.Host, fixture.Client);
        _host.Engine.Reset(torrents: 3);
    }

    [Fact]
    public async Task Add_File_Is201WithLocation()
    {
        var file = FakeEngine.TorrentFile("film");
        var response = await _client.PostAsync(Torrents, ApiTestExtensions.Form(file));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal($"{Torrents}/{FakeEngine.HashOf(file)}", response.Headers.Location?.OriginalString);
        Assert.Equal("film", (await response.JsonAsync()).GetProperty("name").GetString());
        Assert.True(_host.Engine.LastAdd!.Start);
        Assert.False(_host.Engine.LastAdd.Sequential);
        Assert.Null(_host.Engine.LastAdd.SavePath);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync(response.Headers.Location)).StatusCode);
    }

    [Fact]
    public async Task Add_AllFields_ReachTheEngine()
    {
        var savePath = Path.Combine(_host.Engine.Options.SharedDirectory, "films");
        var response = await _client.PostAsync(Torrents, ApiTestExtensions.Form(
            FakeEngine.TorrentFile(), ("savePath", savePath), ("start", "false"), ("sequential", "true"), ("priorities", """["high","skip","low"]""")));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var request = _host.Engine.LastAdd!;
        Assert.Equal(savePath, request.SavePath);
        Assert.False(request.Start);
        Assert.True(request.Sequential);
        Assert.Equal([FilePriority.High, FilePriority.Skip, FilePriority.Low], request.FilePriorities);
    }

    [Fact]
    public async Task Add_Twice_Is409()
    {
        await _client.PostAsync(Torrents, ApiTestExtensions.Form(FakeEngine.TorrentFile()));
        var response = await _client.PostAsync(Torrents, ApiTestExtensions.Form(FakeEngine.TorrentFile()));
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Equal("torrent.duplicate", await response.CodeAsync());
    }

    [Theory]
    [InlineData(Torrents)]
    [InlineData(Inspect)]
    public async Task Upload_NotATorrent_Is400WithSentenceAndOffset(string route)
    {
        var response = await _client.PostAsync(route, ApiTestExtensions.Form("<html>"u8.ToArray()));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.JsonAsync();
        Assert.Equal("bencode.syntax", problem.GetProperty("code").GetString());
        Assert.Equal(0, problem.GetProperty("offset").GetInt64());
        Assert.EndsWith(".", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Torrents)]
    [InlineData(Inspect)]
    public async Task Upload_NoFile_Is400(string route)
    {
        foreach (var form in new[] { ApiTestExtensions.Form(null, ("start", "true")), ApiTestExtensions.Form([]) })
        {
            var response = await _client.PostAsync(route, form);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.Equal("upload.missing", await response.CodeAsync());
        }
    }

    // Row A30.
    [Theory]
    [InlineData(Torrents)]
    [InlineData(Inspect)]
    public async Task Upload_OneByteOver64MiB_Is413(string route)
    {
        var response = await _client.PostAsync(route, ApiTestExtensions.Form(new byte[TorrentUpload.MaxFileBytes + 1]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("upload.too_large", await response.CodeAsync());
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("application/x-bittorrent")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Upload_NotMultipart_Is415(string mediaType)
    {
        var response = await _client.PostAsync(Torrents, new StringContent("d4:infoe", Encoding.UTF8, mediaType));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal("body.media_type", await response.CodeAsync());
    }

    [Theory]
    [InlineData("multipart/form-data", "x")]
    [InlineData("multipart/form-data; boundary=b", "no boundary at all")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"torrent\"; filename=\"a\"\r\n\r\nd4:info")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\n\r\nno name\r\n--b--\r\n")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"other\"; filename=\"a\"\r\n\r\nd\r\n--b--\r\n")]
    public async Task Upload_BrokenForm_Is400(string contentType, string body)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        var response = await _client.PostAsync(Torrents, content);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("upload.invalid", await response.CodeAsync());
    }

    [Fact]
    public async Task Upload_TooManyPartsOrFiles_Is400()
    {
        var parts = ApiTestExtensions.Form(null, [.. Enumerable.Range(0, 10_000).Select(i => ($"f{i}", "x"))]);
        Assert.Equal("upload.invalid", await (await _client.PostAsync(Torrents, parts)).CodeAsync());
        var files = ApiTestExtensions.Form(FakeEngine.TorrentFile());
        files.Add(new ByteArrayContent(FakeEngine.TorrentFile("b")), "torrent", "b.torrent");
        Assert.Equal("upload.invalid", await (await _client.PostAsync(Torrents, files)).CodeAsync());
        Assert.Empty(_host.Engine.Commands);
    }

    [Theory]
    [InlineData("start", "perhaps")]
    [InlineData("sequential", "2")]
    [InlineData("priorities", "high,low")]
    [InlineData("priorities", "high,low,urgent")]
    public async Task Add_BadField_Is400AndAddsNothing(string field, string value)
    {
        var response = await _client.PostAsync(Torrents, ApiTestExtensions.Form(FakeEngine.TorrentFile(), (field, value)));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("upload.invalid", await response.CodeAsync());
        Assert.Empty(_host.Engine.Commands);
    }

    [Theory]
    [InlineData("relative")]
    [InlineData("/")]
    [InlineData("/etc")]
    [InlineData("/proc/self")]
    public async Task Add_SavePathNotAllowed_Is400(string savePath)
    {
        var response = await _client.PostAsync(Torrents, ApiTestExtensions.Form(FakeEngine.TorrentFile(), ("savePath", savePath)));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("path.not_allowed", await response.CodeAsync());
        Assert.Empty(_host.Engine.Commands);
    }

    [Fact]
    public async Task Inspect_ThenAddById_AddsTheSameFileOnce()
    {
        var file = FakeEngine.TorrentFile("film");
        var preview = await (await _client.PostAsync(Inspect, ApiTestExtensions.Form(file))).JsonAsync();
        Assert.Equal("film", preview.GetProperty("name").GetString());
        Assert.False(preview.GetProperty("isPresent").GetBoolean());
        Assert.Equal("film/film.mkv", preview.GetProperty("files")[0].GetProperty("path").GetString());
        Assert.Empty(_host.Engine.Commands);

        var uploadId = preview.GetProperty("uploadId").GetString()!;
        var response = await _client.PostAsync(Torrents, ApiTestExtensions.Form(null, ("uploadId", uploadId), ("priorities", "normal,skip,normal")));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(file, _host.Engine.LastAdd!.TorrentFile.ToArray());
        Assert.Equal(FilePriority.Skip, _host.Engine.LastAdd.FilePriorities[1]);

        var again = await _client.PostAsync(Torrents, ApiTestExtensions.Form(null, ("uploadId", uploadId)));
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal("upload.not_found", await again.CodeAsync());
    }

    [Fact]
    public async Task AddById_EngineRefuses_KeepsTheUpload()
    {
        var uploadId = (await (await _client.PostAsync(Inspect, ApiTestExtensions.Form(FakeEngine.TorrentFile()))).JsonAsync()).GetProperty("uploadId").GetString()!;
        _host.Engine.FailNext("disk.full", "The disk is full.");
        Assert.Equal(HttpStatusCode.InsufficientStorage, (await _client.PostAsync(Torrents, ApiTestExtensions.Form(null, ("uploadId", uploadId)))).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await _client.PostAsync(Torrents, ApiTestExtensions.Form(null, ("uploadId", uploadId)))).StatusCode);
    }

    [Fact]
    public async Task AddById_After15Minutes_Is404()
    {
        var uploadId = (await (await _client.PostAsync(Inspect, ApiTestExtensions.Form(FakeEngine.TorrentFile()))).JsonAsync()).GetProperty("uploadId").GetString()!;
        _host.Clock.Advance(UploadDrafts.Lifetime);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.PostAsync(Torrents, ApiTestExtensions.Form(null, ("uploadId", uploadId)))).StatusCode);
    }

    [Fact]
    public async Task Add_FileAndId_Is400()
    {
        var response = await _client.PostAsync(Torrents, ApiTestExtensions.Form(FakeEngine.TorrentFile(), ("uploadId", "x")));
        Assert.Equal("upload.invalid", await response.CodeAsync());
    }
}
