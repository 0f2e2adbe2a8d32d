namespace P2P.Engine.Discovery.Dht;

/// <summary>How many queries we may send: so many per second, and some saved up for a lookup's start. Pure: it is told the time.</summary>
internal sealed class QueryBudget(int perSecond, int burst)
{
    private const long Unit = 1_000;

    private long _balance = burst * Unit;
    private long _refilledMs = long.MinValue;

    /// <summary>Is one left?</summary>
    public bool CanTake(long nowMs)
    {
        Refill(nowMs);
        return _balance >= Unit;
    }

    /// <summary>Takes one; false: none is left now.</summary>
    public bool TryTake(long nowMs)
    {
        if (!CanTake(nowMs))
        {
            return false;
        }

        _balance -= Unit;
        return true;
    }

    private void Refill(long nowMs)
    {
        if (_refilledMs != long.MinValue && nowMs > _refilledMs)
        {
            _balance = Math.Min(burst * Unit, _balance + (Math.Min(nowMs - _refilledMs, burst * Unit) * perSecond));
        }

        _refilledMs = Math.Max(_refilledMs, nowMs);
    }
}
