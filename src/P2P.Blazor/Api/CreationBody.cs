using System.Collections.Immutable;
using System.Text.Json;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Body of POST torrents/create, for the document; <see cref="Read"/> takes the same members from JSON.</summary>
/// <param name="Path">Absolute path of a file or folder under the shared folder or an allowed root.</param>
/// <param name="PieceLength">Bytes per piece, a power of two from 16 KiB to 64 MiB; absent to have it chosen.</param>
/// <param name="Trackers">Announce URLs: a list, each a tier of its own, or a list of tiers that are lists.</param>
/// <param name="Private">Peers by its trackers only (BEP 27).</param>
/// <param name="Comment">Free text.</param>
/// <param name="Source">Mark of the site it is for; makes the infohash its own.</param>
/// <param name="WebSeeds">URLs that have the same files (BEP 19).</param>
/// <param name="Start">Seed at once (true).</param>
internal sealed record CreationBody(
    string Path, int? PieceLength = null, ImmutableArray<string>? Trackers = null, bool Private = false, string? Comment = null, string? Source = null,
    ImmutableArray<string>? WebSeeds = null, bool Start = true)
{
    private const int MaxUrls = 100;
    private const int MaxUrlLength = 2_048;
    private const int MaxTextLength = 4_096;
    private const int MinPieceLength = 16 << 10;
    private const int MaxPieceLength = 64 << 20;

    /// <summary>The request, only to be used when there is no mistake, and one sentence per wrong member. <paramref name="checkPath"/> throws for a path that is not allowed.</summary>
    public static (CreateTorrentRequest Request, ImmutableSortedDictionary<string, string> Mistakes) Read(JsonElement body, Func<string, string> checkPath)
    {
        var request = new CreateTorrentRequest { Path = "" };
        var mistakes = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var member in body.EnumerateObject())
        {
            var (name, value) = (member.Name, member.Value);
            if (value.ValueKind == JsonValueKind.Null && name != "path")
            {
                continue;
            }

            try
            {
                request = name switch
                {
                    "path" => request with { Path = checkPath(Text(value)) },
                    "pieceLength" => request with { PieceLength = PieceLengthOf(value) },
                    "trackers" => request with { Trackers = Tiers(value) },
                    "private" => request with { IsPrivate = Switch(value) },
                    "comment" => request with { Comment = Text(value) },
                    "source" => request with { Source = Text(value) },
                    "webSeeds" => request with { WebSeeds = Urls(value, "http", "https") },
                    "start" => request with { Start = Switch(value) },
                    _ => throw new FormatException("is not known; send path, pieceLength, trackers, private, comment, source, webSeeds or start."),
                };
            }
            catch (FormatException exception)
            {
                mistakes[name] = $"{name} {exception.Message}";
            }
        }

        if (request.Path.Length == 0 && !mistakes.ContainsKey("path"))
        {
            mistakes["path"] = "path must name a file or a folder on the machine that runs the client.";
        }

        return (request, mistakes.ToImmutable());
    }

    /// <summary>Is it a URL that a .torrent may name, of one of the schemes?</summary>
    internal static bool IsUrl(string text, params ReadOnlySpan<string> schemes) =>
        text.Length is > 0 and <= MaxUrlLength && !text.Any(char.IsControl) && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Host.Length > 0 && schemes.Contains(url.Scheme);

    private static ImmutableArray<ImmutableArray<string>> Tiers(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException("must be a list of announce URLs, or of lists of them.");
        }

        ImmutableArray<ImmutableArray<string>> tiers = value.EnumerateArray().All(tier => tier.ValueKind == JsonValueKind.Array)
            ? [.. value.EnumerateArray().Select(tier => Urls(tier, "http", "https", "udp")).Where(tier => tier.Length > 0)]
            : [.. Urls(value, "http", "https", "udp").Select(ImmutableArray.Create)];
        return tiers.Sum(tier => tier.Length) <= MaxUrls ? tiers : throw new FormatException($"must be at most {MaxUrls} URLs.");
    }

    private static ImmutableArray<string> Urls(JsonElement value, params string[] schemes) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= MaxUrls
        && value.EnumerateArray().All(url => url.ValueKind == JsonValueKind.String && IsUrl(url.GetString()!, schemes))
            ? [.. value.EnumerateArray().Select(url => url.GetString()!)]
            : throw new FormatException($"must be a list of at most {MaxUrls} URLs that begin with {string.Join(" or ", schemes.Select(scheme => $"{scheme}://"))}.");

    private static int PieceLengthOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var length) && length is >= MinPieceLength and <= MaxPieceLength && int.IsPow2(length)
            ? length
            : throw new FormatException("must be a power of two from 16384 (16 KiB) to 67108864 (64 MiB).");

    private static bool Switch(JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw new FormatException("must be true or false.");

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String && value.GetString() is { Length: <= MaxTextLength } text
        ? text
        : throw new FormatException($"must be a text of at most {MaxTextLength} characters.");
}
