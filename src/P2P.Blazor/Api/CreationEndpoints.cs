using P2P.Blazor.Live;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Making torrents: POST torrents/create begins, "creations" tells how far each is, and the folders to make them of.</summary>
internal static class CreationEndpoints
{
    /// <summary>Maps "torrents/create", "creations", "folders" and "shared".</summary>
    public static void MapCreations(this RouteGroupBuilder api)
    {
        var making = api.MapGroup("").WithTags("Creation");
        making.MapPost("/torrents/create", StartAsync).WithSummary("Make a torrent from a file or folder under the shared folder or an allowed root")
            .Accepts<CreationBody>("application/json").Produces<TorrentCreationSnapshot>(202).ProducesProblem(400);
        making.MapPost("/torrents/create/preview", PreviewAsync).WithSummary("What a torrent would come to, without hashing")
            .Accepts<CreationBody>("application/json").Produces<CreationPreview>().ProducesProblem(400);
        making.MapGet("/creations", (IEngineAccess engine) => engine.Creations).WithSummary("Torrents being made and the last that ended, newest first");
        making.MapGet("/creations/{id}", Get).WithSummary("How far it is (200); the torrent when it is made (201); why not (a problem)")
            .Produces<TorrentCreationSnapshot>().Produces<TorrentView>(201).ProducesProblem(404).ProducesProblem(409);
        making.MapDelete("/creations/{id}", Cancel).WithSummary("Give up making a torrent").Produces(204).ProducesProblem(404);
        making.MapGet("/folders", ListFolder).WithSummary("What lies in a folder that torrents may be made of; without a path, those folders")
            .Produces<FolderView>().ProducesProblem(400).ProducesProblem(404);
        making.MapPost("/shared", SharedUpload.SaveAsync).WithSummary("Upload a file into the shared folder, to make a torrent of it")
            .Accepts<SharedUploadForm>("multipart/form-data").Produces<SharedFileView>(201).ProducesProblem(400).ProducesProblem(409).ProducesProblem(413).ProducesProblem(507);
    }

    private static async Task<IResult> StartAsync(HttpRequest request, IEngineAccess engine, SavePathPolicy paths, CancellationToken cancellationToken)
    {
        using var body = await JsonBody.ReadObjectAsync(request, cancellationToken);
        var change = CreationBody.Read(body.RootElement, path => paths.CheckSource(path, engine.Options.SharedDirectory));
        if (!change.Mistakes.IsEmpty)
        {
            return ApiProblem.Of(StatusCodes.Status400BadRequest, "create.invalid", change.Mistakes);
        }

        var creation = engine.StartCreation(change.Request);
        return TypedResults.Accepted(AddressOf(creation.Id), creation);
    }

    private static async Task<IResult> PreviewAsync(HttpRequest request, IEngineAccess engine, SavePathPolicy paths, CancellationToken cancellationToken)
    {
        using var body = await JsonBody.ReadObjectAsync(request, cancellationToken);
        var change = CreationBody.Read(body.RootElement, path => paths.CheckSource(path, engine.Options.SharedDirectory));
        return change.Mistakes.IsEmpty
            ? TypedResults.Ok(await engine.PreviewCreationAsync(change.Request, cancellationToken))
            : ApiProblem.Of(StatusCodes.Status400BadRequest, "create.invalid", change.Mistakes);
    }

    private static IResult Get(string id, IEngineAccess engine)
    {
        var creation = Find(engine, id);
        return creation.State switch
        {
            TorrentCreationState.Done when creation.InfoHash is { } made && engine.Find(made) is { } torrent =>
                TypedResults.Created($"{ApiMap.Prefix}/torrents/{made}", TorrentView.Of(torrent.Snapshot)),
            TorrentCreationState.Done => throw new TorrentEngineException("torrent.not_found", "The torrent was made, but is not in the list any more."),
            TorrentCreationState.Failed => throw new TorrentEngineException(creation.ErrorCode ?? "create.failed", creation.Error ?? "The torrent could not be made."),
            TorrentCreationState.Cancelled => throw new TorrentEngineException("creation.cancelled", "Making this torrent was given up."),
            _ => TypedResults.Ok(creation),
        };
    }

    private static IResult Cancel(string id, IEngineAccess engine)
    {
        engine.CancelCreation(Find(engine, id).Id);
        return TypedResults.NoContent();
    }

    private static FolderView ListFolder(IEngineAccess engine, FolderListing folders, string? path = null) =>
        folders.List(path, engine.Options.SharedDirectory);

    private static TorrentCreationSnapshot Find(IEngineAccess engine, string id) => engine.Creations.FirstOrDefault(creation => creation.Id == id)
        ?? throw new TorrentEngineException("creation.not_found", "No torrent is being made under this name; a restart forgets those that ended.");

    private static string AddressOf(string id) => $"{ApiMap.Prefix}/creations/{Uri.EscapeDataString(id)}";

    /// <summary>Form of POST shared, for the document only.</summary>
    private sealed record SharedUploadForm(IFormFile File);
}
