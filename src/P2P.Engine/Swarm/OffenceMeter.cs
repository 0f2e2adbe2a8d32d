namespace P2P.Engine.Swarm;

/// <summary>Counts something a peer may do now and then but not often: so many times in a window that begins with the first.</summary>
/// <param name="limit">Times that are still allowed in one window.</param>
/// <param name="windowMs">Length of the window, milliseconds.</param>
internal sealed class OffenceMeter(int limit, long windowMs)
{
    private long _windowStart = long.MinValue;
    private int _count;

    /// <summary>It happened once more; true when that was once too often.</summary>
    public bool IsOneTooMany(long nowMs)
    {
        if (_windowStart == long.MinValue || nowMs - _windowStart >= windowMs)
        {
            (_windowStart, _count) = (nowMs, 0);
        }

        return ++_count > limit;
    }
}
