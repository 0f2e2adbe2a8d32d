using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using P2P.Blazor.Live;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Body of PATCH torrents/{infoHash}; a member that is not there changes nothing.</summary>
/// <param name="Sequential">Pieces are asked for in order.</param>
/// <param name="StrictTitForTat">Its own strict switch; null follows the session.</param>
/// <param name="Name">Its name in the list; files keep theirs.</param>
/// <param name="Label">One of the session's labels; null for none.</param>
/// <param name="Forced">It runs whatever the queue says.</param>
/// <param name="MaxDownloadRate">Its own limit, bytes per second; 0 = none.</param>
/// <param name="MaxUploadRate">Its own limit, bytes per second; 0 = none.</param>
/// <param name="ShareLimits">Its own share limits; null follows its label, then the session.</param>
internal sealed record TorrentChange(
    bool? Sequential = null, bool? StrictTitForTat = null, string? Name = null, string? Label = null, bool? Forced = null, long? MaxDownloadRate = null,
    long? MaxUploadRate = null, ShareLimitsBody? ShareLimits = null);

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
        var (maxDown, maxUp) = ((long?)null, (long?)null);
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
                case ("name", JsonValueKind.String):
                    var name = member.Value.GetString()!;
                    commands.Insert(0, () => torrent.RenameAsync(name)); // The one that the engine alone can judge: refused, it is the first and nothing was changed.
                    break;
                case ("label", JsonValueKind.String or JsonValueKind.Null):
                    var label = member.Value.GetString();
                    if (label is not null && !engine.Options.Labels.Any(known => string.Equals(known.Name, label, StringComparison.OrdinalIgnoreCase)))
                    {
                        throw new TorrentEngineException("label.unknown", $"There is no label \"{(label.Length <= 60 ? label : label[..60])}\"; make it in the settings first.");
                    }

                    commands.Add(() => torrent.SetLabelAsync(label));
                    break;
                case ("forced", JsonValueKind.True or JsonValueKind.False):
                    var isForced = member.Value.GetBoolean();
                    commands.Add(() => torrent.SetForcedAsync(isForced));
                    break;
                case ("maxDownloadRate" or "maxUploadRate", JsonValueKind.Number) when member.Value.TryGetInt64(out var rate) && rate >= 0:
                    maxDown = member.Name == "maxDownloadRate" ? rate : maxDown;
                    maxUp = member.Name == "maxUploadRate" ? rate : maxUp;
                    break;
                case ("shareLimits", JsonValueKind.Null):
                    commands.Add(() => torrent.SetShareLimitsAsync(null));
                    break;
                case ("shareLimits", _):
                    ReadLimits(member.Value, mistakes, limits => commands.Add(() => torrent.SetShareLimitsAsync(limits)));
                    break;
                case ("name" or "label" or "forced" or "maxDownloadRate" or "maxUploadRate", _):
                    mistakes.Add(member.Name, $"{member.Name} must be {(member.Name switch { "forced" => "true or false", "name" => "a text", "label" => "a text, or null for none", _ => "a whole number of bytes per second, 0 for none" })}.");
                    break;
                case ("sequential", _):
                    mistakes.Add(member.Name, "sequential must be true or false.");
                    break;
                case ("strictTitForTat", _):
                    mistakes.Add(member.Name, "strictTitForTat must be true, false, or null to follow the session.");
                    break;
                default:
                    mistakes.Add(member.Name, "A torrent's name, label, forced, sequential, strictTitForTat, maxDownloadRate, maxUploadRate and shareLimits can be changed here, nothing else.");
                    break;
            }
        }

        if (maxDown is not null || maxUp is not null)
        {
            commands.Add(() => torrent.SetRateLimitsAsync(maxDown ?? torrent.Snapshot.MaxDownloadRate, maxUp ?? torrent.Snapshot.MaxUploadRate));
        }

        return await RunAsync(mistakes, commands);
    }

    private static void ReadLimits(JsonElement value, ImmutableSortedDictionary<string, string>.Builder mistakes, Action<ShareLimits> take)
    {
        try
        {
            var limits = ShareLimitsBody.Read(value);
            if (limits.Mistake() is { } mistake)
            {
                mistakes.Add("shareLimits", mistake);
            }

            take(limits);
        }
        catch (FormatException exception)
        {
            mistakes.Add("shareLimits", $"shareLimits {exception.Message}");
        }
    }

    /// <summary>Moves in the queue: {"move": "top"}, up, down or bottom.</summary>
    public static async Task<IResult> MoveInQueueAsync(string infoHash, HttpRequest request, IEngineAccess engine, CancellationToken cancellationToken)
    {
        var torrent = TorrentEndpoints.Find(engine, infoHash);
        using var body = await JsonBody.ReadObjectAsync(request, cancellationToken);
        QueueMove? move = body.RootElement.TryGetProperty("move", out var word) && word.ValueKind == JsonValueKind.String
            ? word.GetString() switch { "top" => QueueMove.Top, "up" => QueueMove.Up, "down" => QueueMove.Down, "bottom" => QueueMove.Bottom, _ => null }
            : null;
        await torrent.MoveInQueueAsync(move ?? throw new TorrentEngineException("body.invalid", "Send {\"move\": \"top\"}, or up, down, bottom."));
        return TypedResults.NoContent();
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
