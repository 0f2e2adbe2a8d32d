namespace P2P.Engine.Swarm;

/// <summary>Bytes per second over a sliding window; loop only, told the time.</summary>
/// <remarks>
/// One bucket per second; the oldest one counts by the part of it still inside the window, so a steady flow reads steady. Until the window
/// has been filled once, the sum is divided by the time since the first bytes (at least 1 s). A time that goes back counts as the latest
/// one seen.
/// </remarks>
internal sealed class RateMeter
{
    /// <summary>3 s: short enough to follow a change on the page, long enough to smooth bursts of one receive.</summary>
    private const int RecentSeconds = 3;

    private const long NotStarted = long.MinValue;

    // The second in progress plus the whole window before it.
    private readonly long[] _buckets;
    private readonly int _windowSeconds;
    private long _firstMs = NotStarted;
    private long _latestMs;
    private long _second;

    /// <summary>A window of <paramref name="windowSeconds"/>, at least 1.</summary>
    public RateMeter(int windowSeconds = 20)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(windowSeconds, 1);
        _windowSeconds = windowSeconds;
        _buckets = new long[Math.Max(windowSeconds, RecentSeconds) + 1];
    }

    /// <summary>Bytes ever added.</summary>
    public long Total { get; private set; }

    /// <summary>Counts bytes that passed at <paramref name="nowMs"/>.</summary>
    public void Add(long nowMs, long bytes)
    {
        if (_firstMs == NotStarted)
        {
            (_firstMs, _latestMs, _second) = (nowMs, nowMs, SecondOf(nowMs));
        }

        Advance(nowMs);
        _buckets[Slot(_second)] += bytes;
        Total += bytes;
    }

    /// <summary>Bytes per second over the window; 0 before the first bytes.</summary>
    public long BytesPerSecond(long nowMs) => Over(_windowSeconds, nowMs);

    /// <summary>Bytes per second over the last 3 s: for display and the request window.</summary>
    public long RecentBytesPerSecond(long nowMs) => Over(RecentSeconds, nowMs);

    private long Over(int seconds, long nowMs)
    {
        if (_firstMs == NotStarted)
        {
            return 0;
        }

        Advance(nowMs);
        var sum = _buckets[Slot(_second)];
        for (var age = 1; age < seconds; age++)
        {
            sum += _buckets[Slot(_second - age)];
        }

        var passedOfThisSecond = _latestMs - (_second * 1000);
        sum += _buckets[Slot(_second - seconds)] * (1000 - passedOfThisSecond) / 1000;
        var elapsedMs = Math.Clamp(_latestMs - _firstMs, 1000, seconds * 1000L);
        return (long)((Int128)sum * 1000 / elapsedMs);
    }

    private void Advance(long nowMs)
    {
        _latestMs = Math.Max(_latestMs, nowMs);
        var second = SecondOf(_latestMs);
        var steps = Math.Min(second - _second, _buckets.Length);
        for (var i = 0; i < steps; i++)
        {
            _buckets[Slot(second - i)] = 0;
        }

        _second = second;
    }

    private int Slot(long second)
    {
        var slot = (int)(second % _buckets.Length);
        return slot < 0 ? slot + _buckets.Length : slot;
    }

    private static long SecondOf(long nowMs) => nowMs >= 0 ? nowMs / 1000 : ((nowMs + 1) / 1000) - 1;
}
