using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace P2P.Engine.Benchmarks;

/// <summary>Many peers at one address that announce by UDP (BEP 15), some requests under way at a time. Synchronous: it must be cheap.</summary>
internal sealed class UdpAnnouncer : IDisposable
{
    /// <summary>Requests under way: fits into any socket buffer.</summary>
    private const int Window = 64;

    private const int AnswerHead = 20;
    private readonly Socket _socket;
    private readonly byte[] _request = new byte[98];
    private readonly byte[] _answer = new byte[2048];
    private readonly byte[] _infoHash;

    /// <summary>Connects, both as sockets and as BEP 15 do.</summary>
    public UdpAnnouncer(IPAddress address, IPEndPoint tracker, byte[] infoHash)
    {
        _infoHash = infoHash;
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5_000, ReceiveBufferSize = 4 << 20 };
        _socket.Bind(new IPEndPoint(address, 0));
        _socket.Connect(tracker);
        BinaryPrimitives.WriteInt64BigEndian(_request, 0x41727101980);
        _socket.Send(_request.AsSpan(0, 16));
        _socket.Receive(_answer);
        _answer.AsSpan(8, 8).CopyTo(_request); // the connection id
        BinaryPrimitives.WriteInt32BigEndian(_request.AsSpan(8), 1);
        infoHash.CopyTo(_request, 16);
        "-XX0000-000000000000"u8.CopyTo(_request.AsSpan(36));
        BinaryPrimitives.WriteInt64BigEndian(_request.AsSpan(64), 1); // left
        BinaryPrimitives.WriteInt32BigEndian(_request.AsSpan(92), TrackerTable.Wanted);
    }

    /// <summary>Announces the peers of these ports; returns how many peers the answers held.</summary>
    public long Announce(IEnumerable<int> ports)
    {
        var (underWay, peers) = (0, 0L);
        foreach (var port in ports)
        {
            BinaryPrimitives.WriteUInt16BigEndian(_request.AsSpan(96), (ushort)port);
            _socket.Send(_request);
            if (++underWay == Window)
            {
                // Half of them, so that the tracker always finds some waiting.
                for (; underWay > Window / 2; underWay--)
                {
                    peers += Take();
                }
            }
        }

        for (; underWay > 0; underWay--)
        {
            peers += Take();
        }

        return peers;
    }

    /// <summary>Peers that the tracker says are in the swarm.</summary>
    public int Scrape()
    {
        Span<byte> request = stackalloc byte[36];
        _request.AsSpan(0, 8).CopyTo(request);
        BinaryPrimitives.WriteInt32BigEndian(request[8..], 2);
        _infoHash.CopyTo(request[16..]);
        _socket.Send(request);
        _socket.Receive(_answer);
        return BinaryPrimitives.ReadInt32BigEndian(_answer.AsSpan(8)) + BinaryPrimitives.ReadInt32BigEndian(_answer.AsSpan(16));
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private int Take()
    {
        var length = _socket.Receive(_answer);
        if (length < AnswerHead || (length - AnswerHead) % 6 != 0 || BinaryPrimitives.ReadInt32BigEndian(_answer) != 1)
        {
            throw new InvalidOperationException($"The tracker answered {length} bytes that are no announce: {System.Text.Encoding.Latin1.GetString(_answer, 0, length)}");
        }

        return (length - AnswerHead) / 6;
    }
}
