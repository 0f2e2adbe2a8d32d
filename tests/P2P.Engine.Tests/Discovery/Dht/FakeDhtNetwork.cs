using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Tests.Discovery.Dht;

/// <summary>One UDP socket whose datagrams the test reads and writes. Everything completes on the caller's thread.</summary>
internal sealed class FakeDhtNetwork : INetwork
{
    private readonly Queue<(byte[] Bytes, PeerEndpoint From)> _arrived = new();
    private TaskCompletionSource? _waiting;

    /// <summary>Everything sent and not taken by the test.</summary>
    public Queue<(byte[] Bytes, PeerEndpoint To)> Sent { get; } = new();

    /// <summary>The port is taken by another program.</summary>
    public bool IsPortTaken { get; set; }

    /// <summary>Names looked up.</summary>
    public List<string> Names { get; } = [];

    /// <summary>The socket is bound.</summary>
    public bool IsBound { get; private set; }

    /// <summary>A datagram arrives.</summary>
    public void Deliver(byte[] bytes, PeerEndpoint from)
    {
        _arrived.Enqueue((bytes, from));
        Wake();
    }

    /// <summary>The socket breaks under the receiver.</summary>
    public void Break()
    {
        IsBound = false;
        Wake();
    }

    public IDatagramSocket BindUdp(IPAddress address, int port)
    {
        if (IsPortTaken)
        {
            throw new NetworkException("net.port_in_use", $"Port {port} is already in use by another program.");
        }

        IsBound = true;
        return new Socket(this, new PeerEndpoint(address, port));
    }

    public ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        Names.Add(host);
        return IPAddress.TryParse(host, out var address)
            ? ValueTask.FromResult<IPAddress[]>([address])
            : throw new NetworkException("net.dns", $"{host} is unknown.");
    }

    public ValueTask<IConnection> ConnectAsync(PeerEndpoint remote, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IListener Listen(IPAddress address, int port) => throw new NotSupportedException();

    public System.Collections.Immutable.ImmutableArray<IPAddress> LocalAddresses() => [IPAddress.Loopback];

    public IMulticastSocket JoinMulticast(IPAddress group, int port, IPAddress? address) => throw new NotSupportedException();

    public ValueTask<HttpReply> HttpGetAsync(Uri uri, int maxBytes, CancellationToken cancellationToken) => throw new NotSupportedException();

    private void Wake()
    {
        var waiting = _waiting;
        _waiting = null;
        waiting?.SetResult();
    }

    private sealed class Socket(FakeDhtNetwork network, PeerEndpoint local) : IDatagramSocket
    {
        public PeerEndpoint Local => local;

        public void Dispose() => network.Break();

        public ValueTask SendAsync(ReadOnlyMemory<byte> datagram, PeerEndpoint remote, CancellationToken cancellationToken)
        {
            network.Sent.Enqueue((datagram.ToArray(), remote));
            return ValueTask.CompletedTask;
        }

        public async ValueTask<(int Length, PeerEndpoint Remote)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            while (network.IsBound)
            {
                if (network._arrived.TryDequeue(out var next))
                {
                    var length = Math.Min(next.Bytes.Length, buffer.Length);
                    next.Bytes.AsSpan(0, length).CopyTo(buffer.Span);
                    return (length, next.From);
                }

                network._waiting = new TaskCompletionSource();
                await network._waiting.Task.ConfigureAwait(false);
            }

            throw new NetworkException("net.closed", "The UDP socket was closed.");
        }
    }
}
