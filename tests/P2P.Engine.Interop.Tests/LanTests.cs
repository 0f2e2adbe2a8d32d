using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>A network of its own with no tracker, no bootstrap and no way out: the whole program on four machines, and together with other clients.</summary>
public sealed class LanTests : IDisposable
{
    private const string Page = "http://127.0.0.1:5080";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private readonly LoopbackFixture _loopback = new();

    public void Dispose() => _loopback.Dispose();

    [Fact]
    public async Task Four_machines_with_one_magnet_link_and_nothing_else_all_get_the_file()
    {
        Require(NetworkNamespaces.WhyUnavailable);
        await using var lan = await NetworkNamespaces.CreateAsync(4);
        await using var hosts = new Hosts(this);
        foreach (var machine in lan.Machines)
        {
            await hosts.StartAsync(machine);
        }

        var content = new byte[6_000_000];
        new Random(4).NextBytes(content);
        var source = hosts.All[0];
        var path = Path.Combine(source.Shared, "film.bin");
        await File.WriteAllBytesAsync(path, content);
        var started = await source.CallAsync("-X", "POST", "-H", "Content-Type: application/json", "-d", JsonSerializer.Serialize(new { path }), $"{Page}/api/v1/torrents/create");
        var infoHash = "";
        await LoopbackFixture.UntilAsync(
            async () =>
            {
                var creation = await source.CallAsync($"{Page}/api/v1/creations/{started["id"]}");
                infoHash = creation["infoHash"]?.ToString() ?? "";
                return creation["state"]?.ToString() == "seeding";
            },
            Timeout,
            "the torrent is not made");

        var firstPeer = new List<double>();
        foreach (var host in hosts.All.Skip(1))
        {
            var clock = Stopwatch.StartNew();
            await host.CallAsync("-F", $"magnet=magnet:?xt=urn:btih:{infoHash}", $"{Page}/api/v1/torrents");
            await LoopbackFixture.UntilAsync(async () => await HasMetAnybodyAsync(host, infoHash), Timeout, "nobody is found", () => host.Output);
            firstPeer.Add(clock.Elapsed.TotalSeconds);
        }

        foreach (var host in hosts.All.Skip(1))
        {
            await LoopbackFixture.UntilAsync(async () => (await host.TorrentAsync(infoHash))["state"]!.ToString() == "seeding", Timeout, "a machine does not get the file");
            Assert.Equal(SHA256.HashData(content), SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(host.Shared, "film.bin"))));
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"from the magnet link to the first peer: {string.Join(", ", firstPeer.Select(seconds => seconds.ToString("0.0", CultureInfo.InvariantCulture)))} s");
        Assert.All(firstPeer, seconds => Assert.InRange(seconds, 0, 5));

        // A LAN without bootstrap is a DHT by itself: everybody knows the others as nodes.
        foreach (var host in hosts.All)
        {
            await LoopbackFixture.UntilAsync(async () => (await host.CallAsync($"{Page}/api/v1/dht"))["tables"]![0]!["nodes"]!.AsArray().Count == 3, Timeout, "the machines are no DHT");
        }
    }

    [Fact]
    public async Task Two_of_ours_a_Transmission_and_a_libtorrent_share_one_torrent_without_a_tracker()
    {
        Require(NetworkNamespaces.WhyUnavailable, LibtorrentPeer.WhyUnavailable, TransmissionPeer.WhyUnavailable);
        var torrent = TestTorrents.Single(_loopback, 3_000_001, 16 << 10, announce: null, seed: 12);
        await using var lan = await NetworkNamespaces.CreateAsync(4);
        await using var transmission = await StartTransmissionAsync(lan.Machines[0], torrent);
        await using var hosts = new Hosts(this);
        await hosts.StartAsync(lan.Machines[1]);
        await hosts.StartAsync(lan.Machines[2]);
        await using var libtorrent = await LibtorrentPeer.StartAsync(
            _loopback, new JsonObject { ["enable_lsd"] = true, ["enable_dht"] = true }, machine: lan.Machines[3], discovers: true);
        var link = $"magnet:?xt=urn:btih:{torrent.InfoHash}";
        var folder = _loopback.NewDirectory("libtorrent-download");

        foreach (var host in hosts.All)
        {
            await host.CallAsync("-F", $"magnet={link}", $"{Page}/api/v1/torrents");
        }

        await libtorrent.AddMagnetAsync(link, folder);
        foreach (var host in hosts.All)
        {
            await LoopbackFixture.UntilAsync(
                async () => (await host.TorrentAsync(torrent.InfoHash.ToString()))["state"]!.ToString() == "seeding", Timeout, "one of ours does not get the file",
                () => $"{host.Output}\n{string.Join('\n', transmission.Output.Split('\n').TakeLast(30))}");
            torrent.AssertCopiedTo(host.Shared);
        }

        await ((IReferencePeer)libtorrent).UntilCompleteAsync(Timeout);
        torrent.AssertCopiedTo(folder);
    }

    // On an idle machine all is over before anyone can look: whoever has bytes has met a peer.
    private static async Task<bool> HasMetAnybodyAsync(Host host, string infoHash) =>
        await host.TorrentAsync(infoHash) is var torrent && ((int)torrent["connectedPeers"]! > 0 || (long)torrent["downloaded"]! > 0 || torrent["state"]!.ToString() == "seeding");

    private static void Require(params string?[] reasons) =>
        Assert.SkipWhen(reasons.Any(reason => reason is not null), string.Join("; ", reasons.Where(reason => reason is not null)));

    private async Task<ClientProcess> StartTransmissionAsync(NetworkNamespace machine, TestTorrent torrent)
    {
        var home = _loopback.NewDirectory("transmission");
        var watched = Directory.CreateDirectory(Path.Combine(home, "watched")).FullName;
        File.Copy(torrent.TorrentPath, Path.Combine(watched, "a.torrent"));
        var settings = new JsonObject
        {
            ["peer-port"] = 6881,
            ["lpd-enabled"] = true,
            ["dht-enabled"] = true,
            ["pex-enabled"] = true,
            ["utp-enabled"] = false,
            ["port-forwarding-enabled"] = false,
            ["rpc-enabled"] = false,
            ["download-dir"] = torrent.Directory,
            ["watch-dir"] = watched,
            ["watch-dir-enabled"] = true,
            ["start-added-torrents"] = true,
        };
        await File.WriteAllTextAsync(Path.Combine(home, "settings.json"), settings.ToJsonString());
        return machine.Start(ClientProcess.Find("transmission-daemon")!, ["-f", "-g", home, "--log-debug"], home);
    }

    /// <summary>The program on one machine; spoken to from inside, as it listens on loopback only.</summary>
    private sealed record Host(NetworkNamespace Machine, string Folder, ClientProcess Process)
    {
        public string Output => string.Join('\n', Process.Output.Split('\n').TakeLast(40));

        public string Shared => Path.Combine(Folder, "shared");

        public Task<JsonNode> TorrentAsync(string infoHash) => CallAsync($"{Page}/api/v1/torrents/{infoHash}");

        public async Task<JsonNode> CallAsync(params string[] arguments)
        {
            var (code, output) = await Machine.RunAsync("curl", ["--silent", "--show-error", "--max-time", "20", .. arguments]);
            return code == 0 && output.StartsWith('{') ? JsonNode.Parse(output)! : throw new InvalidOperationException($"curl {string.Join(' ', arguments)} ended with {code}: {output}");
        }
    }

    private sealed class Hosts(LanTests tests) : IAsyncDisposable
    {
        private readonly List<ClientProcess> _processes = [];

        public List<Host> All { get; } = [];

        public async Task StartAsync(NetworkNamespace machine)
        {
            var folder = tests._loopback.NewDirectory("host");
            var process = machine.Start("dotnet", [BuiltFile.Host, $"--Urls={Page}", $"--Data={folder}", "--Engine:DhtBootstrap=", "--Host:LogLevel=Debug"], folder);
            _processes.Add(process);
            var host = new Host(machine, folder, process);
            await LoopbackFixture.UntilAsync(
                async () => (await machine.RunAsync("curl", "--silent", "--fail", $"{Page}/health")).Code == 0, Timeout, "the page does not answer", () => process.Output);
            All.Add(host);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var process in _processes)
            {
                await process.DisposeAsync();
            }
        }
    }
}
