using System.Net;
using System.Net.Sockets;

namespace P2P.Engine.Primitives;

/// <summary>Where an address lies: the facts behind the rules about destinations (R-H02) and peers (H21).</summary>
internal static class AddressScope
{
    /// <summary>Can one host listen there: not unspecified, multicast, broadcast or reserved?</summary>
    public static bool IsHost(IPAddress address)
    {
        var plain = Unmap(address);
        if (plain.AddressFamily == AddressFamily.InterNetwork)
        {
            var first = FirstByte(plain);
            return first is not 0 and < 224;
        }

        return !plain.Equals(IPAddress.IPv6Any) && !plain.IsIPv6Multicast;
    }

    /// <summary>Is it our own machine, by any of its loopback addresses?</summary>
    public static bool IsLoopback(IPAddress address) => IPAddress.IsLoopback(Unmap(address));

    /// <summary>Is it a link-local address (169.254/16, fe80::/10)? Clouds serve their secrets at one.</summary>
    public static bool IsLinkLocal(IPAddress address)
    {
        var plain = Unmap(address);
        if (plain.AddressFamily != AddressFamily.InterNetwork)
        {
            return plain.IsIPv6LinkLocal;
        }

        Span<byte> bytes = stackalloc byte[4];
        plain.TryWriteBytes(bytes, out _);
        return bytes[0] == 169 && bytes[1] == 254;
    }

    /// <summary>Is it an address of the public internet: a host, and none of loopback, private, shared (RFC 6598), link-local or unique-local?</summary>
    public static bool IsPublic(IPAddress address)
    {
        var plain = Unmap(address);
        if (!IsHost(plain) || IsLoopback(plain) || IsLinkLocal(plain))
        {
            return false;
        }

        if (plain.AddressFamily != AddressFamily.InterNetwork)
        {
            return !plain.IsIPv6UniqueLocal && !plain.IsIPv6SiteLocal;
        }

        Span<byte> bytes = stackalloc byte[4];
        plain.TryWriteBytes(bytes, out _);
        return bytes switch
        {
            [10, ..] => false,
            [100, >= 64 and < 128, ..] => false,
            [172, >= 16 and < 32, ..] => false,
            [192, 168, ..] => false,
            _ => true,
        };
    }

    /// <summary>May <paramref name="teller"/> send us to <paramref name="told"/>: only those on our own machine to loopback, only those near to private addresses (D12, W54)?</summary>
    public static bool MayTell(IPAddress teller, PeerEndpoint told)
    {
        var address = told.Address;
        return told.IsConnectable
            && (!IsLoopback(address) || IsLoopback(teller))
            && (IsPublic(address) || !IsPublic(teller));
    }

    private static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static byte FirstByte(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        return bytes[0];
    }
}
