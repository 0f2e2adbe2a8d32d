using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using P2P.Engine.Runtime;
using P2P.Engine.Wire;

namespace P2P.Engine.Peers;

/// <summary>What one gathered send takes: heads packed in one buffer, payload referenced where it lies.</summary>
/// <remarks>Owned by the send pump, reused for every flush. It owns the blocks in it until <see cref="ReturnBlocks"/>.</remarks>
internal sealed class SendBatch
{
    /// <summary>64 blocks are 1 MiB: past the knee of the gathered-send figures (limits.md 2.1).</summary>
    public const int MaxBlocks = 64;

    /// <summary>Room for 64 block heads (832 bytes) and some 190 control messages in one flush.</summary>
    private const int HeadCapacity = 4096;

    private readonly List<ArraySegment<byte>> _segments = [];
    private readonly List<BlockPool.Block> _blocks = [];
    private byte[]? _head;
    private int _headLength;
    private int _segmentStart;

    /// <summary>What to send, in order; complete after <see cref="Seal"/>.</summary>
    public IList<ArraySegment<byte>> Segments => _segments;

    /// <summary>Is there nothing to send?</summary>
    public bool IsEmpty => _headLength == 0;

    /// <summary>Blocks in the batch.</summary>
    public int BlockCount => _blocks.Count;

    /// <summary>Bytes of these blocks.</summary>
    public int PayloadBytes { get; private set; }

    /// <summary>Messages that the peer may answer with one of its own: blocks (their request) and our requests (a reject).</summary>
    public int Answerable { get; private set; }

    /// <summary>Is there room for the head of one more message?</summary>
    public bool HasRoom => _headLength + MessageWriter.MaxHeadLength <= HeadCapacity;

    /// <summary>Adds a message; a Piece's block belongs to the batch from here on. Needs <see cref="HasRoom"/>.</summary>
    public void Add(in PeerMessage message)
    {
        Debug.Assert(HasRoom, "The caller asks for room first.");
        _head ??= ArrayPool<byte>.Shared.Rent(HeadCapacity);
        _headLength += MessageWriter.WriteHead(message, _head.AsSpan(_headLength));
        Answerable += message.Id is MessageId.Request or MessageId.Piece ? 1 : 0;
        if (message.Data is { } block)
        {
            Seal();
            _segments.Add(new ArraySegment<byte>(block.Array, 0, block.Length));
            _blocks.Add(block);
            PayloadBytes += block.Length;
        }
        else if (!message.Payload.IsEmpty)
        {
            Seal();
            _segments.Add(MemoryMarshal.TryGetArray(message.Payload, out var array) ? array : message.Payload.ToArray());
        }
    }

    /// <summary>Closes the run of heads written last, so that <see cref="Segments"/> holds everything added.</summary>
    public void Seal()
    {
        if (_headLength > _segmentStart)
        {
            _segments.Add(new ArraySegment<byte>(_head!, _segmentStart, _headLength - _segmentStart));
            _segmentStart = _headLength;
        }
    }

    /// <summary>Returns every block and empties the batch; nothing may read the segments any more.</summary>
    public void ReturnBlocks()
    {
        foreach (var block in _blocks)
        {
            block.Return();
        }

        _blocks.Clear();
        _segments.Clear();
        (PayloadBytes, Answerable, _headLength, _segmentStart) = (0, 0, 0, 0);
        if (_head is { } head)
        {
            _head = null;
            ArrayPool<byte>.Shared.Return(head);
        }
    }
}
