using Microsoft.AspNetCore.Http.HttpResults;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Makes the API's errors: ProblemDetails (RFC 9457) with a stable "code" beside one sentence for the user.</summary>
internal static class ApiProblem
{
    /// <summary>A problem with the sentence as its detail; further members go to <paramref name="more"/>.</summary>
    public static ProblemHttpResult Of(int status, string code, string sentence, IDictionary<string, object?>? more = null)
    {
        var extensions = more is null ? [] : new Dictionary<string, object?>(more);
        extensions["code"] = code;
        return TypedResults.Problem(sentence, statusCode: status, extensions: extensions);
    }

    /// <summary>A problem for several mistakes of one body: their sentences as its detail, and by member name in "errors".</summary>
    public static ProblemHttpResult Of(int status, string code, IReadOnlyDictionary<string, string> mistakes) => Of(
        status, code, string.Join(" ", mistakes.Values),
        new Dictionary<string, object?> { ["errors"] = mistakes.ToDictionary(mistake => mistake.Key, mistake => new[] { mistake.Value }) });

    /// <summary>The engine's exception as a problem; a parse error carries its byte "offset".</summary>
    public static ProblemHttpResult Of(TorrentEngineException exception) =>
        Of(StatusOf(exception.Code), exception.Code, exception.Message, exception.Offset is { } offset ? new Dictionary<string, object?> { ["offset"] = offset } : null);

    /// <summary>400 for what the caller got wrong, 404 and 409 for what the list says, 507 and 503 for what the machine cannot do now.</summary>
    public static int StatusOf(string code) => code switch
    {
        "torrent.not_found" or "file.unknown" or "creation.not_found" or "metainfo.missing" => StatusCodes.Status404NotFound,
        "torrent.duplicate" or "torrent.busy" or "move.busy" or "stream.stopped" or "file.not_wanted" or "creation.cancelled" or "upload.exists" => StatusCodes.Status409Conflict,
        "upload.too_large" or "body.too_large" => StatusCodes.Status413PayloadTooLarge,
        "body.media_type" => StatusCodes.Status415UnsupportedMediaType,
        "upload.not_found" => StatusCodes.Status404NotFound,
        "settings.config_only" => StatusCodes.Status403Forbidden,
        "disk.full" => StatusCodes.Status507InsufficientStorage,
        _ => code.Split('.')[0] switch
        {
            "bencode" or "torrent" or "path" or "settings" or "peer" or "upload" or "body" or "infohash" or "metainfo" or "magnet" or "file" or "create" or "query" or "label" or "limits" or "move" or "rename" or "tracker" or "stream" => StatusCodes.Status400BadRequest,
            "disk" or "state" or "net" or "engine" => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status500InternalServerError,
        },
    };

    /// <summary>Gives a problem that the framework made our code and, if it has none, a sentence.</summary>
    public static void Complete(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        problem.Extensions.TryAdd("code", CodeOf(problem.Status));
        problem.Detail ??= problem.Status switch
        {
            StatusCodes.Status404NotFound => "There is nothing at this address.",
            StatusCodes.Status405MethodNotAllowed => "This address does not take that method.",
            StatusCodes.Status415UnsupportedMediaType => "This address does not take a body of that type: uploads are multipart/form-data, everything else application/json.",
            >= 500 => "Something went wrong in the client; its log says more.",
            _ => "The request cannot be read.",
        };
    }

    /// <summary>The code of a problem that the framework made, by its status.</summary>
    public static string CodeOf(int? status) => status switch
    {
        StatusCodes.Status400BadRequest => "request.invalid",
        StatusCodes.Status404NotFound => "route.not_found",
        StatusCodes.Status405MethodNotAllowed => "method.not_allowed",
        StatusCodes.Status413PayloadTooLarge => "body.too_large",
        StatusCodes.Status415UnsupportedMediaType => "body.media_type",
        >= 500 => "internal",
        _ => "request.refused",
    };
}
