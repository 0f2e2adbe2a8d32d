using System.Globalization;

namespace P2P.Blazor.Formatting;

/// <summary>Bytes for people, in binary units: "0 B", "812 B", "1.4 GiB". Three digits are shown, never a rounded-up "1024".</summary>
internal static class ByteText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Any number of bytes; a negative one (a figure that is not known) is a dash.</summary>
    public static string Of(long bytes)
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

        var format = unit == 0 || value >= 99.95 ? "0" : value >= 9.995 ? "0.0" : "0.00";
        return $"{value.ToString(format, CultureInfo.CurrentCulture)} {Units[unit]}";
    }
}
