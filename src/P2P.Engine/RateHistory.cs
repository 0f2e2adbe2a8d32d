using System.Collections.Immutable;

namespace P2P.Engine;

/// <summary>How far back a rate history goes, and how finely.</summary>
public enum RateRange
{
    /// <summary>Five minutes, each second.</summary>
    FiveMinutes,

    /// <summary>Half an hour, each 5 s.</summary>
    HalfHour,

    /// <summary>Six hours, each 30 s.</summary>
    SixHours,

    /// <summary>A day, each 5 min.</summary>
    Day,

    /// <summary>A week, each 20 min.</summary>
    Week,
}

/// <summary>Rates over time. Immutable.</summary>
public sealed record RateHistory
{
    /// <summary>How far back.</summary>
    public required RateRange Range { get; init; }

    /// <summary>Length of a sample.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>When the first sample begins, UTC.</summary>
    public required DateTimeOffset StartAt { get; init; }

    /// <summary>Payload bytes per second received, oldest first; the last is of a period that still runs. -1: the client did not run.</summary>
    public ImmutableArray<long> Down { get; init; } = [];

    /// <summary>Payload bytes per second sent, as <see cref="Down"/>.</summary>
    public ImmutableArray<long> Up { get; init; } = [];
}
