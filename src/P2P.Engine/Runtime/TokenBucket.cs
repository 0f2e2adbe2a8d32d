namespace P2P.Engine.Runtime;

/// <summary>A rate limit in bytes per second.</summary>
internal sealed class TokenBucket
{
    public TokenBucket(long bytesPerSecond, long nowMs) => throw new NotImplementedException();

    public long Rate { get; set; }

    public bool TryTake(long bytes, long nowMs) => throw new NotImplementedException();

    public long Available(long nowMs) => throw new NotImplementedException();
}
