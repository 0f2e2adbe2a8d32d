namespace P2P.Blazor.Formatting;

/// <summary>Rates for people: "3.20 MiB/s".</summary>
internal static class RateText
{
    /// <summary>Bytes per second; negative is a dash.</summary>
    public static string Of(long bytesPerSecond) => bytesPerSecond < 0 ? "–" : ByteText.Of(bytesPerSecond, "/s");

    /// <summary>A rate in a table, where nothing moving is told by a dash.</summary>
    public static string OrDash(long bytesPerSecond) => bytesPerSecond <= 0 ? "–" : Of(bytesPerSecond);

    /// <summary>A limit, where 0 means none.</summary>
    public static string Limit(long bytesPerSecond) => bytesPerSecond <= 0 ? Localization.Text.T("format.nolimit") : Of(bytesPerSecond);
}
