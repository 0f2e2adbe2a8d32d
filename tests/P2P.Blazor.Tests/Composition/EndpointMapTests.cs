using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using P2P.Blazor.Tests.Api;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Composition;

/// <summary>The table of routes, its document, and the files served beside it.</summary>
public sealed class EndpointMapTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    // Row A06: a new route fails here until somebody has said which kind it is.
    [Fact]
    public void Routes_OfTheApi_AreTheseAndOnlyUnsafeMethodsChangeState()
    {
        var routes = fixture.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/api", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(method => $"{method} {endpoint.RoutePattern.RawText!.TrimEnd('/')}"))
            .Order(StringComparer.Ordinal);
        Assert.Equal(
            [
                "DELETE /api/v1/creations/{id}",
                "DELETE /api/v1/torrents/{infoHash}",
                "DELETE /api/v1/torrents/{infoHash}/peers/{endpoint}",
                "GET /api/v1/creations",
                "GET /api/v1/creations/{id}",
                "GET /api/v1/dht",
                "GET /api/v1/events",
                "GET /api/v1/folders",
                "GET /api/v1/health",
                "GET /api/v1/rates",
                "GET /api/v1/session",
                "GET /api/v1/settings",
                "GET /api/v1/statistics",
                "GET /api/v1/torrents",
                "GET /api/v1/torrents/{infoHash}",
                "GET /api/v1/torrents/{infoHash}/choking",
                "GET /api/v1/torrents/{infoHash}/choking/rounds",
                "GET /api/v1/torrents/{infoHash}/discovery",
                "GET /api/v1/torrents/{infoHash}/files",
                "GET /api/v1/torrents/{infoHash}/files/{index}",
                "GET /api/v1/torrents/{infoHash}/metainfo",
                "GET /api/v1/torrents/{infoHash}/peers",
                "GET /api/v1/torrents/{infoHash}/peers/known",
                "GET /api/v1/torrents/{infoHash}/pieces",
                "GET /api/v1/torrents/{infoHash}/pieces/map",
                "GET /api/v1/torrents/{infoHash}/rates",
                "GET /api/v1/torrents/{infoHash}/trackers",
                "GET /api/v1/tracker",
                "HEAD /api/v1/torrents/{infoHash}/files/{index}",
                "PATCH /api/v1/settings",
                "PATCH /api/v1/torrents/{infoHash}",
                "PATCH /api/v1/torrents/{infoHash}/files",
                "POST /api/v1/shared",
                "POST /api/v1/torrents",
                "POST /api/v1/torrents/create",
                "POST /api/v1/torrents/create/preview",
                "POST /api/v1/torrents/inspect",
                "POST /api/v1/torrents/{infoHash}/announce",
                "POST /api/v1/torrents/{infoHash}/move",
                "POST /api/v1/torrents/{infoHash}/peers",
                "POST /api/v1/torrents/{infoHash}/queue",
                "POST /api/v1/torrents/{infoHash}/recheck",
                "POST /api/v1/torrents/{infoHash}/start",
                "POST /api/v1/torrents/{infoHash}/stop",
                "POST /api/v1/torrents/{infoHash}/trackers",
                "PUT /api/v1/torrents/{infoHash}/trackers",
            ],
            routes);
    }

    [Fact]
    public async Task OpenApi_Document_DescribesTheRoutes()
    {
        var document = await (await fixture.Client.GetAsync("/openapi/v1.json")).JsonAsync();
        var paths = document.GetProperty("paths");
        Assert.True(paths.GetProperty("/api/v1/torrents").TryGetProperty("post", out var post));
        Assert.True(post.GetProperty("requestBody").GetProperty("content").TryGetProperty("multipart/form-data", out _));
        foreach (var (route, schema) in new[] { ("", "TorrentChange"), ("/files", "FilesChange") })
        {
            var patch = paths.GetProperty("/api/v1/torrents/{infoHash}" + route).GetProperty("patch");
            Assert.EndsWith(schema, patch.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString());
            Assert.True(patch.GetProperty("responses").TryGetProperty("204", out _));
        }

        Assert.True(document.GetProperty("components").GetProperty("schemas").GetProperty("UploadForm").GetProperty("properties").TryGetProperty("magnet", out _));
        Assert.True(paths.GetProperty("/api/v1/torrents/create").GetProperty("post").GetProperty("responses").TryGetProperty("202", out _));
        Assert.True(paths.GetProperty("/api/v1/creations/{id}").GetProperty("get").GetProperty("responses").TryGetProperty("201", out _));
        var metainfo = paths.GetProperty("/api/v1/torrents/{infoHash}/metainfo").GetProperty("get").GetProperty("responses").GetProperty("200");
        Assert.True(metainfo.GetProperty("content").TryGetProperty("application/x-bittorrent", out _));
        Assert.Equal("string", document.GetProperty("components").GetProperty("schemas").GetProperty("InfoHash").GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("/_content/MudBlazor/MudBlazor.min.css")]
    [InlineData("/_content/MudBlazor/MudBlazor.min.js")]
    [InlineData("/_framework/blazor.web.js")]
    public async Task Asset_OfAPackage_IsServedWhole(string path)
    {
        var response = await fixture.Client.GetAsync(path);
        Assert.True(response.IsSuccessStatusCode);
        Assert.True((await response.Content.ReadAsByteArrayAsync()).Length > 1000);
    }

    [Fact]
    public async Task Asset_OfTheRootFolder_IsServedWhole()
    {
        var root = Path.Combine(FakeHost.RepositoryRoot(), "wwwroot");
        var file = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).FirstOrDefault(name => name.EndsWith(".css", StringComparison.Ordinal));
        Assert.NotNull(file);
        var response = await fixture.Client.GetAsync("/" + Path.GetRelativePath(root, file).Replace('\\', '/'));
        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken), await response.Content.ReadAsByteArrayAsync());
        Assert.True(response.Headers.CacheControl?.NoCache);
    }

    // Row A27.
    [Theory]
    [InlineData("/..%2f..%2fetc/passwd")]
    [InlineData("/%2e%2e/appsettings.json")]
    [InlineData("/..%c0%af../appsettings.json")]
    [InlineData("/appsettings.json")]
    public async Task Asset_OutsideTheFolder_IsNotServed(string path)
    {
        var response = await fixture.Client.GetAsync(path);
        Assert.DoesNotContain("ListenPort", await response.Content.ReadAsStringAsync());
        Assert.False(response.IsSuccessStatusCode);
    }
}
