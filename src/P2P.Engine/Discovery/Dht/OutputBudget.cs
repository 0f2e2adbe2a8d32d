namespace P2P.Engine.Discovery.Dht;

/// <summary>All that is sent in answer to others: 8,000 bytes per second, so that as a reflector we are worth 64 kbit/s at most (R-D03). Told the time in ms; one owner.</summary>
/// <remarks>A second's worth may go at once: a lookup of a neighbour comes as a burst, and the mean stays what it is.</remarks>
internal sealed class OutputBudget
{
    /// <summary>Bytes per second, headers of UDP and IP left out.</summary>
    public const int BytesPerSecond = 8_000;

    private double _left = BytesPerSecond;
    private long? _refilledAtMs;

    /// <summary>Takes the bytes of one answer; false when it must not be sent.</summary>
    public bool TryTake(int bytes, long nowMs)
    {
        var passed = nowMs - (_refilledAtMs ?? nowMs);
        _refilledAtMs = nowMs;
        _left = Math.Min(BytesPerSecond, _left + (passed * BytesPerSecond / 1000.0));
        if (bytes > _left)
        {
            return false;
        }

        _left -= bytes;
        return true;
    }
}
