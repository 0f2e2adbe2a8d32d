using System.Buffers;
using System.Globalization;
using System.Text;

namespace P2P.Blazor.Api;

/// <summary>Makes a name from a stranger one that every disk takes and that leads nowhere. Pure.</summary>
internal static class SafeFileName
{
    /// <summary>Longest name, bytes of UTF-8, as on most file systems.</summary>
    public const int MaxBytes = 255;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create("/\\<>:\"|?*");

    private static readonly HashSet<string> Devices = new(
        ["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(0, 10).SelectMany(number => new[] { $"COM{number}", $"LPT{number}" })], StringComparer.OrdinalIgnoreCase);

    /// <summary>The last component of a path, what no disk takes replaced by "_", at most <paramref name="maxBytes"/> bytes; null when nothing is left.</summary>
    /// <remarks>Leading dots go, since they would hide the file; so do trailing dots and blanks, which Windows drops.</remarks>
    public static string? Of(string name, int maxBytes = MaxBytes)
    {
        var last = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        var safe = new StringBuilder(last.Length);
        var bytes = 0;
        foreach (var rune in last.EnumerateRunes())
        {
            var kept = IsForbidden(rune) ? new Rune('_') : rune;
            bytes += kept.Utf8SequenceLength;
            if (bytes > maxBytes)
            {
                break;
            }

            safe.Append(kept);
        }

        var text = safe.ToString().TrimStart('.', ' ').TrimEnd('.', ' ');
        return text.Length == 0 ? null : Devices.Contains(text.Split('.')[0]) ? Of($"_{text}", maxBytes) : text;
    }

    private static bool IsForbidden(Rune rune) => rune == Rune.ReplacementChar || (rune.IsBmp && Forbidden.Contains((char)rune.Value))
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate;
}
