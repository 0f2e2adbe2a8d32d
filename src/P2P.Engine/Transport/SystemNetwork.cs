using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using P2P.Engine.Primitives;

namespace P2P.Engine.Transport;

/// <summary>The operating system's network: the only file in the engine that opens sockets.</summary>
/// <remarks>
/// Thread-safe. Given a local address, everything that goes out is bound to it (R-N01). With inline socket completions, continuations run
/// on the thread that polls the sockets: they must not block.
/// </remarks>
internal sealed class SystemNetwork : INetwork, IDisposable
{
    /// <summary>Completed connections the kernel keeps for us between two accepts.</summary>
    private const int Backlog = 512;

    private readonly IPAddress? _localAddress;
    private readonly HttpFetcher _http;
    private readonly LinkScopes _scopes = new();
    private readonly TimeProvider _clock;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="localAddress">Where outgoing traffic is bound; null or an unspecified address leaves it to the routing table.</param>
    /// <param name="clock">For the time-outs of HTTP and the age of what is known of the interfaces.</param>
    public SystemNetwork(IPAddress? localAddress, TimeProvider clock)
    {
        _localAddress = localAddress is null || IsUnspecified(localAddress) ? null : localAddress;
        _clock = clock;
        _http = new HttpFetcher(ResolveAsync, OpenStreamAsync, clock);
    }

    /// <inheritdoc/>
    public async ValueTask<IConnection> ConnectAsync(PeerEndpoint remote, CancellationToken cancellationToken) =>
        new SocketConnection(await ConnectSocketAsync(remote, cancellationToken).ConfigureAwait(false), remote);

    /// <inheritdoc/>
    public IListener Listen(IPAddress address, int port)
    {
        var socket = Bind(address, port, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Listen(Backlog);
            return new SocketListener(socket);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw BindFailure(exception, address, port);
        }
    }

    /// <inheritdoc/>
    public IDatagramSocket BindUdp(IPAddress address, int port)
    {
        var bound = _localAddress is not null && IsUnspecified(address) ? _localAddress : address;
        return new DatagramSocket(Bind(bound, port, SocketType.Dgram, ProtocolType.Udp), _scopes);
    }

    /// <inheritdoc/>
    public IMulticastSocket JoinMulticast(IPAddress group, int port, IPAddress? address)
    {
        var only = address is null || IsUnspecified(address) ? _localAddress : address;
        if (only is not null && only.AddressFamily != group.AddressFamily)
        {
            throw new NetworkException("net.unavailable", $"The group {group} cannot be joined from the address {only}.");
        }

        Socket? receiver = null;
        try
        {
            receiver = OpenDatagramSocket(group.AddressFamily);
            MulticastSocket.BindShared(receiver, new IPEndPoint(group, port));
            return new MulticastSocket(
                receiver, new DatagramSocket(receiver, _scopes), new IPEndPoint(group, port), only, OpenDatagramSocket, _clock);
        }
        catch (SocketException exception)
        {
            receiver?.Dispose();
            throw BindFailure(exception, group, port);
        }
    }

    /// <inheritdoc/>
    public ImmutableArray<IPAddress> LocalAddresses() => Transport.LocalAddresses.List();

    /// <inheritdoc/>
    public async ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return [literal];
        }

        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
            return addresses.Length > 0 ? addresses : throw new NetworkException("net.dns", $"The name {host} has no address.");
        }
        catch (SocketException exception)
        {
            throw new NetworkException("net.dns", $"The name {host} could not be found.", exception);
        }
        catch (ArgumentException exception)
        {
            throw new NetworkException("net.dns", "That is no name a host can have.", exception);
        }
        catch (OperationCanceledException exception)
        {
            throw new NetworkException("net.timeout", $"Looking up {host} took too long.", exception);
        }
    }

    /// <inheritdoc/>
    public ValueTask<HttpReply> HttpGetAsync(Uri uri, int maxBytes, CancellationToken cancellationToken) =>
        _http.GetAsync(uri, maxBytes, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async ValueTask<Stream> OpenStreamAsync(PeerEndpoint remote, CancellationToken cancellationToken) =>
        new NetworkStream(await ConnectSocketAsync(remote, cancellationToken).ConfigureAwait(false), ownsSocket: true);

    private async ValueTask<Socket> ConnectSocketAsync(PeerEndpoint remote, CancellationToken cancellationToken)
    {
        var endpoint = _scopes.Complete(remote.ToIPEndPoint());
        if (_localAddress is not null && _localAddress.AddressFamily != endpoint.AddressFamily)
        {
            throw new NetworkException("net.unreachable", $"{remote} cannot be reached from the address {_localAddress} this client is bound to.");
        }

        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            if (_localAddress is not null)
            {
                socket.Bind(new IPEndPoint(_localAddress, 0));
            }

            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw ConnectFailure(exception, remote);
        }
        catch (OperationCanceledException exception)
        {
            socket.Dispose();
            throw new NetworkException("net.timeout", $"{remote} did not answer in time.", exception);
        }
    }

    private static Socket OpenDatagramSocket(AddressFamily family) => new(family, SocketType.Dgram, ProtocolType.Udp);

    /// <summary>Binds a socket; the unspecified address takes both families where the system has both.</summary>
    private static Socket Bind(IPAddress address, int port, SocketType type, ProtocolType protocol)
    {
        if (IsUnspecified(address) && Socket.OSSupportsIPv6)
        {
            try
            {
                return BindOne(IPAddress.IPv6Any, port, type, protocol, isDual: true);
            }
            catch (NetworkException exception) when (exception.Code == "net.unavailable" && Socket.OSSupportsIPv4)
            {
                // A kernel with IPv6 compiled in and switched off: IPv4 alone is what "where possible" comes to.
                return BindOne(IPAddress.Any, port, type, protocol, isDual: false);
            }
        }

        return BindOne(address, port, type, protocol, isDual: false);
    }

    private static Socket BindOne(IPAddress address, int port, SocketType type, ProtocolType protocol, bool isDual)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, type, protocol);
            if (isDual)
            {
                socket.DualMode = true;
            }

            socket.Bind(new IPEndPoint(address, port));
            return socket;
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw BindFailure(exception, address, port);
        }
    }

    private static bool IsUnspecified(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static NetworkException BindFailure(SocketException exception, IPAddress address, int port) => exception.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse =>
            new NetworkException("net.port_in_use", $"Port {port} is already in use by another program.", exception),
        SocketError.AccessDenied =>
            new NetworkException("net.denied", $"The system does not allow this program to listen on port {port}.", exception),
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported or SocketError.ProtocolFamilyNotSupported =>
            new NetworkException("net.unavailable", $"This machine has no address {address} to listen on.", exception),
        _ => new NetworkException("net.failed", $"Listening on {address}, port {port}, failed: {exception.Message}.", exception),
    };

    private static NetworkException ConnectFailure(SocketException exception, PeerEndpoint remote) => exception.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => new NetworkException("net.refused", $"{remote} refused the connection.", exception),
        SocketError.TimedOut => new NetworkException("net.timeout", $"{remote} did not answer in time.", exception),
        SocketError.AddressNotAvailable =>
            new NetworkException("net.unavailable", "The address this client is bound to is not an address of this machine.", exception),
        SocketError.TooManyOpenSockets => new NetworkException("net.limits", "The system has no more sockets for this program.", exception),
        _ => new NetworkException("net.unreachable", $"{remote} cannot be reached: {exception.Message}.", exception),
    };

    private static NetworkException Broken(Exception exception, PeerEndpoint remote) => exception switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionReset } =>
            new NetworkException("net.closed", $"{remote} reset the connection.", exception),
        SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted } or ObjectDisposedException =>
            new NetworkException("net.closed", $"The connection with {remote} was closed.", exception),
        OperationCanceledException => new NetworkException("net.timeout", $"Waiting for {remote} was given up.", exception),
        _ => new NetworkException("net.closed", $"The connection with {remote} broke: {exception.Message}.", exception),
    };

    private static bool IsBreak(Exception exception) => exception is SocketException or ObjectDisposedException or OperationCanceledException;

    /// <summary>One TCP connection; a receive and a send allocate nothing once both have waited before.</summary>
    private sealed class SocketConnection : IConnection
    {
        private readonly Socket _socket;
        private readonly GatheredSend _send = new();
        private int _isDisposed;

        public SocketConnection(Socket socket, PeerEndpoint remote)
        {
            (_socket, Remote) = (socket, remote);
            Local = PeerEndpoint.From((IPEndPoint)socket.LocalEndPoint!);
        }

        public PeerEndpoint Remote { get; }

        public PeerEndpoint Local { get; }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            try
            {
                return await _socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (IsBreak(exception))
            {
                throw Broken(exception, Remote);
            }
        }

        /// <remarks>A send that has begun is ended by <see cref="Dispose"/> only.</remarks>
        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        public async ValueTask SendAsync(IList<ArraySegment<byte>> segments, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var rest = segments;
                while (rest.Count > 0)
                {
                    var sent = await _send.SendAsync(_socket, rest).ConfigureAwait(false);
                    rest = After(rest, sent);
                }
            }
            catch (Exception exception) when (IsBreak(exception))
            {
                throw Broken(exception, Remote);
            }
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            {
                return;
            }

            try
            {
                // Without it, disposing under a pending receive resets the connection and the last bytes sent are lost to the other side.
                _socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // The other side is gone already: there is nobody left to tell.
            }

            _socket.Dispose();
            _send.Dispose();
        }

        /// <summary>What is left when <paramref name="sent"/> bytes are gone; nearly always nothing.</summary>
        private static IList<ArraySegment<byte>> After(IList<ArraySegment<byte>> segments, int sent)
        {
            var index = 0;
            while (index < segments.Count && sent >= segments[index].Count)
            {
                sent -= segments[index++].Count;
            }

            if (index == segments.Count)
            {
                return [];
            }

            List<ArraySegment<byte>> rest = [.. segments.Skip(index)];
            rest[0] = rest[0][sent..];
            return rest;
        }
    }

    /// <summary>One gathered send after the other on one socket, without an allocation of ours per send and without an execution context.</summary>
    private sealed class GatheredSend() : SocketAsyncEventArgs(true), IValueTaskSource<int>
    {
        private ManualResetValueTaskSourceCore<int> _core;

        public ValueTask<int> SendAsync(Socket socket, IList<ArraySegment<byte>> segments)
        {
            _core.Reset();
            if (segments.Count == 1)
            {
                BufferList = null;
                SetBuffer(segments[0].Array, segments[0].Offset, segments[0].Count);
            }
            else
            {
                SetBuffer(null, 0, 0);
                BufferList = segments;
            }

            return socket.SendAsync(this)
                ? new ValueTask<int>(this, _core.Version)
                : SocketError == SocketError.Success
                    ? ValueTask.FromResult(BytesTransferred)
                    : throw new SocketException((int)SocketError);
        }

        public int GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);

        protected override void OnCompleted(SocketAsyncEventArgs e)
        {
            if (SocketError == SocketError.Success)
            {
                _core.SetResult(BytesTransferred);
            }
            else
            {
                _core.SetException(new SocketException((int)SocketError));
            }
        }
    }

    private sealed class SocketListener(Socket socket) : IListener
    {
        public PeerEndpoint Local { get; } = PeerEndpoint.From((IPEndPoint)socket.LocalEndPoint!);

        public async ValueTask<IConnection> AcceptAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                Socket? accepted = null;
                try
                {
                    accepted = await socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
                    accepted.NoDelay = true;
                    return new SocketConnection(accepted, PeerEndpoint.From((IPEndPoint)accepted.RemoteEndPoint!));
                }
                catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset
                    or SocketError.NotConnected or SocketError.TimedOut or SocketError.HostUnreachable or SocketError.NetworkUnreachable)
                {
                    // This one caller is gone again before we looked; the next one is not.
                    accepted?.Dispose();
                }
                catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TooManyOpenSockets
                    or SocketError.NoBufferSpaceAvailable)
                {
                    throw new NetworkException("net.limits", "The system has no more sockets for this program.", exception);
                }
                catch (Exception exception) when (IsBreak(exception))
                {
                    throw new NetworkException("net.closed", "Listening has ended.", exception);
                }
            }
        }

        public void Dispose() => socket.Dispose();
    }

    private sealed class DatagramSocket(Socket socket, LinkScopes scopes) : IDatagramSocket
    {
        private readonly SocketAddress _sender = new(socket.AddressFamily); // one reader at a time
        private SocketAddress? _spare;

        public PeerEndpoint Local { get; } = PeerEndpoint.From((IPEndPoint)socket.LocalEndPoint!);

        public async ValueTask SendAsync(ReadOnlyMemory<byte> datagram, PeerEndpoint remote, CancellationToken cancellationToken)
        {
            var target = Interlocked.Exchange(ref _spare, null) ?? new SocketAddress(socket.AddressFamily);
            try
            {
                var scope = remote.IsLinkLocalIPv6 ? scopes.Complete(remote.ToIPEndPoint()).Address.ScopeId : 0;
                if (SocketAddresses.TryWrite(remote, scope, target))
                {
                    await socket.SendToAsync(datagram, SocketFlags.None, target, cancellationToken).ConfigureAwait(false);
                }

                _spare = target;
            }
            catch (SocketException exception) when (exception.SocketErrorCode != SocketError.OperationAborted)
            {
                // Lost, as any datagram may be: whoever sent it waits for the answer, not for us.
            }
            catch (Exception exception) when (IsBreak(exception))
            {
                throw Broken(exception, remote);
            }
        }

        public async ValueTask<(int Length, PeerEndpoint Remote)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            while (true)
            {
                try
                {
                    var received = await socket.ReceiveFromAsync(buffer, SocketFlags.None, _sender, cancellationToken).ConfigureAwait(false);
                    var sender = SocketAddresses.Read(_sender, out var scope);
                    if (scope != 0 && sender.IsLinkLocalIPv6)
                    {
                        scopes.Learn(new IPAddress(sender.Address.GetAddressBytes(), scope));
                    }

                    return (received, sender);
                }
                catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionRefused)
                {
                    // An earlier datagram of ours found nobody (ICMP); that says nothing about the next one to arrive.
                }
                catch (SocketException exception) when (exception.SocketErrorCode == SocketError.MessageSize)
                {
                    return (buffer.Length, default);
                }
                catch (Exception exception) when (IsBreak(exception))
                {
                    throw new NetworkException("net.closed", "The UDP socket was closed.", exception);
                }
            }
        }

        public void Dispose() => socket.Dispose();
    }
}
