using System.Buffers.Binary;
using System.Net;
using System.Text;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Serving;

/// <summary>UDP announces and scrapes (BEP 15, 41).</summary>
/// <remarks>
/// Nothing malformed is answered (R-U01), and to a source that has not proved itself by its connection id no answer is longer than its
/// request (R-U02), so we are of no use as a reflector. The options of BEP 41 are read over: every URL of ours means the same.
/// </remarks>
internal sealed class UdpTrackerServer(INetwork network, TrackerDesk desk, TimeProvider clock, Action<Span<byte>> entropy) : IDisposable
{
    private const long Magic = 0x41727101980;
    private const int MaxDatagram = 2_048;
    private const int ConnectLength = 16;
    private const int AnnounceLength = 98;
    private const int HeadLength = 20;
    private const int MaxScrapes = 74;
    private const int DefaultPeers = 50;

    // An answer stays below the smallest MTU met in practice: 1,220 bytes.
    private const int MostPeersIPv4 = 200;
    private const int MostPeersIPv6 = 66;

    private readonly CancellationTokenSource _stop = new();
    private readonly ConnectionIds _ids = new(entropy);
    private IDatagramSocket? _socket;

    /// <summary>UDP port; 0 while not bound.</summary>
    public int Port => _socket?.Local.Port ?? 0;

    /// <summary>Binds; throws <see cref="NetworkException"/> when the port cannot be had.</summary>
    public void Start(IPAddress address, int port)
    {
        _socket = network.BindUdp(address, port);
        _ = ReceiveAsync(_socket);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _socket?.Dispose();
    }

    private async Task ReceiveAsync(IDatagramSocket socket)
    {
        var buffer = new byte[MaxDatagram];
        var reply = new byte[HeadLength + (MostPeersIPv4 * 6) + 64];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var (length, remote) = await socket.ReceiveAsync(buffer, _stop.Token).ConfigureAwait(false);
                var answer = Answer(buffer.AsSpan(0, length), remote, reply);
                if (answer > 0)
                {
                    await socket.SendAsync(reply.AsMemory(0, answer), remote, _stop.Token).ConfigureAwait(false);
                }
            }
            catch (Exception exception) when (exception is NetworkException or OperationCanceledException)
            {
                return; // closed
            }
        }
    }

    /// <summary>Answers one datagram; returns the answer's length, 0 for none.</summary>
    internal int Answer(ReadOnlySpan<byte> datagram, PeerEndpoint remote, Span<byte> reply)
    {
        if (datagram.Length < ConnectLength || !remote.IsConnectable)
        {
            desk.Refuse();
            return 0;
        }

        var id = BinaryPrimitives.ReadInt64BigEndian(datagram);
        var action = BinaryPrimitives.ReadInt32BigEndian(datagram[8..]);
        var now = clock.NowMs();
        BinaryPrimitives.WriteInt32BigEndian(reply, action);
        datagram.Slice(12, 4).CopyTo(reply[4..]);
        if (action == 0)
        {
            if (id != Magic)
            {
                desk.Refuse();
                return 0;
            }

            BinaryPrimitives.WriteInt64BigEndian(reply[8..], _ids.For(remote, now));
            return ConnectLength;
        }

        if (!_ids.Accepts(id, remote, now))
        {
            desk.Refuse();
            return 0;
        }

        return action switch
        {
            1 when datagram.Length >= AnnounceLength => Announce(datagram, remote, reply),
            2 when datagram.Length >= ConnectLength + InfoHash.Length => Scrape(datagram, reply),
            _ => Refuse(),
        };
    }

    private int Announce(ReadOnlySpan<byte> datagram, PeerEndpoint remote, Span<byte> reply)
    {
        var infoHash = new InfoHash(datagram.Slice(16, InfoHash.Length));
        var port = BinaryPrimitives.ReadUInt16BigEndian(datagram[96..]);
        if (port == 0)
        {
            return Fail("An announce tells a port from 1 to 65535.", reply);
        }

        if (!desk.Serves(infoHash))
        {
            return Fail(TrackerDesk.NotOurs, reply);
        }

        var left = BinaryPrimitives.ReadInt64BigEndian(datagram[64..]);
        var happened = BinaryPrimitives.ReadInt32BigEndian(datagram[80..]) is >= 0 and <= 3 and var number ? (AnnounceEvent)number : AnnounceEvent.None;
        var wanted = BinaryPrimitives.ReadInt32BigEndian(datagram[92..]);
        var most = remote.IsIPv4 ? MostPeersIPv4 : MostPeersIPv6;
        Span<PeerEndpoint> peers = stackalloc PeerEndpoint[wanted < 0 ? DefaultPeers : Math.Min(wanted, most)];
        var answer = desk.Announce(infoHash, remote.WithPort(port), left, happened, peers);
        BinaryPrimitives.WriteInt32BigEndian(reply[8..], desk.IntervalSeconds);
        BinaryPrimitives.WriteInt32BigEndian(reply[12..], answer.Leechers);
        BinaryPrimitives.WriteInt32BigEndian(reply[16..], answer.Seeds);
        var length = HeadLength;
        foreach (var peer in peers[..answer.Peers])
        {
            length += peer.WriteCompact(reply[length..]);
        }

        return length;
    }

    private int Scrape(ReadOnlySpan<byte> datagram, Span<byte> reply)
    {
        var length = 8;
        for (var at = ConnectLength; at + InfoHash.Length <= datagram.Length && length < 8 + (MaxScrapes * 12); at += InfoHash.Length)
        {
            var answer = desk.Scrape(new InfoHash(datagram.Slice(at, InfoHash.Length)));
            BinaryPrimitives.WriteInt32BigEndian(reply[length..], answer.Seeds);
            BinaryPrimitives.WriteInt32BigEndian(reply[(length + 4)..], answer.Downloads);
            BinaryPrimitives.WriteInt32BigEndian(reply[(length + 8)..], answer.Leechers);
            length += 12;
        }

        return length;
    }

    private int Fail(string reason, Span<byte> reply)
    {
        desk.Refuse();
        BinaryPrimitives.WriteInt32BigEndian(reply, 3);
        return 8 + Encoding.ASCII.GetBytes(reason, reply[8..]);
    }

    private int Refuse()
    {
        desk.Refuse();
        return 0;
    }
}
