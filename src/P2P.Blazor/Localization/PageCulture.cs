using System.Collections.Frozen;
using System.Globalization;

namespace P2P.Blazor.Localization;

/// <summary>The languages of the page, each with its numbers and dates. The process runs without the system's language data, so these are complete in themselves.</summary>
internal static class PageCulture
{
    /// <summary>The cookie that holds the choice; absent, the browser's languages decide.</summary>
    public const string Cookie = "p2p-language";

    /// <summary>A language for tests: every text of a resource file in brackets, with accents and a third longer.</summary>
    public const string PseudoName = "qps-PLOC";

    /// <summary>What is shown when nothing else is asked for.</summary>
    public static readonly CultureInfo English = Make("en", ".", ",", "d MMM yyyy", CultureInfo.InvariantCulture.DateTimeFormat.AbbreviatedMonthNames);

    private static readonly CultureInfo German = Make(
        "de", ",", ".", "d. MMM yyyy", ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.", ""]);

    private static readonly CultureInfo Pseudo = Make(PseudoName, ".", ",", "d MMM yyyy", CultureInfo.InvariantCulture.DateTimeFormat.AbbreviatedMonthNames);

    private static readonly FrozenDictionary<string, CultureInfo> ByName =
        new[] { English, German, Pseudo }.ToFrozenDictionary(culture => culture.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Languages a person can choose: code, and name in itself.</summary>
    public static readonly IReadOnlyList<(string Code, string Name)> Offered = [("en", "English"), ("de", "Deutsch")];

    /// <summary>The language of a request: the cookie's, else the first of the browser's that we have, else English.</summary>
    /// <param name="cookie">Value of <see cref="Cookie"/>; anything may be in it.</param>
    /// <param name="acceptLanguage">The header, in the order of preference; anything may be in it.</param>
    public static CultureInfo Choose(string? cookie, string? acceptLanguage)
    {
        if (cookie is not null && ByName.TryGetValue(cookie, out var chosen))
        {
            return chosen;
        }

        // Weights are ignored: browsers send the order of preference, and a longer look is not worth it. Ten are enough.
        foreach (var entry in (acceptLanguage ?? "").Split(',', 11).Take(10))
        {
            var code = entry.Split(';', 2)[0].Split('-', 2)[0].Trim();
            if (code.Length == 2 && ByName.TryGetValue(code, out var spoken))
            {
                return spoken;
            }
        }

        return English;
    }

    private static CultureInfo Make(string name, string point, string group, string date, string[] months)
    {
        var culture = new CultureInfo(name, useUserOverride: false);
        culture.NumberFormat.NumberDecimalSeparator = point;
        culture.NumberFormat.NumberGroupSeparator = group;
        culture.DateTimeFormat.ShortDatePattern = date;
        culture.DateTimeFormat.ShortTimePattern = "HH:mm";
        culture.DateTimeFormat.LongTimePattern = "HH:mm:ss";
        culture.DateTimeFormat.AbbreviatedMonthNames = months;
        culture.DateTimeFormat.AbbreviatedMonthGenitiveNames = months;
        return CultureInfo.ReadOnly(culture);
    }
}
