using System.Collections.Immutable;
using System.Text.Json;
using P2P.Blazor.Live;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Body of POST torrents/create, for the document only.</summary>
internal sealed record CreationToStart(
    string Path, int? PieceLength, ImmutableArray<string>? Trackers, bool? Private, string? Comment, string? Source, ImmutableArray<string>? WebSeeds, bool? Start);

/// <summary>Making torrents: start one, watch it, give it up.</summary>
internal static class CreationEndpoints
{
    private const string Route = "/creations";

    /// <summary>Maps "creations".</summary>
    public static void MapCreations(this RouteGroupBuilder api)
    {
        var all = api.MapGroup(Route).WithTags("Creations");
        all.MapGet("/", (IEngineAccess engine) => engine.Creations).WithSummary("Torrents being made and the last that ended, newest first");
        all.MapGet("/{id}", Get).WithSummary("Progress; 201 with the torrent once it is made")
            .Produces<TorrentCreationSnapshot>().Produces<TorrentView>(201).ProducesProblem(400).ProducesProblem(404);
        all.MapDelete("/{id}", Cancel).WithSummary("Give it up").Produces(204).ProducesProblem(404);
    }

    /// <summary>Starts to make a torrent; 202 with its progress.</summary>
    public static async Task<IResult> CreateAsync(HttpRequest request, IEngineAccess engine, SavePathPolicy paths, CancellationToken cancellationToken)
    {
        using var body = await JsonBody.ReadObjectAsync(request, cancellationToken);
        var creation = engine.StartCreation(Read(body.RootElement, engine, paths));
        return TypedResults.Accepted($"{ApiMap.Prefix}{Route}/{creation.Id}", creation);
    }

    private static IResult Get(string id, IEngineAccess engine)
    {
        var creation = Find(id, engine);
        return creation switch
        {
            { Error: { } error } => ApiProblem.Of(ApiProblem.StatusOf(creation.ErrorCode ?? "create"), creation.ErrorCode ?? "create.failed", error),
            { State: TorrentCreationState.Done, InfoHash: { } infoHash } when engine.Find(infoHash) is { } torrent =>
                TypedResults.Created($"{ApiMap.Prefix}/torrents/{infoHash}", TorrentView.Of(torrent.Snapshot)),
            _ => TypedResults.Ok(creation),
        };
    }

    private static IResult Cancel(string id, IEngineAccess engine)
    {
        engine.CancelCreation(Find(id, engine).Id);
        return TypedResults.NoContent();
    }

    private static TorrentCreationSnapshot Find(string id, IEngineAccess engine) =>
        engine.Creations.FirstOrDefault(creation => creation.Id == id)
        ?? throw new TorrentEngineException("creation.not_found", "No torrent of that name is being made, or it ended too long ago.");

    private static CreateTorrentRequest Read(JsonElement body, IEngineAccess engine, SavePathPolicy paths)
    {
        var request = new CreateTorrentRequest { Path = "" };
        foreach (var member in body.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null))
        {
            var value = member.Value;
            request = member.Name switch
            {
                "path" => request with { Path = paths.Check(Text(member), engine.Options.SharedDirectory) },
                "pieceLength" => request with { PieceLength = value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var length) ? length : throw Wrong(member, "a whole number of bytes") },
                "trackers" => request with { Trackers = Tiers(member) },
                "webSeeds" => request with { WebSeeds = Texts(member, value) },
                "private" => request with { IsPrivate = Switch(member) },
                "start" => request with { Start = Switch(member) },
                "comment" => request with { Comment = Text(member) },
                "source" => request with { Source = Text(member) },
                _ => throw new TorrentEngineException("body.invalid", $"\"{(member.Name.Length > 40 ? member.Name[..40] : member.Name)}\" is not a member of this body."),
            };
        }

        return request.Path.Length > 0 ? request : throw new TorrentEngineException("body.invalid", "\"path\" must be the absolute path of a file or a folder.");
    }

    // A list of URLs is one tier each, as people mean it; a list of lists is tiers.
    private static ImmutableArray<ImmutableArray<string>> Tiers(JsonProperty member) => member.Value.ValueKind != JsonValueKind.Array
        ? throw Wrong(member, "a list of announce URLs, or of lists of them")
        : [.. member.Value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Array ? Texts(member, item) : ImmutableArray.Create(TextOf(member, item)))];

    private static ImmutableArray<string> Texts(JsonProperty member, JsonElement list) => list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray().Select(item => TextOf(member, item))]
        : throw Wrong(member, "a list of texts");

    private static string Text(JsonProperty member) => TextOf(member, member.Value);

    private static string TextOf(JsonProperty member, JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(member, "a text");

    private static bool Switch(JsonProperty member) =>
        member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? member.Value.GetBoolean() : throw Wrong(member, "true or false");

    private static TorrentEngineException Wrong(JsonProperty member, string kind) => new("body.invalid", $"\"{member.Name}\" must be {kind}.");
}
