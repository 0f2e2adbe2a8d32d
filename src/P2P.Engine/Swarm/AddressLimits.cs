using System.Net;
using System.Net.Sockets;

namespace P2P.Engine.Swarm;

/// <summary>Says whether one more connection from an address is too many for one torrent (limits: Connections). Pure.</summary>
/// <remarks>
/// One per public IPv4 address and three per public IPv6 /64, so that one machine cannot fill a torrent's slots by itself. This machine's own
/// and private addresses are not counted: several peers on one computer, or behind one home router, are a normal thing there.
/// </remarks>
internal static class AddressLimits
{
    private const int PerIPv4 = 1;
    private const int PerIPv6Network = 3;

    /// <summary>Would a connection from <paramref name="address"/> be one too many beside those from <paramref name="connected"/>?</summary>
    public static bool IsFull(IPAddress address, IEnumerable<IPAddress> connected)
    {
        if (IsLocal(address))
        {
            return false;
        }

        return address.AddressFamily == AddressFamily.InterNetwork
            ? connected.Count(address.Equals) >= PerIPv4
            : connected.Count(other => IsSameNetwork(address, other)) >= PerIPv6Network;
    }

    private static bool IsSameNetwork(IPAddress address, IPAddress other) =>
        other.AddressFamily == AddressFamily.InterNetworkV6
        && address.GetAddressBytes().AsSpan(0, 8).SequenceEqual(other.GetAddressBytes().AsSpan(0, 8));

    private static bool IsLocal(IPAddress address)
    {
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal)
        {
            return true;
        }

        return address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [10, ..] or [192, 168, ..] or [169, 254, ..] or [172, >= 16 and <= 31, ..];
    }
}
