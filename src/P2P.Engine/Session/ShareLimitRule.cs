namespace P2P.Engine.Session;

/// <summary>Share limits that a user has overruled for one torrent.</summary>
[Flags]
internal enum WaivedLimits
{
    None = 0,
    Ratio = 1,
    SeedingTime = 2,
}

/// <summary>Says which share limit a seeding torrent has reached. Pure.</summary>
internal static class ShareLimitRule
{
    /// <summary>In the words kept in records, events and diagnoses.</summary>
    public const string Ratio = "ratio";

    public const string SeedingTime = "seeding time";

    public const string IdleTime = "idle time";

    /// <summary>The first limit reached; null when none is. <paramref name="idle"/> is the time without a payload byte sent.</summary>
    public static string? Reached(ShareLimits limits, WaivedLimits waived, double ratio, TimeSpan seeding, TimeSpan idle) =>
        ratio >= limits.MaxRatio && !waived.HasFlag(WaivedLimits.Ratio) ? Ratio
        : seeding >= limits.MaxSeedingTime && !waived.HasFlag(WaivedLimits.SeedingTime) ? SeedingTime
        : idle >= limits.MaxIdleTime ? IdleTime
        : null;

    /// <summary>What a start after this limit overrules: one that would stop it again at once. Idle time begins anew by itself.</summary>
    public static WaivedLimits WaivedBy(string? limit) => limit switch { Ratio => WaivedLimits.Ratio, SeedingTime => WaivedLimits.SeedingTime, _ => WaivedLimits.None };

    /// <summary>The limits in force: a torrent's own before its label's before the session's.</summary>
    public static ShareLimits InForce(ShareLimits? own, string? label, TorrentEngineOptions options) =>
        own ?? Labels.Find(options.Labels, label)?.ShareLimits ?? options.ShareLimits;
}
