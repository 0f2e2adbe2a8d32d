using System.Globalization;

namespace P2P.Blazor.Formatting;

/// <summary>Bytes for people, in binary units: "0 B", "812 B", "1.4 GiB". Three digits are shown, never a rounded-up "1024".</summary>
internal static class ByteText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Any number of bytes; a negative one (a figure that is not known) is a dash.</summary>
    public static string Of(long bytes) => Of(bytes, "");

    /// <summary>As above, with what follows the unit: "/s". One string is made and nothing beside it.</summary>
    public static string Of(long bytes, string per)
    {
        if (bytes < 0)
        {
            return "–";
        }

        var unit = 0;
        double value = bytes;
        // 1023.5 would be shown as 1024: such a value belongs to the next unit.
        while (unit < Units.Length - 1 && value >= (unit == 0 ? 1024 : 1023.5))
        {
            value /= 1024;
            unit++;
        }

        var culture = CultureInfo.CurrentCulture;
        return unit == 0 || value >= 99.95 ? string.Create(culture, $"{value:0} {Units[unit]}{per}")
            : value >= 9.995 ? string.Create(culture, $"{value:0.0} {Units[unit]}{per}")
            : string.Create(culture, $"{value:0.00} {Units[unit]}{per}");
    }
}
