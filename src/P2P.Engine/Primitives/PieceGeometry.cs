using System.Diagnostics.CodeAnalysis;

namespace P2P.Engine.Primitives;

/// <summary>Says where pieces and blocks begin and how long they are; the only place that divides.</summary>
/// <remarks>
/// Immutable. Two layouts: contiguous (v1 and hybrid: pieces run over the concatenation of the files, BEP 3) and file-aligned
/// (v2: every file begins a piece and its last piece is short, BEP 52). Offsets are in the concatenation of the files, in bytes;
/// a block is at most <see cref="BlockLength"/> bytes.
/// </remarks>
internal sealed class PieceGeometry
{
    /// <summary>The request unit of the network: 16 KiB.</summary>
    public const int BlockLength = 16 * 1024;

    // File-aligned only: first piece of each non-empty file, and its offset and length in the concatenation.
    private readonly int[]? _firstPiece;
    private readonly long[]? _fileOffset;
    private readonly long[]? _fileLength;

    private PieceGeometry(long totalLength, int pieceLength, int pieceCount)
    {
        TotalLength = totalLength;
        PieceLength = pieceLength;
        PieceCount = pieceCount;
        BlocksPerPiece = (int)DivideUp(pieceLength, BlockLength);
    }

    private PieceGeometry(long totalLength, int pieceLength, int pieceCount, int[] firstPiece, long[] fileOffset, long[] fileLength)
        : this(totalLength, pieceLength, pieceCount)
    {
        _firstPiece = firstPiece;
        _fileOffset = fileOffset;
        _fileLength = fileLength;
    }

    /// <summary>Sum of all files, in bytes.</summary>
    public long TotalLength { get; }

    /// <summary>Nominal length of a piece, in bytes.</summary>
    public int PieceLength { get; }

    /// <summary>Number of pieces.</summary>
    public int PieceCount { get; }

    /// <summary>Blocks of a full piece; short pieces may have fewer.</summary>
    public int BlocksPerPiece { get; }

    /// <summary>v1 and hybrid. Needs totalLength &gt;= 1 and pieceLength &gt;= 1; throws <see cref="OverflowException"/> past 2^31 pieces.</summary>
    public static PieceGeometry Contiguous(long totalLength, int pieceLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(totalLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pieceLength, 1);
        return new PieceGeometry(totalLength, pieceLength, checked((int)DivideUp(totalLength, pieceLength)));
    }

    /// <summary>v2: every file begins a piece. Empty files are skipped; at least one byte in all.</summary>
    public static PieceGeometry FileAligned(ReadOnlySpan<long> fileLengths, int pieceLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pieceLength, 1);
        var files = 0;
        foreach (var length in fileLengths)
        {
            files += length > 0 ? 1 : 0;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(files, 1, nameof(fileLengths));
        var (first, offsets, lengths) = (new int[files], new long[files], new long[files]);
        long offset = 0;
        var piece = 0;
        var i = 0;
        foreach (var length in fileLengths)
        {
            if (length <= 0)
            {
                continue;
            }

            (first[i], offsets[i], lengths[i]) = (piece, offset, length);
            piece = checked(piece + (int)checked(DivideUp(length, pieceLength)));
            offset = checked(offset + length);
            i++;
        }

        return new PieceGeometry(offset, pieceLength, piece, first, offsets, lengths);
    }

    /// <summary>Is this a piece of the torrent?</summary>
    public bool Contains(int piece) => (uint)piece < (uint)PieceCount;

    /// <summary>Offset of the piece in the concatenation of the files.</summary>
    public long OffsetOf(int piece)
    {
        Check(piece);
        if (_firstPiece is null)
        {
            return (long)piece * PieceLength;
        }

        var file = FileOf(piece);
        return _fileOffset![file] + ((long)(piece - _firstPiece[file]) * PieceLength);
    }

    /// <summary>Length of the piece: the nominal one, but for the last piece (of the torrent, or in v2 of a file).</summary>
    public int LengthOf(int piece)
    {
        Check(piece);
        if (_firstPiece is null)
        {
            return (int)Math.Min(PieceLength, TotalLength - ((long)piece * PieceLength));
        }

        var file = FileOf(piece);
        return (int)Math.Min(PieceLength, _fileLength![file] - ((long)(piece - _firstPiece[file]) * PieceLength));
    }

    /// <summary>Blocks in the piece.</summary>
    public int BlockCountOf(int piece) => (int)DivideUp(LengthOf(piece), BlockLength);

    /// <summary>The piece's block number <paramref name="block"/>, 0..BlockCountOf-1.</summary>
    public BlockRef BlockAt(int piece, int block)
    {
        var length = LengthOf(piece);
        var begin = block * BlockLength;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)begin, (uint)length, nameof(block));
        return new BlockRef(piece, begin, Math.Min(BlockLength, length - begin));
    }

    /// <summary>Turns three integers from the wire into a block that lies inside its piece; false for anything else.</summary>
    /// <remarks>Any begin is allowed; length is 1..<see cref="BlockLength"/>.</remarks>
    public bool TryBlock(uint piece, uint begin, uint length, out BlockRef block)
    {
        block = default;
        if (piece >= (uint)PieceCount || length is 0 or > BlockLength || begin > int.MaxValue)
        {
            return false;
        }

        if ((ulong)begin + length > (ulong)LengthOf((int)piece))
        {
            return false;
        }

        block = new BlockRef((int)piece, (int)begin, (int)length);
        return true;
    }

    /// <summary>Is the block one that we would ask for: 16 KiB-aligned and of the full length there?</summary>
    public bool IsCanonical(BlockRef block) =>
        Contains(block.Piece) && block.Begin % BlockLength == 0 && block.Begin < LengthOf(block.Piece)
        && block.Length == Math.Min(BlockLength, LengthOf(block.Piece) - block.Begin);

    /// <summary>The piece that holds the byte at <paramref name="offset"/> of the concatenation.</summary>
    public int PieceAt(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, TotalLength);
        if (_firstPiece is null)
        {
            return (int)(offset / PieceLength);
        }

        var file = Array.BinarySearch(_fileOffset!, offset);
        file = file >= 0 ? file : ~file - 1;
        return _firstPiece[file] + (int)((offset - _fileOffset![file]) / PieceLength);
    }

    private int FileOf(int piece)
    {
        var file = Array.BinarySearch(_firstPiece!, piece);
        return file >= 0 ? file : ~file - 1;
    }

    private void Check(int piece) => ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)piece, (uint)PieceCount, nameof(piece));

    private static long DivideUp(long value, long unit) => ((value - 1) / unit) + 1;

    [ExcludeFromCodeCoverage]
    public override string ToString() => $"{PieceCount} pieces of {PieceLength} bytes";
}
