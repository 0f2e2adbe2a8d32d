namespace P2P.Engine.Peers;

/// <summary>A leaking bucket: says when a peer sends more control messages than 2,000 per second averaged over 10 s.</summary>
/// <remarks>Pure: told the time. Not thread-safe. Numbers: reliability.md 2.3, "ControlMessages".</remarks>
/// <param name="frequency">Timestamp ticks per second.</param>
internal struct FloodMeter(long frequency)
{
    private const double LeakPerSecond = 2_000;
    private const double Capacity = LeakPerSecond * 10;

    private double _level;
    private long _last;

    /// <summary>Counts messages at <paramref name="now"/>; false when it was too much.</summary>
    /// <param name="messages">Control messages received.</param>
    /// <param name="credit">Messages we caused ourselves (an answered request, a rejected one); unused credit is not kept.</param>
    /// <param name="now">A timestamp; never smaller than in the call before.</param>
    public bool TryAdd(int messages, int credit, long now)
    {
        _level = Math.Max(0, _level - ((now - _last) * LeakPerSecond / frequency) - credit) + messages;
        _last = now;
        return _level <= Capacity;
    }
}
