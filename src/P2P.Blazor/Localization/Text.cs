using System.Collections;
using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Resources;
using System.Text;
using Microsoft.AspNetCore.Components;

namespace P2P.Blazor.Localization;

/// <summary>Every text of the page by its key, in the language of the circuit. The texts are in the files *Texts.resx and *Texts.de.resx; a test holds the languages and the code together.</summary>
/// <remarks>Looked up in frozen tables: rows ask for a dozen texts each, and a resource manager takes a lock for every one.</remarks>
internal static class Text
{
    private static readonly FrozenDictionary<string, string> English = Load(CultureInfo.InvariantCulture);
    private static readonly FrozenDictionary<string, string> German = Load(CultureInfo.GetCultureInfo("de"));
    private static readonly FrozenDictionary<string, string> Pseudo =
        English.ToFrozenDictionary(entry => entry.Key, entry => PseudoText.Of(entry.Value), StringComparer.Ordinal);

    private static FrozenDictionary<string, string> Current => CultureInfo.CurrentUICulture.Name switch
    {
        "de" => German,
        PageCulture.PseudoName => Pseudo,
        _ => English,
    };

    /// <summary>The text of <paramref name="key"/>; the key itself when there is none, so that nothing fails for a missing word.</summary>
    public static string T(string key) => Current.TryGetValue(key, out var text) ? text : English.GetValueOrDefault(key, key);

    /// <summary>The text with {0}, {1}, ... filled in by the culture's rules.</summary>
    public static string T(string key, params ReadOnlySpan<object?> arguments) => string.Format(CultureInfo.CurrentCulture, T(key), arguments);

    /// <summary>A counted text: "key.one" for 1, "key.other" else; {0} is the number, further arguments follow.</summary>
    public static string Many(string key, long count) =>
        string.Format(CultureInfo.CurrentCulture, T(count == 1 ? $"{key}.one" : $"{key}.other"), count.ToString("N0", CultureInfo.CurrentCulture));

    /// <summary>A text of ours that holds markup (bold words, keys); what is filled in is encoded, so a name from a stranger stays text.</summary>
    public static MarkupString Markup(string key, params ReadOnlySpan<string> arguments)
    {
        var encoded = new object?[arguments.Length];
        for (var i = 0; i < encoded.Length; i++)
        {
            encoded[i] = WebUtility.HtmlEncode(arguments[i]);
        }

        return new MarkupString(string.Format(CultureInfo.CurrentCulture, T(key), encoded));
    }

    /// <summary>Whether there is a text of this key: for words made from codes that may be newer than the page.</summary>
    public static bool Has(string key) => English.ContainsKey(key);

    /// <summary>All texts whose key begins so, in the circuit's language: what scripts are given.</summary>
    public static Dictionary<string, string> Under(string prefix) =>
        Current.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);

    // One resource file for each part of the page; no key is in two of them.
    private static FrozenDictionary<string, string> Load(CultureInfo culture)
    {
        const string Extension = ".resources";
        Dictionary<string, string> texts = new(StringComparer.Ordinal);
        var assembly = typeof(Text).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.EndsWith("Texts" + Extension, StringComparison.Ordinal)))
        {
            using var set = new ResourceManager(name[..^Extension.Length], assembly).GetResourceSet(culture, createIfNotExists: true, tryParents: false)
                ?? throw new InvalidOperationException($"The texts '{name}' of '{culture.Name}' are missing from the build.");
            foreach (DictionaryEntry entry in set)
            {
                texts.Add((string)entry.Key, (string)entry.Value!);
            }
        }

        return texts.ToFrozenDictionary(StringComparer.Ordinal);
    }
}

/// <summary>Makes a text of the pseudo language: brackets show what comes from a resource file, accents what cannot be drawn, length what does not fit.</summary>
internal static class PseudoText
{
    private const string Plain = "AEIOUaeiouCcNnSsYy";
    private const string Accented = "ÅËÎÕÜåëîõüÇçÑñŠšÝý";

    /// <summary>"Add" becomes "⟦Ådd··⟧"; placeholders, tags and entities stay as they are.</summary>
    public static string Of(string text)
    {
        var made = new StringBuilder("⟦", text.Length * 2);
        var depth = 0;
        foreach (var letter in text)
        {
            depth += letter is '{' or '<' or '&' ? 1 : 0;
            var at = depth > 0 ? -1 : Plain.IndexOf(letter, StringComparison.Ordinal);
            made.Append(at < 0 ? letter : Accented[at]);
            depth = letter is '}' or '>' or ';' ? Math.Max(0, depth - 1) : depth;
        }

        return made.Append('·', Math.Max(1, text.Length * 2 / 5)).Append('⟧').ToString();
    }
}
