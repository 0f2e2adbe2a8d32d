using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Transport;

/// <summary>The outside world as the engine sees it: one of the five seams. Production: <c>SystemNetwork</c>; tests: a simulated one.</summary>
internal interface INetwork
{
    /// <summary>Opens a TCP connection; throws <see cref="NetworkException"/> when refused, unreachable or cancelled by time.</summary>
    ValueTask<IConnection> ConnectAsync(PeerEndpoint remote, CancellationToken cancellationToken);

    /// <summary>Listens for TCP; throws <see cref="NetworkException"/> with a sentence for the user when the port is taken or not ours to use.</summary>
    /// <param name="address">Any address of this machine, or the unspecified one (both families where possible).</param>
    /// <param name="port">1..65535, or 0 for any free one.</param>
    IListener Listen(IPAddress address, int port);

    /// <summary>Opens a UDP socket; same errors as <see cref="Listen"/>.</summary>
    IDatagramSocket BindUdp(IPAddress address, int port);

    /// <summary>Joins a multicast group on every interface that has one (and the loopback), or only on that of the address given; same errors as <see cref="Listen"/>.</summary>
    /// <param name="group">The group, IPv4 or IPv6 (link-local or wider).</param>
    /// <param name="port">Its port; shared with every other program of this machine that joined too.</param>
    /// <param name="address">An address of the one interface to use, of the group's family; null or unspecified for all.</param>
    IMulticastSocket JoinMulticast(IPAddress group, int port, IPAddress? address);

    /// <summary>Addresses of this machine that others on its networks may reach: IPv4 before IPv6; loopback only when there is nothing else.</summary>
    ImmutableArray<IPAddress> LocalAddresses();

    /// <summary>Looks a host name up; an address as text is itself. Throws <see cref="NetworkException"/> when unknown.</summary>
    ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken);

    /// <summary>One HTTP GET under the limits of R-H01..R-H05: at most <paramref name="maxBytes"/> of body after decompression.</summary>
    /// <remarks>Throws <see cref="NetworkException"/> (codes tracker.timeout, tracker.http, tracker.too_big, tracker.redirects, ...).</remarks>
    ValueTask<HttpReply> HttpGetAsync(Uri uri, int maxBytes, CancellationToken cancellationToken);
}

/// <summary>Answer of an HTTP GET.</summary>
/// <param name="Status">HTTP status code.</param>
/// <param name="Body">Body after decompression.</param>
internal sealed record HttpReply(int Status, byte[] Body);

/// <summary>A byte stream to one peer. One reader and one writer at a time.</summary>
internal interface IConnection : IDisposable
{
    /// <summary>Who is at the other end.</summary>
    PeerEndpoint Remote { get; }

    /// <summary>Our end of it.</summary>
    PeerEndpoint Local { get; }

    /// <summary>Receives at least one byte; 0 when the other side closed. An empty buffer waits until bytes are there, takes none and returns 0.</summary>
    /// <remarks>Throws <see cref="NetworkException"/> when the connection broke or was disposed.</remarks>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Sends every byte of every segment, in order. The buffers belong to the connection until the task completes.</summary>
    ValueTask SendAsync(IList<ArraySegment<byte>> segments, CancellationToken cancellationToken);
}

/// <summary>Accepts connections.</summary>
internal interface IListener : IDisposable
{
    /// <summary>Where it listens, with the real port.</summary>
    PeerEndpoint Local { get; }

    /// <summary>The next connection; throws <see cref="NetworkException"/> once disposed.</summary>
    ValueTask<IConnection> AcceptAsync(CancellationToken cancellationToken);
}

/// <summary>A bound UDP socket.</summary>
internal interface IDatagramSocket : IDisposable
{
    /// <summary>Where it is bound.</summary>
    PeerEndpoint Local { get; }

    /// <summary>Sends one datagram; failures are ignored as the network would ignore them.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> datagram, PeerEndpoint remote, CancellationToken cancellationToken);

    /// <summary>Receives one datagram (longer ones are cut); throws <see cref="NetworkException"/> once disposed.</summary>
    ValueTask<(int Length, PeerEndpoint Remote)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}

/// <summary>A member of a multicast group.</summary>
internal interface IMulticastSocket : IDisposable
{
    /// <summary>Sends one datagram to the group on each interface joined, with a reach of this network only, and returns how many networks it reached.</summary>
    /// <remarks>Failures are ignored as the network would; the loopback counts when it is the only one.</remarks>
    ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken);

    /// <summary>Receives one datagram sent to the group, ours included (longer ones are cut); throws <see cref="NetworkException"/> once disposed.</summary>
    ValueTask<(int Length, PeerEndpoint Remote)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Is it an address of a network this machine is on, by the prefixes of its interfaces (loopback included)?</summary>
    bool IsLocal(IPAddress address);
}

/// <summary>What the network did to us, as a stable code and a sentence.</summary>
/// <param name="code">Stable: net.refused, net.unreachable, net.timeout, net.closed, net.port_in_use, net.denied, net.dns, tracker.*.</param>
/// <param name="message">One sentence for a person.</param>
/// <param name="inner">The operating system's exception, if any.</param>
internal sealed class NetworkException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Stable code.</summary>
    public string Code { get; } = code;
}
