using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using P2P.Engine.Primitives;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>opentracker, HTTP and UDP on one port of 127.0.0.1; serves only infohashes it was told (Debian builds it so).</summary>
/// <remarks>Its interval is about 30 min: start seeds before leeches, or use <see cref="TestTracker"/>.</remarks>
public sealed class OpenTracker : IAsyncDisposable
{
    private readonly ClientProcess _process;
    private readonly string _whitelist;
    private readonly List<string> _allowed = [];

    private OpenTracker(ClientProcess process, string whitelist, IPAddress address, int port)
    {
        _process = process;
        _whitelist = whitelist;
        HttpUrl = string.Create(CultureInfo.InvariantCulture, $"http://{address}:{port}/announce");
        UdpUrl = string.Create(CultureInfo.InvariantCulture, $"udp://{address}:{port}/announce");
    }

    /// <summary>Why it cannot be used here; null when it can.</summary>
    public static string? WhyUnavailable => ClientProcess.Find("opentracker") is null ? "opentracker is not installed" : null;

    /// <summary>Id of its process, to read its CPU time.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Announce URL.</summary>
    public string HttpUrl { get; }

    /// <summary>Announce URL.</summary>
    public string UdpUrl { get; }

    /// <summary>Starts it; further torrents are let in by <see cref="AllowAsync"/>.</summary>
    public static async Task<OpenTracker> StartAsync(LoopbackFixture loopback, params InfoHash[] allowed)
    {
        var address = IPAddress.Loopback;
        var port = FreePortOfBothKinds(address);
        var home = loopback.NewDirectory("opentracker");
        var whitelist = Path.Combine(home, "whitelist");
        var config = Path.Combine(home, "opentracker.conf");
        await File.WriteAllLinesAsync(whitelist, allowed.Select(hash => hash.ToString())).ConfigureAwait(false);
        await File.WriteAllLinesAsync(
            config,
            [
                $"listen.tcp {address}:{port}", $"listen.udp {address}:{port}", $"access.whitelist {whitelist}", $"access.stats {address}",
                "tracker.user nobody",
            ]).ConfigureAwait(false);
        var process = ClientProcess.Start(ClientProcess.Find("opentracker")!, ["-f", config], home);
        var tracker = new OpenTracker(process, whitelist, address, port);
        tracker._allowed.AddRange(allowed.Select(hash => hash.ToString()));
        await process.UntilListeningAsync(address, port).ConfigureAwait(false);

        // It listens before a thread of its own has read the list.
        if (allowed.Length > 0)
        {
            await tracker.UntilAllowedAsync(allowed[^1]).ConfigureAwait(false);
        }

        return tracker;
    }

    /// <summary>Lets one more torrent in: it re-reads its list on SIGHUP.</summary>
    public async Task AllowAsync(InfoHash infoHash)
    {
        _allowed.Add(infoHash.ToString());
        await File.WriteAllLinesAsync(_whitelist, _allowed).ConfigureAwait(false);
        await _process.SignalAsync("HUP").ConfigureAwait(false);
        await UntilAllowedAsync(infoHash).ConfigureAwait(false);
    }

    private async Task UntilAllowedAsync(InfoHash infoHash)
    {
        using var http = NewHttp();

        // Only an announce that would add a peer is looked up in the list: one that says "stopped" is answered whatever the list holds.
        await LoopbackFixture.UntilAsync(
            async () => !Encoding.Latin1.GetString(await http.GetByteArrayAsync(Probe(infoHash, "started")).ConfigureAwait(false)).Contains("not authorized", StringComparison.Ordinal),
            TimeSpan.FromSeconds(10),
            "opentracker did not take its new list").ConfigureAwait(false);
        await http.GetByteArrayAsync(Probe(infoHash, "stopped")).ConfigureAwait(false);
    }

    /// <summary>Waits until it knows that many seeds of the torrent, so that a leech's first announce finds them.</summary>
    public async Task UntilSeededAsync(InfoHash infoHash, TimeSpan timeout, int seeds = 1)
    {
        using var http = NewHttp();
        var url = HttpUrl.Replace("/announce", "/scrape", StringComparison.Ordinal) + "?info_hash=" + Escape(infoHash);
        await LoopbackFixture.UntilAsync(
            async () =>
            {
                var answer = Encoding.Latin1.GetString(await http.GetByteArrayAsync(url).ConfigureAwait(false));
                return answer.Split("8:completei") is [_, var rest, ..] // a torrent without peers is not listed at all
                    && int.Parse(rest[..rest.IndexOf('e', StringComparison.Ordinal)], CultureInfo.InvariantCulture) >= seeds;
            },
            timeout,
            $"opentracker knows fewer than {seeds} seeds").ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static int FreePortOfBothKinds(IPAddress address)
    {
        while (true)
        {
            var port = LoopbackFixture.FreePort(address);
            using var udp = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                udp.Bind(new IPEndPoint(address, port));
                return port;
            }
            catch (SocketException)
            {
                continue; // taken for UDP: try another
            }
        }
    }

    private static string Escape(InfoHash infoHash) => string.Concat(infoHash.ToArray().Select(value => $"%{value:X2}"));

    // It closes each connection after its answer without saying so: one that is taken from a pool may be reset.
    private static HttpClient NewHttp() => new(new SocketsHttpHandler { UseProxy = false }) { DefaultRequestHeaders = { ConnectionClose = true } };

    private string Probe(InfoHash infoHash, string eventName) =>
        $"{HttpUrl}?info_hash={Escape(infoHash)}&peer_id=-XX0000-000000000000&port=1&uploaded=0&downloaded=0&left=1&compact=1&event={eventName}";
}
