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

public sealed class PeerConnectionTests : PeerConnectionFixture
{
    [Fact]
    public void Send_MessagesAndBlocks_ArriveWholeAndReturnEveryBlock()
    {
        var (a, b) = MemoryConnection.Pair();
        var (peerA, sinkB) = (Connect(a, Sink), new RecordingSink());
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
        Assert.Equal((2, 16_484), (Sink.SentBlocks, Sink.SentBytes));
        Assert.Equal(a.SentBytes, sinkB.WireBytes);
        Assert.Equal((0, 0), (Pool.Lent, peerA.QueuedBlocks));
    }

    [Fact]
    public void Receive_StreamCutAnywhere_GivesTheSameBlocks() =>
        Gen.Select(Gen.Select(Gen.Int[0, 999], Gen.Int[1, 16_384]).Array[1, 12], Gen.Int[1, 20_000].Array[1, 20]).Sample(
            (blocks, cuts) =>
            {
                var pool = new BlockPool(64);
                var (a, b) = MemoryConnection.Pair();
                var sink = new RecordingSink();
                var peer = new PeerConnection(a, Info(), pool, Clock);
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
        Connect(a, Sink);
        Assert.True(a.WaitsWithoutBuffer);
        b.Send([.. Frame(7, 1, 0, new byte[16_384]), .. Frame(7, 2, 0, new byte[16_384]), 0, 0, 0, 1, 1]);

        Assert.Equal(1, Sink.Batches);
        Assert.Equal(3, Sink.Messages.Count);
        Assert.True(a.WaitsWithoutBuffer);
    }

    [Fact]
    public void Receive_PoolEmpty_StopsReadingUntilABlockComesBack()
    {
        var scheduler = new ManualScheduler();
        var pool = new BlockPool(2, scheduler);
        var sink = new RecordingSink { KeepsBlocks = true };
        var (a, b) = MemoryConnection.Pair();
        var peer = new PeerConnection(a, Info(), pool, Clock);
        peer.Start(sink, PieceCount);
        b.Send([.. Frame(7, 1, 0, [1]), .. Frame(7, 2, 0, [2]), .. Frame(7, 3, 0, [3]), 0, 0, 0, 1, 1]);

        Assert.Equal(["Piece 1 0 1", "Piece 2 0 1"], sink.Messages);
        Clock.Advance(TimeSpan.FromMinutes(5));
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
        var peer = new PeerConnection(a, Info(), pool, Clock);
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
        var peer = new PeerConnection(a, Info(), Pool, Clock, scheduler);
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
        var peer = Connect(a, Sink);
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
        Assert.Equal((1, 1), (peer.QueuedBlocks, Pool.Lent));

        peer.Close(new DisconnectReason("local.stopped", "Done."));
        Assert.Equal((0, 0), (peer.QueuedBlocks, Pool.Lent));
        Assert.Equal(0, Sink.SentBlocks);
        b.Dispose();
    }

    [Fact]
    public void Send_AfterClose_ReturnsTheBlock()
    {
        var (a, _) = MemoryConnection.Pair();
        var peer = Connect(a, Sink);
        peer.Close(new DisconnectReason("local.stopped", "Done."));
        peer.Send(Block(1, 0, 5));

        Assert.Equal(0, Pool.Lent);
        Assert.Equal("local.stopped", Sink.Code);
    }

    [Fact]
    public void Start_AfterClose_SaysClosedOnce()
    {
        var (a, _) = MemoryConnection.Pair();
        var peer = new PeerConnection(a, Info(), Pool, Clock);
        peer.Close(new DisconnectReason("local.stopped", "Early."));
        peer.Start(Sink, PieceCount);

        Assert.Equal("local.stopped", Sink.Code);
    }

    [Fact]
    public void Close_FromInsideABatch_EndsWithThatReason()
    {
        var (a, b) = MemoryConnection.Pair();
        Sink.OnBatch = peer => peer.Close(new DisconnectReason("peer.banned", "Enough."));
        Connect(a, Sink);
        b.Send([0, 0, 0, 1, 1]);

        Assert.Equal("peer.banned", Sink.Code);
    }

    [Fact]
    public void Receive_OtherSideCloses_IsPeerClosedAndReturnsAHalfReadBlock()
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, Sink);
        b.Send(Frame(7, 1, 0, new byte[100]).AsSpan(0, 50));
        Assert.Equal(1, Pool.Lent);
        b.Dispose();

        Assert.Equal("peer.closed", Sink.Code);
        Assert.Equal(0, Pool.Lent);
    }

    [Fact]
    public void Receive_Malformed_PostsWhatCameBeforeAndCloses()
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, Sink);
        b.Send([0, 0, 0, 1, 1, 0, 0, 0, 2, 0, 0]);

        Assert.Equal(["Unchoke 0 0 0"], Sink.Messages);
        Assert.Equal("peer.msg_len", Sink.Code);
        Assert.True(Sink.Closed[0].IsMisbehaviour);
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
            Assert.Equal(0, Pool.Lent);
        }
    }

    [Fact]
    public void Transfer_SteadyState_AllocatesNothingPerBlock()
    {
        var (a, b) = MemoryConnection.Pair();
        var sink = new CountingSink();
        var peer = new PeerConnection(a, Info(), Pool, Clock);
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
