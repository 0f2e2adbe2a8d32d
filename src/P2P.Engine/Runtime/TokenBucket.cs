namespace P2P.Engine.Runtime;

/// <summary>A rate limit in bytes per second that many loops may draw from.</summary>
/// <remarks>
/// Thread-safe and lock-free. Time is the caller's monotonic milliseconds; a time that goes back credits nothing. Saves up at most
/// <c>max(64 KiB, a quarter second of rate)</c>. A take succeeds while the balance is above 0 and may push it below: the debt is at most
/// the one block taken, and nothing is taken until it is paid back. So in any span of T seconds at most
/// <c>burst + rate * T + one block</c> is taken.
/// </remarks>
internal sealed class TokenBucket
{
    /// <summary>64 KiB: four blocks, so that a slow limit still lets a peer send a few blocks in one go.</summary>
    private const long MinBurst = 64 * 1024;

    /// <summary>What a fresh bucket holds: one block, so that the first transfer starts at once and the first second stays honest.</summary>
    private const long InitialBytes = 16 * 1024;

    /// <summary>The balance is kept in thousandths of a byte: bytes/s times ms is exact, so slow limits lose nothing to rounding.</summary>
    private const long Unit = 1000;

    /// <summary>1 TiB/s; above it the arithmetic of a long pause would need more than 64 bits, and no disk or wire reaches it.</summary>
    private const long MaxRate = 1L << 40;

    private long _rate;
    private long _balance = InitialBytes * Unit;
    private long _refilledAtMs;

    /// <summary>A bucket of <paramref name="bytesPerSecond"/> (0 = no limit) from <paramref name="nowMs"/> on.</summary>
    public TokenBucket(long bytesPerSecond, long nowMs)
    {
        Rate = bytesPerSecond;
        _refilledAtMs = nowMs;
    }

    /// <summary>Bytes per second; 0 = no limit. Takes effect at the next take; a debt in bytes stays the same.</summary>
    public long Rate
    {
        get => Volatile.Read(ref _rate);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Volatile.Write(ref _rate, Math.Min(value, MaxRate));
        }
    }

    /// <summary>Takes <paramref name="bytes"/> when the balance is above 0; false means: try again later, nothing was taken.</summary>
    public bool TryTake(long bytes, long nowMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        var rate = Rate;
        if (rate == 0)
        {
            return true;
        }

        Refill(rate, nowMs);
        var balance = Volatile.Read(ref _balance);
        while (balance > 0)
        {
            var seen = Interlocked.CompareExchange(ref _balance, balance - (bytes * Unit), balance);
            if (seen == balance)
            {
                return true;
            }

            balance = seen;
        }

        return false;
    }

    /// <summary>Bytes that could be taken now; 0 or negative while a debt is paid back, <see cref="long.MaxValue"/> without a limit.</summary>
    public long Available(long nowMs)
    {
        var rate = Rate;
        if (rate == 0)
        {
            return long.MaxValue;
        }

        Refill(rate, nowMs);
        var balance = Volatile.Read(ref _balance);

        // Any positive balance lets a block through, so it never reads as 0.
        return balance > 0 ? Math.Max(1, balance / Unit) : balance / Unit;
    }

    private void Refill(long rate, long nowMs)
    {
        var from = Volatile.Read(ref _refilledAtMs);

        // Whoever moves the mark owns the credit for that span: each millisecond is credited exactly once.
        if (nowMs <= from || Interlocked.CompareExchange(ref _refilledAtMs, nowMs, from) != from)
        {
            return;
        }

        var credit = (Int128)(nowMs - from) * rate;
        var full = Math.Max(MinBurst, rate / 4) * Unit;
        var balance = Volatile.Read(ref _balance);
        while (true)
        {
            // A balance above a burst that has just shrunk is not taken away, only no longer added to.
            var refilled = Math.Max(balance, (long)Int128.Min(balance + credit, full));
            var seen = Interlocked.CompareExchange(ref _balance, refilled, balance);
            if (seen == balance)
            {
                return;
            }

            balance = seen;
        }
    }
}
