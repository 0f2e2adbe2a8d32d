using CsCheck;
using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Tests.Runtime;
using P2P.Engine.Tests.Transport;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Tests.Peers;

public sealed class PeerConnectionTests
{
    private const int PieceCount = 1000;

    private readonly FakeTimeProvider _clock = new();
    private readonly BlockPool _pool = new(256);
    private readonly RecordingSink _sink = new();

    [Fact]
    public void Send_MessagesAndBlocks_ArriveWholeAndReturnEveryBlock()
    {
        var (a, b) = MemoryConnection.Pair();
        var (peerA, sinkB) = (Connect(a, _sink), new RecordingSink());
        Connect(b, sinkB);
        peerA.Send(new PeerMessage(MessageId.Bitfield) { Payload = new byte[125] });
        peerA.Send(new PeerMessage(MessageId.Unchoke));
        peerA.Send(new PeerMessage(MessageId.Request, 1, 16_384, 16_384));
        peerA.Send(Block(7, 0, 16_384));
        peerA.Send(Block(7, 16_384, 100));

        Assert.Equal(
            ["Bitfield 0 0 0", "Unchoke 0 0 0", "Request 1 16384 16384", "Piece 7 0 16384", "Piece 7 16384 100"], sinkB.Messages);
        Assert.Equal(Filled(7, 0, 16_384), sinkB.Blocks[0]);
        Assert.Equal(Filled(7, 16_384, 100), sinkB.Blocks[1]);
        Assert.Equal((2, 16_484), (_sink.SentBlocks, _sink.SentBytes));
        Assert.Equal(a.SentBytes, sinkB.WireBytes);
        Assert.Equal((0, 0), (_pool.Lent, peerA.QueuedBlocks));
    }

    [Fact]
    public void Receive_StreamCutAnywhere_GivesTheSameBlocks() =>
        Gen.Select(Gen.Select(Gen.Int[0, 999], Gen.Int[1, 16_384]).Array[1, 12], Gen.Int[1, 20_000].Array[1, 20]).Sample(
            (blocks, cuts) =>
            {
                var pool = new BlockPool(64);
                var (a, b) = MemoryConnection.Pair();
                var sink = new RecordingSink();
                var peer = new PeerConnection(a, Info(), pool, _clock);
                peer.Start(sink, PieceCount);
                var stream = blocks.SelectMany(block => Frame(7, block.Item1, 0, Filled(block.Item1, 0, block.Item2))).ToArray();
                for (var (at, i) = (0, 0); at < stream.Length; i++)
                {
                    var length = Math.Min(cuts[i % cuts.Length], stream.Length - at);
                    b.Send(stream.AsSpan(at, length));
                    at += length;
                }

                Assert.Equal(blocks.Select(block => $"Piece {block.Item1} 0 {block.Item2}"), sink.Messages);
                Assert.All(blocks.Zip(sink.Blocks), pair => Assert.Equal(Filled(pair.First.Item1, 0, pair.First.Item2), pair.Second));
                Assert.Equal(stream.Length, sink.WireBytes);
                peer.Close(new DisconnectReason("local.stopped", "Done."));
                Assert.Equal(0, pool.Lent);
            },
            iter: 100);

    [Fact]
    public void Receive_ManyFramesAtOnce_ArePostedAsOneBatchFromAnIdleWaitWithoutBuffer()
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, _sink);
        Assert.True(a.WaitsWithoutBuffer);
        b.Send([.. Frame(7, 1, 0, new byte[16_384]), .. Frame(7, 2, 0, new byte[16_384]), 0, 0, 0, 1, 1]);

        Assert.Equal(1, _sink.Batches);
        Assert.Equal(3, _sink.Messages.Count);
        Assert.True(a.WaitsWithoutBuffer);
    }

    [Fact]
    public void Receive_PoolEmpty_StopsReadingUntilABlockComesBack()
    {
        var scheduler = new ManualScheduler();
        var pool = new BlockPool(2, scheduler);
        var sink = new RecordingSink { KeepsBlocks = true };
        var (a, b) = MemoryConnection.Pair();
        var peer = new PeerConnection(a, Info(), pool, _clock);
        peer.Start(sink, PieceCount);
        b.Send([.. Frame(7, 1, 0, [1]), .. Frame(7, 2, 0, [2]), .. Frame(7, 3, 0, [3]), 0, 0, 0, 1, 1]);

        Assert.Equal(["Piece 1 0 1", "Piece 2 0 1"], sink.Messages);
        _clock.Advance(TimeSpan.FromMinutes(5));
        Tick(peer); // the wait is ours, so neither silence nor stall count
        Assert.Empty(sink.Closed);
        sink.Kept[0].Return();
        scheduler.RunAll();
        Assert.Equal(["Piece 1 0 1", "Piece 2 0 1", "Piece 3 0 1", "Unchoke 0 0 0"], sink.Messages);
        sink.Kept[1].Return();
        sink.Kept[2].Return();
        Assert.Equal(0, pool.Lent);
    }

    [Fact]
    public void Close_WhileWaitingForABlock_EndsAndReturnsEverything()
    {
        var scheduler = new ManualScheduler();
        var pool = new BlockPool(1, scheduler);
        var sink = new RecordingSink { KeepsBlocks = true };
        var (a, b) = MemoryConnection.Pair();
        var peer = new PeerConnection(a, Info(), pool, _clock);
        peer.Start(sink, PieceCount);
        b.Send([.. Frame(7, 1, 0, [1]), .. Frame(7, 2, 0, [2])]);
        peer.Close(new DisconnectReason("local.stopped", "First."));
        peer.Close(new DisconnectReason("peer.flood", "Second."));
        scheduler.RunAll();

        Assert.Equal("local.stopped", sink.Code);
        sink.Kept[0].Return();
        Assert.Equal(0, pool.Lent);
        Assert.True(a.IsDisposed);
    }

    [Fact]
    public void Send_BurstWithScheduler_LeavesInOneFlush()
    {
        var scheduler = new ManualScheduler();
        var (a, b) = MemoryConnection.Pair();
        var sink = new RecordingSink();
        var peer = new PeerConnection(a, Info(), _pool, _clock, scheduler);
        peer.Start(sink, PieceCount);
        scheduler.RunAll();
        for (var i = 0; i < 50; i++)
        {
            peer.Send(new PeerMessage(MessageId.Have, (uint)i));
        }

        peer.Send(new PeerMessage(MessageId.Choke));
        peer.Send(Block(1, 0, 10));
        Assert.Equal(0, a.Sends);
        scheduler.RunAll();

        Assert.Equal(1, a.Sends);
        Assert.Equal([0, 0, 0, 1, 0, 0, 0, 0, 5, 4], b.TakeAll().AsSpan(0, 10).ToArray());
    }

    [Fact]
    public void Send_PeerDoesNotRead_BlocksWaitAndCanBeTakenBack()
    {
        var (a, b) = MemoryConnection.Pair(window: 1000);
        var peer = Connect(a, _sink);
        peer.Send(Block(1, 0, 2000)); // held by the window: the pump waits with it
        peer.Send(Block(2, 0, 100));
        peer.Send(Block(3, 0, 200));
        peer.Send(Block(4, 0, 300));
        Assert.Equal(4, peer.QueuedBlocks);

        Assert.False(peer.TryCancelPiece(new BlockRef(1, 0, 2000)));
        Assert.False(peer.TryCancelPiece(new BlockRef(3, 0, 100)));
        Assert.True(peer.TryCancelPiece(new BlockRef(3, 0, 200)));
        Assert.Equal([new BlockRef(2, 0, 100), new BlockRef(4, 0, 300)], peer.DiscardPieces());
        Assert.Empty(peer.DiscardPieces());
        Assert.Equal((1, 1), (peer.QueuedBlocks, _pool.Lent));

        peer.Close(new DisconnectReason("local.stopped", "Done."));
        Assert.Equal((0, 0), (peer.QueuedBlocks, _pool.Lent));
        Assert.Equal(0, _sink.SentBlocks);
        b.Dispose();
    }

    [Fact]
    public void Send_AfterClose_ReturnsTheBlock()
    {
        var (a, _) = MemoryConnection.Pair();
        var peer = Connect(a, _sink);
        peer.Close(new DisconnectReason("local.stopped", "Done."));
        peer.Send(Block(1, 0, 5));

        Assert.Equal(0, _pool.Lent);
        Assert.Equal("local.stopped", _sink.Code);
    }

    [Fact]
    public void Start_AfterClose_SaysClosedOnce()
    {
        var (a, _) = MemoryConnection.Pair();
        var peer = new PeerConnection(a, Info(), _pool, _clock);
        peer.Close(new DisconnectReason("local.stopped", "Early."));
        peer.Start(_sink, PieceCount);

        Assert.Equal("local.stopped", _sink.Code);
    }

    [Fact]
    public void Close_FromInsideABatch_EndsWithThatReason()
    {
        var (a, b) = MemoryConnection.Pair();
        _sink.OnBatch = peer => peer.Close(new DisconnectReason("peer.banned", "Enough."));
        Connect(a, _sink);
        b.Send([0, 0, 0, 1, 1]);

        Assert.Equal("peer.banned", _sink.Code);
    }

    [Fact]
    public void Receive_OtherSideCloses_IsPeerClosedAndReturnsAHalfReadBlock()
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, _sink);
        b.Send(Frame(7, 1, 0, new byte[100]).AsSpan(0, 50));
        Assert.Equal(1, _pool.Lent);
        b.Dispose();

        Assert.Equal("peer.closed", _sink.Code);
        Assert.Equal(0, _pool.Lent);
    }

    [Fact]
    public void Receive_Malformed_PostsWhatCameBeforeAndCloses()
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, _sink);
        b.Send([0, 0, 0, 1, 1, 0, 0, 0, 2, 0, 0]);

        Assert.Equal(["Unchoke 0 0 0"], _sink.Messages);
        Assert.Equal("peer.msg_len", _sink.Code);
        Assert.True(_sink.Closed[0].IsMisbehaviour);
    }

    [Fact]
    public void Receive_RandomBytes_ClosesWithoutAFault() // W65
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var bytes = new byte[1 << 16];
            new Random(seed).NextBytes(bytes);
            var (a, b) = MemoryConnection.Pair();
            var sink = new RecordingSink();
            Connect(a, sink);
            b.Send(bytes);
            b.Dispose();

            Assert.NotEqual("local.fault", Assert.Single(sink.Closed).Code);
            Assert.Equal(0, _pool.Lent);
        }
    }

    [Fact]
    public void Receive_KeepAliveFlood_IsPeerFlood() // W13
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, _sink);
        b.Send(new byte[4 * 100_000]);

        Assert.Equal("peer.flood", _sink.Code);
        Assert.Empty(_sink.Messages);
    }

    [Fact]
    public void Receive_SameHaveWithoutEnd_IsPeerFlood() // W16
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, _sink);
        b.Send([.. Enumerable.Repeat<byte[]>([0, 0, 0, 5, 4, 0, 0, 0, 1], 20_000 + PieceCount).SelectMany(have => have)]);
        Assert.Empty(_sink.Closed);
        b.Send([.. Enumerable.Repeat<byte[]>([0, 0, 0, 5, 4, 0, 0, 0, 1], 10).SelectMany(have => have)]);

        Assert.Equal("peer.flood", _sink.Code);
    }

    [Fact]
    public void Receive_ExtendedHandshakesWithoutEnd_IsPeerFlood() // W49
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, _sink);
        b.Send([.. Enumerable.Repeat<byte[]>([0, 0, 0, 4, 20, 0, (byte)'d', (byte)'e'], 1_000).SelectMany(message => message)]);

        Assert.Equal("peer.flood", _sink.Code);
    }

    [Fact]
    public void Receive_SteadyRateBelowTheLimit_Lives()
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, _sink);
        for (var second = 0; second < 60; second++)
        {
            b.Send(new byte[4 * 1_900]);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Empty(_sink.Closed);
    }

    [Fact]
    public void Receive_RequestsThatAreAnswered_AreNoFlood()
    {
        var (a, b) = MemoryConnection.Pair();
        var peer = Connect(a, _sink);
        for (var i = 0; i < 60_000; i++)
        {
            b.Send([0, 0, 0, 13, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
            peer.Send(Block(1, 0, 1));
            b.TakeAll();
        }

        Assert.Empty(_sink.Closed);
    }

    [Fact]
    public void Tick_MessageDrips_IsPeerStallAfterOneMinute() // W12, W44
    {
        var (a, b) = MemoryConnection.Pair();
        var peer = Connect(a, _sink);
        b.Send(Frame(7, 1, 0, new byte[16_384]).AsSpan(0, 20));
        for (var second = 0; second < 60; second++)
        {
            Tick(peer);
            Assert.Empty(_sink.Closed);
            b.Send([0]);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Tick(peer);
        Assert.Equal("peer.stall", _sink.Code);
        Assert.Equal(0, _pool.Lent);
    }

    [Fact]
    public void Tick_SlowButFinishedMessages_AreNoStall()
    {
        var (a, b) = MemoryConnection.Pair();
        var peer = Connect(a, _sink);
        var have = Frame(4, 1, null, []);
        for (var i = 0; i < 20; i++)
        {
            b.Send(have.AsSpan(0, 5));
            _clock.Advance(TimeSpan.FromSeconds(30));
            Tick(peer);
            b.Send([.. have[5..], .. have[..3]]);
            _clock.Advance(TimeSpan.FromSeconds(30));
            Tick(peer);
            b.Send(have.AsSpan(3));
        }

        Assert.Empty(_sink.Closed);
        Assert.Equal(40, _sink.Messages.Count);
    }

    [Fact]
    public void Tick_Silence_SendsKeepAlivesAndEndsAfterTwoMinutesAndGrace()
    {
        var (a, b) = MemoryConnection.Pair();
        var peer = Connect(a, _sink);
        for (var second = 0; second < 134; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Tick(peer);
        }

        Assert.Empty(_sink.Closed);
        Assert.Equal(new byte[4], b.TakeAll());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Tick(peer);
        Assert.Equal("peer.idle", _sink.Code);
    }

    [Fact]
    public void Tick_PeerBeatsEveryTwoMinutes_Lives()
    {
        var (a, b) = MemoryConnection.Pair();
        var peer = Connect(a, _sink);
        for (var second = 1; second < 1_000; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Tick(peer);
            if (second % 121 == 0)
            {
                b.Send(new byte[4]);
            }
        }

        Assert.Empty(_sink.Closed);
    }

    [Fact]
    public void Tick_PeerNeverReads_IsPeerIdleAfterTwoMinutes() // W47
    {
        var (a, b) = MemoryConnection.Pair(window: 100);
        var peer = Connect(a, _sink);
        peer.Send(Block(1, 0, 16_384));
        for (var second = 0; second < 119; second++)
        {
            b.Send(new byte[4]);
            _clock.Advance(TimeSpan.FromSeconds(1));
            Tick(peer);
        }

        Assert.Empty(_sink.Closed);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Tick(peer);
        Assert.Equal("peer.idle", _sink.Code);
        Assert.Equal(0, _pool.Lent);
    }

    [Fact]
    public void Send_ControlWithoutEndToPeerThatNeverReads_IsClosedInsteadOfGrowing() // R-P07
    {
        var (a, b) = MemoryConnection.Pair(window: 100);
        var peer = Connect(a, _sink);
        peer.Send(Block(1, 0, 16_384));
        for (var i = 0; i < 20_000; i++)
        {
            peer.Send(new PeerMessage(MessageId.Reject, 1, 0, 16_384));
        }

        Assert.Equal("peer.idle", _sink.Code);
        Assert.Equal(0, _pool.Lent);
        b.Dispose();
    }

    [Fact]
    public void Transfer_SteadyState_AllocatesNothingPerBlock()
    {
        var (a, b) = MemoryConnection.Pair();
        var sink = new CountingSink();
        var peer = new PeerConnection(a, Info(), _pool, _clock);
        peer.Start(sink, PieceCount);
        var frames = Enumerable.Range(0, 15).SelectMany(i => Frame(7, i, 0, new byte[16_384])).ToArray();
        b.Send(frames);
        b.Send(frames);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            b.Send(frames);
        }

        // The in-memory stream copies what it is given and makes a waiter per receive; the rest is ours.
        var ours = GC.GetAllocatedBytesForCurrentThread() - before - (100L * frames.Length);
        Assert.Equal(102 * 15, sink.Blocks);
        Assert.InRange(ours / 1500, long.MinValue, 64);
    }

    private static HandshakeInfo Info() =>
        new(default, new PeerId("-XX0000-123456789012"u8), default, false, SupportsFast: true, SupportsExtensions: true, SupportsDht: false);

    private static byte[] Frame(byte id, int piece, int? begin, byte[] payload)
    {
        int[] integers = begin is { } known ? [piece, known] : [piece];
        var body = integers.SelectMany(value => BitConverter.GetBytes(System.Net.IPAddress.HostToNetworkOrder(value))).ToArray();
        return [.. BitConverter.GetBytes(System.Net.IPAddress.HostToNetworkOrder(1 + body.Length + payload.Length)), id, .. body, .. payload];
    }

    private static byte[] Filled(int piece, int begin, int length)
    {
        var bytes = new byte[length];
        new Random(piece + begin).NextBytes(bytes);
        return bytes;
    }

    private PeerConnection Connect(MemoryConnection connection, RecordingSink sink)
    {
        var peer = new PeerConnection(connection, Info(), _pool, _clock);
        peer.Start(sink, PieceCount);
        return peer;
    }

    private PeerMessage Block(int piece, int begin, int length)
    {
        var block = _pool.TryRent()!;
        Filled(piece, begin, length).CopyTo(block.Array, 0);
        block.Length = length;
        return new PeerMessage(MessageId.Piece, (uint)piece, (uint)begin, (uint)length) { Data = block };
    }

    private void Tick(PeerConnection peer) => peer.Tick(_clock.GetTimestamp());

    private sealed class CountingSink : IPeerSink
    {
        public int Blocks { get; private set; }

        public void OnMessages(PeerConnection peer, PeerBatch batch)
        {
            foreach (var message in batch.Messages)
            {
                Blocks++;
                message.Data!.Return();
            }

            batch.Recycle();
        }

        public void OnSent(PeerConnection peer, int blocks, int payloadBytes) => Assert.Fail("Nothing is sent here.");

        public void OnClosed(PeerConnection peer, DisconnectReason reason) => Assert.Fail(reason.Message);
    }
}
