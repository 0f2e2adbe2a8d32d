using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Simulation;

/// <summary>The network as one process on one machine sees it; its connections and listeners die with the process.</summary>
internal sealed class ProcessNetwork(NetworkCard card, SimulatedProcess process) : INetwork
{
    private static readonly TimeSpan WebLatency = TimeSpan.FromMilliseconds(40);

    private readonly List<SimulatedConnection> _connections = [];

    private SimulatedNetwork Network => card.Network;

    private SimulatedWorld World => card.Network.World;

    /// <inheritdoc/>
    public ValueTask<IConnection> ConnectAsync(PeerEndpoint remote, CancellationToken cancellationToken)
    {
        World.AssertOnThread();
        var done = new TaskCompletionSource<IConnection>();
        CancelWith(done, cancellationToken);
        World.Trace.Write(World.Now, card.Name, $"dials {remote}");

        // Nobody there, nobody home, or a partition: no answer ever comes, and the caller's patience decides.
        if (Network.Find(remote.Address) is { IsOn: true } there && !Network.IsPartitioned(card, there))
        {
            var latency = card.LatencyTo(there);
            process.After(latency, () => Arrive(there, remote, latency, done));
        }

        return new ValueTask<IConnection>(done.Task);
    }

    /// <inheritdoc/>
    public IListener Listen(IPAddress address, int port)
    {
        World.AssertOnThread();
        var local = new PeerEndpoint(card.Address, port == 0 ? card.TakePort() : port);
        if (card.Listeners.ContainsKey(local.Port))
        {
            throw new NetworkException("net.port_in_use", $"Another program listens on port {local.Port} already.");
        }

        var listener = new SimulatedListener(card, this, process, local);
        card.Listeners.Add(local.Port, listener);
        process.OnDeath(listener.Dispose);
        return listener;
    }

    public System.Collections.Immutable.ImmutableArray<IPAddress> LocalAddresses() => [card.Address];

    /// <inheritdoc/>
    public IMulticastSocket JoinMulticast(IPAddress group, int port, IPAddress? address)
    {
        ArgumentNullException.ThrowIfNull(group);
        World.AssertOnThread();
        if (group.AddressFamily != card.Address.AddressFamily)
        {
            throw new NetworkException("net.unavailable", $"This machine has no address to join {group} with.");
        }

        var socket = new SimulatedMulticastSocket(card, process, new PeerEndpoint(group, port));
        Network.Groups.Add(socket);
        process.OnDeath(socket.Dispose);
        return socket;
    }

    /// <inheritdoc/>
    public IDatagramSocket BindUdp(IPAddress address, int port)
    {
        World.AssertOnThread();
        var local = new PeerEndpoint(card.Address, port == 0 ? card.TakePort() : port);
        if (card.Datagrams.ContainsKey(local.Port))
        {
            throw new NetworkException("net.port_in_use", $"Another program uses UDP port {local.Port} already.");
        }

        var socket = new SimulatedDatagramSocket(card, process, local);
        card.Datagrams.Add(local.Port, socket);
        process.OnDeath(socket.Dispose);
        return socket;
    }

    /// <inheritdoc/>
    public ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out var address)
            ? ValueTask.FromResult<IPAddress[]>([address])
            : throw new NetworkException("net.dns", $"{host} is unknown.");

    /// <inheritdoc/>
    public ValueTask<HttpReply> HttpGetAsync(Uri uri, int maxBytes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(uri);
        World.AssertOnThread();
        var done = new TaskCompletionSource<HttpReply>();
        CancelWith(done, cancellationToken);
        process.After(card.Link.Latency + WebLatency, () =>
        {
            if (Network.FindWeb(uri.Host) is not { } handler)
            {
                done.TrySetException(new NetworkException("net.dns", $"{uri.Host} is unknown."));
                return;
            }

            World.Trace.Write(World.Now, card.Name, $"gets {uri.PathAndQuery}");
            var reply = handler(uri, card.Address);
            process.After(card.Link.Latency + WebLatency, () => done.TrySetResult(reply));
        });
        return new ValueTask<HttpReply>(done.Task);
    }

    /// <summary>The machine lost power: every connection vanishes without a word.</summary>
    public void Vanish() => _connections.ForEach(static connection => connection.Vanish());

    /// <summary>A connection of this process, ours or accepted.</summary>
    public void Adopt(SimulatedConnection connection) => _connections.Add(connection);

    private void Arrive(NetworkCard there, PeerEndpoint remote, TimeSpan latency, TaskCompletionSource<IConnection> done)
    {
        if (!there.IsOn)
        {
            return;
        }

        if (!there.Listeners.TryGetValue(remote.Port, out var listener))
        {
            process.After(latency, () => done.TrySetException(new NetworkException("net.refused", $"{remote} refused the connection.")));
            return;
        }

        var (client, server) = SimulatedConnection.Pair(card, process, card.NewEndpoint(), there, listener.Process, remote);
        Adopt(client);
        listener.Network.Adopt(server);
        listener.Offer(server);
        process.After(latency, () =>
        {
            if (!done.TrySetResult(client))
            {
                client.Dispose(); // the caller lost patience
            }
        });
    }

    private void CancelWith<T>(TaskCompletionSource<T> done, CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(_ => World.Soon(() => done.TrySetCanceled(cancellationToken)), null);
}

/// <summary>Accepts connections for one process.</summary>
internal sealed class SimulatedListener(NetworkCard card, ProcessNetwork network, SimulatedProcess process, PeerEndpoint local) : IListener
{
    private readonly Queue<SimulatedConnection> _waiting = new();
    private TaskCompletionSource<IConnection>? _accepting;
    private bool _isDisposed;

    /// <summary>Who listens.</summary>
    public SimulatedProcess Process => process;

    /// <summary>Its network.</summary>
    public ProcessNetwork Network => network;

    /// <inheritdoc/>
    public PeerEndpoint Local => local;

    /// <summary>Somebody dialled.</summary>
    public void Offer(SimulatedConnection connection)
    {
        if (_accepting is { } accepting)
        {
            _accepting = null;
            accepting.TrySetResult(connection);
        }
        else
        {
            _waiting.Enqueue(connection);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IConnection> AcceptAsync(CancellationToken cancellationToken)
    {
        if (_isDisposed)
        {
            throw new NetworkException("net.closed", "Stopped listening.");
        }

        if (_waiting.TryDequeue(out var connection))
        {
            return ValueTask.FromResult<IConnection>(connection);
        }

        _accepting = new TaskCompletionSource<IConnection>();
        return new ValueTask<IConnection>(_accepting.Task);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        card.Listeners.Remove(local.Port);
        if (_accepting is { } accepting)
        {
            _accepting = null;
            process.After(TimeSpan.Zero, () => accepting.TrySetException(new NetworkException("net.closed", "Stopped listening.")));
        }

        foreach (var connection in _waiting)
        {
            connection.Dispose();
        }
    }
}

/// <summary>A UDP socket: datagrams arrive after the latency, or, lost, never; they do not compete with TCP for the line.</summary>
internal sealed class SimulatedDatagramSocket(NetworkCard card, SimulatedProcess process, PeerEndpoint local) : IDatagramSocket
{
    private readonly Queue<(byte[] Bytes, PeerEndpoint From)> _waiting = new();
    private TaskCompletionSource<(byte[] Bytes, PeerEndpoint From)>? _receiving;
    private bool _isDisposed;

    /// <inheritdoc/>
    public PeerEndpoint Local => local;

    /// <inheritdoc/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> datagram, PeerEndpoint remote, CancellationToken cancellationToken)
    {
        var bytes = datagram.ToArray();
        if (card.Network.Find(remote.Address) is { IsOn: true } there && !card.Network.IsPartitioned(card, there))
        {
            var loss = Math.Max(card.Link.Loss, there.Link.Loss);
            if (loss == 0 || card.Network.World.Random.NextDouble() >= loss)
            {
                card.Network.World.After(card.LatencyTo(there), () => there.Datagrams.GetValueOrDefault(remote.Port)?.Offer(bytes, local));
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask<(int Length, PeerEndpoint Remote)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_isDisposed)
        {
            throw new NetworkException("net.closed", "The socket was closed.");
        }

        if (!_waiting.TryDequeue(out var item))
        {
            _receiving = new TaskCompletionSource<(byte[], PeerEndpoint)>();
            var receiving = _receiving;
            using var cancel = cancellationToken.UnsafeRegister(
                _ => process.After(TimeSpan.Zero, () => receiving.TrySetCanceled(cancellationToken)), null);
            item = await receiving.Task.ConfigureAwait(false);
        }

        var length = Math.Min(buffer.Length, item.Bytes.Length);
        item.Bytes.AsSpan(0, length).CopyTo(buffer.Span);
        return (length, item.From);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            card.Datagrams.Remove(local.Port);
            if (_receiving is { } receiving)
            {
                process.After(TimeSpan.Zero, () => receiving.TrySetException(new NetworkException("net.closed", "The socket was closed.")));
            }
        }
    }

    private void Offer(byte[] bytes, PeerEndpoint from)
    {
        if (_receiving is { Task.IsCompleted: false } receiving)
        {
            receiving.TrySetResult((bytes, from));
        }
        else
        {
            _waiting.Enqueue((bytes, from));
        }
    }
}
