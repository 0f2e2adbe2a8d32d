using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using P2P.Engine.Primitives;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>aria2 by its JSON-RPC. It dials encrypted first and falls back to plain on a second connection.</summary>
/// <remarks>Without DHT it announces to HTTP trackers only.</remarks>
public sealed class Aria2Peer : IReferencePeer
{
    private readonly ClientProcess _process;
    private readonly HttpClient _http;
    private string? _gid;
    private bool _isMetadata;

    private Aria2Peer(ClientProcess process, PeerEndpoint endpoint, int rpcPort)
    {
        _process = process;
        Endpoint = endpoint;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{rpcPort}/jsonrpc")),
        };
    }

    /// <summary>Why it cannot be used here; null when it can.</summary>
    public static string? WhyUnavailable => ClientProcess.Find("aria2c") is null ? "aria2c is not installed" : null;

    /// <inheritdoc/>
    public string Name => "aria2";

    /// <inheritdoc/>
    public PeerEndpoint Endpoint { get; }

    /// <inheritdoc/>
    public string Output => _process.Output;

    /// <summary>Starts it on an address of its own.</summary>
    /// <param name="loopback">Gives addresses and folders.</param>
    /// <param name="extra">More options, for example "--max-overall-upload-limit=1M".</param>
    public static async Task<Aria2Peer> StartAsync(LoopbackFixture loopback, params string[] extra)
    {
        var address = loopback.NextAddress();
        var port = LoopbackFixture.FreePort(address);
        var rpcPort = LoopbackFixture.FreePort(IPAddress.Loopback);
        var home = loopback.NewDirectory("aria2");
        string[] arguments =
        [
            "--no-conf", "--quiet", "--enable-rpc", $"--rpc-listen-port={rpcPort}", "--rpc-listen-all=false",
            "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--disable-ipv6=true",
            $"--listen-port={port}", $"--interface={address}", "--seed-ratio=0.0", "--file-allocation=none", "--bt-max-peers=0",
            "--allow-overwrite=true", "--max-overall-upload-limit=0", $"--dir={home}", $"--stop-with-process={Environment.ProcessId}",
            .. extra,
        ];
        var process = ClientProcess.Start(ClientProcess.Find("aria2c")!, arguments, home);
        var peer = new Aria2Peer(process, new PeerEndpoint(address, port), rpcPort);
        await process.UntilListeningAsync(IPAddress.Loopback, rpcPort).ConfigureAwait(false);
        return peer;
    }

    /// <inheritdoc/>
    public async Task AddAsync(string torrentPath, string directory, bool seed)
    {
        var options = new JsonObject { ["dir"] = directory };
        if (seed)
        {
            options["bt-seed-unverified"] = "true";
        }

        var torrent = Convert.ToBase64String(await File.ReadAllBytesAsync(torrentPath).ConfigureAwait(false));
        _gid = (await CallAsync("aria2.addTorrent", torrent, new JsonArray(), options).ConfigureAwait(false)).GetString();
    }

    /// <inheritdoc/>
    public async Task AddMagnetAsync(string uri, string directory)
    {
        var answer = await CallAsync("aria2.addUri", new JsonArray(uri), new JsonObject { ["dir"] = directory }).ConfigureAwait(false);
        (_gid, _isMetadata) = (answer.GetString(), true);
    }

    /// <inheritdoc/>
    public async Task<PeerStatus> StatusAsync()
    {
        var keys = new JsonArray("status", "completedLength", "totalLength", "connections", "errorMessage", "followedBy");
        var status = await CallAsync("aria2.tellStatus", _gid!, keys).ConfigureAwait(false);
        if (status.TryGetProperty("followedBy", out var next))
        {
            // The metadata of a magnet link is one download to it, the content another.
            (_gid, _isMetadata) = (next[0].GetString(), false);
            status = await CallAsync("aria2.tellStatus", _gid!, keys.DeepClone()).ConfigureAwait(false);
        }

        var completed = Number(status, "completedLength");
        var total = Number(status, "totalLength");
        var state = status.GetProperty("status").GetString()!;
        var error = status.TryGetProperty("errorMessage", out var message) ? message.GetString() : null;
        return new PeerStatus(
            total == 0 ? 0 : (double)completed / total,
            !_isMetadata && total > 0 && completed == total && state is ("active" or "complete"),
            string.IsNullOrEmpty(error) ? state : $"{state}: {error}",
            (int)Number(status, "connections"));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync().ConfigureAwait(false);
    }

    private static long Number(JsonElement status, string key) =>
        long.Parse(status.GetProperty(key).GetString()!, CultureInfo.InvariantCulture);

    private async Task<JsonElement> CallAsync(string method, params JsonNode[] parameters)
    {
        var call = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = "1", ["method"] = method, ["params"] = new JsonArray(parameters) };

        // Not as a stream: its server does not understand chunked bodies.
        using var body = new StringContent(call.ToJsonString(), Encoding.UTF8, "application/json");
        using var reply = await _http.PostAsync("", body).ConfigureAwait(false);
        using var answer = JsonDocument.Parse(await reply.Content.ReadAsStreamAsync().ConfigureAwait(false));
        return answer.RootElement.TryGetProperty("result", out var result)
            ? result.Clone()
            : throw new InvalidOperationException($"aria2: {answer.RootElement.GetRawText()}");
    }
}
