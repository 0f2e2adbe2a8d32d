namespace P2P.Engine.Swarm;

/// <summary>How many requests to keep in flight.</summary>
internal sealed class RequestWindow
{
    public RequestWindow(int peerReqq = 250) => throw new NotImplementedException();

    public int PeerReqq { get; set; }

    public int Size => throw new NotImplementedException();

    public bool IsSnubbed => throw new NotImplementedException();

    public void OnBlock(long nowMs, int bytes, long rateBytesPerSecond) => throw new NotImplementedException();

    public void OnRequested(long nowMs) => throw new NotImplementedException();

    public bool CheckTimeouts(long nowMs, int outstanding) => throw new NotImplementedException();
}
