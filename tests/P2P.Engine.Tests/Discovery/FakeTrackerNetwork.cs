using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Tests.Discovery;

/// <summary>A network of scripted trackers. Everything completes on the caller's thread, so tests are deterministic.</summary>
internal sealed class FakeTrackerNetwork : INetwork
{
    /// <summary>Answers an HTTP GET; null never answers.</summary>
    public Func<Uri, HttpReply?> Http { get; set; } = _ => null;

    /// <summary>Answers a datagram with any number of datagrams, each with its sender (null: the one spoken to).</summary>
    public Func<byte[], PeerEndpoint, IEnumerable<(byte[] Packet, PeerEndpoint? From)>> Udp { get; set; } = (_, _) => [];

    /// <summary>Names to addresses; an unknown name fails.</summary>
    public Dictionary<string, IPAddress[]> Names { get; } = [];

    /// <summary>Every URL asked for.</summary>
    public List<Uri> Gets { get; } = [];

    /// <summary>Every datagram sent.</summary>
    public List<(byte[] Packet, PeerEndpoint To)> Sent { get; } = [];

    /// <summary>A cancelled wait is reported as a failure of the network, as real sockets may.</summary>
    public bool FailsWhenCancelled { get; set; }

    /// <summary>UDP sockets not disposed.</summary>
    public int OpenSockets { get; private set; }

    public ValueTask<IConnection> ConnectAsync(PeerEndpoint remote, CancellationToken cancellationToken) => throw new NotSupportedException();

    public System.Collections.Immutable.ImmutableArray<IPAddress> LocalAddresses() => [IPAddress.Loopback];

    public IMulticastSocket JoinMulticast(IPAddress group, int port, IPAddress? address) => throw new NotSupportedException();

    public IListener Listen(IPAddress address, int port) => throw new NotSupportedException();

    public IDatagramSocket BindUdp(IPAddress address, int port)
    {
        OpenSockets++;
        return new FakeSocket(this, new PeerEndpoint(address, 40_000));
    }

    public ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out var address) ? ValueTask.FromResult<IPAddress[]>([address])
        : Names.TryGetValue(host, out var addresses) ? ValueTask.FromResult(addresses)
        : throw new NetworkException("net.dns", $"{host} is unknown.");

    public async ValueTask<HttpReply> HttpGetAsync(Uri uri, int maxBytes, CancellationToken cancellationToken)
    {
        Gets.Add(uri);
        if (Http(uri) is { } reply)
        {
            return reply;
        }

        var never = new TaskCompletionSource<HttpReply>();
        using var registration = cancellationToken.Register(() => Cancel(never, cancellationToken));
        return await never.Task.ConfigureAwait(false);
    }

    private void Cancel<T>(TaskCompletionSource<T> wait, CancellationToken cancellationToken)
    {
        if (FailsWhenCancelled)
        {
            wait.TrySetException(new NetworkException("net.closed", "closed"));
        }
        else
        {
            wait.TrySetCanceled(cancellationToken);
        }
    }

    private sealed class FakeSocket(FakeTrackerNetwork network, PeerEndpoint local) : IDatagramSocket
    {
        private readonly Queue<(byte[] Packet, PeerEndpoint From)> _arrived = new();
        private bool _isOpen = true;

        public PeerEndpoint Local => local;

        public void Dispose()
        {
            network.OpenSockets -= _isOpen ? 1 : 0;
            _isOpen = false;
        }

        public ValueTask SendAsync(ReadOnlyMemory<byte> datagram, PeerEndpoint remote, CancellationToken cancellationToken)
        {
            var packet = datagram.ToArray();
            network.Sent.Add((packet, remote));
            foreach (var (answer, from) in network.Udp(packet, remote))
            {
                _arrived.Enqueue((answer, from ?? remote));
            }

            return ValueTask.CompletedTask;
        }

        public async ValueTask<(int Length, PeerEndpoint Remote)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (_arrived.TryDequeue(out var next))
            {
                var length = Math.Min(next.Packet.Length, buffer.Length);
                next.Packet.AsSpan(0, length).CopyTo(buffer.Span);
                return (length, next.From);
            }

            var never = new TaskCompletionSource<(int, PeerEndpoint)>();
            using var registration = cancellationToken.Register(() => network.Cancel(never, cancellationToken));
            return await never.Task.ConfigureAwait(false);
        }
    }
}
