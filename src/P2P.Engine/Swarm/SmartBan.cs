namespace P2P.Engine.Swarm;

/// <summary>Finds who sent the bad block of a piece that several peers supplied.</summary>
internal sealed class SmartBan
{
    public void OnPieceFailed(int piece, ReadOnlySpan<ulong> digests, ReadOnlySpan<int> suppliers) => throw new NotImplementedException();

    public bool HasFailed(int piece) => throw new NotImplementedException();

    public IReadOnlyList<int> OnPiecePassed(int piece, ReadOnlySpan<ulong> digests) => throw new NotImplementedException();

    public int FailuresOf(int piece) => throw new NotImplementedException();

    public long RetryAfterMs(int piece) => throw new NotImplementedException();
}
