using System.Collections.Immutable;
using System.Text.Json;
using P2P.Blazor.Live;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Api;

/// <summary>Files, folder, trackers and single peers of one torrent.</summary>
internal static class StorageEndpoints
{
    private const int MostUrls = 1_000;

    /// <summary>Maps "files/{index}", "move", the changes of "trackers", and what is known of peers.</summary>
    public static void MapStorage(this RouteGroupBuilder api)
    {
        var one = api.MapGroup("/torrents/{infoHash}").WithTags("Torrents").ProducesProblem(400).ProducesProblem(404);
        one.MapMethods("/files/{index}", [HttpMethods.Get, HttpMethods.Head], FileEndpoint.GetAsync)
            .WithSummary("One file, finished or not, in ranges; inline=1 shows what runs no script").Produces<Stream>(200, "application/octet-stream").Produces(206);
        one.MapPost("/move", MoveAsync).WithSummary("Move the files to another folder; answers when they are there").Accepts<MoveBody>("application/json").Produces(204);
        one.MapPut("/trackers", SetTrackersAsync).WithSummary("Replace the trackers, tier by tier").Accepts<TiersBody>("application/json").Produces(204);
        one.MapPost("/trackers", AddTrackersAsync).WithSummary("Add trackers that are not there yet; answers how many were new").Accepts<UrlsBody>("application/json").Produces<AddedView>();
        one.MapGet("/peers/known", async (string infoHash, IEngineAccess engine, CancellationToken cancellationToken) =>
            TypedResults.Ok((await TorrentEndpoints.Find(engine, infoHash).GetDetailsAsync(cancellationToken)).KnownPeers)).WithSummary("Endpoints known, and why each is not connected");
        one.MapDelete("/peers/{endpoint}", DropPeerAsync).WithSummary("Close the connection to a peer; ban=true refuses its address for a day").Produces(204);
    }

    private static async Task<IResult> MoveAsync(string infoHash, HttpRequest request, IEngineAccess engine, SavePathPolicy paths, CancellationToken cancellationToken)
    {
        var torrent = TorrentEndpoints.Find(engine, infoHash);
        using var body = await JsonBody.ReadObjectAsync(request, cancellationToken);
        var path = body.RootElement.TryGetProperty("path", out var member) && member.ValueKind == JsonValueKind.String
            ? member.GetString()!
            : throw new TorrentEngineException("body.invalid", "Send {\"path\": \"/absolute/folder\"}.");
        await torrent.MoveStorageAsync(paths.Check(path, engine.Options.SharedDirectory), cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> SetTrackersAsync(string infoHash, HttpRequest request, IEngineAccess engine, CancellationToken cancellationToken)
    {
        var torrent = TorrentEndpoints.Find(engine, infoHash);
        using var body = await JsonBody.ReadObjectAsync(request, cancellationToken);
        if (!body.RootElement.TryGetProperty("tiers", out var tiers) || tiers.ValueKind != JsonValueKind.Array || tiers.GetArrayLength() > MostUrls)
        {
            throw new TorrentEngineException("body.invalid", "Send {\"tiers\": [[\"http://tracker.example/announce\"]]}: a list of tiers, each a list of URLs.");
        }

        await torrent.SetTrackersAsync([.. tiers.EnumerateArray().Select(Urls)]);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> AddTrackersAsync(string infoHash, HttpRequest request, IEngineAccess engine, CancellationToken cancellationToken)
    {
        var torrent = TorrentEndpoints.Find(engine, infoHash);
        using var body = await JsonBody.ReadObjectAsync(request, cancellationToken);
        return body.RootElement.TryGetProperty("urls", out var urls)
            ? TypedResults.Ok(new AddedView(await torrent.AddTrackersAsync(Urls(urls))))
            : throw new TorrentEngineException("body.invalid", "Send {\"urls\": [\"http://tracker.example/announce\"]}.");
    }

    private static async Task<IResult> DropPeerAsync(string infoHash, string endpoint, IEngineAccess engine, string? ban = null)
    {
        var torrent = TorrentEndpoints.Find(engine, infoHash);
        if (!PeerEndpoint.TryParse(endpoint, out var peer))
        {
            throw new TorrentEngineException("peer.invalid", "A peer is named by an address and a port, such as 127.0.0.1:6881 or [::1]:6881.");
        }

        await torrent.DropPeerAsync(peer, isBanned: ban is "true" or "1");
        return TypedResults.NoContent();
    }

    private static ImmutableArray<string> Urls(JsonElement list) =>
        list.ValueKind == JsonValueKind.Array && list.GetArrayLength() <= MostUrls && list.EnumerateArray().All(url => url.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(url => url.GetString()!)]
            : throw new TorrentEngineException("body.invalid", $"URLs are a list of at most {MostUrls} texts.");

    /// <summary>Body of POST move.</summary>
    private sealed record MoveBody(string Path);

    /// <summary>Body of PUT trackers.</summary>
    private sealed record TiersBody(ImmutableArray<ImmutableArray<string>> Tiers);

    /// <summary>Body of POST trackers.</summary>
    private sealed record UrlsBody(ImmutableArray<string> Urls);

    /// <summary>Answer of POST trackers.</summary>
    private sealed record AddedView(int Added);
}
