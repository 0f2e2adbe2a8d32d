using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Simulation;

/// <summary>How a torrent was named to strangers.</summary>
internal enum Sighting
{
    /// <summary>In a datagram of the DHT.</summary>
    Dht,

    /// <summary>In a datagram of local discovery.</summary>
    LocalNetwork,

    /// <summary>Exchange of peers, offered or used with a peer of the torrent.</summary>
    Exchange,

    /// <summary>The port of the DHT node, told to a peer of the torrent.</summary>
    DhtPort,
}

/// <summary>Infohashes of private torrents (BEP 27), and what was sent of them that must not have been. Thread-safe.</summary>
internal sealed class PrivacyLedger(Action<string>? onViolation = null)
{
    // Is it private, or only counted?
    private readonly ConcurrentDictionary<InfoHash, bool> _watched = new();
    private readonly ConcurrentDictionary<(InfoHash, Sighting), int> _sightings = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private long _datagrams;
    private long _messages;

    /// <summary>What leaked, one sentence each; empty is right.</summary>
    public IReadOnlyCollection<string> Violations => _violations;

    /// <summary>Datagrams looked at, of any torrent.</summary>
    public long Datagrams => Interlocked.Read(ref _datagrams);

    /// <summary>Peer messages looked at, of private and counted torrents.</summary>
    public long Messages => Interlocked.Read(ref _messages);

    /// <summary>From now on nothing of it may be sent but to trackers and its own peers.</summary>
    public void Add(InfoHash infoHash) => _watched[infoHash] = true;

    /// <summary>From now on what is sent of this public torrent is counted, to show that the guard would see it.</summary>
    public void Count(InfoHash infoHash) => _watched.TryAdd(infoHash, false);

    /// <summary>Is it private?</summary>
    public bool Contains(InfoHash infoHash) => _watched.GetValueOrDefault(infoHash);

    /// <summary>Is it private or counted?</summary>
    public bool IsWatched(InfoHash infoHash) => _watched.ContainsKey(infoHash);

    /// <summary>How often a torrent was seen in this way.</summary>
    public int Sightings(InfoHash infoHash, Sighting kind) => _sightings.GetValueOrDefault((infoHash, kind));

    /// <summary>Looks at a datagram that leaves.</summary>
    public void OnDatagram(ReadOnlySpan<byte> datagram, string to)
    {
        Interlocked.Increment(ref _datagrams);

        // Trackers speak in binary (BEP 15); the DHT in bencoding, local discovery in text.
        if (datagram.IsEmpty || datagram[0] is not ((byte)'d' or (byte)'B') || _watched.IsEmpty)
        {
            return;
        }

        foreach (var infoHash in _watched.Keys)
        {
            var hex = infoHash.ToString();
            if (datagram.IndexOf(infoHash.ToArray()) >= 0 || datagram.IndexOf(System.Text.Encoding.ASCII.GetBytes(hex)) >= 0
                || datagram.IndexOf(System.Text.Encoding.ASCII.GetBytes(hex.ToUpperInvariant())) >= 0)
            {
                Report(infoHash, datagram[0] == (byte)'d' ? Sighting.Dht : Sighting.LocalNetwork, $"a datagram to {to} names the private torrent {hex}");
            }
        }
    }

    /// <summary>Looks at a peer message that leaves for a private torrent: neither exchange of peers nor a DHT port may be in it.</summary>
    public void OnMessage(ReadOnlySpan<byte> message, InfoHash infoHash, PeerEndpoint to)
    {
        Interlocked.Increment(ref _messages);
        if (message is [9, ..])
        {
            Report(infoHash, Sighting.DhtPort, $"the DHT port was told to {to} of the private torrent {infoHash}");
        }
        else if (message is [20, ..] && (message.IndexOf("ut_pex"u8) >= 0 || message.IndexOf("5:added"u8) >= 0))
        {
            Report(infoHash, Sighting.Exchange, $"peer exchange was offered to or used with {to} of the private torrent {infoHash}");
        }
    }

    private void Report(InfoHash infoHash, Sighting kind, string violation)
    {
        _sightings.AddOrUpdate((infoHash, kind), 1, static (_, count) => count + 1);
        if (!Contains(infoHash))
        {
            return;
        }

        _violations.Enqueue(violation);
        onViolation?.Invoke(violation);
    }
}

/// <summary>A network that passes everything on and looks at every packet that leaves (reliability.md R-D05).</summary>
internal sealed class PrivacyGuard(INetwork inner, PrivacyLedger ledger) : INetwork
{
    /// <inheritdoc/>
    public async ValueTask<IConnection> ConnectAsync(PeerEndpoint remote, CancellationToken cancellationToken) =>
        new GuardedConnection(await inner.ConnectAsync(remote, cancellationToken).ConfigureAwait(false), ledger);

    /// <inheritdoc/>
    public IListener Listen(IPAddress address, int port) => new GuardedListener(inner.Listen(address, port), ledger);

    /// <inheritdoc/>
    public IDatagramSocket BindUdp(IPAddress address, int port) => new GuardedDatagrams(inner.BindUdp(address, port), ledger);

    /// <inheritdoc/>
    public IMulticastSocket JoinMulticast(IPAddress group, int port, IPAddress? address) =>
        new GuardedMulticast(inner.JoinMulticast(group, port, address), ledger, group);

    /// <inheritdoc/>
    public ImmutableArray<IPAddress> LocalAddresses() => inner.LocalAddresses();

    /// <inheritdoc/>
    public ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => inner.ResolveAsync(host, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<HttpReply> HttpGetAsync(Uri uri, int maxBytes, CancellationToken cancellationToken) => inner.HttpGetAsync(uri, maxBytes, cancellationToken);

    private sealed class GuardedListener(IListener inner, PrivacyLedger ledger) : IListener
    {
        public PeerEndpoint Local => inner.Local;

        public async ValueTask<IConnection> AcceptAsync(CancellationToken cancellationToken) =>
            new GuardedConnection(await inner.AcceptAsync(cancellationToken).ConfigureAwait(false), ledger);

        public void Dispose() => inner.Dispose();
    }

    private sealed class GuardedDatagrams(IDatagramSocket inner, PrivacyLedger ledger) : IDatagramSocket
    {
        public PeerEndpoint Local => inner.Local;

        public ValueTask SendAsync(ReadOnlyMemory<byte> datagram, PeerEndpoint remote, CancellationToken cancellationToken)
        {
            ledger.OnDatagram(datagram.Span, remote.ToString());
            return inner.SendAsync(datagram, remote, cancellationToken);
        }

        public ValueTask<(int Length, PeerEndpoint Remote)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            inner.ReceiveAsync(buffer, cancellationToken);

        public void Dispose() => inner.Dispose();
    }

    private sealed class GuardedMulticast(IMulticastSocket inner, PrivacyLedger ledger, IPAddress group) : IMulticastSocket
    {
        public ValueTask<int> SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken)
        {
            ledger.OnDatagram(datagram.Span, group.ToString());
            return inner.SendAsync(datagram, cancellationToken);
        }

        public ValueTask<(int Length, PeerEndpoint Remote)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            inner.ReceiveAsync(buffer, cancellationToken);

        public bool IsLocal(IPAddress address) => inner.IsLocal(address);

        public void Dispose() => inner.Dispose();
    }

    /// <summary>Reads our side of a peer connection along until its handshake tells that the torrent is public; a private one's is read to the end.</summary>
    private sealed class GuardedConnection(IConnection inner, PrivacyLedger ledger) : IConnection
    {
        private const int HandshakeLength = 68;

        private readonly List<byte> _unread = [];
        private InfoHash? _infoHash;
        private bool _isOfNoInterest;

        public PeerEndpoint Remote => inner.Remote;

        public PeerEndpoint Local => inner.Local;

        public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) => inner.ReceiveAsync(buffer, cancellationToken);

        public ValueTask SendAsync(IList<ArraySegment<byte>> segments, CancellationToken cancellationToken)
        {
            if (!_isOfNoInterest)
            {
                foreach (var segment in segments)
                {
                    _unread.AddRange(segment);
                }

                Look();
            }

            return inner.SendAsync(segments, cancellationToken);
        }

        public void Dispose() => inner.Dispose();

        private void Look()
        {
            var sent = _unread.ToArray().AsSpan();
            if (_infoHash is null)
            {
                if (sent.Length < HandshakeLength)
                {
                    return;
                }

                _infoHash = new InfoHash(sent.Slice(28, InfoHash.Length));
                _isOfNoInterest = sent[0] != 19 || !ledger.IsWatched(_infoHash.Value); // an HTTP answer of our tracker is no handshake either
                sent = sent[HandshakeLength..];
            }

            while (!_isOfNoInterest && sent.Length >= 4 && System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(sent) is var length && sent.Length >= 4 + length)
            {
                ledger.OnMessage(sent.Slice(4, length), _infoHash.Value, Remote);
                sent = sent[(4 + length)..];
            }

            var rest = sent.ToArray();
            _unread.Clear();
            if (!_isOfNoInterest)
            {
                _unread.AddRange(rest);
            }
        }
    }
}
