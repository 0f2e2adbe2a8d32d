using System.Buffers.Binary;
using System.Diagnostics;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Wire;

/// <summary>What <see cref="MessageReader.Read"/> came to.</summary>
internal enum ReadStatus
{
    /// <summary>The input is used up.</summary>
    NeedMore,

    /// <summary>A message is complete.</summary>
    Message,

    /// <summary>A block begins and the pool is empty: wait for one, give it to <see cref="MessageReader.Supply"/>, read on.</summary>
    NeedBlock,

    /// <summary>The peer broke the protocol; see <see cref="MessageReader.Fault"/>. The reader is not used further.</summary>
    Malformed,
}

/// <summary>How the bytes broke the protocol: a stable code of reliability.md 3.5 and one sentence.</summary>
internal readonly record struct WireFault(string Code, string Message);

/// <summary>Turns a byte stream, cut anywhere, into messages; payload is copied once, straight into blocks of the pool.</summary>
/// <remarks>
/// Never throws on input. Lengths are exact per type (R-P03); memory grows with bytes received, never with a length prefix (R-P02). Not
/// thread-safe. It holds at most one block, which <see cref="Release"/> returns. Dropped without a word: up to nine messages of unknown id
/// (W58) and two bitfields that come too late (W19).
/// </remarks>
/// <param name="pool">Lends the blocks of Piece messages; whoever takes the message owns its block.</param>
/// <param name="pieceCount">Pieces of the torrent, or 0 while it is not known (metadata phase).</param>
/// <param name="features">What both sides support: decides which ids are legal.</param>
internal sealed class MessageReader(BlockPool pool, int pieceCount, HandshakeFeatures features)
{
    /// <summary>Most bytes of any message (id included): 1 MiB, as libtorrent.</summary>
    public const int MaxMessageLength = 1 << 20;

    /// <summary>Most bytes of an extended message's bencoded body; with the two id bytes 65,538 (R-P03).</summary>
    public const int MaxExtendedLength = 65_536;

    private const int MaxBitfieldLength = 2_097_152 / 8;
    private const int ToleratedUnknown = 9;
    private const int FirstBodyCapacity = 4096;

    private readonly byte[] _head = new byte[MessageWriter.MaxHeadLength];
    private int _headLength;
    private Phase _phase;
    private PeerMessage _pending;
    private BlockPool.Block? _block;
    private byte[] _body = [];
    private int _filled;
    private int _total;
    private int _unknown;
    private bool _knowsPieces;

    private enum Phase
    {
        Head,
        Block,
        Body,
        Skip,
    }

    /// <summary>Has a message begun that is not complete?</summary>
    public bool IsMidMessage => _phase != Phase.Head || _headLength > 0;

    /// <summary>Why <see cref="Read"/> returned <see cref="ReadStatus.Malformed"/>.</summary>
    public WireFault Fault { get; private set; }

    /// <summary>Takes bytes off the front of <paramref name="input"/> until a message is complete or something is missing.</summary>
    public ReadStatus Read(ref ReadOnlySpan<byte> input, out PeerMessage message)
    {
        message = default;
        while (true)
        {
            var status = _phase switch
            {
                Phase.Head => ReadHead(ref input, out message),
                Phase.Block => ReadBlock(ref input, out message),
                Phase.Body => ReadBody(ref input, out message),
                _ => Skip(ref input),
            };
            if (status is { } done)
            {
                return done;
            }
        }
    }

    /// <summary>Gives the block that <see cref="ReadStatus.NeedBlock"/> asked for.</summary>
    public void Supply(BlockPool.Block block)
    {
        Debug.Assert(_phase == Phase.Block && _block is null, "A block is supplied only when asked for.");
        _block = block;
    }

    /// <summary>Returns the block of an unfinished Piece message, if there is one.</summary>
    public void Release()
    {
        _block?.Return();
        _block = null;
    }

    private ReadStatus? ReadHead(ref ReadOnlySpan<byte> input, out PeerMessage message)
    {
        message = default;
        if (_headLength == 0 && input.Length >= MessageWriter.MaxHeadLength)
        {
            // The usual case: the whole head lies in the input, so it is decoded where it is.
            var head = input;
            var length = HeadLength(head);
            if (length == 0)
            {
                return ReadStatus.Malformed;
            }

            input = input[length..];
            return Begin(head[..length], out message);
        }

        var needed = HeadLength(_head.AsSpan(0, _headLength));
        if (needed == 0)
        {
            return ReadStatus.Malformed;
        }

        if (_headLength == needed)
        {
            _headLength = 0;
            return Begin(_head.AsSpan(0, needed), out message);
        }

        var taken = Math.Min(needed - _headLength, input.Length);
        input[..taken].CopyTo(_head.AsSpan(_headLength));
        input = input[taken..];
        _headLength += taken;
        return taken == 0 ? ReadStatus.NeedMore : null;
    }

    /// <summary>Bytes of the head as far as <paramref name="head"/> tells (4, then 5, then the exact number); 0 when it is malformed.</summary>
    private int HeadLength(ReadOnlySpan<byte> head)
    {
        if (head.Length < 4)
        {
            return 4;
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (length == 0)
        {
            return 4;
        }

        if (length > MaxMessageLength)
        {
            return Refuse("peer.msg_too_large", $"The peer announced a message of {length} bytes.");
        }

        return head.Length < 5 ? 5 : CheckedHeadLength((MessageId)head[4], (int)length);
    }

    private int CheckedHeadLength(MessageId id, int length)
    {
        if (IsFast(id) && !features.HasFlag(HandshakeFeatures.Fast))
        {
            return Refuse("peer.not_negotiated", $"The peer sent {id} without the fast extension.");
        }

        var (least, most, head) = id switch
        {
            MessageId.Choke or MessageId.Unchoke or MessageId.Interested or MessageId.NotInterested => (1, 1, 5),
            MessageId.HaveAll or MessageId.HaveNone => (1, 1, 5),
            MessageId.Have or MessageId.Suggest or MessageId.AllowedFast => (5, 5, 9),
            MessageId.Request or MessageId.Cancel or MessageId.Reject => (13, 13, 17),
            MessageId.Port => (3, 3, 7),
            MessageId.Piece => (10, 9 + PieceGeometry.BlockLength, 13),
            MessageId.Bitfield when pieceCount > 0 => (1 + Bitfield.ByteCount(pieceCount), 1 + Bitfield.ByteCount(pieceCount), 5),
            MessageId.Bitfield => (2, 1 + MaxBitfieldLength, 5),
            MessageId.Extended when HasExtensions => (2, 2 + MaxExtendedLength, 6),
            _ => (1, MaxMessageLength, 5),
        };
        if (length >= least && length <= most)
        {
            return head;
        }

        var code = id switch
        {
            MessageId.Bitfield => "peer.bitfield_len",
            MessageId.Extended when length > most => "peer.ext",
            _ => "peer.msg_len",
        };
        return Refuse(code, $"The peer sent {id} with a length of {length} bytes.");
    }

    private ReadStatus? Begin(ReadOnlySpan<byte> head, out PeerMessage message)
    {
        message = new PeerMessage(MessageId.KeepAlive);
        if (head.Length == 4)
        {
            return ReadStatus.Message;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(head);
        var id = (MessageId)head[4];
        switch (id)
        {
            case MessageId.Choke or MessageId.Unchoke or MessageId.Interested or MessageId.NotInterested:
                message = new PeerMessage(id);
                return ReadStatus.Message;
            case MessageId.HaveAll or MessageId.HaveNone:
                message = new PeerMessage(id);
                return _knowsPieces && id == MessageId.HaveNone // a later have-all is news, and taking everything back is nonsense (W20)
                    ? Malformed("peer.fast_order", $"The peer sent {id} after it had told its pieces.")
                    : Availability();
            case MessageId.Have or MessageId.Suggest or MessageId.AllowedFast:
                message = new PeerMessage(id, Integer(head, 0));
                return BeginIndex(message);
            case MessageId.Request or MessageId.Cancel or MessageId.Reject:
                message = new PeerMessage(id, Integer(head, 0), Integer(head, 1), Integer(head, 2));
                return ReadStatus.Message;
            case MessageId.Port:
                message = new PeerMessage(id, Begin: BinaryPrimitives.ReadUInt16BigEndian(head[5..]));
                return ReadStatus.Message;
            case MessageId.Piece:
                _pending = new PeerMessage(id, Integer(head, 0), Integer(head, 1), (uint)length - 9);
                return Expect(Phase.Block, length - 9);
            case MessageId.Bitfield:
                return BeginBitfield(length - 1);
            case MessageId.Extended when HasExtensions:
                _pending = new PeerMessage(id, Begin: head[5]);
                return Expect(Phase.Body, length - 2);
            default:
                return ++_unknown > ToleratedUnknown
                    ? Malformed("peer.unknown", $"The peer sent {_unknown} messages of kinds nobody agreed on, the last of id {(byte)id}.")
                    : Expect(Phase.Skip, length - 1);
        }
    }

    private ReadStatus BeginIndex(in PeerMessage message)
    {
        if (pieceCount > 0 ? message.Piece >= (uint)pieceCount : message.Piece > int.MaxValue)
        {
            return Malformed("peer.index", $"The peer sent {message.Id} for piece {message.Piece} of {pieceCount}.");
        }

        return message.Id == MessageId.Have ? Availability() : ReadStatus.Message;
    }

    private ReadStatus? BeginBitfield(int length)
    {
        // aria2 sends its bitfield again where many haves would be longer (seen with 1.36), so a later one is news, not a crime.
        _knowsPieces = true;
        _pending = new PeerMessage(MessageId.Bitfield);
        return Expect(Phase.Body, length);
    }

    private ReadStatus? ReadBlock(ref ReadOnlySpan<byte> input, out PeerMessage message)
    {
        message = default;
        if (input.IsEmpty)
        {
            // No block is held for payload that may never come.
            return ReadStatus.NeedMore;
        }

        _block ??= pool.TryRent();
        if (_block is null)
        {
            return ReadStatus.NeedBlock;
        }

        var taken = Math.Min(_total - _filled, input.Length);
        input[..taken].CopyTo(_block.Array.AsSpan(_filled));
        input = input[taken..];
        _filled += taken;
        if (_filled < _total)
        {
            return ReadStatus.NeedMore;
        }

        _block.Length = _total;
        message = _pending with { Data = _block };
        (_block, _phase) = (null, Phase.Head);
        return ReadStatus.Message;
    }

    private ReadStatus? ReadBody(ref ReadOnlySpan<byte> input, out PeerMessage message)
    {
        message = default;
        var taken = Math.Min(_total - _filled, input.Length);
        if (_filled + taken > _body.Length)
        {
            // Doubling follows the bytes received; a body that is all here gets its exact length at once.
            var capacity = Math.Max(_filled + taken, Math.Min(_total, Math.Max(FirstBodyCapacity, _body.Length * 2)));
            Array.Resize(ref _body, _filled + taken == _total ? _total : capacity);
        }

        input[..taken].CopyTo(_body.AsSpan(_filled));
        input = input[taken..];
        _filled += taken;
        if (_filled < _total)
        {
            return ReadStatus.NeedMore;
        }

        message = _pending with { Payload = _body.AsMemory(0, _total) };
        (_body, _phase) = ([], Phase.Head);
        if (message.Id == MessageId.Bitfield && HasSpareBits(message.Payload.Span))
        {
            return Malformed("peer.bitfield_spare", "The peer's bitfield has bits set behind the last piece.");
        }

        return ReadStatus.Message;
    }

    private ReadStatus? Skip(ref ReadOnlySpan<byte> input)
    {
        var taken = Math.Min(_total - _filled, input.Length);
        input = input[taken..];
        _filled += taken;
        if (_filled < _total)
        {
            return ReadStatus.NeedMore;
        }

        _phase = Phase.Head;
        return null;
    }

    private ReadStatus? Expect(Phase phase, int bytes)
    {
        (_phase, _filled, _total) = (phase, 0, bytes);
        return null;
    }

    private ReadStatus Availability()
    {
        _knowsPieces = true;
        return ReadStatus.Message;
    }

    private bool HasExtensions => features.HasFlag(HandshakeFeatures.Extensions);

    private bool HasSpareBits(ReadOnlySpan<byte> bits) => (pieceCount & 7) != 0 && (bits[^1] & (0xFF >> (pieceCount & 7))) != 0;

    private int Refuse(string code, string sentence)
    {
        Fault = new WireFault(code, sentence);
        return 0;
    }

    private ReadStatus Malformed(string code, string sentence)
    {
        Fault = new WireFault(code, sentence);
        return ReadStatus.Malformed;
    }

    private static bool IsFast(MessageId id) =>
        id is MessageId.Suggest or MessageId.HaveAll or MessageId.HaveNone or MessageId.Reject or MessageId.AllowedFast;

    private static uint Integer(ReadOnlySpan<byte> head, int index) => BinaryPrimitives.ReadUInt32BigEndian(head[(5 + (4 * index))..]);
}
