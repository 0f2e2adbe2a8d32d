using System.Globalization;

namespace P2P.Blazor.Formatting;

/// <summary>Uploaded / downloaded for people: "0.50", "12.3", "∞", a dash for what cannot be told.</summary>
internal static class RatioText
{
    /// <summary>Two decimals below 10, one below 100, none above; cut, not rounded, so that 0.999 is not shown as a full 1.00.</summary>
    public static string Of(double ratio) => ratio switch
    {
        double.PositiveInfinity => "∞",
        < 0 or double.NaN => "–",
        < 10 => Cut(ratio, 100).ToString("0.00", CultureInfo.CurrentCulture),
        < 100 => Cut(ratio, 10).ToString("0.0", CultureInfo.CurrentCulture),
        _ => Math.Floor(ratio).ToString("0", CultureInfo.CurrentCulture),
    };

    // In decimal, because 0.29 * 100 is 28.999... in binary.
    private static decimal Cut(double value, int scale) => Math.Floor((decimal)value * scale) / scale;
}
