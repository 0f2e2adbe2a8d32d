namespace P2P.Engine.Primitives;

/// <summary>A run of bytes inside one piece, proven to lie there by the <see cref="PieceGeometry"/> that made it.</summary>
/// <param name="Piece">0..PieceCount-1.</param>
/// <param name="Begin">Offset in the piece, in bytes.</param>
/// <param name="Length">1..16,384 bytes.</param>
internal readonly record struct BlockRef(int Piece, int Begin, int Length)
{
    /// <summary>Number of the block in its piece (Begin / 16 KiB).</summary>
    public int Index => Begin / PieceGeometry.BlockLength;

    /// <summary>First offset after the block, in its piece.</summary>
    public int End => Begin + Length;
}
