namespace P2P.Engine.Session;

/// <summary>Says which share limit a seeding torrent has reached. Pure.</summary>
internal static class ShareLimitRule
{
    /// <summary>In the words kept in records, events and diagnoses.</summary>
    public const string Ratio = "ratio";

    public const string SeedingTime = "seeding time";

    public const string IdleTime = "idle time";

    /// <summary>The first limit reached; null when none is. <paramref name="idle"/> is the time without a payload byte sent.</summary>
    public static string? Reached(ShareLimits limits, double ratio, TimeSpan seeding, TimeSpan idle) =>
        ratio >= limits.MaxRatio ? Ratio
        : seeding >= limits.MaxSeedingTime ? SeedingTime
        : idle >= limits.MaxIdleTime ? IdleTime
        : null;

    /// <summary>The limits in force: a torrent's own before its label's before the session's.</summary>
    public static ShareLimits InForce(ShareLimits? own, string? label, TorrentEngineOptions options) =>
        own ?? Labels.Find(options.Labels, label)?.ShareLimits ?? options.ShareLimits;

    /// <summary>What is wrong with limits, in one sentence; null when nothing is.</summary>
    public static string? Mistake(ShareLimits limits) =>
        limits.MaxRatio is { } ratio && !(ratio is >= 0 and <= 10_000) ? "A ratio to stop at is between 0 and 10,000."
        : IsOdd(limits.MaxSeedingTime) || IsOdd(limits.MaxIdleTime) ? "A time to stop after is between 1 minute and 10 years."
        : !Enum.IsDefined(limits.Action) ? "What happens at a share limit is \"stop\" or \"remove\"."
        : null;

    private static bool IsOdd(TimeSpan? time) => time is { } span && (span < TimeSpan.FromMinutes(1) || span > TimeSpan.FromDays(3653));
}
