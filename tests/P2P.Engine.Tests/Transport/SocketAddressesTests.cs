using System.Net;
using System.Net.Sockets;
using CsCheck;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;
using Xunit;

namespace P2P.Engine.Tests.Transport;

public sealed class SocketAddressesTests
{
    private static readonly Gen<IPEndPoint> IPv4 = Gen.Select(Gen.Byte.Array[4], Gen.Int[0, 65_535], (bytes, port) => new IPEndPoint(new IPAddress(bytes), port));
    private static readonly Gen<IPEndPoint> IPv6 = Gen.Select(Gen.Byte.Array[16], Gen.Int[0, 65_535], (bytes, port) => new IPEndPoint(new IPAddress(bytes), port));

    [Fact]
    public void TryWrite_AnyEndpoint_IsWhatTheSystemMakesOfIt() => Gen.OneOf(IPv4, IPv6).Sample(endpoint =>
    {
        var written = new SocketAddress(endpoint.AddressFamily);
        Assert.True(SocketAddresses.TryWrite(PeerEndpoint.From(endpoint), 0, written) || endpoint.Address.IsIPv4MappedToIPv6);
        Assert.Equal(endpoint.Serialize(), written);
    });

    [Fact]
    public void Read_AnyAddress_IsTheEndpoint() => Gen.OneOf(IPv4, IPv6).Sample(endpoint =>
    {
        Assert.Equal(PeerEndpoint.From(endpoint), SocketAddresses.Read(endpoint.Serialize(), out var scope));
        Assert.Equal(0, scope);
    });

    [Fact]
    public void TryWrite_IPv4ForADualSocket_IsMapped()
    {
        var written = new SocketAddress(AddressFamily.InterNetworkV6);
        var endpoint = new PeerEndpoint(IPAddress.Parse("192.0.2.7"), 6881);
        Assert.True(SocketAddresses.TryWrite(endpoint, 0, written));
        Assert.Equal(new IPEndPoint(IPAddress.Parse("::ffff:192.0.2.7"), 6881).Serialize(), written);
        Assert.Equal(endpoint, SocketAddresses.Read(written, out _));
    }

    [Fact]
    public void TryWrite_LinkLocal_CarriesItsInterface()
    {
        var written = new SocketAddress(AddressFamily.InterNetworkV6);
        Assert.True(SocketAddresses.TryWrite(new PeerEndpoint(IPAddress.Parse("fe80::1"), 6881), 7, written));
        Assert.Equal(new IPEndPoint(IPAddress.Parse("fe80::1%7"), 6881).Serialize(), written);
        Assert.Equal("[fe80::1]:6881", SocketAddresses.Read(written, out var scope).ToString());
        Assert.Equal(7, scope);
    }

    [Fact]
    public void TryWrite_IPv6ForAnIPv4Socket_IsRefused() =>
        Assert.False(SocketAddresses.TryWrite(new PeerEndpoint(IPAddress.IPv6Loopback, 1), 0, new SocketAddress(AddressFamily.InterNetwork)));
}
