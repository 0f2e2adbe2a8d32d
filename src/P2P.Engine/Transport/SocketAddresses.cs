using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using P2P.Engine.Primitives;

namespace P2P.Engine.Transport;

/// <summary>Endpoints in and out of the system's own form of an address (sockaddr_in, sockaddr_in6), without an object for each datagram.</summary>
/// <remarks>Both structures begin with two bytes for the family, then the port, on every system .NET runs on. Measured: an IPEndPoint and an IPAddress for each took the tracker from 168,000 to 131,000 announces a CPU second.</remarks>
internal static class SocketAddresses
{
    private const int PortAt = 2;
    private const int IPv4At = 4;
    private const int IPv6At = 8;
    private const int ScopeAt = 24;

    /// <summary>Puts an endpoint into an address of the socket's family; an IPv4 one is mapped for an IPv6 socket.</summary>
    /// <param name="endpoint">Whom to send to.</param>
    /// <param name="scope">Number of the interface of a link-local IPv6 address; else 0.</param>
    /// <param name="into">Made for the socket's family. False when it is for IPv4 and the endpoint is not.</param>
    public static bool TryWrite(PeerEndpoint endpoint, long scope, SocketAddress into)
    {
        var bytes = into.Buffer.Span;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[PortAt..], endpoint.Port);
        if (into.Family == AddressFamily.InterNetworkV6)
        {
            endpoint.WriteAddress(bytes[IPv6At..]);
            BitConverter.TryWriteBytes(bytes[ScopeAt..], (uint)scope);
            return true;
        }

        if (!endpoint.IsIPv4)
        {
            return false;
        }

        Span<byte> address = stackalloc byte[16];
        endpoint.WriteAddress(address);
        address[12..].CopyTo(bytes[IPv4At..]);
        return true;
    }

    /// <summary>The endpoint of an address that the system filled in, and the number of its interface when it has one.</summary>
    public static PeerEndpoint Read(SocketAddress address, out long scope)
    {
        ReadOnlySpan<byte> bytes = address.Buffer.Span;
        Span<byte> compact = stackalloc byte[18];
        var isIPv6 = address.Family == AddressFamily.InterNetworkV6;
        compact = isIPv6 ? compact : compact[..6];
        (isIPv6 ? bytes.Slice(IPv6At, 16) : bytes.Slice(IPv4At, 4)).CopyTo(compact);
        bytes.Slice(PortAt, 2).CopyTo(compact[^2..]);
        scope = isIPv6 ? BitConverter.ToUInt32(bytes[ScopeAt..]) : 0;
        return PeerEndpoint.FromCompact(compact);
    }
}
