using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace P2P.Engine.Benchmarks;

/// <summary>Many peers at one address that announce by HTTP, one connection each as most clients do, or all on one. Synchronous: it must be cheap.</summary>
internal sealed class HttpAnnouncer(IPAddress address, IPEndPoint tracker, byte[] infoHash) : IDisposable
{
    private readonly byte[] _answer = new byte[16 << 10];
    private readonly string _hash = string.Concat(infoHash.Select(value => value.ToString("X2", CultureInfo.InvariantCulture).Insert(0, "%")));
    private Socket? _kept;

    /// <summary>Announces the peers of these ports; returns how many peers the answers held.</summary>
    public long Announce(IEnumerable<int> ports, bool isKept)
    {
        var peers = 0L;
        foreach (var port in ports)
        {
            var socket = _kept ?? Connect();
            _kept = isKept ? socket : null;
            socket.Send(Encoding.ASCII.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"GET /announce?info_hash={_hash}&peer_id=-XX0000-000000000000&port={port}&uploaded=0&downloaded=0&left=1&compact=1&numwant={TrackerTable.Wanted} HTTP/1.{(isKept ? 1 : 0)}\r\nHost: tracker\r\nUser-Agent: load\r\n\r\n")));
            peers += Take(socket, isKept);
            if (!isKept)
            {
                socket.Dispose();
            }
        }

        return peers;
    }

    /// <inheritdoc/>
    public void Dispose() => _kept?.Dispose();

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 5_000, NoDelay = true };
        socket.Bind(new IPEndPoint(address, 0));
        socket.Connect(tracker);
        return socket;
    }

    // The whole answer, to its end or to its length; "5:peers300:" and six bytes for each.
    private int Take(Socket socket, bool isKept)
    {
        for (var filled = 0; ;)
        {
            var received = socket.Receive(_answer.AsSpan(filled));
            filled += received;
            var answer = _answer.AsSpan(0, filled);
            var head = answer.IndexOf("\r\n\r\n"u8);
            var (at, end) = (answer.IndexOf("5:peers"u8), answer[Math.Max(0, head)..].LastIndexOf((byte)'e'));
            if (head >= 0 && (isKept ? IsWhole(answer, head) : received == 0))
            {
                var digits = answer[(at + 7)..];
                return at >= 0 && end >= 0
                    ? int.Parse(digits[..digits.IndexOf((byte)':')], CultureInfo.InvariantCulture) / 6
                    : throw new InvalidOperationException($"The tracker answered: {Encoding.Latin1.GetString(answer)}");
            }

            if (received == 0)
            {
                throw new InvalidOperationException("The tracker hung up before its answer was whole.");
            }
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> answer, int head)
    {
        var name = "Content-Length: "u8;
        var at = answer.IndexOf(name) + name.Length;
        var digits = answer[at..];
        return answer.Length >= head + 4 + int.Parse(digits[..digits.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
    }
}
