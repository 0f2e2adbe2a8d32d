using System.Net;
using System.Net.Sockets;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Transport;

/// <summary>A member of one multicast group on every interface of its family: one socket hears, one for each interface speaks.</summary>
/// <remarks>Thread-safe. Interfaces that appear later are joined at a send, so a machine that was offline at the start is found after all.</remarks>
internal sealed class MulticastSocket : IMulticastSocket
{
    /// <summary>How old the list of interfaces may be at a send: reading it costs about a millisecond, and cables are plugged by hand.</summary>
    private const long MaxAgeMs = 5000;

    /// <summary>Linux: IP_MULTICAST_ALL and IPV6_MULTICAST_ALL; off, only groups and interfaces that this socket joined are heard.</summary>
    private const int LinuxMulticastAll = 49;
    private const int LinuxMulticastAllIPv6 = 29;

    /// <summary>Linux: SOL_SOCKET and SO_REUSEADDR.</summary>
    private const int LinuxSocketLevel = 1;
    private const int LinuxReuseAddress = 2;

    /// <summary>Routers do not pass it on: what we say is for this network only.</summary>
    private const int Hops = 1;

    private readonly Socket _receiver;
    private readonly IDatagramSocket _incoming;
    private readonly IPEndPoint _group;
    private readonly IPAddress? _only;
    private readonly Func<AddressFamily, Socket> _open;
    private readonly TimeProvider _clock;
    private readonly Lock _lock = new();
    private readonly Dictionary<LocalNetworks.Place, Socket> _senders = [];
    private readonly HashSet<int> _joined = [];
    private LocalNetworks _networks = LocalNetworks.None;
    private long _readAtMs;
    private bool _isDisposed;

    /// <summary>Joins what is there. <paramref name="receiver"/> is bound to the group's port and owned from now on, also by <paramref name="incoming"/>.</summary>
    /// <param name="receiver">Hears the group.</param>
    /// <param name="incoming">The same socket, as one that receives datagrams.</param>
    /// <param name="group">The group and its port.</param>
    /// <param name="only">The one address to use; null for all.</param>
    /// <param name="open">Opens one more UDP socket.</param>
    /// <param name="clock">Tells how old the list of interfaces is.</param>
    public MulticastSocket(
        Socket receiver, IDatagramSocket incoming, IPEndPoint group, IPAddress? only, Func<AddressFamily, Socket> open, TimeProvider clock)
    {
        (_receiver, _incoming, _group, _only, _open, _clock) = (receiver, incoming, group, only, open, clock);
        if (OperatingSystem.IsLinux())
        {
            var (level, name) = IsIPv6 ? (SocketOptionLevel.IPv6, LinuxMulticastAllIPv6) : (SocketOptionLevel.IP, LinuxMulticastAll);
            Try(() => receiver.SetRawSocketOption((int)level, name, BitConverter.GetBytes(0)));
        }

        Refresh();
    }

    private bool IsIPv6 => _group.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>Binds a socket to a group's port beside every other program that has joined; throws <see cref="SocketException"/>.</summary>
    /// <remarks>
    /// On Linux by SO_REUSEADDR alone, which every client sets. With SO_REUSEPORT, which the framework adds, the kernel hands a datagram that
    /// concerns one of several sockets to any of them: with one joined on the network and one on the loopback, half was lost (6.18, early demux).
    /// Bound to the group, the socket hears nothing that is sent to this machine alone; Windows binds to own addresses only.
    /// </remarks>
    public static void BindShared(Socket socket, IPEndPoint group)
    {
        var any = group.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        var place = OperatingSystem.IsWindows() ? new IPEndPoint(any, group.Port) : group;
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(LinuxSocketLevel, LinuxReuseAddress, BitConverter.GetBytes(1));
            try
            {
                socket.Bind(place);
                return;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody shares it in the other way only.
            }
        }

        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(place);
    }

    /// <inheritdoc/>
    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken)
    {
        var (reached, ownMachine) = (0, 0);
        foreach (var (place, sender) in Senders())
        {
            try
            {
                await sender.SendToAsync(datagram, SocketFlags.None, _group, cancellationToken).ConfigureAwait(false);
                _ = IPAddress.IsLoopback(place.Source) ? ownMachine++ : reached++;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // This interface has gone or has no route for groups; the others are no worse for it.
            }
        }

        return reached > 0 ? reached : ownMachine;
    }

    /// <inheritdoc/>
    public ValueTask<(int Length, PeerEndpoint Remote)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _incoming.ReceiveAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public bool IsLocal(IPAddress address) => Volatile.Read(ref _networks).Contains(address);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (var sender in _senders.Values)
            {
                sender.Dispose();
            }

            _senders.Clear();
        }

        _incoming.Dispose();
    }

    private KeyValuePair<LocalNetworks.Place, Socket>[] Senders()
    {
        lock (_lock)
        {
            if (!_isDisposed && (_senders.Count == 0 || _clock.NowMs() - _readAtMs >= MaxAgeMs))
            {
                Refresh();
            }

            return [.. _senders];
        }
    }

    private void Refresh()
    {
        var networks = LocalNetworks.Read(_group.AddressFamily, _only);
        Volatile.Write(ref _networks, networks);
        _readAtMs = _clock.NowMs();
        foreach (var gone in _senders.Keys.Except(networks.Places).ToArray())
        {
            _senders.Remove(gone, out var sender);
            sender!.Dispose();
        }

        foreach (var index in _joined.Except(networks.Places.Select(place => place.Index)).ToArray())
        {
            _joined.Remove(index);
            Try(() => SetMembership(SocketOptionName.DropMembership, index));
        }

        foreach (var place in networks.Places)
        {
            if (!_joined.Contains(place.Index) && Try(() => SetMembership(SocketOptionName.AddMembership, place.Index)))
            {
                _joined.Add(place.Index);
            }

            if (!_senders.ContainsKey(place) && OpenSender(place) is { } sender)
            {
                _senders.Add(place, sender);
            }
        }
    }

    private void SetMembership(SocketOptionName name, int index)
    {
        if (IsIPv6)
        {
            _receiver.SetSocketOption(SocketOptionLevel.IPv6, name, new IPv6MulticastOption(_group.Address, index));
        }
        else
        {
            _receiver.SetSocketOption(SocketOptionLevel.IP, name, new MulticastOption(_group.Address, index));
        }
    }

    /// <summary>A socket that speaks from one place; null when the interface went away meanwhile.</summary>
    private Socket? OpenSender(LocalNetworks.Place place)
    {
        Socket? sender = null;
        try
        {
            sender = _open(_group.AddressFamily);
            var level = IsIPv6 ? SocketOptionLevel.IPv6 : SocketOptionLevel.IP;

            // For IPv4 the number is told apart from an address by its zero first byte in network order.
            sender.SetSocketOption(level, SocketOptionName.MulticastInterface, IsIPv6 ? place.Index : IPAddress.HostToNetworkOrder(place.Index));
            sender.SetSocketOption(level, SocketOptionName.MulticastTimeToLive, Hops);
            sender.SetSocketOption(level, SocketOptionName.MulticastLoopback, true);
            sender.Bind(new IPEndPoint(place.Source, 0));
            return sender;
        }
        catch (SocketException)
        {
            sender?.Dispose();
            return null;
        }
    }

    private static bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (SocketException)
        {
            return false; // the interface is gone, or the kernel lacks the option: what else is joined still works
        }
    }
}
