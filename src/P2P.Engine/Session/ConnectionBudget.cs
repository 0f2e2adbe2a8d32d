using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>Counts connections and dials of all torrents against the session's limits. Thread-safe, lock-free.</summary>
internal sealed class ConnectionBudget(int maxConnections, int maxHalfOpen) : IConnectionPermits
{
    private int _open;
    private int _halfOpen;
    private int _maxConnections = maxConnections;

    /// <summary>Connections open or being opened.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>The limit; takes effect for new connections.</summary>
    public int MaxConnections
    {
        get => Volatile.Read(ref _maxConnections);
        set => Volatile.Write(ref _maxConnections, value);
    }

    /// <inheritdoc/>
    public bool TryTakeDial()
    {
        if (Interlocked.Increment(ref _halfOpen) > maxHalfOpen || !TryTakeIncoming())
        {
            Interlocked.Decrement(ref _halfOpen);
            return false;
        }

        return true;
    }

    /// <summary>A permit for a connection that somebody opened to us; false when we hold as many as we may.</summary>
    public bool TryTakeIncoming()
    {
        if (Interlocked.Increment(ref _open) <= MaxConnections)
        {
            return true;
        }

        Interlocked.Decrement(ref _open);
        return false;
    }

    /// <inheritdoc/>
    public void EndDial(bool wasOpened)
    {
        Interlocked.Decrement(ref _halfOpen);
        if (!wasOpened)
        {
            Release();
        }
    }

    /// <inheritdoc/>
    public void Release() => Interlocked.Decrement(ref _open);
}
