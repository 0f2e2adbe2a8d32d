using System.Globalization;

namespace P2P.Engine.Swarm;

/// <summary>Numbers in the engine's English sentences. Pure.</summary>
internal static class PlainWords
{
    /// <summary>"1 peer", "1,204 pieces".</summary>
    public static string Counted(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>"1,204".</summary>
    public static string Number(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"310 MiB", "1.2 GiB".</summary>
    public static string Bytes(long bytes) => Scaled(bytes, 1024, ["bytes", "KiB", "MiB", "GiB", "TiB"]);

    /// <summary>"500 kB/s", "1.9 MB/s".</summary>
    public static string Rate(long bytesPerSecond) => Scaled(bytesPerSecond, 1000, ["B/s", "kB/s", "MB/s", "GB/s"]);

    /// <summary>"in 4 minutes", rounded up, so that it does not change every second; "at any moment" when it is due.</summary>
    public static string In(TimeSpan wait) => wait.TotalMinutes switch
    {
        <= 0 => "at any moment",
        <= 1 => "within a minute",
        <= 90 => $"in {Counted((long)Math.Ceiling(wait.TotalMinutes), "minute")}",
        _ => $"in {Counted((long)Math.Round(Math.Min(wait.TotalHours, 1_000_000)), "hour")}",
    };

    /// <summary>Text of a stranger as a part of a sentence: one line, at most 200 characters, no full stop at the end.</summary>
    public static string Quoted(string text)
    {
        var line = string.Join(' ', text.Split((char[])['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).TrimEnd('.', ' ');
        return line.Length <= 200 ? line : line[..199] + "…";
    }

    private static string Scaled(long value, int step, ReadOnlySpan<string> units)
    {
        var (scaled, unit) = ((double)value, 0);
        for (; Math.Abs(scaled) >= step && unit < units.Length - 1; unit++)
        {
            scaled /= step;
        }

        return scaled.ToString(Math.Abs(scaled) < 10 && unit > 0 ? "0.0" : "0", CultureInfo.InvariantCulture) + " " + units[unit];
    }
}
