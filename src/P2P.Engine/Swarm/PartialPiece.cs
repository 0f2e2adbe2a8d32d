using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Swarm;

/// <summary>One piece in progress: per block who was asked, who delivered, and where its bytes are. Loop only.</summary>
/// <remarks>
/// Owns the blocks it holds until <see cref="TakeBlocks"/> or <see cref="TakeBlock"/> hands them out. Made and fed by <see cref="PiecePicker"/>
/// alone; everybody else reads, and takes blocks.
/// </remarks>
internal sealed class PartialPiece
{
    private readonly int _length;
    private readonly BlockState[] _states;

    // The peer first asked while a block is requested, its supplier once it is received; 0 = nobody, or unknown.
    private readonly int[] _peers;

    // When a block was asked for, on a clock that ticks once per request.
    private readonly long[] _askedAt;

    // Second and third peers asked for one block: end-game only, so a short list made on demand.
    private List<(int Block, int PeerId)>? _duplicates;
    private BlockPool.Block?[] _data;
    private int _firstMaybeFree;

    internal PartialPiece(PieceGeometry geometry, int piece)
    {
        Piece = piece;
        _length = geometry.LengthOf(piece);
        BlockCount = geometry.BlockCountOf(piece);
        _states = new BlockState[BlockCount];
        _peers = new int[BlockCount];
        _askedAt = new long[BlockCount];
        _data = new BlockPool.Block?[BlockCount];
    }

    private enum BlockState : byte
    {
        Free,
        Requested,
        Held,
        Flushed,
    }

    /// <summary>Which piece.</summary>
    public int Piece { get; }

    /// <summary>Blocks in the piece.</summary>
    public int BlockCount { get; }

    /// <summary>Blocks here: held in memory, taken, or in the partial file.</summary>
    public int ReceivedCount { get; private set; }

    /// <summary>Blocks asked for and not here yet, each counted once.</summary>
    public int RequestedCount { get; private set; }

    /// <summary>Blocks nobody was asked for.</summary>
    internal int FreeCount => BlockCount - ReceivedCount - RequestedCount;

    /// <summary>Every block is here.</summary>
    internal bool IsComplete => ReceivedCount == BlockCount;

    /// <summary>Rate of the peer last asked, bytes per second: peers of a kind share a piece.</summary>
    internal long Rate { get; set; }

    /// <summary>Its hash failed before: one peer alone is asked at a time, so that a bad block has one possible sender.</summary>
    internal bool IsSuspect { get; init; }

    /// <summary>Suspect pieces: the one that is asked; 0 = nobody yet.</summary>
    internal int OnlyPeer { get; set; }

    /// <summary>Place in the picker's list of open pieces and which list (0 = none); the picker's own book-keeping.</summary>
    internal (int List, int Index) OpenAt { get; set; }

    /// <summary>All held data in block order (null = flushed or taken earlier, or not here); ownership passes to the caller.</summary>
    public BlockPool.Block?[] TakeBlocks()
    {
        var blocks = _data;
        _data = new BlockPool.Block?[BlockCount];
        return blocks;
    }

    /// <summary>peerId of whoever delivered the block; 0 = not here, or restored from the last run.</summary>
    public int SupplierOf(int block) => _states[block] >= BlockState.Held ? _peers[block] : 0;

    /// <summary>The block's bytes are in the partial file and no buffer is held for it.</summary>
    public bool IsFlushed(int block) => _states[block] == BlockState.Flushed;

    /// <summary>Which blocks are here, as wire bytes (first block = most significant bit of byte 0), for the record of a clean stop.</summary>
    public byte[] BlockBitmap()
    {
        var bitmap = new byte[Bitfield.ByteCount(BlockCount)];
        for (var block = 0; block < BlockCount; block++)
        {
            if (_states[block] >= BlockState.Held)
            {
                bitmap[block >> 3] |= (byte)(0x80 >> (block & 7));
            }
        }

        return bitmap;
    }

    /// <summary>The blocks held in memory, in order; they stay owned by this piece.</summary>
    public IEnumerable<(int Index, BlockPool.Block Data)> HeldBlocks()
    {
        for (var block = 0; block < BlockCount; block++)
        {
            if (_data[block] is { } data)
            {
                yield return (block, data);
            }
        }
    }

    /// <summary>Takes one held block to write it to its place in the partial file, and counts it as flushed; null when none is held.</summary>
    public BlockPool.Block? TakeBlock(int block)
    {
        var data = _data[block];
        if (data is not null)
        {
            (_data[block], _states[block]) = (null, BlockState.Flushed);
        }

        return data;
    }

    /// <summary>May this peer be asked? A suspect piece changes hands only when its peer owes it nothing any more.</summary>
    internal bool IsOpenTo(int peerId) => !IsSuspect || OnlyPeer == peerId || OnlyPeer == 0 || RequestedCount == 0;

    /// <summary>Asks <paramref name="peerId"/> for up to <paramref name="count"/> free blocks, in order; returns how many were added.</summary>
    /// <param name="peerId">Who is asked.</param>
    /// <param name="count">Most blocks.</param>
    /// <param name="result">The blocks are added here.</param>
    /// <param name="requests">The picker's count of requests so far; ticks on with each.</param>
    internal int RequestFree(int peerId, int count, List<BlockRef> result, ref long requests)
    {
        var added = 0;
        for (; added < count && FreeCount > 0; _firstMaybeFree++)
        {
            if (_states[_firstMaybeFree] == BlockState.Free)
            {
                (_states[_firstMaybeFree], _peers[_firstMaybeFree], _askedAt[_firstMaybeFree]) = (BlockState.Requested, peerId, requests++);
                RequestedCount++;
                added++;
                result.Add(BlockAt(_firstMaybeFree));
            }
        }

        return added;
    }

    /// <summary>Asks one more peer for a block that is already requested.</summary>
    internal BlockRef RequestDuplicate(int block, int peerId)
    {
        (_duplicates ??= []).Add((block, peerId));
        return BlockAt(block);
    }

    /// <summary>How many peers are asked for the block now; 0 when it is free or here.</summary>
    internal int RequestersOf(int block)
    {
        if (_states[block] != BlockState.Requested)
        {
            return 0;
        }

        var requesters = 1;
        for (var i = 0; i < (_duplicates?.Count ?? 0); i++)
        {
            requesters += _duplicates![i].Block == block ? 1 : 0;
        }

        return requesters;
    }

    /// <summary>When the block was asked for, as the picker counts its requests; later is larger.</summary>
    internal long AskedAt(int block) => _askedAt[block];

    /// <summary>The peer first asked for a requested block.</summary>
    internal int RequesterOf(int block) => _states[block] == BlockState.Requested ? _peers[block] : 0;

    /// <summary>Is this peer asked for the block?</summary>
    internal bool IsRequestedFrom(int block, int peerId) =>
        _states[block] == BlockState.Requested && (_peers[block] == peerId || (_duplicates?.Contains((block, peerId)) ?? false));

    /// <summary>Takes a request back; false when the peer was not asked. The block is free again when nobody else is asked for it.</summary>
    internal bool Release(int block, int peerId)
    {
        if (!IsRequestedFrom(block, peerId))
        {
            return false;
        }

        if (_duplicates?.Remove((block, peerId)) is true)
        {
            return true;
        }

        if (TakeDuplicate(block) is { } heir)
        {
            _peers[block] = heir;
            return true;
        }

        (_states[block], _peers[block]) = (BlockState.Free, 0);
        _firstMaybeFree = Math.Min(_firstMaybeFree, block);
        RequestedCount--;
        return true;
    }

    /// <summary>Keeps a block that is not here yet; all who were asked for it are added to <paramref name="requesters"/>.</summary>
    /// <returns>False when the block is here already; then <paramref name="data"/> stays the caller's.</returns>
    internal bool Receive(int block, int peerId, BlockPool.Block data, List<int> requesters)
    {
        if (_states[block] >= BlockState.Held)
        {
            return false;
        }

        if (_states[block] == BlockState.Requested)
        {
            requesters.Add(_peers[block]);
            while (TakeDuplicate(block) is { } duplicate)
            {
                requesters.Add(duplicate);
            }

            RequestedCount--;
        }

        (_states[block], _peers[block], _data[block]) = (BlockState.Held, peerId, data);
        ReceivedCount++;
        return true;
    }

    /// <summary>Marks a block as lying in the partial file since the last run.</summary>
    internal void Restore(int block)
    {
        if (_states[block] == BlockState.Free)
        {
            _states[block] = BlockState.Flushed;
            ReceivedCount++;
        }
    }

    /// <summary>Adds everybody who is asked for the block, the first one first.</summary>
    internal void CollectRequesters(int block, List<int> requesters)
    {
        if (_states[block] != BlockState.Requested)
        {
            return;
        }

        requesters.Add(_peers[block]);
        for (var i = 0; i < (_duplicates?.Count ?? 0); i++)
        {
            if (_duplicates![i].Block == block)
            {
                requesters.Add(_duplicates[i].PeerId);
            }
        }
    }

    private int? TakeDuplicate(int block)
    {
        for (var i = 0; i < (_duplicates?.Count ?? 0); i++)
        {
            if (_duplicates![i].Block == block)
            {
                var peerId = _duplicates[i].PeerId;
                _duplicates.RemoveAt(i);
                return peerId;
            }
        }

        return null;
    }

    private BlockRef BlockAt(int block)
    {
        var begin = block * PieceGeometry.BlockLength;
        return new BlockRef(Piece, begin, Math.Min(PieceGeometry.BlockLength, _length - begin));
    }
}
