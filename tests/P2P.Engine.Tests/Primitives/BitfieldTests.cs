using CsCheck;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Primitives;

/// <summary>Bits in the order of the wire (BEP 3), counted as they change.</summary>
public sealed class BitfieldTests
{
    [Fact]
    public void Bytes_FirstAndNinthBit_AreTheHighBitsOfTheirBytes()
    {
        var bits = new Bitfield(10) { [0] = true, [8] = true };

        Assert.Equal<byte>([0x80, 0x80], bits.Bytes.ToArray());
        Assert.Equal(2, bits.Count);
        Assert.False(bits.Set(0));
        Assert.True(bits.Clear(0));
        Assert.False(bits.Clear(0));
        Assert.Equal(1, bits.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => bits[10]);
        Assert.Throws<ArgumentOutOfRangeException>(() => bits.Set(-1));
    }

    [Theory]
    [InlineData(10, "FFC0", true)]
    [InlineData(10, "FFE0", false)]
    [InlineData(10, "FFC1", false)]
    [InlineData(10, "FF", false)]
    [InlineData(10, "FFC000", false)]
    [InlineData(8, "FF", true)]
    [InlineData(0, "", true)]
    [InlineData(0, "00", false)]
    public void TryRead_LengthAndSpareBits_MustBeRight(int length, string hex, bool expected)
    {
        Assert.Equal(expected, Bitfield.TryRead(Convert.FromHexString(hex), length, out var bits));
        Assert.Equal(expected ? length : null, bits?.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(13)]
    public void SetAll_AnyLength_LeavesSpareBitsZero(int length)
    {
        var bits = new Bitfield(length);
        bits.SetAll();

        Assert.True(bits.IsFull);
        Assert.True(Bitfield.TryRead(bits.Bytes, length, out _));
        bits.ClearAll();
        Assert.True(bits.IsEmpty);
    }

    [Fact]
    public void Bitfield_RandomSteps_AgreesWithASet() => Gen.Select(Gen.Int[1, 70], Gen.Select(Gen.Int[0, 69], Gen.Bool).Array[0, 60], Gen.Int[0, 69].Array[0, 30]).Sample(
        (length, steps, others) =>
        {
            var (bits, other) = (new Bitfield(length), new Bitfield(length));
            var set = new HashSet<int>();
            foreach (var (index, value) in steps.Where(step => step.Item1 < length))
            {
                bits[index] = value;
                _ = value ? set.Add(index) : set.Remove(index);
            }

            var otherSet = others.Where(index => index < length).ToHashSet();
            foreach (var index in otherSet)
            {
                other.Set(index);
            }

            var missing = set.Except(otherSet).Count();
            return bits.Count == set.Count && Enumerable.Range(0, length).All(index => bits[index] == set.Contains(index))
                && bits.CountNotIn(other) == missing && bits.HasAnyNotIn(other) == (missing > 0)
                && Bitfield.TryRead(bits.Bytes, length, out var copy) && copy!.Count == bits.Count && bits.Clone().ToArray().AsSpan().SequenceEqual(bits.Bytes);
        },
        iter: 2_000);
}
