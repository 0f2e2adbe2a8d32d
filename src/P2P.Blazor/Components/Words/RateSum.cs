using System.Collections.Immutable;
using System.Globalization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>D as a sum a reader can check: every term is rounded first, then the rounded terms are added, so the printed line is always true.</summary>
/// <param name="Unit">Unit of all numbers.</param>
/// <param name="Terms">Rounded terms, in the order given.</param>
internal sealed record RateSum(string Unit, ImmutableArray<long> Terms)
{
    /// <summary>Terms printed by name before "n more" takes the rest.</summary>
    public const int Shown = 4;

    /// <summary>The printed sum: exactly the sum of <see cref="Terms"/>.</summary>
    public long Total => Terms.Sum();

    /// <summary>What "n more" stands for.</summary>
    public long Rest => Terms.Skip(Shown).Sum();

    /// <summary>Picks the unit by the largest term, so that no large term loses more than three digits.</summary>
    public static RateSum Of(ImmutableArray<RateTerm> terms)
    {
        var largest = terms.Length == 0 ? 0 : terms.Max(term => term.Rate);
        var (unit, size) = largest switch
        {
            < 10 << 10 => ("B/s", 1L),
            < 1L << 30 => ("KiB/s", 1L << 10),
            _ => ("MiB/s", 1L << 20),
        };
        return new RateSum(unit, [.. terms.Select(term => (term.Rate + (size / 2)) / size)]);
    }

    /// <summary>"612 + 440 + 388 + 351 + 519 (3 more)".</summary>
    public string Left
    {
        get
        {
            if (Terms.Length == 0)
            {
                return "0";
            }

            var shown = Terms.Length <= Shown + 1 ? Terms.Length : Shown;
            var text = string.Join(" + ", Terms.Take(shown).Select(Text));
            return shown == Terms.Length ? text : $"{text} + {Text(Rest)} ({Terms.Length - shown} more)";
        }
    }

    /// <summary>"2,310 KiB/s".</summary>
    public string Right => $"{Text(Total)}\u00A0{Unit}";

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
