using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using P2P.Engine.Primitives;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>One announce as the tracker heard it.</summary>
/// <param name="InfoHash">Which torrent.</param>
/// <param name="Peer">Source address and announced port.</param>
/// <param name="Event">"started", "completed", "stopped" or "".</param>
/// <param name="Left">Bytes missing.</param>
/// <param name="Uploaded">Bytes.</param>
/// <param name="Downloaded">Bytes.</param>
/// <param name="UserAgent">As the client calls itself.</param>
/// <param name="At">When.</param>
public sealed record TestAnnounce(
    InfoHash InfoHash, PeerEndpoint Peer, string Event, long Left, long Uploaded, long Downloaded, string UserAgent, DateTimeOffset At);

/// <summary>A small HTTP tracker on 127.0.0.1: settable interval, remembers every announce, gives each peer all others.</summary>
public sealed class TestTracker : IAsyncDisposable
{
    private const int MaxRequest = 16 << 10;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<(InfoHash Torrent, PeerEndpoint Peer), bool> _peers = new();
    private readonly ConcurrentQueue<TestAnnounce> _announces = new();
    private readonly Task _accepting;

    /// <summary>Starts listening on a free port.</summary>
    public TestTracker()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Announce URL.</summary>
    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/announce");

    /// <summary>What peers are told to wait.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Gives the body to answer with, or null for the usual one; for trackers that misbehave.</summary>
    public Func<TestAnnounce, byte[]?> Answer { get; set; } = _ => null;

    /// <summary>Every announce so far, oldest first.</summary>
    public IReadOnlyList<TestAnnounce> Announces => [.. _announces];

    /// <summary>Puts a peer into the swarm that never announces itself.</summary>
    public void Add(InfoHash infoHash, PeerEndpoint peer) => _peers[(infoHash, peer)] = true;

    /// <summary>Waits for an announce, past ones included.</summary>
    public async Task<TestAnnounce> UntilAsync(Func<TestAnnounce, bool> isIt, TimeSpan timeout, string what)
    {
        TestAnnounce? found = null;
        await LoopbackFixture.UntilAsync(() => Task.FromResult((found = _announces.FirstOrDefault(isIt)) is not null), timeout, what).ConfigureAwait(false);
        return found!;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        _listener.Stop();
        await _accepting.ConfigureAwait(false);
        _listener.Dispose();
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_ending.Token).ConfigureAwait(false));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return; // disposed
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var remote = (IPEndPoint)client.Client.RemoteEndPoint!;
                var stream = client.GetStream();
                var request = await ReadHeadAsync(stream).ConfigureAwait(false);
                var body = Respond(request, remote.Address);
                var head = body is null
                    ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    : string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
                await stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body ?? []], _ending.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                return; // the client left, or we end
            }
        }
    }

    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var buffer = new byte[4096];
        while (head.Length < MaxRequest && !head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, _ending.Token).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            head.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        return head.ToString();
    }

    private byte[]? Respond(string request, IPAddress source)
    {
        var lines = request.Split("\r\n");
        if (lines[0].Split(' ') is not [_, var target, _] || !target.StartsWith("/announce?", StringComparison.Ordinal))
        {
            return null;
        }

        var query = target[(target.IndexOf('?', StringComparison.Ordinal) + 1)..].Split('&')
            .Select(pair => pair.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0], StringComparer.Ordinal)
            .ToDictionary(pairs => pairs.Key, pairs => pairs.First()[1], StringComparer.Ordinal);
        var infoHash = Unescape(query.GetValueOrDefault("info_hash", ""));
        if (infoHash.Length != InfoHash.Length)
        {
            return "d14:failure reason13:bad info_hashe"u8.ToArray();
        }

        var announce = new TestAnnounce(
            new InfoHash(infoHash),
            new PeerEndpoint(source, (int)Number(query, "port")),
            query.GetValueOrDefault("event", ""),
            Number(query, "left"),
            Number(query, "uploaded"),
            Number(query, "downloaded"),
            lines.FirstOrDefault(line => line.StartsWith("User-Agent:", StringComparison.OrdinalIgnoreCase)) is { } agent ? agent[11..].Trim() : "",
            DateTimeOffset.UtcNow);
        _announces.Enqueue(announce);
        if (announce.Event == "stopped")
        {
            _peers.TryRemove((announce.InfoHash, announce.Peer), out _);
        }
        else
        {
            _peers[(announce.InfoHash, announce.Peer)] = announce.Left == 0;
        }

        return Answer(announce) ?? Usual(announce);
    }

    private byte[] Usual(TestAnnounce announce)
    {
        var swarm = _peers.Where(entry => entry.Key.Torrent == announce.InfoHash).ToArray();
        var compact = new List<byte>();
        var endpoint = new byte[18];
        foreach (var (key, _) in swarm.Where(entry => entry.Key.Peer != announce.Peer && entry.Key.Peer.IsIPv4))
        {
            compact.AddRange(endpoint.AsSpan(0, key.Peer.WriteCompact(endpoint)));
        }

        var seeds = swarm.Count(entry => entry.Value);
        var interval = (int)Interval.TotalSeconds;
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"d8:completei{seeds}e10:incompletei{swarm.Length - seeds}e8:intervali{interval}e12:min intervali{interval}e5:peers{compact.Count}:");
        return [.. Encoding.ASCII.GetBytes(head), .. compact, (byte)'e'];
    }

    private static long Number(Dictionary<string, string> query, string key) =>
        long.TryParse(query.GetValueOrDefault(key, "0"), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static byte[] Unescape(string text)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                bytes.Add((byte)text[i]);
            }
        }

        return [.. bytes];
    }
}
