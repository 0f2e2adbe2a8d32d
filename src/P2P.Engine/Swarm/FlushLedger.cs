using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>Keeps apart what is written, what is durable and what may be put on record. Loop only.</summary>
/// <remarks>
/// A piece goes written → flushing → flushed; only flushed ones may be recorded (ARCHITECTURE 5: the record never claims what the disk may
/// not hold). A failed flush makes every piece since the last good one unknown (R-S05).
/// </remarks>
internal sealed class FlushLedger(int pieceCount)
{
    private readonly List<int> _written = [];
    private readonly List<int> _flushing = [];
    private long _writtenBytes;
    private long _oldestMs;
    private bool _isBusy;

    /// <summary>Verified, written and durable: what a record may claim.</summary>
    public Bitfield Flushed { get; } = new(pieceCount);

    /// <summary>Something is written and not yet durable.</summary>
    public bool HasUnflushed => _written.Count > 0 || _flushing.Count > 0;

    /// <summary>A piece was written and its hash was right.</summary>
    public void OnWritten(int piece, int bytes, long nowMs)
    {
        if (_written.Count == 0)
        {
            _oldestMs = nowMs;
        }

        _written.Add(piece);
        _writtenBytes += bytes;
    }

    /// <summary>Is it time for a flush: the oldest waits for the interval, or enough bytes wait?</summary>
    public bool IsDue(long nowMs, SwarmRules rules) =>
        !_isBusy && _written.Count > 0
        && (_writtenBytes >= rules.FlushBytes || nowMs - _oldestMs >= (long)rules.FlushInterval.TotalMilliseconds);

    /// <summary>A flush begins: it covers what is written by now. False while another is under way.</summary>
    public bool TryBegin()
    {
        if (_isBusy)
        {
            return false;
        }

        _isBusy = true;
        _flushing.AddRange(_written);
        _written.Clear();
        _writtenBytes = 0;
        return true;
    }

    /// <summary>The flush worked.</summary>
    public void OnFlushed()
    {
        foreach (var piece in _flushing)
        {
            Flushed.Set(piece);
        }

        _flushing.Clear();
        _isBusy = false;
    }

    /// <summary>The flush failed: these pieces are unknown now.</summary>
    public IReadOnlyList<int> OnFailed()
    {
        int[] unknown = [.. _flushing, .. _written];
        _flushing.Clear();
        _written.Clear();
        _writtenBytes = 0;
        _isBusy = false;
        return unknown;
    }

    /// <summary>A re-check decides anew.</summary>
    public void Reset()
    {
        Flushed.ClearAll();
        _written.Clear();
        _flushing.Clear();
        _writtenBytes = 0;
        _isBusy = false;
    }
}
