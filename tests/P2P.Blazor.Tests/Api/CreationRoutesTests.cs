using System.Net;
using System.Text.Json;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>Making torrents by API: what may be asked, the progress resource, the folders and the upload.</summary>
public sealed class CreationRoutesTests : IClassFixture<ApiFixture>
{
    private const string Create = "/api/v1/torrents/create";
    private const string Creations = "/api/v1/creations";

    private readonly FakeHost _host;
    private readonly HttpClient _client;

    public CreationRoutesTests(ApiFixture fixture)
    {
        (_host, _client) = (fixture.Host, fixture.Client);
        _host.Engine.Reset(torrents: 1);
        Directory.CreateDirectory(Shared);
    }

    private string Shared => _host.Engine.Options.SharedDirectory;

    private string Film => Path.Combine(Shared, "film");

    [Fact]
    public async Task Create_AllMembers_Is202AndReachesTheEngine()
    {
        var response = await _client.PostAsync(Create, $$"""
            {"path":"{{Film}}","pieceLength":65536,"trackers":["http://a.example/announce","udp://b.example:1"],"private":true,"comment":"c","source":"s",
             "webSeeds":["https://w.example/"],"start":false}
            """.AsJson());
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal($"{Creations}/c1", response.Headers.Location?.OriginalString);
        var progress = await response.JsonAsync();
        Assert.Equal(("hashing", 15L << 20), (progress.GetProperty("state").GetString(), progress.GetProperty("hashedBytes").GetInt64()));
        var request = _host.Engine.LastCreation!;
        Assert.Equal((Film, 65_536, true, "c", "s", false), (request.Path, request.PieceLength, request.IsPrivate, request.Comment, request.Source, request.Start));
        Assert.Equal([["http://a.example/announce"], ["udp://b.example:1"]], request.Trackers.Select(tier => tier.ToArray()));
        Assert.Equal(["https://w.example/"], request.WebSeeds);
    }

    [Fact]
    public async Task Create_Tiers_AreKept()
    {
        await _client.PostAsync(Create, $$"""{"path":"{{Film}}","trackers":[["http://a/","http://b/"],["http://c/"]]}""".AsJson());
        Assert.Equal([["http://a/", "http://b/"], ["http://c/"]], _host.Engine.LastCreation!.Trackers.Select(tier => tier.ToArray()));
        Assert.Null(_host.Engine.LastCreation.PieceLength);
        Assert.True(_host.Engine.LastCreation.Start);
    }

    [Theory]
    [InlineData("pieceLength", "16383")]
    [InlineData("pieceLength", "8192")]
    [InlineData("pieceLength", "134217728")]
    [InlineData("pieceLength", "-65536")]
    [InlineData("pieceLength", "\"65536\"")]
    [InlineData("trackers", "\"http://a/\"")]
    [InlineData("trackers", "[\"a\"]")]
    [InlineData("trackers", "[\"ftp://a/\"]")]
    [InlineData("trackers", "[\"http://\"]")]
    [InlineData("trackers", "[[\"http://a/\"],\"http://b/\"]")]
    [InlineData("trackers", "[[[\"http://a/\"]]]")]
    [InlineData("webSeeds", "[\"udp://a:1\"]")]
    [InlineData("private", "1")]
    [InlineData("start", "\"yes\"")]
    [InlineData("comment", "7")]
    [InlineData("colour", "\"red\"")]
    public async Task Create_OneMistake_Is400WithItsMember(string member, string value)
    {
        var response = await _client.PostAsync(Create, $$"""{"path":"{{Film}}","{{member}}":{{value}}}""".AsJson());
        Assert.Equal((HttpStatusCode.BadRequest, "create.invalid"), (response.StatusCode, await response.CodeAsync()));
        Assert.Equal([member], (await response.JsonAsync()).GetProperty("errors").EnumerateObject().Select(error => error.Name));
        Assert.Empty(_host.Engine.Commands);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("relative")]
    [InlineData("../state")]
    [InlineData("")]
    public async Task Create_PathElsewhere_Is400(string path)
    {
        var full = path.StartsWith("..", StringComparison.Ordinal) ? Path.Combine(Shared, path) : path;
        var response = await _client.PostAsync(Create, $$"""{"path":"{{full}}"}""".AsJson());
        Assert.Equal((HttpStatusCode.BadRequest, "path.not_allowed"), (response.StatusCode, await response.CodeAsync()));
        Assert.Empty(_host.Engine.Commands);
    }

    [Fact]
    public async Task Create_NoPath_Is400() => Assert.Equal("create.invalid", await (await _client.PostAsync(Create, "{}".AsJson())).CodeAsync());

    [Fact]
    public async Task Creation_FromBeginToEnd_Is200Then201WithTheTorrent()
    {
        var begun = await _client.PostAsync(Create, $$"""{"path":"{{Film}}"}""".AsJson());
        var hashing = await _client.GetAsync(begun.Headers.Location);
        Assert.Equal(HttpStatusCode.OK, hashing.StatusCode);
        Assert.Equal(640, (await hashing.JsonAsync()).GetProperty("pieceCount").GetInt32());
        _host.Engine.FinishCreation("c1");
        var made = await _client.GetAsync(begun.Headers.Location);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal($"/api/v1/torrents/{_host.Engine.Torrents[^1].InfoHash}", made.Headers.Location?.OriginalString);
        Assert.Equal(("film", "seeding"), ((await made.JsonAsync()).GetProperty("name").GetString(), (await made.JsonAsync()).GetProperty("state").GetString()));
        await _host.Engine.RemoveAsync(_host.Engine.Torrents[^1].InfoHash, deleteData: false);
        Assert.Equal("torrent.not_found", await (await _client.GetAsync(begun.Headers.Location)).CodeAsync());
    }

    [Theory]
    [InlineData("create.empty", HttpStatusCode.BadRequest)]
    [InlineData("disk.read", HttpStatusCode.ServiceUnavailable)]
    [InlineData("torrent.duplicate", HttpStatusCode.Conflict)]
    public async Task Creation_Failed_IsItsProblem(string code, HttpStatusCode status)
    {
        await _client.PostAsync(Create, $$"""{"path":"{{Film}}"}""".AsJson());
        _host.Engine.FinishCreation("c1", code);
        var response = await _client.GetAsync($"{Creations}/c1");
        Assert.Equal((status, code), (response.StatusCode, await response.CodeAsync()));
    }

    [Fact]
    public async Task Creation_Cancelled_Is204Then409AndListed()
    {
        await _client.PostAsync(Create, $$"""{"path":"{{Film}}"}""".AsJson());
        Assert.Equal(HttpStatusCode.NoContent, (await _client.DeleteAsync($"{Creations}/c1")).StatusCode);
        var response = await _client.GetAsync($"{Creations}/c1");
        Assert.Equal((HttpStatusCode.Conflict, "creation.cancelled"), (response.StatusCode, await response.CodeAsync()));
        var list = await (await _client.GetAsync(Creations)).JsonAsync();
        Assert.Equal(["cancelled"], list.EnumerateArray().Select(creation => creation.GetProperty("state").GetString()));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task Creation_Unknown_Is404(string method)
    {
        var response = await _client.SendAsync(new HttpRequestMessage(new HttpMethod(method), $"{Creations}/nobody"));
        Assert.Equal((HttpStatusCode.NotFound, "creation.not_found"), (response.StatusCode, await response.CodeAsync()));
    }

    [Fact]
    public async Task Preview_OfAPath_TellsWithoutMaking()
    {
        var preview = await (await _client.PostAsync($"{Create}/preview", $$"""{"path":"{{Film}}","pieceLength":1048576}""".AsJson())).JsonAsync();
        Assert.Equal((3, 40), (preview.GetProperty("files").GetInt32(), preview.GetProperty("pieceCount").GetInt32()));
        Assert.Equal([$"preview {Film}"], _host.Engine.Commands);
    }

    [Fact]
    public async Task Folders_OfTheSharedFolder_LeaveOutHiddenOnesAndLinks()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Shared, Guid.NewGuid().ToString("N"))).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "series"));
        await File.WriteAllTextAsync(Path.Combine(folder, "a.txt"), "abc", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, ".hidden"), "abc", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(folder, "link"), "/etc");
        var view = await (await _client.GetAsync($"/api/v1/folders?path={Uri.EscapeDataString(folder)}")).JsonAsync();
        Assert.Equal(Shared, view.GetProperty("parent").GetString());
        Assert.Equal([("series", true, 0L), ("a.txt", false, 3L)], view.GetProperty("entries").EnumerateArray().Select(entry => (entry.GetProperty("name").GetString()!, entry.GetProperty("isFolder").GetBoolean(), entry.GetProperty("size").GetInt64())));
        var roots = await (await _client.GetAsync("/api/v1/folders")).JsonAsync();
        Assert.Equal([Shared], roots.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("path").GetString()));
        Assert.Equal(JsonValueKind.Null, (await (await _client.GetAsync($"/api/v1/folders?path={Uri.EscapeDataString(Shared)}")).JsonAsync()).GetProperty("parent").ValueKind);
    }

    [Theory]
    [InlineData("/", "path.not_allowed")]
    [InlineData("/etc", "path.not_allowed")]
    [InlineData("..", "path.not_allowed")]
    [InlineData("nowhere", "create.no_folder")]
    public async Task Folders_Elsewhere_Is400(string path, string code)
    {
        var response = await _client.GetAsync($"/api/v1/folders?path={Uri.EscapeDataString(Path.Combine(Shared, path))}");
        Assert.Equal((HttpStatusCode.BadRequest, code), (response.StatusCode, await response.CodeAsync()));
    }

    [Theory]
    [InlineData("report.pdf", "report.pdf")]
    [InlineData("../../../tmp/evil.sh", "evil.sh")]
    [InlineData("a:b?.txt", "a_b_.txt")]
    [InlineData(".bashrc", "bashrc")]
    public async Task Shared_File_LiesInTheSharedFolderUnderASafeName(string sent, string kept)
    {
        File.Delete(Path.Combine(Shared, kept));
        var response = await _client.PostAsync("/api/v1/shared", FileForm([1, 2, 3], sent));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(Path.Combine(Shared, kept), (await response.JsonAsync()).GetProperty("path").GetString());
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(Path.Combine(Shared, kept), TestContext.Current.CancellationToken));
        Assert.Empty(Directory.EnumerateFiles(Shared, ".upload-*"));
    }

    [Fact]
    public async Task Shared_NameTaken_Is409AndTheOldFileStays()
    {
        var old = Path.Combine(Shared, "old.bin");
        await File.WriteAllBytesAsync(old, [9], TestContext.Current.CancellationToken);
        var response = await _client.PostAsync("/api/v1/shared", FileForm([1, 2, 3], "old.bin"));
        Assert.Equal((HttpStatusCode.Conflict, "upload.exists"), (response.StatusCode, await response.CodeAsync()));
        Assert.Equal([9], await File.ReadAllBytesAsync(old, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cut.bin\"\r\n\r\nabc", "upload.invalid")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"other\"; filename=\"x\"\r\n\r\nabc\r\n--b--\r\n", "upload.missing")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"...\"\r\n\r\nabc\r\n--b--\r\n", "upload.missing")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc\r\n--b--\r\n", "upload.missing")]
    public async Task Shared_BrokenForm_Is400AndLeavesNothing(string body, string code)
    {
        var content = new StringContent(body);
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=b");
        var response = await _client.PostAsync("/api/v1/shared", content);
        Assert.Equal((HttpStatusCode.BadRequest, code), (response.StatusCode, await response.CodeAsync()));
        Assert.Empty(Directory.EnumerateFiles(Shared, "*cut*").Concat(Directory.EnumerateFiles(Shared, ".upload-*")));
    }

    [Fact]
    public async Task Shared_NotAForm_Is415() =>
        Assert.Equal("body.media_type", await (await _client.PostAsync("/api/v1/shared", "{}".AsJson())).CodeAsync());

    private static MultipartFormDataContent FileForm(byte[] bytes, string name)
    {
        var part = new ByteArrayContent(bytes);
        part.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"file\"; filename=\"{name}\"");
        return new MultipartFormDataContent { part };
    }
}
