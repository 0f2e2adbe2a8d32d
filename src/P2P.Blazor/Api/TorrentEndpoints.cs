using System.Collections.Immutable;
using System.Text.Json;
using P2P.Blazor.Live;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Api;

/// <summary>The list, one torrent's views, and its commands. Commands answer 204 when the engine has obeyed.</summary>
internal static class TorrentEndpoints
{
    /// <summary>Maps everything under "torrents".</summary>
    public static void MapTorrents(this RouteGroupBuilder api)
    {
        var all = api.MapGroup("/torrents").WithTags("Torrents");
        all.MapPost("/", AddTorrentEndpoint.AddAsync).WithSummary("Add a torrent by file, uploadId or magnet link")
            .Accepts<UploadForm>("multipart/form-data").Produces<TorrentView>(201).ProducesProblem(400).ProducesProblem(409).ProducesProblem(413);
        all.MapPost("/inspect", AddTorrentEndpoint.InspectAsync).WithSummary("Look inside a .torrent file without adding it")
            .Accepts<InspectForm>("multipart/form-data").Produces<PreviewView>().ProducesProblem(400).ProducesProblem(413);
        all.MapGet("/", (IEngineAccess engine) => engine.Snapshot.Torrents.Select(TorrentSummary.Of).ToImmutableArray()).WithSummary("All torrents");

        var one = all.MapGroup("/{infoHash}").ProducesProblem(400).ProducesProblem(404);
        one.MapGet("/", (string infoHash, IEngineAccess engine) => TorrentView.Of(Find(engine, infoHash).Snapshot)).WithSummary("One torrent");
        one.MapPatch("/", ChangeTorrentEndpoint.ChangeAsync).WithSummary("Change a torrent's own switches; what is not named stays")
            .Accepts<TorrentChange>("application/json").Produces(204);
        one.MapDelete("/", RemoveAsync).WithSummary("Remove a torrent, and its files with deleteData=true").Produces(204);
        View(one, "/peers", "Connected peers", details => details.Peers);
        View(one, "/choking", "Tit-for-tat: slots, ranks, reasons, rates with their terms", details => details.Choking);
        View(one, "/pieces", "Piece bitfield and availability", PiecesView.Of);
        View(one, "/trackers", "Trackers by tier", details => details.Trackers);
        View(one, "/discovery", "Where peers come from: one row per source, private torrents' forbidden ones included", details => details.Discovery);
        one.MapGet("/metainfo", MetainfoEndpoint.GetAsync).WithSummary("The .torrent file; 404 \"metainfo.missing\" while a magnet link has no metadata")
            .Produces<Stream>(200, MetainfoEndpoint.MediaType);
        View(one, "/files", "Files with progress and priority", details => details.Files);
        one.MapPatch("/files", ChangeTorrentEndpoint.ChangeFilesAsync).WithSummary("Set priorities of files by index; files not named keep theirs")
            .Accepts<FilesChange>("application/json").Produces(204);
        Command(one, "/start", "Start, or retry after an error", torrent => torrent.StartAsync());
        Command(one, "/stop", "Stop", torrent => torrent.StopAsync());
        Command(one, "/recheck", "Hash everything on disk again", torrent => torrent.RecheckAsync());
        Command(one, "/announce", "Ask every source of peers now: trackers, DHT, local network", torrent => torrent.AnnounceAsync());
        one.MapPost("/queue", ChangeTorrentEndpoint.MoveInQueueAsync).WithSummary("Move in the queue: top, up, down or bottom").Accepts<QueueBody>("application/json").Produces(204);
        one.MapPost("/peers", AddPeerAsync).WithSummary("Connect to a peer by hand").Accepts<PeerToAdd>("application/json").Produces(204);
    }

    private static void View<T>(RouteGroupBuilder one, string route, string summary, Func<TorrentDetails, T> select) =>
        one.MapGet(route, async (string infoHash, IEngineAccess engine, CancellationToken cancellationToken) =>
            TypedResults.Ok(select(await Find(engine, infoHash).GetDetailsAsync(cancellationToken)))).WithSummary(summary);

    private static void Command(RouteGroupBuilder one, string route, string summary, Func<ITorrentAccess, Task> command) =>
        one.MapPost(route, async (string infoHash, IEngineAccess engine) =>
        {
            await command(Find(engine, infoHash));
            return TypedResults.NoContent();
        }).WithSummary(summary);

    private static async Task<IResult> RemoveAsync(string infoHash, IEngineAccess engine, string? deleteData = null)
    {
        var isDeleting = deleteData?.ToLowerInvariant() switch
        {
            null or "" or "false" => false,
            "true" => true,
            _ => throw new TorrentEngineException("body.invalid", "deleteData must be true or false."),
        };
        await engine.RemoveAsync(Find(engine, infoHash).InfoHash, isDeleting);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> AddPeerAsync(string infoHash, HttpRequest request, IEngineAccess engine, CancellationToken cancellationToken)
    {
        var torrent = Find(engine, infoHash);
        using var body = await JsonBody.ReadObjectAsync(request, cancellationToken);
        var isText = body.RootElement.TryGetProperty("endpoint", out var member) && member.ValueKind == JsonValueKind.String;
        if (!isText || !PeerEndpoint.TryParse(member.GetString(), out var endpoint) || !endpoint.IsConnectable)
        {
            throw new TorrentEngineException("peer.invalid", "\"endpoint\" must be an address and a port, such as 127.0.0.1:6881 or [::1]:6881.");
        }

        await torrent.AddPeerAsync(endpoint);
        return TypedResults.NoContent();
    }

    /// <summary>The torrent that a route names; throws "infohash.invalid" or "torrent.not_found".</summary>
    internal static ITorrentAccess Find(IEngineAccess engine, string text)
    {
        if (!InfoHash.TryParse(text, out var infoHash))
        {
            throw new TorrentEngineException("infohash.invalid", "A torrent is named by 40 hex digits.");
        }

        return engine.Find(infoHash) ?? throw new TorrentEngineException("torrent.not_found", "This torrent is not in the list.");
    }

    /// <summary>Body of POST peers.</summary>
    private sealed record PeerToAdd(string Endpoint);

    /// <summary>Body of POST queue.</summary>
    private sealed record QueueBody(QueueMove Move);

    /// <summary>Form of POST torrents, for the document only.</summary>
    private sealed record UploadForm(
        IFormFile? Torrent = null, string? UploadId = null, string? Magnet = null, bool ChooseFiles = false, string? SavePath = null, string? Label = null, bool Start = true,
        bool Sequential = false, string? Priorities = null);

    /// <summary>Form of POST torrents/inspect, for the document only.</summary>
    private sealed record InspectForm(IFormFile Torrent);
}
