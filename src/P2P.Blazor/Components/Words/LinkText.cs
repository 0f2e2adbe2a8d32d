using System.Text.RegularExpressions;

namespace P2P.Blazor.Components.Words;

/// <summary>Finds the web addresses in a stranger's text.</summary>
internal static partial class LinkText
{
    private const int MostLinks = 20;

    /// <summary>The text in pieces, and which of them are addresses of http or https; whatever else it holds stays text.</summary>
    public static IReadOnlyList<(string Text, bool IsLink)> Parts(string text)
    {
        List<(string, bool)> parts = [];
        var at = 0;
        foreach (Match match in Address().Matches(text).Take(MostLinks))
        {
            if (Uri.TryCreate(match.Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
            {
                parts.Add((text[at..match.Index], false));
                parts.Add((match.Value, true));
                at = match.Index + match.Length;
            }
        }

        parts.Add((text[at..], false));
        parts.RemoveAll(part => part.Item1.Length == 0);
        return parts;
    }

    // Up to a blank or a sign that ends a sentence or a quotation; no backtracking over it.
    [GeneratedRegex("""https?://[^\s<>"']{1,500}(?<![.,;:!?)\]])""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Address();
}
