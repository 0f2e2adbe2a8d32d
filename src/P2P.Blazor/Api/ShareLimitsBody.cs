using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Share limits as JSON; a member that is not there, or null, is no limit.</summary>
/// <param name="MaxRatio">Uploaded / downloaded.</param>
/// <param name="MaxSeedingTime">Time spent seeding, "d.hh:mm:ss".</param>
/// <param name="MaxIdleTime">Time without a byte sent, "d.hh:mm:ss".</param>
/// <param name="Action">"stop" or "remove".</param>
internal sealed record ShareLimitsBody(double? MaxRatio = null, TimeSpan? MaxSeedingTime = null, TimeSpan? MaxIdleTime = null, ShareLimitAction Action = ShareLimitAction.Stop)
{
    /// <summary>Reads an object; throws <see cref="FormatException"/> with the rest of a sentence.</summary>
    public static ShareLimits Read(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("must be an object such as {\"maxRatio\": 2, \"action\": \"stop\"}.");
        }

        var limits = ShareLimits.None;
        foreach (var member in value.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null))
        {
            limits = member.Name switch
            {
                "maxRatio" => limits with { MaxRatio = member.Value.ValueKind == JsonValueKind.Number ? member.Value.GetDouble() : throw new FormatException("has a maxRatio that is no number.") },
                "maxSeedingTime" => limits with { MaxSeedingTime = Time(member.Value, "maxSeedingTime") },
                "maxIdleTime" => limits with { MaxIdleTime = Time(member.Value, "maxIdleTime") },
                "action" => limits with
                {
                    Action = member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() is "stop" or "remove"
                        ? member.Value.GetString() == "stop" ? ShareLimitAction.Stop : ShareLimitAction.Remove
                        : throw new FormatException("has an action that is neither \"stop\" nor \"remove\"."),
                },
                "isUnlimited" => limits, // What GET tells may be sent back.
                _ => throw new FormatException("has maxRatio, maxSeedingTime, maxIdleTime and action, nothing else."),
            };
        }

        return limits;
    }

    private static TimeSpan Time(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String && TimeSpan.TryParseExact(value.GetString(), "c", CultureInfo.InvariantCulture, out var time)
            ? time
            : throw new FormatException($"has a {name} that is no time such as 7.00:00:00.");
}

/// <summary>A label as JSON.</summary>
/// <param name="Name">1 to 60 characters.</param>
/// <param name="SavePath">Absolute folder; null for the shared one.</param>
/// <param name="ShareLimits">Of its torrents; null follows the session.</param>
internal sealed record LabelBody(string Name, string? SavePath = null, ShareLimitsBody? ShareLimits = null)
{
    /// <summary>Reads a list of labels; throws <see cref="FormatException"/> with the rest of a sentence, or the sentence of the folder that may not be used.</summary>
    public static ImmutableArray<TorrentLabel> Read(JsonElement value, SavePathPolicy paths) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(label => ReadOne(label, paths))]
        : throw new FormatException("must be a list of objects such as {\"name\": \"iso\"}.");

    private static TorrentLabel ReadOne(JsonElement value, SavePathPolicy paths)
    {
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String)
        {
            throw new FormatException("must be a list of objects with a name each.");
        }

        var label = new TorrentLabel(name.GetString()!);
        foreach (var member in value.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null))
        {
            label = member.Name switch
            {
                "name" => label,
                "savePath" => label with { SavePath = member.Value.ValueKind == JsonValueKind.String ? paths.CheckFolder(member.Value.GetString()!) : throw new FormatException("has a savePath that is no text.") },
                "shareLimits" => label with { ShareLimits = ShareLimitsBody.Read(member.Value) },
                _ => throw new FormatException("has labels with name, savePath and shareLimits, nothing else."),
            };
        }

        return label;
    }
}
