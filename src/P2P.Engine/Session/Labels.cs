using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace P2P.Engine.Session;

/// <summary>The session's labels: found by name, checked, and kept as text among the settings. Pure.</summary>
internal static class Labels
{
    /// <summary>Most labels.</summary>
    public const int Most = 200;

    private const int LongestName = 60;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        MaxDepth = 8,
    };

    /// <summary>The label of this name, whatever the case; null when there is none.</summary>
    public static TorrentLabel? Find(ImmutableArray<TorrentLabel> labels, string? name)
    {
        foreach (var label in labels)
        {
            if (string.Equals(label.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return label;
            }
        }

        return null;
    }

    /// <summary>What is said of a name that no label has.</summary>
    public static TorrentEngineException Unknown(string name) =>
        new("label.unknown", $"There is no label \"{(name.Length <= LongestName ? name : name[..LongestName])}\"; make it in the settings first.");

    /// <summary>What is wrong with a list of labels, one sentence each; empty when nothing is.</summary>
    public static IEnumerable<string> Mistakes(ImmutableArray<TorrentLabel> labels)
    {
        if (labels.Length > Most)
        {
            yield return $"There can be {Most} labels at most.";
        }

        foreach (var label in labels)
        {
            if (label.Name is null || label.Name.Trim().Length == 0 || label.Name != label.Name.Trim() || label.Name.Length > LongestName || label.Name.Any(IsHidden))
            {
                yield return $"A label's name is 1 to {LongestName} printable characters, without spaces around it.";
            }
            else if (label.SavePath is { } path && (!Path.IsPathFullyQualified(path) || path.Contains('\0', StringComparison.Ordinal)))
            {
                yield return $"The folder of the label \"{label.Name}\" must be an absolute path.";
            }
            else if (label.ShareLimits is { } limits && limits.Mistake() is { } mistake)
            {
                yield return $"Label \"{label.Name}\": {mistake}";
            }
        }

        if (labels.Select(label => label.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count() < labels.Length)
        {
            yield return "Two labels cannot have the same name.";
        }
    }

    // Line ends and the marks that turn the direction of text make a name look like another one.
    private static bool IsHidden(char letter) => char.IsControl(letter) || letter is '\u061C' or '\u200E' or '\u200F' or '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    /// <summary>As kept among the settings.</summary>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Json);

    /// <summary>From what was kept; null when it does not read.</summary>
    public static T? Read<T>(string? text)
        where T : class
    {
        try
        {
            return string.IsNullOrEmpty(text) ? null : JsonSerializer.Deserialize<T>(text, Json);
        }
        catch (JsonException)
        {
            return null; // As with every kept setting that no longer reads: the default holds.
        }
    }
}
