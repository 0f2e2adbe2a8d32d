using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

public sealed class PiecePickerTests
{
    private readonly BlockPool _pool = new(100_000);
    private readonly List<int> _others = [];

    [Fact]
    public void Pick_OnceOnePieceIsVerified_BeginsTheRarest()
    {
        var picker = Make(pieces: 10);
        picker.SetVerified(0);
        AddPeers(picker, 3, Bits(10, 0, 1, 2, 3, 4, 5, 6, 8, 9));
        var all = Full(10);
        picker.AddPeer(all);
        Assert.Equal(7, Pick(picker, 1, all, 1)[0].Piece);
        Assert.Equal(1, picker.Availability(7));
        Assert.Equal(1.9, picker.DistributedCopies(), 9);
    }

    [Fact]
    public void Pick_NothingVerified_FirstFourPiecesAreRandom()
    {
        // One piece is rarest by far; chance rarely begins with it, rarest first would always.
        var firsts = Enumerable.Range(0, 200).Count(seed =>
        {
            var picker = Make(pieces: 50, seed: seed);
            AddPeers(picker, 5, Bits(50, [.. Enumerable.Range(1, 49)]));
            picker.AddPeer(Full(50));
            return Pick(picker, 1, Full(50), 16)[0].Piece == 0;
        });
        Assert.InRange(firsts, 0, 20);
    }

    [Fact]
    public void Pick_FourPiecesBegun_FifthIsTheRarest()
    {
        var picker = Make(pieces: 50, blocks: 1);
        AddPeers(picker, 5, Bits(50, [.. Enumerable.Range(1, 49)]));
        picker.AddPeer(Full(50));
        Assert.Contains(0, Pick(picker, 1, Full(50), 5).Select(block => block.Piece));
    }

    [Fact]
    public void Pick_EqualAvailability_AllPiecesGetTheirTurnAsFirst()
    {
        var firsts = Enumerable.Range(0, 300).Select(seed =>
        {
            var picker = Make(pieces: 8, seed: seed);
            picker.SetVerified(7);
            return Pick(picker, 1, Full(8), 1)[0].Piece;
        }).ToHashSet();
        Assert.Equal(7, firsts.Count);
    }

    [Fact]
    public void Pick_Priorities_HighBeforeNormalBeforeLowAndNeverSkip()
    {
        var picker = Make(pieces: 4, blocks: 2);
        FilePriority[] priorities = [FilePriority.Low, FilePriority.Skip, FilePriority.High, FilePriority.Normal];
        for (var piece = 0; piece < 4; piece++)
        {
            picker.SetPriority(piece, priorities[piece]);
        }

        Assert.Equal([2, 2, 3, 3, 0, 0], Pick(picker, 1, Full(4), 100).Select(block => block.Piece));
        Assert.Equal(3, picker.MissingWanted);
    }

    [Fact]
    public void Pick_Sequential_AsksInOrder()
    {
        var picker = Make(pieces: 5, blocks: 2);
        picker.IsSequential = true;
        picker.SetVerified(1);
        Assert.Equal([0, 0, 2, 2, 3], Pick(picker, 1, Full(5), 5).Select(block => block.Piece));
        Assert.Equal([3, 4, 4], Pick(picker, 2, Full(5), 3).Select(block => block.Piece));
    }

    [Fact]
    public void Pick_TwoPeersAboutAsFast_FinishOnePieceTogether()
    {
        var picker = Make(pieces: 20, blocks: 8);
        var first = Pick(picker, 1, Full(20), 4, rate: 100_000);
        var second = Pick(picker, 2, Full(20), 4, rate: 200_000);
        Assert.Single(first.Concat(second).Select(block => block.Piece).Distinct());
    }

    [Fact]
    public void Pick_PeerOfAnotherSpeed_BeginsItsOwnPiece()
    {
        var picker = Make(pieces: 20, blocks: 8);
        var slow = Pick(picker, 1, Full(20), 4, rate: 5_000);
        var fast = Pick(picker, 2, Full(20), 4, rate: 5_000_000);
        Assert.NotEqual(slow[0].Piece, fast[0].Piece);
        Assert.Equal(slow[0].Piece, Pick(picker, 1, Full(20), 4, rate: 5_000)[0].Piece);
    }

    [Fact]
    public void Pick_PeerHasOnlyCompletePieces_ReturnsNone()
    {
        var picker = Make(pieces: 3);
        picker.SetVerified(1);
        Assert.Empty(Pick(picker, 1, Bits(3, 1), 10));
        Assert.False(picker.IsInterestedIn(Bits(3, 1)));
        Assert.True(picker.IsInterestedIn(Bits(3, 1, 2)));
    }

    [Fact]
    public void Pick_OnlyThese_StaysInsideThem() =>
        Assert.All(Pick(Make(pieces: 9), 1, Full(9), 100, onlyThese: Bits(9, 4, 6)), block => Assert.True(block.Piece is 4 or 6));

    [Fact]
    public void OnBlock_LastBlockOfShortPiece_CompletesItAndKeepsItBusy()
    {
        var picker = new PiecePicker(PieceGeometry.Contiguous((2 * 32768) + 100, 32768), new Random(1));
        Assert.Equal(BlockArrival.CompletesPiece, Deliver(picker, new BlockRef(2, 0, 100), 1));
        Assert.True(picker.IsBusy(2));
        Assert.Equal(BlockArrival.Duplicate, Deliver(picker, new BlockRef(2, 0, 100), 2));
        Assert.Equal(BlockArrival.NotWanted, Deliver(picker, new BlockRef(1, 5, 100), 2));
        picker.Remove(2).TakeBlocks()[0]!.Return();
        picker.SetVerified(2);
        Assert.Equal((true, false, 2), (picker.IsVerified(2), picker.IsBusy(2), picker.MissingWanted));
        Assert.Equal(0, _pool.Lent);
    }

    [Fact]
    public void OnBlock_LateAfterRelease_IsKept()
    {
        // W38: the request timed out, the block comes all the same.
        var picker = Make(pieces: 2, blocks: 2);
        var block = Pick(picker, 1, Full(2), 1)[0];
        picker.Release(block, 1);
        Assert.Empty(picker.Partials);
        Assert.Equal(BlockArrival.Accepted, Deliver(picker, block, 1));
    }

    [Fact]
    public void Endgame_IdlePeer_IsAskedForTheSlowestPeersBlocksTwoAtATime()
    {
        var picker = Make(pieces: 2, blocks: 10);
        Pick(picker, 1, Full(2), 10, rate: 1_000_000);
        var slow = Pick(picker, 2, Full(2), 10, rate: 1_000);
        Assert.True(picker.InEndgame);
        var idle = Pick(picker, 3, Full(2), 50, rate: 500_000);
        Assert.Equal(2, idle.Count);
        Assert.Subset(slow.ToHashSet(), idle.ToHashSet());
        Assert.Empty(Pick(picker, 3, Full(2), 50));
        Deliver(picker, idle[0], 3);
        Assert.Equal([2], _others);
        Assert.Single(Pick(picker, 3, Full(2), 50));
    }

    [Fact]
    public void Endgame_AtMostTwoAskedForOneBlock_ThreeWhenEightAreLeft()
    {
        var nine = Make(pieces: 9, blocks: 1);
        Assert.Equal(9, Pick(nine, 1, Full(9), 9).Count);
        Assert.Equal(9, Enumerable.Range(2, 20).Sum(peer => Pick(nine, peer, Full(9), 9).Count));
        var eight = Make(pieces: 8, blocks: 1);
        Assert.Equal(8, Pick(eight, 1, Full(8), 8).Count);
        Assert.Equal(16, Enumerable.Range(2, 20).Sum(peer => Pick(eight, peer, Full(8), 8).Count));
    }

    [Fact]
    public void Endgame_FiftyPeersOfManySpeeds_WastesUnderOnePercent()
    {
        const int pieces = 1024;
        var picker = Make(pieces, blocks: 16, seed: 3);
        var random = new Random(3);
        var have = Full(pieces);
        var queues = Enumerable.Range(0, 51).Select(_ => new Queue<BlockRef>()).ToArray();
        var (received, wasted, ticks) = (0, 0, 0);
        while (picker.MissingWanted > 0 && ++ticks < 100_000)
        {
            for (var peer = 1; peer <= 50; peer++)
            {
                // Peer n sends n blocks in twenty ticks and has a queue of 3 s or 32.
                if (random.Next(20) < peer && queues[peer].TryDequeue(out var block))
                {
                    var arrival = Deliver(picker, block, peer);
                    (received, wasted) = (received + 1, wasted + (arrival == BlockArrival.Duplicate ? 1 : 0));
                    foreach (var other in _others)
                    {
                        // The cancel reaches one in two before the block leaves.
                        if (random.Next(2) == 0)
                        {
                            queues[other] = new Queue<BlockRef>(queues[other].Where(queued => queued != block));
                        }
                    }

                    if (arrival == BlockArrival.CompletesPiece)
                    {
                        picker.SetVerified(block.Piece);
                    }
                }

                Pick(picker, peer, have, Math.Max(0, 32 - queues[peer].Count), rate: peer * 16384).ForEach(queues[peer].Enqueue);
            }
        }

        Assert.Equal(pieces * 16, received - wasted);
        Assert.InRange(wasted, 0, pieces * 16 / 100);
        Assert.Equal(0, _pool.Lent);
        TestContext.Current.SendDiagnosticMessage($"wasted {wasted} of {received} blocks");
    }

    [Fact]
    public void Pick_PieceThatFailed_IsAskedOfOnePeerUntilItGivesUp()
    {
        var picker = Make(pieces: 1, blocks: 4);
        foreach (var block in Pick(picker, 1, Full(1), 4))
        {
            Deliver(picker, block, 1);
        }

        foreach (var block in picker.Remove(0).TakeBlocks())
        {
            block!.Return();
        }

        picker.SetUnverified(0);
        Assert.Equal(2, Pick(picker, 2, Full(1), 2).Count);
        Assert.Empty(Pick(picker, 3, Full(1), 4));
        picker.ReleaseAll(2);
        Assert.Equal(4, Pick(picker, 3, Full(1), 4).Count);
    }

    [Fact]
    public void Restore_SomeBlocks_AsksOnlyForTheOthers()
    {
        var picker = Make(pieces: 2, blocks: 10);
        picker.Restore(1, [0b1010_0000, 0b0100_0000]);
        var partial = picker.Partial(1)!;
        Assert.Equal((3, true, 0), (partial.ReceivedCount, partial.IsFlushed(2), partial.SupplierOf(2)));
        Assert.Equal([0b1010_0000, 0b0100_0000], partial.BlockBitmap());
        Assert.Equal([1, 3, 4, 5, 6, 7, 8], Pick(picker, 1, Bits(2, 1), 20).Select(block => block.Index));
    }

    [Fact]
    public void Restore_AllBlocks_IsBusyUntilHashed()
    {
        var picker = Make(pieces: 2, blocks: 3);
        picker.Restore(0, [0b1110_0000]);
        Assert.True(picker.IsBusy(0));
        Assert.Empty(Pick(picker, 1, Bits(2, 0), 9));
        Assert.All(picker.Remove(0).TakeBlocks(), Assert.Null);
    }

    [Fact]
    public void TakeBlock_Flushed_GivesTheBufferBackAndKeepsTheBlock()
    {
        var picker = Make(pieces: 1, blocks: 2);
        var first = Pick(picker, 7, Full(1), 2)[0];
        Deliver(picker, first, 7);
        var partial = picker.Partial(0)!;
        Assert.Single(partial.HeldBlocks());
        partial.TakeBlock(0)!.Return();
        Assert.Null(partial.TakeBlock(0));
        Assert.Null(partial.TakeBlock(1));
        Assert.Equal((true, false, 7, 1), (partial.IsFlushed(0), partial.IsFlushed(1), partial.SupplierOf(0), partial.ReceivedCount));
        Assert.Equal(0, _pool.Lent);
    }

    [Fact]
    public void RemovePeer_PeerThatBecameASeedByHaves_LeavesTheSumsRight()
    {
        var picker = Make(pieces: 3);
        var seed = Full(3);
        var grown = Bits(3, 0, 1);
        picker.AddPeer(seed);
        picker.AddPeer(grown);
        grown.Set(2);
        picker.OnPeerHave(2);
        picker.RemovePeer(grown);
        Assert.Equal([1, 1, 1], Enumerable.Range(0, 3).Select(picker.Availability));
        picker.RemovePeer(seed);
        Assert.Equal([0, 0, 0], Enumerable.Range(0, 3).Select(picker.Availability));
    }

    [Fact]
    public void CopyAvailability_ManyPeers_StopsAt255()
    {
        var picker = Make(pieces: 2);
        AddPeers(picker, 300, Bits(2, 1));
        Span<byte> copies = stackalloc byte[2];
        picker.CopyAvailability(copies);
        Assert.Equal([0, 255], copies.ToArray());
    }

    [Fact]
    public void PickAndOnBlock_PiecesAlreadyBegun_AllocateNothing()
    {
        var picker = Make(pieces: 4, blocks: 512);
        var have = Full(4);
        List<BlockRef> result = new(8);
        var blocks = Enumerable.Range(0, 600).Select(_ => _pool.TryRent()!).ToArray();
        picker.Pick(1, have, null, 0, 1, result);
        picker.OnBlock(result[0], 1, blocks[0], _others);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1; i < 500; i++)
        {
            result.Clear();
            picker.Pick(1, have, null, 0, 1, result);
            picker.OnBlock(result[0], 1, blocks[i], _others);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static PiecePicker Make(int pieces, int blocks = 16, int seed = 1) =>
        new(PieceGeometry.Contiguous((long)pieces * blocks * 16384, blocks * 16384), new Random(seed));

    private static Bitfield Bits(int length, params int[] set)
    {
        var bits = new Bitfield(length);
        Array.ForEach(set, index => bits.Set(index));
        return bits;
    }

    private static Bitfield Full(int length)
    {
        var bits = new Bitfield(length);
        bits.SetAll();
        return bits;
    }

    private static void AddPeers(PiecePicker picker, int count, Bitfield have)
    {
        for (var i = 0; i < count; i++)
        {
            picker.AddPeer(have);
        }
    }

    private static List<BlockRef> Pick(PiecePicker picker, int peer, Bitfield have, int count, Bitfield? onlyThese = null, long rate = 0)
    {
        List<BlockRef> result = [];
        picker.Pick(peer, have, onlyThese, rate, count, result);
        return result;
    }

    private BlockArrival Deliver(PiecePicker picker, BlockRef block, int peer)
    {
        var data = _pool.TryRent()!;
        var arrival = picker.OnBlock(block, peer, data, _others);
        if (arrival is BlockArrival.Duplicate or BlockArrival.NotWanted)
        {
            data.Return();
        }

        return arrival;
    }
}
