namespace P2P.Engine.Swarm;

/// <summary>Bytes per second over a sliding window.</summary>
internal sealed class RateMeter
{
    public RateMeter(int windowSeconds = 20) => throw new NotImplementedException();

    public long Total => throw new NotImplementedException();

    public void Add(long nowMs, long bytes) => throw new NotImplementedException();

    public long BytesPerSecond(long nowMs) => throw new NotImplementedException();

    public long RecentBytesPerSecond(long nowMs) => throw new NotImplementedException();
}
