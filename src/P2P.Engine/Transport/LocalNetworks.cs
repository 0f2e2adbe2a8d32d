using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace P2P.Engine.Transport;

/// <summary>The networks this machine is on, in one address family, at one moment. Immutable.</summary>
/// <param name="Places">Where to send from and join, each once; at most <see cref="MaxPlaces"/>.</param>
/// <param name="Prefixes">Every address of the machine with the length of its network's prefix.</param>
internal sealed record LocalNetworks(ImmutableArray<LocalNetworks.Place> Places, ImmutableArray<(IPAddress Address, int PrefixLength)> Prefixes)
{
    /// <summary>16: a Linux host gives a socket 20 memberships, and one with more networks is a router and nobody's home.</summary>
    public const int MaxPlaces = 16;

    /// <summary>No network at all.</summary>
    public static LocalNetworks None { get; } = new([], []);

    /// <summary>Reads the machine's interfaces that are up and can multicast, and the loopback.</summary>
    /// <param name="family">IPv4 or IPv6.</param>
    /// <param name="only">The one address to use; null for all.</param>
    public static LocalNetworks Read(AddressFamily family, IPAddress? only)
    {
        var places = ImmutableArray.CreateBuilder<Place>();
        var prefixes = ImmutableArray.CreateBuilder<(IPAddress, int)>();
        foreach (var card in Cards())
        {
            if (IndexOf(card, family) is not { } index)
            {
                continue;
            }

            foreach (var unicast in card.GetIPProperties().UnicastAddresses.Where(unicast => unicast.Address.AddressFamily == family))
            {
                prefixes.Add((unicast.Address, unicast.PrefixLength));
                if (PlaceOf(card, index, unicast, only) is { } place && places.Count < MaxPlaces && !places.Contains(place))
                {
                    places.Add(place);
                }
            }
        }

        return new LocalNetworks(places.ToImmutable(), prefixes.ToImmutable());
    }

    /// <summary>Does the address lie on one of the networks?</summary>
    public bool Contains(IPAddress address)
    {
        Span<byte> asked = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(asked, out _);
        Span<byte> ours = stackalloc byte[16];
        foreach (var (own, length) in Prefixes)
        {
            own.MapToIPv6().TryWriteBytes(ours, out _);
            if (HaveEqualBits(asked, ours, own.AddressFamily == AddressFamily.InterNetwork ? length + 96 : length))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HaveEqualBits(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, int count)
    {
        var whole = count / 8;
        return left[..whole].SequenceEqual(right[..whole]) && (count % 8 == 0 || ((left[whole] ^ right[whole]) >> (8 - (count % 8))) == 0);
    }

    private static IEnumerable<NetworkInterface> Cards()
    {
        try
        {
            // The loopback and tunnels have no link to be up: Linux calls their state unknown.
            return NetworkInterface.GetAllNetworkInterfaces()
                .Where(card => card.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
                .Where(card => card.SupportsMulticast || IsLoopback(card));
        }
        catch (NetworkInformationException)
        {
            return []; // The system does not tell; it is asked again at the next send.
        }
    }

    /// <summary>The interface's number in the family; null when it has none.</summary>
    private static int? IndexOf(NetworkInterface card, AddressFamily family)
    {
        try
        {
            var properties = card.GetIPProperties();
            return family == AddressFamily.InterNetwork ? properties.GetIPv4Properties().Index : properties.GetIPv6Properties().Index;
        }
        catch (NetworkInformationException)
        {
            return null;
        }
    }

    private static Place? PlaceOf(NetworkInterface card, int index, UnicastIPAddressInformation unicast, IPAddress? only)
    {
        if (only is not null)
        {
            // All of 127/8 is the loopback's, though it has one address only.
            return only.Equals(unicast.Address) || (IPAddress.IsLoopback(only) && IsLoopback(card)) ? new Place(index, only) : null;
        }

        // Each IPv4 subnet of a card is its own network; IPv6 neighbours share all prefixes of the link, and the system picks the best source.
        return new Place(index, unicast.Address.AddressFamily == AddressFamily.InterNetwork ? unicast.Address : IPAddress.IPv6Any);
    }

    private static bool IsLoopback(NetworkInterface card) => card.NetworkInterfaceType == NetworkInterfaceType.Loopback;

    /// <summary>Where to send from: an interface and the source address there, which is unspecified when the system picks it.</summary>
    internal readonly record struct Place(int Index, IPAddress Source);
}
