namespace P2P.Engine.Runtime;

/// <summary>Milliseconds that never jump, for every time-out and rate.</summary>
internal static class MonotonicTime
{
    /// <summary>Milliseconds since an arbitrary start, from the clock's timestamp.</summary>
    public static long NowMs(this TimeProvider clock) =>
        (long)(clock.GetTimestamp() * (1000.0 / clock.TimestampFrequency));
}
