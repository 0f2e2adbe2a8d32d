using System.Buffers.Binary;
using System.Net;
using System.Numerics;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Which ids an address may have (BEP 42): 8 places for an address, so that nobody picks a place near a victim. Pure.</summary>
internal static class NodeIdRule
{
    /// <summary>Bits of the id that follow from the address.</summary>
    public const int FixedBits = 21;

    private static ReadOnlySpan<byte> Mask4 => [0x03, 0x0F, 0x3F, 0xFF];

    private static ReadOnlySpan<byte> Mask6 => [0x01, 0x03, 0x07, 0x0F, 0x1F, 0x3F, 0x7F, 0xFF];

    /// <summary>A new id, fit for <paramref name="address"/> when it is known and public, otherwise any.</summary>
    public static NodeId Create(IPAddress? address, Action<Span<byte>> entropy)
    {
        Span<byte> id = stackalloc byte[NodeId.Length];
        entropy(id);
        if (address is not null && !NodeScope.IsLocal(address))
        {
            var prefix = Prefix(address, id[^1]);
            var rest = BinaryPrimitives.ReadUInt32BigEndian(id) & (uint.MaxValue >> FixedBits);
            BinaryPrimitives.WriteUInt32BigEndian(id, (prefix & (uint.MaxValue << (32 - FixedBits))) | rest);
        }

        return new NodeId(id);
    }

    /// <summary>May a node at <paramref name="address"/> have this id? Local addresses may have any.</summary>
    public static bool Fits(NodeId id, IPAddress address)
    {
        if (NodeScope.IsLocal(address))
        {
            return true;
        }

        Span<byte> bytes = stackalloc byte[NodeId.Length];
        id.CopyTo(bytes);
        return (Prefix(address, bytes[^1]) ^ BinaryPrimitives.ReadUInt32BigEndian(bytes)) >> (32 - FixedBits) == 0;
    }

    /// <summary>CRC32C over the masked address with three bits of chance in its first byte.</summary>
    private static uint Prefix(IPAddress address, byte chance)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        var mask = length == 4 ? Mask4 : Mask6;
        var crc = uint.MaxValue;
        for (var i = 0; i < mask.Length; i++)
        {
            crc = BitOperations.Crc32C(crc, (byte)((bytes[i] & mask[i]) | (i == 0 ? (chance & 7) << 5 : 0)));
        }

        return ~crc;
    }
}
