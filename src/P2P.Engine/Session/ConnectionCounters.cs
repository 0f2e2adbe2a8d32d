namespace P2P.Engine.Session;

/// <summary>How connections came about since the start. Thread-safe: each count is one interlocked add.</summary>
internal sealed class ConnectionCounters
{
    private long _incoming;
    private long _incomingRefused;
    private long _outgoing;
    private long _outgoingFailed;

    /// <summary>A peer came and shook hands.</summary>
    public void OnIncoming() => Interlocked.Increment(ref _incoming);

    /// <summary>A connection came and came to nothing.</summary>
    public void OnIncomingRefused() => Interlocked.Increment(ref _incomingRefused);

    /// <summary>We opened one, hands shaken.</summary>
    public void OnOutgoing() => Interlocked.Increment(ref _outgoing);

    /// <summary>A dial came to nothing.</summary>
    public void OnOutgoingFailed() => Interlocked.Increment(ref _outgoingFailed);

    /// <summary>The counts now, with what the budget says.</summary>
    public NetworkStatistics Read(ConnectionBudget budget) => new()
    {
        Incoming = Interlocked.Read(ref _incoming),
        IncomingRefused = Interlocked.Read(ref _incomingRefused),
        Outgoing = Interlocked.Read(ref _outgoing),
        OutgoingFailed = Interlocked.Read(ref _outgoingFailed),
        Open = budget.Open,
        MaxOpen = budget.MaxConnections,
    };
}
