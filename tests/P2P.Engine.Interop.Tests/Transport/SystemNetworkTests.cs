using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;
using Xunit;

namespace P2P.Engine.Interop.Tests.Transport;

public sealed class SystemNetworkTests : IDisposable
{
    private readonly SystemNetwork _network = new(null, TimeProvider.System);

    public void Dispose() => _network.Dispose();

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("::", "127.0.0.1")]
    [InlineData("::", "::1")]
    public async Task Connect_ToAListener_CarriesBytesBothWays(string listen, string dial)
    {
        Assert.SkipWhen(dial == "::1" && !System.Net.Sockets.Socket.OSSupportsIPv6, "No IPv6 here.");
        using var listener = _network.Listen(IPAddress.Parse(listen), 0);
        var accept = listener.AcceptAsync(default);
        using var dialled = await _network.ConnectAsync(new PeerEndpoint(IPAddress.Parse(dial), listener.Local.Port), default);
        using var accepted = await accept;
        Assert.Equal(dialled.Local, accepted.Remote);
        Assert.Equal(IPAddress.Parse(dial), dialled.Remote.Address);

        await dialled.SendAsync([new byte[] { 1, 2 }, new byte[] { 3 }], default);
        await accepted.SendAsync([new byte[] { 9 }], default);

        Assert.Equal(0, await accepted.ReceiveAsync(Memory<byte>.Empty, default));
        Assert.Equal([1, 2, 3], await ReadAsync(accepted, 3));
        Assert.Equal([9], await ReadAsync(dialled, 1));
        dialled.Dispose();
        Assert.Equal(0, await accepted.ReceiveAsync(new byte[1], default));
    }

    [Fact]
    public async Task Send_ManySegmentsToASlowReader_ArrivesWhole()
    {
        using var listener = _network.Listen(IPAddress.Loopback, 0);
        var accept = listener.AcceptAsync(default);
        using var dialled = await _network.ConnectAsync(listener.Local, default);
        using var accepted = await accept;
        List<ArraySegment<byte>> segments = [];
        var bytes = new byte[24 << 20];
        new Random(1).NextBytes(bytes);
        for (var at = 0; at < bytes.Length; at += 16_384)
        {
            segments.Add(new ArraySegment<byte>(bytes, at, 16_384));
        }

        var sending = dialled.SendAsync(segments, default).AsTask();
        var received = await ReadAsync(accepted, bytes.Length);
        await sending;

        Assert.True(bytes.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task Receive_DisposedMeanwhile_ThrowsNetworkException()
    {
        using var listener = _network.Listen(IPAddress.Loopback, 0);
        var accept = listener.AcceptAsync(default);
        var dialled = await _network.ConnectAsync(listener.Local, default);
        using var accepted = await accept;
        var receiving = dialled.ReceiveAsync(Memory<byte>.Empty, default);
        var accepting = listener.AcceptAsync(default);
        dialled.Dispose();
        listener.Dispose();

        Assert.Equal("net.closed", (await Assert.ThrowsAsync<NetworkException>(() => receiving.AsTask())).Code);
        Assert.Equal("net.closed", (await Assert.ThrowsAsync<NetworkException>(() => accepting.AsTask())).Code);
        Assert.Equal(
            "net.closed", (await Assert.ThrowsAsync<NetworkException>(() => dialled.SendAsync([new byte[1]], default).AsTask())).Code);
    }

    [Fact]
    public async Task Connect_NobodyThere_SaysRefused()
    {
        var listener = _network.Listen(IPAddress.Loopback, 0);
        listener.Dispose();

        var exception = await Assert.ThrowsAsync<NetworkException>(() => _network.ConnectAsync(listener.Local, default).AsTask());
        Assert.Equal("net.refused", exception.Code);
    }

    [Fact]
    public async Task Connect_BoundToALocalAddress_ComesFromThereOrNotAtAll()
    {
        using var bound = new SystemNetwork(IPAddress.Parse("127.0.0.9"), TimeProvider.System);
        using var listener = _network.Listen(IPAddress.Loopback, 0);
        using var dialled = await bound.ConnectAsync(listener.Local, default);
        Assert.Equal(IPAddress.Parse("127.0.0.9"), dialled.Local.Address);

        var other = new PeerEndpoint(IPAddress.IPv6Loopback, 1);
        Assert.Equal("net.unreachable", (await Assert.ThrowsAsync<NetworkException>(() => bound.ConnectAsync(other, default).AsTask())).Code);
    }

    [Fact]
    public void Listen_PortTakenOrForeignAddress_SaysSoInOneSentence()
    {
        using var listener = _network.Listen(IPAddress.Loopback, 0);

        var taken = Assert.Throws<NetworkException>(() => _network.Listen(IPAddress.Loopback, listener.Local.Port));
        Assert.Equal("net.port_in_use", taken.Code);
        Assert.Equal($"Port {listener.Local.Port} is already in use by another program.", taken.Message);
        Assert.Equal("net.unavailable", Assert.Throws<NetworkException>(() => _network.Listen(IPAddress.Parse("192.0.2.1"), 0)).Code);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task Udp_Datagram_ArrivesWithItsSender(string address)
    {
        using var a = _network.BindUdp(IPAddress.Parse(address), 0);
        using var b = _network.BindUdp(IPAddress.Loopback, 0);
        await a.SendAsync(new byte[] { 7, 8 }, b.Local, default);
        var buffer = new byte[100];
        var (length, remote) = await b.ReceiveAsync(buffer, default);

        Assert.Equal([7, 8], buffer[..length]);
        Assert.Equal(new PeerEndpoint(IPAddress.Loopback, a.Local.Port), remote);
        b.Dispose();
        Assert.Equal("net.closed", (await Assert.ThrowsAsync<NetworkException>(() => b.ReceiveAsync(buffer, default).AsTask())).Code);
    }

    [Fact]
    public async Task Resolve_LiteralAndLocalhost_AreKnown()
    {
        Assert.Equal([IPAddress.Parse("192.0.2.7")], await _network.ResolveAsync("192.0.2.7", default));
        Assert.All(await _network.ResolveAsync("localhost", default), address => Assert.True(IPAddress.IsLoopback(address)));
        Assert.Equal("net.dns", (await Assert.ThrowsAsync<NetworkException>(() => _network.ResolveAsync(new string('x', 300), default).AsTask())).Code);
    }

    private static async Task<byte[]> ReadAsync(IConnection connection, int length)
    {
        var bytes = new byte[length];
        for (var at = 0; at < length;)
        {
            var received = await connection.ReceiveAsync(bytes.AsMemory(at), default);
            Assert.NotEqual(0, received);
            at += received;
        }

        return bytes;
    }
}
