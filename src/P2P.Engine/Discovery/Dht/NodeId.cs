using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>A node's place in the DHT: 160 bits, big-endian, with the XOR metric (BEP 5).</summary>
internal readonly record struct NodeId : IComparable<NodeId>
{
    /// <summary>Bytes.</summary>
    public const int Length = 20;

    /// <summary>Bits.</summary>
    public const int Bits = Length * 8;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly uint _c;

    /// <summary>From exactly 20 bytes.</summary>
    public NodeId(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Length);
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    private NodeId(ulong a, ulong b, uint c) => (_a, _b, _c) = (a, b, c);

    /// <summary>The place where an infohash's peers are kept.</summary>
    public static NodeId Of(InfoHash infoHash)
    {
        Span<byte> bytes = stackalloc byte[Length];
        infoHash.CopyTo(bytes);
        return new NodeId(bytes);
    }

    /// <summary>Writes 20 bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _c);
    }

    /// <summary>20 new bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>The distance between two places.</summary>
    public NodeId Xor(NodeId other) => new(_a ^ other._a, _b ^ other._b, _c ^ other._c);

    /// <summary>Leading bits two places share, 0..160.</summary>
    public int SharedBits(NodeId other)
    {
        var distance = Xor(other);
        return distance._a != 0 ? BitOperations.LeadingZeroCount(distance._a)
            : distance._b != 0 ? 64 + BitOperations.LeadingZeroCount(distance._b)
            : 128 + BitOperations.LeadingZeroCount(distance._c);
    }

    /// <summary>Negative when <paramref name="a"/> is nearer to <paramref name="target"/> than <paramref name="b"/>.</summary>
    public static int CompareDistance(NodeId target, NodeId a, NodeId b) => a.Xor(target).CompareTo(b.Xor(target));

    /// <inheritdoc/>
    public int CompareTo(NodeId other) =>
        _a != other._a ? _a.CompareTo(other._a) : _b != other._b ? _b.CompareTo(other._b) : _c.CompareTo(other._c);

    /// <summary>40 lower-case hex digits.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_a:x16}{_b:x16}{_c:x8}");
}

/// <summary>A node's id and where it is reached.</summary>
internal readonly record struct DhtContact(NodeId Id, PeerEndpoint Endpoint);
