using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Wire;

namespace P2P.Engine.Peers;

/// <summary>What <see cref="Outbox.Put"/> did with a message.</summary>
internal enum PutResult
{
    /// <summary>It waits; the pump is busy and will find it.</summary>
    Queued,

    /// <summary>It waits and so does the pump: wake it.</summary>
    WakePump,

    /// <summary>The connection is closed; a block was returned.</summary>
    Closed,

    /// <summary>More waits than a peer that reads could leave (R-P07): close the connection. A block was returned.</summary>
    Overflow,
}

/// <summary>What <see cref="Outbox.Take"/> found.</summary>
internal enum TakeResult
{
    /// <summary>The batch has something to send.</summary>
    Taken,

    /// <summary>Nothing waits; the next <see cref="Outbox.Put"/> says <see cref="PutResult.WakePump"/>.</summary>
    Empty,

    /// <summary>The connection is closed.</summary>
    Closed,
}

/// <summary>Messages waiting to be sent to one peer: control messages first, then haves, then blocks.</summary>
/// <remarks>
/// Any thread; every call is short. Order holds within each of the three kinds. Haves wait as bare numbers and leave together.
/// Bounds (R-P07): about 1 MiB of control messages and haves together; blocks are bounded by the pool and the owner's window.
/// </remarks>
internal sealed class Outbox
{
    /// <summary>Eight times the requests and rejects that 2,000 outstanding requests (the hard stop) can cause; 40 bytes each.</summary>
    private const int MaxControl = 16_384;

    /// <summary>4 bytes each; a peer this far behind gets nothing from us any more.</summary>
    private const int MaxHaves = 65_536;

    private readonly Lock _lock = new();
    private readonly Queue<PeerMessage> _control = new();
    private readonly List<uint> _haves = [];
    private readonly List<PeerMessage> _pieces = [];
    private int _havesSent;
    private int _blocksBeingSent;
    private bool _pumpWaits;
    private bool _isClosed;

    /// <summary>Blocks waiting or given to the pump and not yet sent.</summary>
    public int Blocks
    {
        get
        {
            lock (_lock)
            {
                return _pieces.Count + _blocksBeingSent;
            }
        }
    }

    /// <summary>Queues a message; a Piece's block belongs to the outbox from here on, whatever the result.</summary>
    public PutResult Put(in PeerMessage message)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                message.Data?.Return();
                return PutResult.Closed;
            }

            switch (message.Id)
            {
                case MessageId.Piece:
                    _pieces.Add(message);
                    break;
                case MessageId.Have:
                    _haves.Add(message.Piece);
                    break;
                default:
                    _control.Enqueue(message);
                    break;
            }

            if (_control.Count > MaxControl || _haves.Count > MaxHaves)
            {
                return PutResult.Overflow;
            }

            var wake = _pumpWaits;
            _pumpWaits = false;
            return wake ? PutResult.WakePump : PutResult.Queued;
        }
    }

    /// <summary>Moves what fits into <paramref name="batch"/>, at most <paramref name="maxBlocks"/> blocks.</summary>
    public TakeResult Take(SendBatch batch, int maxBlocks)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return TakeResult.Closed;
            }

            while (batch.HasRoom && _control.TryDequeue(out var message))
            {
                batch.Add(message);
            }

            TakeHaves(batch);
            TakePieces(batch, maxBlocks);
            if (batch.IsEmpty)
            {
                _pumpWaits = true;
                return TakeResult.Empty;
            }

            batch.Seal();
            _blocksBeingSent = batch.BlockCount;
            return TakeResult.Taken;
        }
    }

    /// <summary>The blocks of the last take have left for the socket.</summary>
    public void OnSent()
    {
        lock (_lock)
        {
            _blocksBeingSent = 0;
        }
    }

    /// <summary>Takes a waiting block out and returns it; false when it is not here.</summary>
    public bool TryCancel(BlockRef block)
    {
        lock (_lock)
        {
            var index = _pieces.FindIndex(piece => Same(piece, block));
            if (index < 0)
            {
                return false;
            }

            _pieces[index].Data?.Return();
            _pieces.RemoveAt(index);
            return true;
        }
    }

    /// <summary>Takes all waiting blocks out, returns them to the pool, and says which they were.</summary>
    public IReadOnlyList<BlockRef> DiscardPieces()
    {
        lock (_lock)
        {
            if (_pieces.Count == 0)
            {
                return [];
            }

            var discarded = _pieces.ConvertAll(piece => new BlockRef((int)piece.Piece, (int)piece.Begin, LengthOf(piece)));
            ReturnPieces();
            return discarded;
        }
    }

    /// <summary>Nothing is taken or queued any more; all waiting blocks are returned. True when the pump waits and must be woken.</summary>
    public bool Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            _control.Clear();
            _haves.Clear();
            ReturnPieces();
            var wake = _pumpWaits;
            _pumpWaits = false;
            return wake;
        }
    }

    private void TakeHaves(SendBatch batch)
    {
        while (batch.HasRoom && _havesSent < _haves.Count)
        {
            batch.Add(new PeerMessage(MessageId.Have, _haves[_havesSent++]));
        }

        if (_havesSent == _haves.Count)
        {
            _haves.Clear();
            _havesSent = 0;
        }
    }

    private void TakePieces(SendBatch batch, int maxBlocks)
    {
        var taken = 0;
        while (taken < maxBlocks && taken < _pieces.Count && batch.HasRoom)
        {
            batch.Add(_pieces[taken++]);
        }

        _pieces.RemoveRange(0, taken);
    }

    private void ReturnPieces()
    {
        foreach (var piece in _pieces)
        {
            piece.Data?.Return();
        }

        _pieces.Clear();
    }

    private static int LengthOf(in PeerMessage piece) => piece.Data?.Length ?? (int)piece.Length;

    private static bool Same(in PeerMessage piece, BlockRef block) =>
        piece.Piece == (uint)block.Piece && piece.Begin == (uint)block.Begin && LengthOf(piece) == block.Length;
}
