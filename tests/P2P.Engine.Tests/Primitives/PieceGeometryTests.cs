using CsCheck;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Primitives;

/// <summary>The arithmetic of pieces and blocks, in both layouts.</summary>
public sealed class PieceGeometryTests
{
    [Fact]
    public void Contiguous_LastPieceAndBlockShort_HaveTheRestOfTheBytes()
    {
        var geometry = PieceGeometry.Contiguous((2 * 40_000) + 20_000, 40_000);

        Assert.Equal((3, 3), (geometry.PieceCount, geometry.BlocksPerPiece));
        Assert.Equal((80_000L, 20_000, 2), (geometry.OffsetOf(2), geometry.LengthOf(2), geometry.BlockCountOf(2)));
        Assert.Equal(new BlockRef(2, 16_384, 3_616), geometry.BlockAt(2, 1));
        Assert.Equal(new BlockRef(0, 32_768, 7_232), geometry.BlockAt(0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => geometry.BlockAt(2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => geometry.LengthOf(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => geometry.PieceAt(100_000));
    }

    [Fact]
    public void Contiguous_LargestTorrent_DoesNotOverflow()
    {
        var geometry = PieceGeometry.Contiguous(2_097_152L * 536_854_528, 536_854_528);

        Assert.Equal(2_097_152, geometry.PieceCount);
        Assert.Equal(2_097_151L * 536_854_528, geometry.OffsetOf(2_097_151));
        Assert.Equal(536_854_528, geometry.LengthOf(2_097_151));
        Assert.Throws<OverflowException>(() => PieceGeometry.Contiguous(long.MaxValue, 1));
    }

    [Theory]
    [InlineData(0u, 0u, 16_384u, true)]
    [InlineData(0u, 1u, 16_384u, true)]
    [InlineData(2u, 16_384u, 3_616u, true)]
    [InlineData(2u, 16_384u, 3_617u, false)]
    [InlineData(2u, 19_999u, 1u, true)]
    [InlineData(2u, 20_000u, 1u, false)]
    [InlineData(0u, 0u, 0u, false)]
    [InlineData(0u, 0u, 16_385u, false)]
    [InlineData(3u, 0u, 1u, false)]
    [InlineData(uint.MaxValue, 0u, 1u, false)]
    [InlineData(0u, uint.MaxValue, 1u, false)]
    [InlineData(0u, 0x7FFF_FFFFu, 16_384u, false)]
    [InlineData(0u, 0u, uint.MaxValue, false)]
    public void TryBlock_IntegersFromTheWire_OnlyThoseInsideAreBlocks(uint piece, uint begin, uint length, bool expected) =>
        Assert.Equal(expected, PieceGeometry.Contiguous(100_000, 40_000).TryBlock(piece, begin, length, out _));

    [Fact]
    public void FileAligned_EveryFileBeginsAPiece_AndEndsWithAShortOne()
    {
        var geometry = PieceGeometry.FileAligned([40_000, 0, 5, 16_384], 16_384);

        Assert.Equal((5, 56_389L), (geometry.PieceCount, geometry.TotalLength));
        Assert.Equal([16_384, 16_384, 7_232, 5, 16_384], Enumerable.Range(0, 5).Select(geometry.LengthOf));
        Assert.Equal([0L, 16_384, 32_768, 40_000, 40_005], Enumerable.Range(0, 5).Select(geometry.OffsetOf));
        Assert.Equal([2, 3, 4, 4], new[] { 39_999L, 40_004, 40_005, 56_388 }.Select(geometry.PieceAt));
    }

    [Fact]
    public void Pieces_AnyLayout_CoverEveryByteOnce() => Gen.Select(Gen.Int[1, 50_000], Gen.Int[0, 200_000].Array[1, 6], Gen.Bool).Sample(
        (pieceLength, files, isAligned) =>
        {
            var lengths = files.Select(length => (long)length).Append(1L).ToArray();
            var geometry = isAligned ? PieceGeometry.FileAligned(lengths, pieceLength) : PieceGeometry.Contiguous(lengths.Sum(), pieceLength);
            long offset = 0;
            for (var piece = 0; piece < geometry.PieceCount; piece++)
            {
                if (geometry.OffsetOf(piece) != offset || geometry.PieceAt(offset) != piece || geometry.PieceAt(offset + geometry.LengthOf(piece) - 1) != piece)
                {
                    return false;
                }

                var blocks = Enumerable.Range(0, geometry.BlockCountOf(piece)).Select(block => geometry.BlockAt(piece, block)).ToArray();
                if (blocks.Sum(block => block.Length) != geometry.LengthOf(piece) || !blocks.All(geometry.IsCanonical)
                    || !blocks.All(block => geometry.TryBlock((uint)piece, (uint)block.Begin, (uint)block.Length, out var same) && same == block))
                {
                    return false;
                }

                offset += geometry.LengthOf(piece);
            }

            return offset == geometry.TotalLength;
        },
        iter: 200);
}
