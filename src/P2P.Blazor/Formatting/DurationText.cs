using P2P.Blazor.Localization;

namespace P2P.Blazor.Formatting;

/// <summary>Times for people in at most two units: "45 s", "12 min 30 s", "2 h 05 min", "3 d 4 h"; "never" for what is not known or too far.</summary>
internal static class DurationText
{
    private const long Minute = 60;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;

    // Beyond 100 days an estimate says nothing but "not at this rate".
    private const long Never = 100 * Day;

    /// <summary>Whole seconds; null, negative or over 100 days is "never".</summary>
    public static string Of(long? seconds) => seconds switch
    {
        null or < 0 or > Never => Text.T("format.never"),
        < Minute => Text.T("format.seconds", seconds),
        < Hour => Text.T("format.minutes", seconds / Minute, seconds % Minute),
        < Day => Text.T("format.hours", seconds / Hour, seconds % Hour / Minute),
        _ => Text.T("format.days", seconds / Day, seconds % Day / Hour),
    };

    /// <summary>A length of time, fractions cut off.</summary>
    public static string Of(TimeSpan time) => Of((long)time.TotalSeconds);

    /// <summary>How long ago, or how soon: "now", "5 s ago", "in 12 min 30 s".</summary>
    public static string Between(DateTimeOffset moment, DateTimeOffset now)
    {
        var seconds = (long)(moment - now).TotalSeconds;
        return seconds switch
        {
            0 => Text.T("format.now"),
            < 0 => Text.T("format.ago", Of(Math.Min(-seconds, Never))),
            _ => Text.T("format.in", Of(Math.Min(seconds, Never))),
        };
    }
}
