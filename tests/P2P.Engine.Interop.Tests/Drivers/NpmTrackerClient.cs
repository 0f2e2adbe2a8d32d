using System.Text.Json;
using System.Text.Json.Nodes;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>The client half of npm's "bittorrent-tracker" in a process of node.</summary>
/// <remarks>The package lies outside of the tree, in the folder that P2P_NPM names or in the user's cache; .ci/run puts it there.</remarks>
public sealed class NpmTrackerClient : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly ClientProcess _process;

    private NpmTrackerClient(ClientProcess process) => _process = process;

    /// <summary>Why it cannot be had here; null when it can.</summary>
    public static string? WhyUnavailable => ClientProcess.Find("node") is null ? "node is not installed"
        : File.Exists(Path.Combine(Folder, "node_modules", "bittorrent-tracker", "client.js")) ? null
        : "npm's bittorrent-tracker is not installed (.ci/run does it)";

    private static string Folder => Environment.GetEnvironmentVariable("P2P_NPM") is { Length: > 0 } folder
        ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "p2p-blazor-npm");

    /// <summary>Starts node; nothing is announced yet.</summary>
    public static NpmTrackerClient Start(LoopbackFixture loopback) => new(ClientProcess.Start(
        ClientProcess.Find("node")!, [Path.Combine(AppContext.BaseDirectory, "Drivers", "npm_tracker.mjs"), Folder], loopback.NewDirectory("npm"), isDialogue: true));

    /// <summary>A client called <paramref name="id"/> for one torrent at one tracker.</summary>
    public Task OpenAsync(string id, string announce, string infoHash, int port) => AskAsync(new { @do = "open", id, announce, infoHash, port });

    /// <summary>One announce: "start", "update", "complete" or "stop"; answers complete, incomplete and peers, or warning.</summary>
    public Task<JsonNode> AnnounceAsync(string id, string @event, long left, int numwant = 50) => AskAsync(new { @do = "announce", id, @event, left, numwant });

    /// <summary>A scrape of the client's torrent.</summary>
    public Task<JsonNode> ScrapeAsync(string id) => AskAsync(new { @do = "scrape", id });

    /// <summary>A scrape of several torrents, by infohash.</summary>
    public Task<JsonNode> ScrapeAsync(string announce, params string[] infoHashes) => AskAsync(new { @do = "scrapeMany", announce, infoHashes });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private async Task<JsonNode> AskAsync(object order) =>
        JsonNode.Parse(await _process.AskAsync(JsonSerializer.Serialize(order), Timeout).ConfigureAwait(false))!;
}
