using System.Globalization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>Numbers as the pages print them: three significant digits, unit apart, invariant culture, U+00A0 between so that they never break.</summary>
internal static class Show
{
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>"1.42 GiB"; negative (unknown) is "unknown".</summary>
    public static string Bytes(long bytes)
    {
        if (bytes < 0)
        {
            return "unknown";
        }

        var (value, unit) = ((double)bytes, 0);
        while (value >= 999.5 && unit < ByteUnits.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        var digits = unit == 0 || value >= 99.95 ? "0" : value >= 9.995 ? "0.0" : "0.00";
        return $"{value.ToString(digits, CultureInfo.InvariantCulture)}\u00A0{ByteUnits[unit]}";
    }

    /// <summary>"3.20 MiB/s".</summary>
    public static string Rate(long bytesPerSecond) => $"{Bytes(Math.Max(0, bytesPerSecond))}/s";

    /// <summary>As <see cref="Rate"/>, but an en dash for zero: a grid of zeros hides what moves.</summary>
    public static string RateOrDash(long bytesPerSecond) => bytesPerSecond <= 0 ? "–" : Rate(bytesPerSecond);

    /// <summary>"no limit" for 0, else the rate.</summary>
    public static string Limit(long bytesPerSecond) => bytesPerSecond <= 0 ? "no limit" : Rate(bytesPerSecond);

    /// <summary>"61.4 %" of a share 0..1, rounded down: 100 % is said only of what is whole.</summary>
    public static string Percent(double share)
    {
        var tenths = Math.Floor(Math.Clamp(share, 0, 1) * 1000) / 10;
        return tenths >= 100 ? "100\u00A0%" : $"{tenths.ToString("0.0", CultureInfo.InvariantCulture)}\u00A0%";
    }

    /// <summary>A CSS width of a share 0..1: "61.4%".</summary>
    public static string Width(double share) => $"{(Math.Clamp(share, 0, 1) * 100).ToString("0.#", CultureInfo.InvariantCulture)}%";

    /// <summary>Two units at most: "2 h 05 min"; null is "unknown".</summary>
    public static string Duration(long? seconds) => seconds switch
    {
        null or < 0 => "unknown",
        < 60 => $"{seconds}\u00A0s",
        < 3600 => $"{seconds / 60}\u00A0min",
        < 86_400 => $"{seconds / 3600}\u00A0h\u00A0{seconds / 60 % 60:00}\u00A0min",
        < 100L * 86_400 => $"{seconds / 86_400}\u00A0d\u00A0{seconds / 3600 % 24}\u00A0h",
        _ => "over 100\u00A0days",
    };

    /// <summary>"1.37".</summary>
    public static string Ratio(double ratio) => double.IsFinite(ratio) ? ratio.ToString("0.00", CultureInfo.InvariantCulture) : "∞";

    /// <summary>"12,345".</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1 peer", "3 peers".</summary>
    public static string Many(long count, string one, string? several = null) => $"{Count(count)} {(count == 1 ? one : several ?? one + "s")}";

    /// <summary>Clock time of a moment, in the server's zone: the host is on the user's own machine.</summary>
    public static string Clock(DateTimeOffset at) => at.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>Date and time of a moment, in the server's zone.</summary>
    public static string Moment(DateTimeOffset? at) => at?.ToLocalTime().ToString("d MMM yyyy, HH:mm", CultureInfo.InvariantCulture) ?? "never";

    /// <summary>What the countdown script reads: milliseconds since 1970.</summary>
    public static string Deadline(DateTimeOffset at) => at.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>The reason line of a row: the error when there is one.</summary>
    public static string Why(TorrentSnapshot torrent) => torrent.Error ?? torrent.Reason;
}
