using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace P2P.Blazor.Configuration;

/// <summary>Turns the texts of one configuration section into values and remembers what could not be read instead of stopping there.</summary>
/// <remarks>An absent or empty text means the default. Every key asked for counts as known; the rest is reported as unknown.</remarks>
internal sealed class SettingsReader(IConfigurationSection section, string root)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _mistakes = [];

    /// <summary>What was wrong so far, unknown keys last.</summary>
    public ImmutableArray<string> Mistakes() =>
    [
        .. _mistakes,
        .. section.GetChildren().Where(child => !_known.Contains(child.Key)).Select(child => $"{child.Path} is not a setting; the settings are {string.Join(", ", _known.Order(StringComparer.Ordinal))}."),
    ];

    /// <summary>A folder, made absolute.</summary>
    public string Folder(string key, string standard) => Absolute(key, Text(key) ?? standard, standard);

    /// <summary>A list of folders ("Key:0", "Key:1", ... or one text), made absolute.</summary>
    public ImmutableArray<string> Folders(string key)
    {
        var one = Text(key);
        var many = section.GetSection(key).GetChildren().Select(child => child.Value).Where(value => !string.IsNullOrWhiteSpace(value));
        return [.. (one is null ? many : many.Prepend(one)).Select(value => Absolute(key, value!, root))];
    }

    /// <summary>A list of words: one text of words between blanks or commas, which also empties a list set elsewhere, or "Key:0", "Key:1", ...</summary>
    public ImmutableArray<string> Words(string key)
    {
        _known.Add(key);
        string[] words = section[key] is { } text
            ? text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)
            : [.. section.GetSection(key).GetChildren().Select(child => child.Value?.Trim()).OfType<string>().Where(word => word.Length > 0)];
        return words.Length == 0 ? [] : [.. words];
    }

    /// <summary>A whole number of 64 bits.</summary>
    public long Number(string key, long standard) => Parse(key, standard, "a whole number",
        text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null);

    /// <summary>A whole number of 32 bits.</summary>
    public int Integer(string key, int standard) => Parse(key, standard, "a whole number",
        text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null);

    /// <summary>A length of time, "hh:mm:ss".</summary>
    public TimeSpan Time(string key, TimeSpan standard) => Parse(key, standard, "a time such as 00:00:30",
        text => text.Contains(':') && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : (TimeSpan?)null);

    /// <summary>A number with a point; null when absent.</summary>
    public double? Ratio(string key) => Text(key) is null ? null : Parse(key, 0d, "a number such as 2.0",
        text => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) ? value : null);

    /// <summary>A length of time; null when absent.</summary>
    public TimeSpan? OptionalTime(string key) => Text(key) is null ? null : Time(key, TimeSpan.FromMinutes(1));

    /// <summary>One of an enumeration's names, whatever the case.</summary>
    public T Word<T>(string key, T standard)
        where T : struct, Enum => Parse(key, standard, $"one of {string.Join(", ", Enum.GetNames<T>())}",
        text => char.IsAsciiLetter(text[0]) && Enum.TryParse<T>(text, ignoreCase: true, out var value) ? value : null);

    /// <summary>true or false.</summary>
    public bool Switch(string key, bool standard) => Parse(key, standard, "true or false",
        text => bool.TryParse(text, out var value) ? value : (bool?)null);

    /// <summary>An IPv4 or IPv6 address; null when absent.</summary>
    public IPAddress? Address(string key)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        if (IPAddress.TryParse(text, out var address))
        {
            return address;
        }

        Refuse(key, text, "an IPv4 or IPv6 address of this machine, or empty for all");
        return null;
    }

    /// <summary>The text itself; null when absent or blank.</summary>
    public string? Text(string key)
    {
        _known.Add(key.Split(':')[0]);
        return section[key] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
    }

    private T Parse<T>(string key, T standard, string kind, Func<string, T?> parse)
        where T : struct
    {
        if (Text(key) is not { } text)
        {
            return standard;
        }

        if (parse(text) is { } value)
        {
            return value;
        }

        Refuse(key, text, kind);
        return standard;
    }

    private string Absolute(string key, string path, string standard)
    {
        if (path.Contains('\0'))
        {
            Refuse(key, path.Replace('\0', '?'), "a folder");
            path = standard;
        }

        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, root));
    }

    private void Refuse(string key, string text, string kind) => _mistakes.Add($"{section.Path}:{key} is \"{text}\"; it must be {kind}.");
}
