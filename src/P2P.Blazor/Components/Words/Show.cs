using System.Globalization;
using P2P.Blazor.Formatting;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>Numbers as the pages print them: the texts of Formatting, and what only pages need. In the circuit's language.</summary>
internal static class Show
{
    /// <summary>"1.42 GiB"; unknown is a dash.</summary>
    public static string Bytes(long bytes) => ByteText.Of(bytes);

    /// <summary>"3.20 MiB/s".</summary>
    public static string Rate(long bytesPerSecond) => RateText.Of(bytesPerSecond);

    /// <summary>As <see cref="Rate"/>, but an en dash for zero: a grid of zeros hides what moves.</summary>
    public static string RateOrDash(long bytesPerSecond) => RateText.OrDash(bytesPerSecond);

    /// <summary>"no limit" for 0, else the rate.</summary>
    public static string Limit(long bytesPerSecond) => RateText.Limit(bytesPerSecond);

    /// <summary>"61.4 %" of a share 0..1, rounded down: 100 % is said only of what is whole.</summary>
    public static string Percent(double share)
    {
        var tenths = Math.Floor(Math.Clamp(share, 0, 1) * 1000) / 10;
        return tenths >= 100 ? "100\u00A0%" : string.Create(CultureInfo.CurrentCulture, $"{tenths:0.0}\u00A0%");
    }

    /// <summary>A CSS width of a share 0..1: "61.4%".</summary>
    public static string Width(double share) => string.Create(CultureInfo.InvariantCulture, $"{Math.Clamp(share, 0, 1) * 100:0.#}%");

    /// <summary>Two units at most: "2 h 05 min"; null is "unknown".</summary>
    public static string Duration(long? seconds) => seconds is null ? Text.T("format.unknown") : DurationText.Of(seconds);

    /// <summary>"1.37".</summary>
    public static string Ratio(double ratio) => RatioText.Of(ratio);

    /// <summary>"12,345".</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.CurrentCulture);

    /// <summary>"1 peer", "3 peers".</summary>
    public static string Many(long count, string one, string? several = null) => $"{Count(count)} {(count == 1 ? one : several ?? one + "s")}";

    /// <summary>Clock time of a moment, in the server's zone: the host is on the user's own machine.</summary>
    public static string Clock(DateTimeOffset at) => at.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>Date of a moment, in the server's zone.</summary>
    public static string Date(DateTimeOffset at) => at.ToLocalTime().ToString(CultureInfo.CurrentCulture.DateTimeFormat.ShortDatePattern, CultureInfo.CurrentCulture);

    /// <summary>Date and time of a moment, in the server's zone.</summary>
    public static string Moment(DateTimeOffset? at) => at?.ToLocalTime().ToString($"{CultureInfo.CurrentCulture.DateTimeFormat.ShortDatePattern}, HH:mm", CultureInfo.CurrentCulture) ?? Text.T("format.never");

    /// <summary>What the countdown script reads: milliseconds since 1970.</summary>
    public static string Deadline(DateTimeOffset at) => at.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>The reason line of a row: the error when there is one.</summary>
    public static string Why(TorrentSnapshot torrent) => torrent.Error ?? (torrent.Diagnosis is { Sentence.Length: > 0 } diagnosis ? DiagnosisWords.Sentence(diagnosis) : torrent.Reason);
}
