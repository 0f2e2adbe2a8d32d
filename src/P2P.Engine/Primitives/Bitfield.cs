using System.Numerics;

namespace P2P.Engine.Primitives;

/// <summary>A fixed number of bits, most significant bit of byte 0 first, as a BitTorrent bitfield is sent.</summary>
/// <remarks>Not thread-safe; whoever creates it owns it. The count of set bits is kept. Source: BEP 3.</remarks>
internal sealed class Bitfield
{
    private readonly byte[] _bytes;

    /// <summary>All bits clear; <paramref name="length"/> is in bits and may be 0.</summary>
    public Bitfield(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _bytes = new byte[ByteCount(length)];
    }

    private Bitfield(int length, byte[] bytes)
    {
        Length = length;
        _bytes = bytes;
        Count = PopCount(bytes);
    }

    /// <summary>Number of bits.</summary>
    public int Length { get; }

    /// <summary>Number of bits set.</summary>
    public int Count { get; private set; }

    /// <summary>Every bit is set (also true when <see cref="Length"/> is 0).</summary>
    public bool IsFull => Count == Length;

    /// <summary>No bit is set.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>The bytes as sent on the wire: ceil(Length / 8), spare bits zero. Valid while nothing is set or cleared.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads or writes bit <paramref name="index"/>, 0..Length-1.</summary>
    public bool this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length, nameof(index));
            return (_bytes[index >> 3] & Mask(index)) != 0;
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length, nameof(index));
            if (value)
            {
                Set(index);
            }
            else
            {
                Clear(index);
            }
        }
    }

    /// <summary>Bytes a bitfield of <paramref name="bits"/> bits takes.</summary>
    public static int ByteCount(int bits) => (int)(((long)bits + 7) / 8);

    /// <summary>Takes a copy of wire bytes; false when the length is wrong or a spare bit is set.</summary>
    public static bool TryRead(ReadOnlySpan<byte> wire, int length, out Bitfield? bitfield)
    {
        bitfield = null;
        if (wire.Length != ByteCount(length) || ((length & 7) != 0 && (wire[^1] & (0xFF >> (length & 7))) != 0))
        {
            return false;
        }

        bitfield = new Bitfield(length, wire.ToArray());
        return true;
    }

    /// <summary>An independent copy.</summary>
    public Bitfield Clone() => new(Length, (byte[])_bytes.Clone());

    /// <summary>The wire bytes as a new array.</summary>
    public byte[] ToArray() => (byte[])_bytes.Clone();

    /// <summary>Sets a bit; true when it was clear.</summary>
    public bool Set(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length, nameof(index));
        ref var cell = ref _bytes[index >> 3];
        if ((cell & Mask(index)) != 0)
        {
            return false;
        }

        cell |= Mask(index);
        Count++;
        return true;
    }

    /// <summary>Clears a bit; true when it was set.</summary>
    public bool Clear(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length, nameof(index));
        ref var cell = ref _bytes[index >> 3];
        if ((cell & Mask(index)) == 0)
        {
            return false;
        }

        cell &= (byte)~Mask(index);
        Count--;
        return true;
    }

    /// <summary>Sets every bit.</summary>
    public void SetAll()
    {
        Array.Fill(_bytes, (byte)0xFF);
        if ((Length & 7) != 0)
        {
            _bytes[^1] = (byte)(0xFF << (8 - (Length & 7)));
        }

        Count = Length;
    }

    /// <summary>Clears every bit.</summary>
    public void ClearAll()
    {
        Array.Clear(_bytes);
        Count = 0;
    }

    /// <summary>Is there a bit set here that is clear in <paramref name="other"/>? Both have the same length.</summary>
    public bool HasAnyNotIn(Bitfield other)
    {
        for (var i = 0; i < _bytes.Length; i++)
        {
            if ((_bytes[i] & ~other._bytes[i]) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How many bits are set here and clear in <paramref name="other"/>? Both have the same length.</summary>
    public int CountNotIn(Bitfield other)
    {
        var count = 0;
        for (var i = 0; i < _bytes.Length; i++)
        {
            count += BitOperations.PopCount((uint)(_bytes[i] & ~other._bytes[i] & 0xFF));
        }

        return count;
    }

    private static byte Mask(int index) => (byte)(0x80 >> (index & 7));

    private static int PopCount(ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        foreach (var cell in bytes)
        {
            count += BitOperations.PopCount(cell);
        }

        return count;
    }
}
