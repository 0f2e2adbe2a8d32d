using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using P2P.Engine.Primitives;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>transmission-daemon by its RPC.</summary>
/// <remarks>
/// It never dials a peer in 127/8 (it accepts them): as a leech it gets data only when the other side dials it. It
/// says "interested" on a 10 s tick, so waits are 30 s or more. It verifies data it finds when a torrent is added.
/// </remarks>
public sealed class TransmissionPeer : IReferencePeer
{
    private const string SessionHeader = "X-Transmission-Session-Id";
    private const int SeedingStatus = 6;
    private readonly ClientProcess _process;
    private readonly HttpClient _http;
    private string _session = "";

    private TransmissionPeer(ClientProcess process, PeerEndpoint endpoint, int rpcPort)
    {
        _process = process;
        Endpoint = endpoint;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{rpcPort}/transmission/rpc")),
        };
    }

    /// <summary>Why it cannot be used here; null when it can.</summary>
    public static string? WhyUnavailable => ClientProcess.Find("transmission-daemon") is null ? "transmission-daemon is not installed" : null;

    /// <inheritdoc/>
    public string Name => "Transmission";

    /// <inheritdoc/>
    public PeerEndpoint Endpoint { get; }

    /// <inheritdoc/>
    public string Output => _process.Output;

    /// <summary>Starts it on an address of its own.</summary>
    /// <param name="loopback">Gives addresses and folders.</param>
    /// <param name="nodes">DHT nodes to begin with; empty leaves its DHT off. Only in a namespace of its own (<see cref="Isolated"/>): it also asks a public node.</param>
    /// <param name="localDiscovery">BEP 14; only in a namespace, too.</param>
    public static async Task<TransmissionPeer> StartAsync(LoopbackFixture loopback, IReadOnlyList<PeerEndpoint>? nodes = null, bool localDiscovery = false)
    {
        var address = loopback.NextAddress();
        var port = LoopbackFixture.FreePort(address);
        var rpcPort = LoopbackFixture.FreePort(IPAddress.Loopback);
        var home = loopback.NewDirectory("transmission");
        var settings = new JsonObject
        {
            ["bind-address-ipv4"] = address.ToString(),
            ["bind-address-ipv6"] = "::1",
            ["peer-port"] = port,
            ["peer-port-random-on-start"] = false,
            ["rpc-bind-address"] = "127.0.0.1",
            ["rpc-port"] = rpcPort,
            ["rpc-authentication-required"] = false,
            ["rpc-whitelist-enabled"] = false,
            ["rpc-host-whitelist-enabled"] = false,
            ["dht-enabled"] = nodes is { Count: > 0 },
            ["lpd-enabled"] = localDiscovery,
            ["pex-enabled"] = false,
            ["utp-enabled"] = false,
            ["port-forwarding-enabled"] = false,
            ["blocklist-enabled"] = false,
            ["encryption"] = 0,
            ["download-queue-enabled"] = false,
            ["seed-queue-enabled"] = false,
            ["ratio-limit-enabled"] = false,
            ["idle-seeding-limit-enabled"] = false,
            ["speed-limit-up-enabled"] = false,
            ["preallocation"] = 1,
            ["download-dir"] = home,
        };
        await File.WriteAllTextAsync(Path.Combine(home, "settings.json"), settings.ToJsonString()).ConfigureAwait(false);
        if (nodes is { Count: > 0 })
        {
            if (!Isolated.IsHere)
            {
                throw new InvalidOperationException("Transmission's DHT asks a public node; it runs in a namespace only.");
            }

            var lines = nodes.Select(node => string.Create(CultureInfo.InvariantCulture, $"{node.Address} {node.Port}"));
            await File.WriteAllLinesAsync(Path.Combine(home, "dht.bootstrap"), lines).ConfigureAwait(false);
        }

        var process = ClientProcess.Start(ClientProcess.Find("transmission-daemon")!, ["-f", "-g", home, "--log-error"], home);
        var peer = new TransmissionPeer(process, new PeerEndpoint(address, port), rpcPort);
        await process.UntilListeningAsync(IPAddress.Loopback, rpcPort).ConfigureAwait(false);
        return peer;
    }

    /// <inheritdoc/>
    public async Task AddAsync(string torrentPath, string directory, bool seed)
    {
        var metainfo = Convert.ToBase64String(await File.ReadAllBytesAsync(torrentPath).ConfigureAwait(false));
        await CallAsync("torrent-add", new JsonObject { ["metainfo"] = metainfo, ["download-dir"] = directory, ["paused"] = false }).ConfigureAwait(false);
        if (seed)
        {
            await ((IReferencePeer)this).UntilCompleteAsync(TimeSpan.FromMinutes(2)).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task AddMagnetAsync(string uri, string directory) =>
        CallAsync("torrent-add", new JsonObject { ["filename"] = uri, ["download-dir"] = directory, ["paused"] = false });

    /// <inheritdoc/>
    public async Task<PeerStatus> StatusAsync()
    {
        var fields = new JsonArray("percentDone", "metadataPercentComplete", "status", "peersConnected", "errorString");
        var arguments = await CallAsync("torrent-get", new JsonObject { ["fields"] = fields }).ConfigureAwait(false);
        if (arguments.GetProperty("torrents").EnumerateArray().FirstOrDefault() is not { ValueKind: JsonValueKind.Object } torrent)
        {
            return new PeerStatus(0, IsComplete: false, "no torrent", 0);
        }

        var done = torrent.GetProperty("percentDone").GetDouble();
        var status = torrent.GetProperty("status").GetInt32();
        return new PeerStatus(
            status is 1 or 2 ? 0 : done,
            done >= 1 && status == SeedingStatus && torrent.GetProperty("metadataPercentComplete").GetDouble() >= 1,
            string.Create(CultureInfo.InvariantCulture, $"status {status} {torrent.GetProperty("errorString").GetString()}"),
            torrent.GetProperty("peersConnected").GetInt32());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<JsonElement> CallAsync(string method, JsonObject arguments)
    {
        var call = new JsonObject { ["method"] = method, ["arguments"] = arguments };
        var reply = await PostAsync(call).ConfigureAwait(false);
        if (reply.StatusCode == HttpStatusCode.Conflict)
        {
            // Its protection against cross-site calls: it tells the id to repeat the call with.
            _session = reply.Headers.GetValues(SessionHeader).Single();
            reply.Dispose();
            reply = await PostAsync(call).ConfigureAwait(false);
        }

        using (reply)
        {
            using var answer = JsonDocument.Parse(await reply.Content.ReadAsStreamAsync().ConfigureAwait(false));
            return answer.RootElement.GetProperty("result").GetString() == "success"
                ? answer.RootElement.GetProperty("arguments").Clone()
                : throw new InvalidOperationException($"Transmission: {answer.RootElement.GetRawText()}");
        }
    }

    private async Task<HttpResponseMessage> PostAsync(JsonObject call)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "") { Content = JsonContent.Create(call) };
        request.Headers.TryAddWithoutValidation(SessionHeader, _session);
        return await _http.SendAsync(request).ConfigureAwait(false);
    }
}
