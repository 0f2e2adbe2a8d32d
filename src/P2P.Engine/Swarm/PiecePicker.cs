using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Swarm;

/// <summary>What became of a block that arrived.</summary>
internal enum BlockArrival
{
    /// <summary>Kept.</summary>
    Accepted,

    /// <summary>Kept, and it was the last one of its piece.</summary>
    CompletesPiece,

    /// <summary>It was here already.</summary>
    Duplicate,

    /// <summary>Nothing waits for it.</summary>
    NotWanted,
}

/// <summary>Decides which block to ask whom for.</summary>
internal sealed class PiecePicker
{
    public PiecePicker(PieceGeometry geometry, Random random) => throw new NotImplementedException();

    public bool IsSequential { get; set; }

    public int MissingWanted => throw new NotImplementedException();

    public IReadOnlyCollection<PartialPiece> Partials => throw new NotImplementedException();

    public bool InEndgame => throw new NotImplementedException();

    public void AddPeer(Bitfield have) => throw new NotImplementedException();

    public void RemovePeer(Bitfield have) => throw new NotImplementedException();

    public void OnPeerHave(int piece) => throw new NotImplementedException();

    public int Availability(int piece) => throw new NotImplementedException();

    public double DistributedCopies() => throw new NotImplementedException();

    public void CopyAvailability(Span<byte> destination) => throw new NotImplementedException();

    public void SetVerified(int piece) => throw new NotImplementedException();

    public void SetUnverified(int piece) => throw new NotImplementedException();

    public bool IsVerified(int piece) => throw new NotImplementedException();

    public bool IsBusy(int piece) => throw new NotImplementedException();

    public void SetPriority(int piece, FilePriority priority) => throw new NotImplementedException();

    public bool IsWanted(int piece) => throw new NotImplementedException();

    public bool IsInterestedIn(Bitfield peerHave) => throw new NotImplementedException();

    public int Pick(int peerId, Bitfield peerHave, Bitfield? onlyThese, long peerRate, int count, List<BlockRef> result) => throw new NotImplementedException();

    public void Release(BlockRef block, int peerId) => throw new NotImplementedException();

    public void ReleaseAll(int peerId) => throw new NotImplementedException();

    public BlockArrival OnBlock(BlockRef block, int peerId, BlockPool.Block data, List<int> alsoRequestedBy) => throw new NotImplementedException();

    public PartialPiece? Partial(int piece) => throw new NotImplementedException();

    public void Restore(int piece, ReadOnlySpan<byte> blockBitmap) => throw new NotImplementedException();

    public PartialPiece Remove(int piece) => throw new NotImplementedException();
}
