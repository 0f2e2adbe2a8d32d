using System.Buffers.Binary;
using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Where a node lies. Pure.</summary>
internal static class NodeScope
{
    /// <summary>Is it on our own machine or network (loopback, private, link-local, shared)? Such a node is exempt from BEP 42 and from the limits per network.</summary>
    public static bool IsLocal(IPAddress address) => !AddressScope.IsPublic(address);

    /// <summary>The network that counts as one voice: /24 of IPv4, /64 of IPv6. Comparable within one family only.</summary>
    public static ulong NetworkOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) >> 8 : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
