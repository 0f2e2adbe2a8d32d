using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace P2P.Engine.Transport;

/// <summary>The addresses of this machine's interfaces, as the system tells them.</summary>
internal static class LocalAddresses
{
    /// <summary>Addresses others may reach: IPv4, then global IPv6; loopback only when there is nothing else.</summary>
    public static ImmutableArray<IPAddress> List()
    {
        try
        {
            var all = NetworkInterface.GetAllNetworkInterfaces()
                .Where(card => card.OperationalStatus == OperationalStatus.Up)
                .SelectMany(card => card.GetIPProperties().UnicastAddresses)
                .Select(unicast => unicast.Address)
                .Where(address => !address.IsIPv6LinkLocal && !address.ToString().StartsWith("169.254.", StringComparison.Ordinal))
                .ToArray();
            var reachable = all.Where(address => !IPAddress.IsLoopback(address)).OrderBy(address => address.AddressFamily == AddressFamily.InterNetworkV6).ToImmutableArray();
            return reachable.Length > 0 ? reachable : [IPAddress.Loopback];
        }
        catch (NetworkInformationException)
        {
            // The system tells nothing (a sandbox): this machine is all that is certain.
            return [IPAddress.Loopback];
        }
    }
}
