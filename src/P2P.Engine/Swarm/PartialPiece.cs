using P2P.Engine.Runtime;

namespace P2P.Engine.Swarm;

/// <summary>One piece in progress.</summary>
internal sealed class PartialPiece
{
    public int Piece => throw new NotImplementedException();

    public int BlockCount => throw new NotImplementedException();

    public int ReceivedCount => throw new NotImplementedException();

    public int RequestedCount => throw new NotImplementedException();

    public BlockPool.Block?[] TakeBlocks() => throw new NotImplementedException();

    public int SupplierOf(int block) => throw new NotImplementedException();

    public bool IsFlushed(int block) => throw new NotImplementedException();

    public byte[] BlockBitmap() => throw new NotImplementedException();

    public IEnumerable<(int Index, BlockPool.Block Data)> HeldBlocks() => throw new NotImplementedException();

    public BlockPool.Block? TakeBlock(int block) => throw new NotImplementedException();
}
