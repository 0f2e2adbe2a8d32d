using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using P2P.Blazor.Live;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Body of PATCH torrents/{infoHash}; a member that is not there changes nothing.</summary>
/// <param name="Sequential">Pieces are asked for in order.</param>
/// <param name="StrictTitForTat">Its own strict switch; null follows the session.</param>
internal sealed record TorrentChange(bool? Sequential = null, bool? StrictTitForTat = null);

/// <summary>Body of PATCH torrents/{infoHash}/files.</summary>
/// <param name="Priorities">Priority by the index that GET files shows; files that are not named keep theirs.</param>
internal sealed record FilesChange(IReadOnlyDictionary<string, FilePriority> Priorities);

/// <summary>Changes of one torrent: its switches and its files' priorities. A body with any mistake changes nothing.</summary>
internal static class ChangeTorrentEndpoint
{
    /// <summary>Sets "sequential" (true, false) and "strictTitForTat" (true, false, null for the session's).</summary>
    public static async Task<IResult> ChangeAsync(string infoHash, HttpRequest request, IEngineAccess engine, CancellationToken cancellationToken)
    {
        var torrent = TorrentEndpoints.Find(engine, infoHash);
        using var body = await JsonBody.ReadObjectAsync(request, cancellationToken);
        var mistakes = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var commands = new List<Func<Task>>();
        foreach (var member in body.RootElement.EnumerateObject())
        {
            switch (member.Name, member.Value.ValueKind)
            {
                case ("sequential", JsonValueKind.True or JsonValueKind.False):
                    var isSequential = member.Value.GetBoolean();
                    commands.Add(() => torrent.SetSequentialAsync(isSequential));
                    break;
                case ("strictTitForTat", JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null):
                    bool? isStrict = member.Value.ValueKind == JsonValueKind.Null ? null : member.Value.GetBoolean();
                    commands.Add(() => torrent.SetStrictTitForTatAsync(isStrict));
                    break;
                case ("sequential", _):
                    mistakes.Add(member.Name, "sequential must be true or false.");
                    break;
                case ("strictTitForTat", _):
                    mistakes.Add(member.Name, "strictTitForTat must be true, false, or null to follow the session.");
                    break;
                default:
                    mistakes.Add(member.Name, "A torrent's \"sequential\" and \"strictTitForTat\" can be changed here, nothing else.");
                    break;
            }
        }

        return await RunAsync(mistakes, commands);
    }

    /// <summary>Sets "priorities": an object of index to skip, low, normal or high.</summary>
    public static async Task<IResult> ChangeFilesAsync(string infoHash, HttpRequest request, IEngineAccess engine, CancellationToken cancellationToken)
    {
        var torrent = TorrentEndpoints.Find(engine, infoHash);
        using var body = await JsonBody.ReadObjectAsync(request, cancellationToken);
        if (!body.RootElement.TryGetProperty("priorities", out var wanted) || wanted.ValueKind != JsonValueKind.Object || body.RootElement.GetPropertyCount() != 1)
        {
            throw new TorrentEngineException("body.invalid", "Send {\"priorities\": {\"0\": \"skip\", \"3\": \"high\"}}: the index of a file and skip, low, normal or high.");
        }

        var mistakes = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var priorities = new Dictionary<int, FilePriority>();
        foreach (var member in wanted.EnumerateObject())
        {
            // "00" and "0" are the same file, and only one of them can be meant: an index is written in one way.
            if (!int.TryParse(member.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index.ToString(CultureInfo.InvariantCulture) != member.Name)
            {
                mistakes.Add(member.Name, "A file is named by its index: 0, 1, 2 and so on.");
            }
            else if (AddTorrentEndpoint.PriorityOf(member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : null) is { } priority)
            {
                priorities.Add(index, priority);
            }
            else
            {
                mistakes.Add(member.Name, $"The priority of file {index} must be skip, low, normal or high.");
            }
        }

        return await RunAsync(mistakes, [() => torrent.SetFilePrioritiesAsync(priorities)]);
    }

    private static async Task<IResult> RunAsync(ImmutableSortedDictionary<string, string>.Builder mistakes, List<Func<Task>> commands)
    {
        if (mistakes.Count > 0)
        {
            return ApiProblem.Of(StatusCodes.Status400BadRequest, "body.invalid", mistakes.ToImmutable());
        }

        foreach (var command in commands)
        {
            await command();
        }

        return TypedResults.NoContent();
    }
}
