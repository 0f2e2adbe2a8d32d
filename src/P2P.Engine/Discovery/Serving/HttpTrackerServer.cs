using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Discovery.Serving;

/// <summary>HTTP announces and scrapes (BEP 3, 7, 23, 24, 48): just enough HTTP/1.1 for GET, kept alive or not.</summary>
/// <remarks>
/// Not Kestrel, because the engine knows nothing of ASP.NET and runs on a simulated network, too. At most <see cref="MaxConnections"/>
/// connections, <see cref="MaxPerAddress"/> from one address beyond this machine's own; a request's head has <see cref="HeadBytes"/> bytes and
/// <see cref="HeadTime"/> to come.
/// </remarks>
internal sealed class HttpTrackerServer(INetwork network, TrackerDesk desk, TimeProvider clock) : IDisposable
{
    /// <summary>Connections at once.</summary>
    public const int MaxConnections = 1_000;

    /// <summary>Connections of one address at once.</summary>
    public const int MaxPerAddress = 20;

    /// <summary>Longest head of a request: the longest scrape of 100 infohashes fits.</summary>
    public const int HeadBytes = 8_192;

    /// <summary>Time for a head to arrive, and to wait for the next one.</summary>
    public static readonly TimeSpan HeadTime = TimeSpan.FromSeconds(10);

    private const int DefaultPeers = 50;
    private const int MostPeers = 200;

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<IPAddress, int> _byAddress = [];
    private readonly Lock _lock = new();
    private IListener? _listener;
    private int _connections;

    /// <summary>TCP port; 0 while not listening.</summary>
    public int Port => _listener?.Local.Port ?? 0;

    /// <summary>Listens; throws <see cref="NetworkException"/> when the port cannot be had.</summary>
    public void Start(IPAddress address, int port)
    {
        _listener = network.Listen(address, port);
        _ = AcceptAsync(_listener);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _listener?.Dispose();
    }

    private async Task AcceptAsync(IListener listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var connection = await listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
                if (TryAdmit(connection.Remote.Address))
                {
                    _ = ServeAsync(connection);
                }
                else
                {
                    desk.Refuse();
                    connection.Dispose();
                }
            }
            catch (NetworkException exception) when (exception.Code != "net.closed" && !_stop.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), clock, CancellationToken.None).ConfigureAwait(false); // out of descriptors: some are free again soon
            }
            catch (Exception exception) when (exception is NetworkException or OperationCanceledException)
            {
                return; // stopped listening
            }
        }
    }

    private async Task ServeAsync(IConnection connection)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(HeadBytes);
        try
        {
            var filled = 0;
            while (!_stop.IsCancellationRequested)
            {
                int end;
                using (var deadline = new CancellationTokenSource(HeadTime, clock))
                using (deadline.Token.UnsafeRegister(static state => ((IConnection)state!).Dispose(), connection))
                {
                    while ((end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
                    {
                        if (filled == HeadBytes)
                        {
                            desk.Refuse();
                            return;
                        }

                        var received = await connection.ReceiveAsync(buffer.AsMemory(filled, HeadBytes - filled), CancellationToken.None).ConfigureAwait(false);
                        if (received == 0)
                        {
                            return;
                        }

                        filled += received;
                    }
                }

                var reply = Answer(buffer.AsSpan(0, end), connection.Remote, out var isKept);
                await connection.SendAsync([reply], CancellationToken.None).ConfigureAwait(false);
                if (!isKept)
                {
                    return;
                }

                filled -= end + 4;
                buffer.AsSpan(end + 4, filled).CopyTo(buffer);
            }
        }
        catch (NetworkException)
        {
            // The client went away, or took longer than it may.
        }
        finally
        {
            connection.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
            Dismiss(connection.Remote.Address);
        }
    }

    /// <summary>The whole answer to one request's head, and whether the connection stays open.</summary>
    internal ArraySegment<byte> Answer(ReadOnlySpan<byte> head, PeerEndpoint remote, out bool isKept)
    {
        isKept = false;
        var lineEnd = head.IndexOf("\r\n"u8);
        var line = lineEnd < 0 ? head : head[..lineEnd];
        var firstSpace = line.IndexOf((byte)' ');
        var lastSpace = line.LastIndexOf((byte)' ');
        if (firstSpace < 0 || lastSpace == firstSpace || !line[(lastSpace + 1)..].StartsWith("HTTP/1."u8))
        {
            desk.Refuse();
            return Frame(400, "", isKept: false);
        }

        if (!line[..firstSpace].SequenceEqual("GET"u8))
        {
            desk.Refuse();
            return Frame(405, "", isKept: false);
        }

        isKept = line.EndsWith("HTTP/1.1"u8) && !HasClose(head);
        var target = line[(firstSpace + 1)..lastSpace];
        var question = target.IndexOf((byte)'?');
        var path = question < 0 ? target : target[..question];
        var query = question < 0 ? [] : target[(question + 1)..];
        var body = new ArrayBufferWriter<byte>(512);
        switch (path)
        {
            case var _ when path.SequenceEqual("/announce"u8):
                Announce(AnnounceQuery.Read(query), remote, body);
                return Frame(200, body.WrittenSpan, isKept);
            case var _ when path.SequenceEqual("/scrape"u8):
                Scrape(AnnounceQuery.Read(query), body);
                return Frame(200, body.WrittenSpan, isKept);
            default:
                desk.Refuse();
                return Frame(404, "This is a BitTorrent tracker; it answers at /announce and /scrape.\n", isKept);
        }
    }

    private void Announce(AnnounceQuery query, PeerEndpoint remote, ArrayBufferWriter<byte> body)
    {
        var problem = query.AnnounceProblem() ?? (desk.Serves(query.InfoHashes[0]) ? null : TrackerDesk.NotOurs);
        if (problem is not null)
        {
            desk.Refuse();
            TrackerReply.WriteFailure(body, problem);
            return;
        }

        var wanted = query.NumWant < 0 ? DefaultPeers : Math.Min(query.NumWant, MostPeers);
        Span<PeerEndpoint> peers = stackalloc PeerEndpoint[wanted];
        var asker = remote.WithPort(query.Port);
        var answer = desk.Announce(query.InfoHashes[0], asker, query.Left ?? 1, query.Event, peers);
        TrackerReply.WriteAnnounce(body, answer, peers[..answer.Peers], asker, desk.IntervalSeconds, query.WantsDictionaries);
    }

    private void Scrape(AnnounceQuery query, ArrayBufferWriter<byte> body)
    {
        if ((query.Problem ?? (query.InfoHashes.Count == 0 ? "A scrape names one info_hash at least." : null)) is { } problem)
        {
            desk.Refuse();
            TrackerReply.WriteFailure(body, problem);
            return;
        }

        TrackerReply.WriteScrape(body, query.InfoHashes.Select(infoHash => (infoHash, desk.Scrape(infoHash))));
    }

    private static bool HasClose(ReadOnlySpan<byte> head)
    {
        foreach (var range in head.Split("\r\n"u8))
        {
            var line = head[range];
            if (Ascii.EqualsIgnoreCase(line[..Math.Min(line.Length, 11)], "connection:"u8))
            {
                return Ascii.EqualsIgnoreCase(line[11..].Trim((byte)' '), "close"u8);
            }
        }

        return false;
    }

    private static ArraySegment<byte> Frame(int status, string body, bool isKept) => Frame(status, Encoding.ASCII.GetBytes(body), isKept);

    private static ArraySegment<byte> Frame(int status, ReadOnlySpan<byte> body, bool isKept)
    {
        var words = status switch { 200 => "200 OK", 400 => "400 Bad Request", 404 => "404 Not Found", _ => "405 Method Not Allowed" };
        var head = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"HTTP/1.1 {words}\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\nConnection: {(isKept ? "keep-alive" : "close")}\r\n\r\n"));
        byte[] whole = [.. head, .. body];
        return new ArraySegment<byte>(whole);
    }

    private bool TryAdmit(IPAddress address)
    {
        lock (_lock)
        {
            var fromThere = _byAddress.GetValueOrDefault(address);
            if (_connections >= MaxConnections || (fromThere >= MaxPerAddress && !IPAddress.IsLoopback(address)))
            {
                return false;
            }

            _connections++;
            _byAddress[address] = fromThere + 1;
            return true;
        }
    }

    private void Dismiss(IPAddress address)
    {
        lock (_lock)
        {
            _connections--;
            if (--_byAddress[address] == 0)
            {
                _byAddress.Remove(address);
            }
        }
    }
}
