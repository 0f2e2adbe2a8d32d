using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace P2P.Engine.Primitives;

/// <summary>Names a torrent: the SHA-1 of its info dictionary (v1), or the first 20 bytes of its SHA-256 (v2).</summary>
/// <remarks>Shape: 20 bytes, compared byte by byte. Text form: 40 lower-case hex digits. Source: BEP 3, BEP 9, BEP 52.</remarks>
public readonly struct InfoHash : IEquatable<InfoHash>, IComparable<InfoHash>
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 20;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly uint _c;

    /// <summary>Takes the first 20 bytes of <paramref name="bytes"/>; shorter input throws <see cref="ArgumentException"/>.</summary>
    public InfoHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Length)
        {
            throw new ArgumentException("An infohash has 20 bytes.", nameof(bytes));
        }

        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <summary>Writes the 20 bytes to the start of <paramref name="destination"/>.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _c);
    }

    /// <summary>The 20 bytes as a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Reads 40 hex digits, either case; anything else returns false.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out InfoHash infoHash)
    {
        infoHash = default;
        Span<byte> bytes = stackalloc byte[Length];
        if (text is not { Length: Length * 2 })
        {
            return false;
        }

        for (var i = 0; i < Length; i++)
        {
            if (!byte.TryParse(text.AsSpan(i * 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes[i]))
            {
                return false;
            }
        }

        infoHash = new InfoHash(bytes);
        return true;
    }

    /// <summary>Reads 40 hex digits or throws <see cref="FormatException"/>.</summary>
    public static InfoHash Parse(string text) =>
        TryParse(text, out var infoHash) ? infoHash : throw new FormatException("An infohash is written as 40 hex digits.");

    /// <inheritdoc/>
    public bool Equals(InfoHash other) => _a == other._a && _b == other._b && _c == other._c;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is InfoHash other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_a, _b, _c);

    /// <inheritdoc/>
    public int CompareTo(InfoHash other)
    {
        var first = _a.CompareTo(other._a);
        if (first != 0)
        {
            return first;
        }

        var second = _b.CompareTo(other._b);
        return second != 0 ? second : _c.CompareTo(other._c);
    }

    /// <summary>40 lower-case hex digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());

    /// <summary>Byte-wise equality.</summary>
    public static bool operator ==(InfoHash left, InfoHash right) => left.Equals(right);

    /// <summary>Byte-wise inequality.</summary>
    public static bool operator !=(InfoHash left, InfoHash right) => !left.Equals(right);
}
