using System.Globalization;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Live;

/// <summary>What a person typed into the search field, understood: words that must (or, with "-", must not) be in the name, and fields such as is:waiting, size:&gt;1GB, ratio:&lt;1. Immutable.</summary>
/// <remarks>Nothing typed is an error: what cannot be understood is left out of the filter and told in <see cref="Problems"/>.</remarks>
internal sealed class ListQuery
{
    /// <summary>Longer texts are cut: nobody types them.</summary>
    public const int MaxLength = 500;

    /// <summary>Lets everything through.</summary>
    public static readonly ListQuery Everything = new([], []);

    private readonly Term[] _terms;

    private ListQuery(List<Term> terms, List<string> problems)
    {
        _terms = [.. terms];
        Problems = problems;
    }

    private delegate bool Test(TorrentSnapshot torrent);

    /// <summary>What was not understood, one sentence each.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Nothing is left out.</summary>
    public bool IsEmpty => _terms.Length == 0;

    /// <summary>Reads a text; never throws.</summary>
    public static ListQuery Parse(string text)
    {
        List<Term> terms = [];
        List<string> problems = [];
        foreach (var (token, isQuoted) in Tokens(text.Length > MaxLength ? text[..MaxLength] : text))
        {
            var isNegative = token is ['-', _, ..];
            var word = isNegative ? token[1..] : token;
            var at = isQuoted ? -1 : word.IndexOf(':', StringComparison.Ordinal);
            if (at <= 0)
            {
                terms.Add(new Term(isNegative, torrent => torrent.Name.Contains(word, StringComparison.CurrentCultureIgnoreCase)));
            }
            else if (Field(word[..at].ToLowerInvariant(), word[(at + 1)..], problems) is { } test)
            {
                terms.Add(new Term(isNegative, test));
            }
        }

        return new ListQuery(terms, problems);
    }

    /// <summary>Is this torrent let through?</summary>
    public bool Matches(TorrentSnapshot torrent)
    {
        foreach (var term in _terms)
        {
            if (term.Test(torrent) == term.IsNegative)
            {
                return false;
            }
        }

        return true;
    }

    private static Test? Field(string field, string value, List<string> problems)
    {
        value = value.Trim('"');
        switch (field)
        {
            case "is":
                if (Enum.TryParse<TorrentGroup>(value, ignoreCase: true, out var group) && Enum.IsDefined(group))
                {
                    return torrent => TorrentGroups.Has(group, torrent);
                }

                problems.Add(Text.T("query.bad-state", value));
                return null;
            case "tracker":
                return torrent => torrent.Tracker?.Contains(value, StringComparison.OrdinalIgnoreCase) ?? value.Length == 0;
            case "label":
                return torrent => torrent.Label?.Contains(value, StringComparison.OrdinalIgnoreCase) ?? value.Length == 0;
            case "path":
                return torrent => torrent.SavePath.Contains(value, StringComparison.OrdinalIgnoreCase);
            case "hash":
                return torrent => torrent.InfoHash.ToString().StartsWith(value, StringComparison.OrdinalIgnoreCase);
            case "size":
                return Compared(value, problems, torrent => torrent.Size);
            case "ratio":
                return Compared(value, problems, torrent => torrent.Ratio);
            case "done":
                return Compared(value.TrimEnd('%'), problems, torrent => torrent.Progress * 100);
            case "peers":
                return Compared(value, problems, torrent => torrent.ConnectedPeers);
            case "seeds":
                return Compared(value, problems, torrent => torrent.Seeds);
            case "slots":
                return Compared(value, problems, torrent => torrent.Unchoked);
            case "down":
                return Compared(value, problems, torrent => torrent.DownloadRate);
            case "up":
                return Compared(value, problems, torrent => torrent.UploadRate);
            default:
                problems.Add(Text.T("query.bad-field", field));
                return null;
        }
    }

    private static Test? Compared(string value, List<string> problems, Func<TorrentSnapshot, double> figure)
    {
        var sign = value switch { ['>', '=', ..] => ">=", ['<', '=', ..] => "<=", ['>', ..] => ">", ['<', ..] => "<", _ => "" };
        if (!TryNumber(value[sign.Length..], out var number))
        {
            problems.Add(Text.T("query.bad-number", value));
            return null;
        }

        return sign switch
        {
            ">" => torrent => figure(torrent) > number,
            "<" => torrent => figure(torrent) < number,
            ">=" => torrent => figure(torrent) >= number,
            "<=" => torrent => figure(torrent) <= number,
            _ => torrent => Math.Abs(figure(torrent) - number) <= Math.Abs(number) * 0.005, // "1.5GB" means about that
        };
    }

    // "1GB" is decimal, "1GiB" and "1G" are binary, as their makers say.
    private static bool TryNumber(string text, out double number)
    {
        var end = text.Length;
        while (end > 0 && !char.IsAsciiDigit(text[end - 1]))
        {
            end--;
        }

        var unit = text[end..].Trim().ToLowerInvariant();
        var power = unit.Length == 0 || unit == "b" ? 0 : "kmgtp".IndexOf(unit[0], StringComparison.Ordinal) + 1;
        var scale = unit switch { "" or "b" => 1, [_] or [_, 'i', 'b'] => 1024, [_, 'b'] => 1000, _ => 0 };
        var isRead = double.TryParse(text[..end].Replace(',', '.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
        number *= Math.Pow(scale, power);
        return isRead && scale > 0 && (power > 0 || unit is "" or "b") && double.IsFinite(number);
    }

    private static IEnumerable<(string Token, bool IsQuoted)> Tokens(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            if (text[at] == '"')
            {
                var close = text.IndexOf('"', at + 1);
                var phrase = text[(at + 1)..(close < 0 ? text.Length : close)];
                at = close < 0 ? text.Length : close + 1;
                if (phrase.Length > 0)
                {
                    yield return (phrase, true);
                }

                continue;
            }

            var start = at;
            var isInQuotes = false;
            while (at < text.Length && (isInQuotes || !char.IsWhiteSpace(text[at])))
            {
                isInQuotes ^= text[at++] == '"';
            }

            yield return (text[start..at], false);
        }
    }

    private readonly record struct Term(bool IsNegative, Test Test);
}
