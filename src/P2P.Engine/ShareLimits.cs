namespace P2P.Engine;

/// <summary>What happens to a torrent that reached a share limit.</summary>
public enum ShareLimitAction
{
    /// <summary>It is stopped.</summary>
    Stop,

    /// <summary>It is taken off the list; its files stay.</summary>
    Remove,
}

/// <summary>When a complete torrent has given enough: whichever limit is reached first. Immutable; equal by content.</summary>
public sealed record ShareLimits
{
    /// <summary>No limit at all.</summary>
    public static ShareLimits None { get; } = new();

    /// <summary>Uploaded / downloaded, 0..10,000; null for no limit.</summary>
    public double? MaxRatio { get; init; }

    /// <summary>Time spent seeding, pauses not counted, 1 min..10 years; null for no limit.</summary>
    public TimeSpan? MaxSeedingTime { get; init; }

    /// <summary>Time without a payload byte sent while seeding, 1 min..10 years; null for no limit.</summary>
    public TimeSpan? MaxIdleTime { get; init; }

    /// <summary>What to do then.</summary>
    public ShareLimitAction Action { get; init; }

    /// <summary>Nothing limits.</summary>
    public bool IsUnlimited => MaxRatio is null && MaxSeedingTime is null && MaxIdleTime is null;

    /// <summary>What is wrong with it, in one sentence; null when nothing is.</summary>
    public string? Mistake() =>
        MaxRatio is { } ratio && !(ratio is >= 0 and <= 10_000) ? "A ratio to stop at is between 0 and 10,000."
        : IsOdd(MaxSeedingTime) || IsOdd(MaxIdleTime) ? "A time to stop after is between 1 minute and 10 years."
        : !Enum.IsDefined(Action) ? "What happens at a share limit is \"stop\" or \"remove\"."
        : null;

    private static bool IsOdd(TimeSpan? time) => time is { } span && (span < TimeSpan.FromMinutes(1) || span > TimeSpan.FromDays(3653));
}
