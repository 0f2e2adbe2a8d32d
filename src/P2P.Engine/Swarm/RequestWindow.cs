using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>How many requests to keep in flight to one peer, and whether it snubs us; loop only, told the time.</summary>
/// <remarks>
/// Slow start: begins with <see cref="StartSize"/> and grows by one per block, which doubles it per round trip, until the rate stops growing
/// from one second to the next. From then on 3 seconds of the measured rate, at least 32 requests, at most the peer's <c>reqq</c> (BEP 10)
/// and 500. A snubbing peer has a window of one; its first block ends that and slow start begins anew. Facts: reliability.md 2.3,
/// features.md 2.
/// </remarks>
internal sealed class RequestWindow
{
    /// <summary>4, as libtorrent starts: a stranger is not trusted with more before its first block.</summary>
    public const int StartSize = 4;

    /// <summary>32, Transmission's floor: 512 KiB in flight covers 5 MB/s at 100 ms.</summary>
    public const int Floor = 32;

    /// <summary>500: what we advertise ourselves, and 82 MB/s at 100 ms.</summary>
    public const int Ceiling = 500;

    /// <summary>PieceSnub: a peer that delivered before snubs when nothing came for 20 s.</summary>
    public const long SnubAfterMs = 20_000;

    /// <summary>BlockTimeout: a peer that has not delivered yet gets 60 s for its first block, because it may have a queue before us.</summary>
    public const long FirstBlockMs = 60_000;

    private const int MaxPeerReqq = 2000;
    private const int SecondsOfRate = 3;

    /// <summary>5,000 bytes/s more per second is growth; less is noise (libtorrent's figure).</summary>
    private const long GrowthBytesPerSecond = 5_000;

    private int _peerReqq;
    private int _slowStartSize = StartSize;
    private bool _isSlowStart = true;
    private bool _hasDelivered;
    private long _rate;
    private long _rateBefore;
    private long _comparedAtMs = long.MinValue;
    private long? _waitingSinceMs;

    /// <summary>A window for a peer that takes <paramref name="peerReqq"/> requests; 250 is BEP 10's usual default.</summary>
    public RequestWindow(int peerReqq = 250) => PeerReqq = peerReqq;

    /// <summary>Requests the peer says it queues, clamped to 1..2,000.</summary>
    public int PeerReqq
    {
        get => _peerReqq;
        set => _peerReqq = Math.Clamp(value, 1, MaxPeerReqq);
    }

    /// <summary>Requests to keep in flight now, 1..min(reqq, 500).</summary>
    public int Size
    {
        get
        {
            if (IsSnubbed)
            {
                return 1;
            }

            var most = Math.Min(_peerReqq, Ceiling);
            if (_isSlowStart)
            {
                return Math.Min(_slowStartSize, most);
            }

            var blocks = ((_rate * SecondsOfRate) + PieceGeometry.BlockLength - 1) / PieceGeometry.BlockLength;
            return (int)Math.Min(Math.Max(blocks, Floor), most);
        }
    }

    /// <summary>Nothing came for too long though we asked.</summary>
    public bool IsSnubbed { get; private set; }

    /// <summary>A block we asked for came in.</summary>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <param name="bytes">Its payload; 0 or less counts for nothing.</param>
    /// <param name="rateBytesPerSecond">The peer's rate over the last few seconds (<see cref="RateMeter.RecentBytesPerSecond"/>).</param>
    public void OnBlock(long nowMs, int bytes, long rateBytesPerSecond)
    {
        if (bytes <= 0)
        {
            return;
        }

        _waitingSinceMs = nowMs;
        _rate = Math.Clamp(rateBytesPerSecond, 0, int.MaxValue);
        _hasDelivered = true;
        if (IsSnubbed)
        {
            IsSnubbed = false;
            BeginSlowStart(nowMs);
        }

        if (_isSlowStart)
        {
            Grow(nowMs);
        }
    }

    /// <summary>Requests were sent: from now on a block is awaited.</summary>
    public void OnRequested(long nowMs) => _waitingSinceMs ??= nowMs;

    /// <summary>To be called about once a second; true when the peer has just become a snubbing one.</summary>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <param name="outstanding">Requests out to it; with 0 nothing is awaited.</param>
    public bool CheckTimeouts(long nowMs, int outstanding)
    {
        if (outstanding <= 0)
        {
            _waitingSinceMs = null;
            return false;
        }

        _waitingSinceMs ??= nowMs;
        var patience = _hasDelivered ? SnubAfterMs : FirstBlockMs;
        if (IsSnubbed || nowMs - _waitingSinceMs < patience)
        {
            return false;
        }

        IsSnubbed = true;
        return true;
    }

    private void Grow(long nowMs)
    {
        _slowStartSize = Math.Min(_slowStartSize + 1, Ceiling);
        if (_comparedAtMs == long.MinValue)
        {
            (_comparedAtMs, _rateBefore) = (nowMs, 0);
        }
        else if (nowMs - _comparedAtMs >= 1000)
        {
            _isSlowStart = _rate > _rateBefore + GrowthBytesPerSecond;
            (_comparedAtMs, _rateBefore) = (nowMs, _rate);
        }
    }

    private void BeginSlowStart(long nowMs)
    {
        (_isSlowStart, _slowStartSize) = (true, StartSize);
        (_comparedAtMs, _rateBefore) = (nowMs, 0);
    }
}
