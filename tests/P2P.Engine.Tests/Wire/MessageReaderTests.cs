using System.Buffers;
using System.Buffers.Binary;
using CsCheck;
using P2P.Engine.Runtime;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Tests.Wire;

public sealed class MessageReaderTests
{
    private const int PieceCount = 20;
    private const HandshakeFeatures Both = HandshakeFeatures.Fast | HandshakeFeatures.Extensions;

    /// <summary>Every message beside its bytes (BEP 3, 6, 10).</summary>
    public static TheoryData<string, string> Vectors => new()
    {
        { "00000000", "KeepAlive 0 0 0 -" },
        { "0000000100", "Choke 0 0 0 -" },
        { "0000000101", "Unchoke 0 0 0 -" },
        { "0000000102", "Interested 0 0 0 -" },
        { "0000000103", "NotInterested 0 0 0 -" },
        { "000000050400000013", "Have 19 0 0 -" },
        { "0000000405FFFFF0", "Bitfield 0 0 0 FFFFF0" },
        { "0000000D06000000010000400000004000", "Request 1 16384 16384 -" },
        { "0000000C070000000200004000010203", "Piece 2 16384 3 010203" },
        { "0000000D08000000010000400000004000", "Cancel 1 16384 16384 -" },
        { "00000003091AE1", "Port 0 6881 0 -" },
        { "000000050D00000001", "Suggest 1 0 0 -" },
        { "000000010E", "HaveAll 0 0 0 -" },
        { "000000010F", "HaveNone 0 0 0 -" },
        { "0000000D10000000010000400000004000", "Reject 1 16384 16384 -" },
        { "000000051100000001", "AllowedFast 1 0 0 -" },
        { "0000000414006465", "Extended 0 0 0 6465" },
        { "0000000214FF", "Extended 0 255 0 -" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Read_Vector_GivesTheMessage(string hex, string expected)
    {
        var result = ReadAll(Convert.FromHexString(hex), PieceCount, Both);

        Assert.Equal([expected], result.Messages);
        Assert.Null(result.Code);
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Write_MessageOfVector_GivesTheBytes(string hex, string message)
    {
        var pool = new BlockPool(4);
        var input = new ReadOnlySpan<byte>(Convert.FromHexString(hex));
        Assert.Equal(ReadStatus.Message, new MessageReader(pool, PieceCount, Both).Read(ref input, out var read));
        Assert.Equal(message, Describe(read));

        var output = new ArrayBufferWriter<byte>();
        MessageWriter.Write(read, output);

        Assert.Equal(hex, Convert.ToHexString(output.WrittenSpan));
        read.Data?.Return();
        Assert.Equal(0, pool.Lent);
    }

    [Theory]
    [InlineData("FFFFFFFF", "peer.msg_too_large")] // W10
    [InlineData("00100001", "peer.msg_too_large")] // W11
    [InlineData("0010000014", "peer.ext")] // W12: refused at once instead of held for a minute
    [InlineData("000000020000", "peer.msg_len")] // W14: choke of 2
    [InlineData("0000000404", "peer.msg_len")] // have of 4
    [InlineData("0000000604", "peer.msg_len")] // have of 6
    [InlineData("0000000C06", "peer.msg_len")] // request of 12
    [InlineData("0000000E06", "peer.msg_len")] // request of 14
    [InlineData("0000000209", "peer.msg_len")] // port of 2
    [InlineData("0000000409", "peer.msg_len")] // port of 4
    [InlineData("0000000907", "peer.msg_len")] // piece without payload
    [InlineData("0000400A07", "peer.msg_len")] // piece of 16,385 bytes
    [InlineData("0000000114", "peer.msg_len")] // extended without its id
    [InlineData("0001000314", "peer.ext")] // W48: 65,537 bytes
    [InlineData("000000050400000014", "peer.index")] // W15
    [InlineData("0000000504FFFFFFFF", "peer.index")]
    [InlineData("000000051100000014", "peer.index")] // W32
    [InlineData("000000050D00000014", "peer.index")] // W33
    [InlineData("0000000305", "peer.bitfield_len")] // W17
    [InlineData("0000000505", "peer.bitfield_len")]
    [InlineData("0000000405FFFFF8", "peer.bitfield_spare")] // W18
    [InlineData("000000010E" + "000000010F", "peer.fast_order")] // W20
    [InlineData("000000050400000001" + "000000010F", "peer.fast_order")]
    public void Read_BrokenRule_SaysItsCode(string hex, string code) =>
        Assert.Equal(code, ReadAll(Convert.FromHexString(hex), PieceCount, Both).Code);

    [Theory]
    [InlineData("000000010E")]
    [InlineData("000000010F")]
    [InlineData("000000050D00000001")]
    [InlineData("000000051100000001")]
    [InlineData("0000000D10000000010000400000004000")]
    public void Read_FastMessageWithoutFastBit_IsNotNegotiated(string hex) => // W21
        Assert.Equal("peer.not_negotiated", ReadAll(Convert.FromHexString(hex), PieceCount, HandshakeFeatures.Extensions).Code);

    [Fact]
    public void Read_LateBitfields_AreReadAgain() // instead of W19: aria2 sends its bitfield again where many haves would be longer
    {
        var bytes = Convert.FromHexString("0000000405FFFFF0" + "000000050400000001" + "0000000405000000");
        var result = ReadAll(bytes, PieceCount, Both);
        Assert.Equal(["Bitfield 0 0 0 FFFFF0", "Have 1 0 0 -", "Bitfield 0 0 0 000000"], result.Messages);
        Assert.Null(result.Code);
    }

    [Fact]
    public void Read_UnknownIds_AreDroppedNineTimesAndThenRefused() // W58
    {
        var one = Convert.FromHexString("0000000463010203");
        var nine = Enumerable.Repeat(one, 9).SelectMany(bytes => bytes).ToArray();

        Assert.Equal(["Choke 0 0 0 -"], ReadAll([.. nine, 0, 0, 0, 1, 0], PieceCount, Both).Messages);
        Assert.Equal("peer.unknown", ReadAll([.. nine, .. one], PieceCount, Both).Code);
    }

    [Fact]
    public void Read_PieceCountUnknown_BoundsBitfieldAndIndexes() // W22, W24
    {
        Assert.Equal("peer.bitfield_len", ReadAll([0, 4, 0, 2, 5], 0, Both).Code);
        Assert.Null(ReadAll([0, 4, 0, 1, 5], 0, Both).Code);
        Assert.Equal(["Have 2147483647 0 0 -"], ReadAll(Convert.FromHexString("00000005047FFFFFFF"), 0, Both).Messages);
        Assert.Equal("peer.index", ReadAll(Convert.FromHexString("000000050480000000"), 0, Both).Code);
    }

    [Fact]
    public void Read_LargestLengthsWithoutTheirBytes_AllocateLittle() // R-P02, W10
    {
        var pool = new BlockPool(4);
        byte[][] inputs = [[0, 1, 0, 2, 20, 0, 1], [0, 4, 0, 1, 5, 1], [0, 16, 0, 0, 99, 1], [0xFF, 0xFF, 0xFF, 0xFF]];
        foreach (var bytes in inputs)
        {
            var reader = new MessageReader(pool, 0, Both);
            var before = GC.GetAllocatedBytesForCurrentThread();
            ReadOnlySpan<byte> input = bytes;
            reader.Read(ref input, out _);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 65_536);
        }
    }

    [Fact]
    public void Read_PoolEmpty_AsksForABlockAndGoesOn()
    {
        var pool = new BlockPool(1);
        var lent = pool.TryRent()!;
        var reader = new MessageReader(pool, PieceCount, Both);
        ReadOnlySpan<byte> input = Convert.FromHexString("0000000C070000000200004000010203");

        Assert.Equal(ReadStatus.NeedBlock, reader.Read(ref input, out _));
        lent.Return();
        reader.Supply(pool.TryRent()!);
        Assert.Equal(ReadStatus.Message, reader.Read(ref input, out var message));

        Assert.Equal("Piece 2 16384 3 010203", Describe(message));
        message.Data!.Return();
    }

    [Fact]
    public void Release_InsideAPiece_ReturnsTheBlock()
    {
        var pool = new BlockPool(1);
        var reader = new MessageReader(pool, PieceCount, Both);
        ReadOnlySpan<byte> input = Convert.FromHexString("0000000C07000000020000400001");

        Assert.Equal(ReadStatus.NeedMore, reader.Read(ref input, out _));
        Assert.True(reader.IsMidMessage);
        Assert.Equal(1, pool.Lent);
        reader.Release();

        Assert.Equal(0, pool.Lent);
    }

    [Fact]
    public void Read_CutAnywhere_GivesTheSameMessages()
    {
        var stream = Vectors.Select(row => Convert.FromHexString(row.Data.Item1))
            .Where(bytes => bytes.Length < 5 || bytes[4] is not (14 or 15))
            .Concat([FullPiece()])
            .ToArray();
        Gen.Select(Gen.Int[0, stream.Length - 1].Array[1, 30], Gen.Int[1, 40].Array[1, 400]).Sample(
            (order, cuts) =>
            {
                var bytes = order.SelectMany(index => stream[index]).ToArray();
                var whole = ReadAll(bytes, PieceCount, Both);
                Assert.Equal(whole, ReadAll(bytes, PieceCount, Both, cuts), new SameResult());
            },
            iter: 500);
    }

    [Fact]
    public void Read_RandomBytes_NeverThrowsAndLeaksNothing() => // W65
        Gen.Select(Gen.Byte.Array[0, 3000], Gen.Int[1, 100].Array[1, 20], Gen.Int[0, 3]).Sample(
            (bytes, cuts, features) =>
            {
                // Every other length prefix is made plausible, so that random bodies are reached too.
                for (var i = 0; i + 3 < bytes.Length; i += 40)
                {
                    (bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]) = (0, 0, 0, 36);
                }

                ReadAll(bytes, PieceCount, (HandshakeFeatures)features, cuts);
                ReadAll(bytes, 0, (HandshakeFeatures)features, cuts);
            },
            iter: 1_000);

    private static byte[] FullPiece()
    {
        var piece = new byte[13 + 16_384];
        BinaryPrimitives.WriteInt32BigEndian(piece, 9 + 16_384);
        piece[4] = 7;
        new Random(1).NextBytes(piece.AsSpan(13));
        return piece;
    }

    private static Result ReadAll(byte[] bytes, int pieceCount, HandshakeFeatures features, int[]? cuts = null)
    {
        var pool = new BlockPool(2);
        var reader = new MessageReader(pool, pieceCount, features);
        var messages = new List<string>();
        string? code = null;
        for (var (at, cut) = (0, 0); at < bytes.Length && code is null; cut++)
        {
            var length = cuts is null ? bytes.Length : Math.Min(cuts[cut % cuts.Length], bytes.Length - at);
            ReadOnlySpan<byte> input = bytes.AsSpan(at, length);
            at += length;
            ReadStatus status;
            while ((status = reader.Read(ref input, out var message)) == ReadStatus.Message)
            {
                messages.Add(Describe(message));
                message.Data?.Return();
            }

            code = status == ReadStatus.Malformed ? reader.Fault.Code : null;
            Assert.True(status == ReadStatus.Malformed || input.IsEmpty);
        }

        reader.Release();
        Assert.Equal(0, pool.Lent);
        return new Result(messages, code);
    }

    private static string Describe(PeerMessage message)
    {
        var bytes = message.Data is { } block ? block.Span : message.Payload.Span;
        return $"{message.Id} {message.Piece} {message.Begin} {message.Length} {(bytes.IsEmpty ? "-" : Convert.ToHexString(bytes))}";
    }

    private sealed record Result(List<string> Messages, string? Code);

    private sealed class SameResult : IEqualityComparer<Result>
    {
        public bool Equals(Result? x, Result? y) => x!.Code == y!.Code && x.Messages.SequenceEqual(y.Messages);

        public int GetHashCode(Result result) => result.Messages.Count;
    }
}
