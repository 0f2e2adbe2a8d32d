using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using P2P.Engine.Primitives;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>libtorrent-rasterbar by its Python module, driven over standard input (lt_driver.py beside the tests). Plain TCP.</summary>
public sealed class LibtorrentPeer : IReferencePeer
{
    private const string Python = "/usr/bin/python3";
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(20);
    private static readonly Lazy<string?> Unavailable = new(Probe);

    private readonly ClientProcess _process;
    private readonly SemaphoreSlim _turn = new(1);

    private LibtorrentPeer(ClientProcess process, PeerEndpoint endpoint)
    {
        _process = process;
        Endpoint = endpoint;
    }

    /// <summary>Why it cannot be used here; null when it can.</summary>
    public static string? WhyUnavailable => Unavailable.Value;

    /// <inheritdoc/>
    public string Name => "libtorrent";

    /// <inheritdoc/>
    public PeerEndpoint Endpoint { get; }

    /// <summary>Id of its process, to read its CPU time.</summary>
    public int ProcessId => _process.Id;

    /// <inheritdoc/>
    public string Output => _process.Output;

    /// <summary>Starts a session on an address of its own.</summary>
    /// <param name="loopback">Gives addresses and folders.</param>
    /// <param name="settings">Entries of libtorrent's settings_pack, for example upload_rate_limit (bytes per second).</param>
    /// <param name="address">Where it listens and dials from; null for an address of its own.</param>
    /// <param name="discovers">DHT and peer exchange are not forbidden to its torrents; <paramref name="settings"/> switch them on.</param>
    /// <param name="keepsTalk">It remembers what it hears and says, for <see cref="TalkAsync"/>.</param>
    /// <param name="machine">Where it runs, at port 6881; null for this machine.</param>
    public static async Task<LibtorrentPeer> StartAsync(
        LoopbackFixture loopback, JsonObject? settings = null, System.Net.IPAddress? address = null, bool keepsTalk = false, bool discovers = false,
        NetworkNamespace? machine = null)
    {
        address ??= machine?.Address ?? loopback.NextAddress();
        var port = machine is null ? LoopbackFixture.FreePort(address) : 6881;
        var spec = new JsonObject
        {
            ["address"] = address.ToString(),
            ["port"] = port,
            ["settings"] = settings?.DeepClone() ?? new JsonObject(),
            ["talk"] = keepsTalk,
            ["discovers"] = discovers,
        };
        var script = Path.Combine(AppContext.BaseDirectory, "Drivers", "lt_driver.py");
        var (home, arguments) = (loopback.NewDirectory("libtorrent"), new[] { script, spec.ToJsonString() });
        var process = machine?.Start(Python, arguments, home, isDialogue: true) ?? ClientProcess.Start(Python, arguments, home, isDialogue: true);
        await process.NextLineAsync(AnswerTimeout).ConfigureAwait(false);
        if (machine is null)
        {
            await process.UntilListeningAsync(address, port).ConfigureAwait(false);
        }

        return new LibtorrentPeer(process, new PeerEndpoint(address, port));
    }

    /// <inheritdoc/>
    public Task AddAsync(string torrentPath, string directory, bool seed) =>
        OrderAsync(new JsonObject { ["do"] = "add", ["torrent"] = torrentPath, ["directory"] = directory, ["seed"] = seed });

    /// <inheritdoc/>
    public Task AddMagnetAsync(string uri, string directory) =>
        OrderAsync(new JsonObject { ["do"] = "magnet", ["uri"] = uri, ["directory"] = directory });

    /// <summary>Tells its DHT of a node.</summary>
    public Task AddNodeAsync(PeerEndpoint node) =>
        OrderAsync(new JsonObject { ["do"] = "dht_node", ["address"] = node.Address.ToString(), ["port"] = (int)node.Port });

    /// <summary>Announces to its DHT without having the torrent.</summary>
    public Task AnnounceToDhtAsync(InfoHash infoHash, int port) =>
        OrderAsync(new JsonObject { ["do"] = "dht_announce", ["infohash"] = infoHash.ToString(), ["port"] = port });

    /// <summary>Asks its DHT, and tells all that it found so far.</summary>
    public async Task<IReadOnlyList<PeerEndpoint>> AskDhtAsync(InfoHash infoHash)
    {
        var answer = await OrderAsync(new JsonObject { ["do"] = "dht_peers", ["infohash"] = infoHash.ToString() }).ConfigureAwait(false);
        return [.. answer.GetProperty("peers").EnumerateArray().Select(peer => new PeerEndpoint(System.Net.IPAddress.Parse(peer[0].GetString()!), peer[1].GetInt32()))];
    }

    /// <summary>Nodes in its DHT table.</summary>
    public async Task<int> DhtNodesAsync() =>
        (await OrderAsync(new JsonObject { ["do"] = "dht_state" }).ConfigureAwait(false)).GetProperty("nodes").GetInt32();

    /// <inheritdoc/>
    public async Task<PeerStatus> StatusAsync()
    {
        var answer = await OrderAsync(new JsonObject { ["do"] = "status" }).ConfigureAwait(false);
        return new PeerStatus(
            answer.GetProperty("progress").GetDouble(), answer.GetProperty("complete").GetBoolean(), answer.GetProperty("state").GetString()!, answer.GetProperty("peers").GetInt32());
    }

    /// <summary>Payload bytes from and to all peers since it started.</summary>
    public async Task<(long Downloaded, long Uploaded)> PayloadAsync()
    {
        var answer = await OrderAsync(new JsonObject { ["do"] = "status" }).ConfigureAwait(false);
        return (answer.GetProperty("downloaded").GetInt64(), answer.GetProperty("uploaded").GetInt64());
    }

    /// <summary>Its connections: address, client name, payload from and to.</summary>
    public async Task<IReadOnlyList<(PeerEndpoint Endpoint, string Client, long Downloaded, long Uploaded)>> PeersAsync()
    {
        var answer = await OrderAsync(new JsonObject { ["do"] = "peers" }).ConfigureAwait(false);
        return
        [
            .. answer.GetProperty("peers").EnumerateArray().Select(peer => (
                new PeerEndpoint(System.Net.IPAddress.Parse(peer.GetProperty("ip").GetString()!), peer.GetProperty("port").GetInt32()),
                peer.GetProperty("client").GetString()!,
                peer.GetProperty("down").GetInt64(),
                peer.GetProperty("up").GetInt64())),
        ];
    }

    /// <summary>What it said ("==>") and heard ("&lt;==") since the last call: its own log lines that hold any of the words.</summary>
    public async Task<IReadOnlyList<string>> TalkAsync(params string[] words)
    {
        var order = new JsonObject { ["do"] = "talk", ["words"] = new JsonArray([.. words.Select(word => JsonValue.Create(word))]) };
        var answer = await OrderAsync(order).ConfigureAwait(false);
        return [.. answer.GetProperty("lines").EnumerateArray().Select(line => line.GetString()!)];
    }

    /// <summary>Makes it dial a peer.</summary>
    public Task ConnectAsync(PeerEndpoint peer) =>
        OrderAsync(new JsonObject { ["do"] = "connect", ["address"] = peer.Address.ToString(), ["port"] = (int)peer.Port });

    /// <summary>Hashes everything again.</summary>
    public Task RecheckAsync() => OrderAsync(new JsonObject { ["do"] = "recheck" });

    /// <summary>Changes settings_pack entries while it runs.</summary>
    public Task SetAsync(JsonObject settings) => OrderAsync(new JsonObject { ["do"] = "set", ["settings"] = settings.DeepClone() });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static string? Probe()
    {
        if (!File.Exists(Python))
        {
            return $"{Python} is not installed";
        }

        using var probe = Process.Start(new ProcessStartInfo(Python, ["-c", "import libtorrent"]) { RedirectStandardError = true });
        probe!.WaitForExit();
        return probe.ExitCode == 0 ? null : "python3-libtorrent is not installed";
    }

    private async Task<JsonElement> OrderAsync(JsonObject order)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            using var answer = JsonDocument.Parse(await _process.AskAsync(order.ToJsonString(), AnswerTimeout).ConfigureAwait(false));
            return answer.RootElement.GetProperty("ok").GetBoolean()
                ? answer.RootElement.Clone()
                : throw new InvalidOperationException($"libtorrent: {answer.RootElement.GetProperty("why").GetString()}");
        }
        finally
        {
            _turn.Release();
        }
    }
}
