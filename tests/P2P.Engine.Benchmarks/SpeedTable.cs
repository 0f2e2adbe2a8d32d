using System.Diagnostics;
using System.Globalization;
using P2P.Engine.Interop.Tests.Drivers;
using P2P.Engine.Primitives;

namespace P2P.Engine.Benchmarks;

/// <summary>Whole processes on loopback, ours and libtorrent in every pairing, in turn in one run: CPU seconds per GiB of each side.</summary>
/// <remarks>CPU is user + system of the process from the moment the leecher is told of the seed until it has everything (ours: moved and durable).</remarks>
internal static class SpeedTable
{
    private const double GiB = 1L << 30;

    /// <summary>Arguments: MiB (1024), rounds (3). Prints one table of medians; 1 when a client is missing.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (LibtorrentPeer.WhyUnavailable is { } reason)
        {
            Console.WriteLine(reason);
            return 1;
        }

        var mebibytes = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1024;
        var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;
        using var loopback = new LoopbackFixture();
        var torrent = TestTorrents.Single(loopback, (long)mebibytes << 20, 1 << 20, announce: null);
        var results = new Dictionary<string, List<(double Seed, double Leech, double Wall)>>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (seed, leech) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
            {
                var name = $"{(seed ? "ours" : "libtorrent")} -> {(leech ? "ours" : "libtorrent")}";
                var result = await RunOnceAsync(loopback, torrent, seed, leech);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"# {name}: seed {result.Seed:F2}, leech {result.Leech:F2} CPU s/GiB, {result.Wall:F2} s"));
                results.TryAdd(name, []);
                results[name].Add(result);
            }
        }

        Print(results, mebibytes);
        return 0;
    }

    private static void Print(Dictionary<string, List<(double Seed, double Leech, double Wall)>> results, int mebibytes)
    {
        var reference = results["libtorrent -> libtorrent"];
        var (referenceSeed, referenceLeech) = (ProcessCost.Median(reference.Select(run => run.Seed)), ProcessCost.Median(reference.Select(run => run.Leech)));
        Console.WriteLine($"\n| {mebibytes} MiB, medians of {reference.Count} | wall s | seed CPU s/GiB | leech CPU s/GiB | seed ratio | leech ratio |\n|---|---|---|---|---|---|");
        foreach (var (name, runs) in results)
        {
            var (seed, leech) = (ProcessCost.Median(runs.Select(run => run.Seed)), ProcessCost.Median(runs.Select(run => run.Leech)));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {ProcessCost.Median(runs.Select(run => run.Wall)):F2} | {seed:F2} | {leech:F2} | {seed / referenceSeed:F2} | {leech / referenceLeech:F2} |"));
        }
    }

    private static async Task<(double Seed, double Leech, double Wall)> RunOnceAsync(LoopbackFixture loopback, TestTorrent torrent, bool ourSeed, bool ourLeech)
    {
        await using var seed = await StartAsync(loopback, torrent, ourSeed, isSeed: true);
        await using var leech = await StartAsync(loopback, torrent, ourLeech, isSeed: false);
        var (seedCpu, leechCpu, start) = (ProcessCost.CpuSeconds(seed.ProcessId), ProcessCost.CpuSeconds(leech.ProcessId), Stopwatch.GetTimestamp());
        await leech.ConnectAsync(seed.Endpoint);
        await LoopbackFixture.UntilAsync(leech.IsCompleteAsync, TimeSpan.FromMinutes(5), "the transfer did not end");
        var wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var perGiB = GiB / torrent.Length;
        return ((ProcessCost.CpuSeconds(seed.ProcessId) - seedCpu) * perGiB, (ProcessCost.CpuSeconds(leech.ProcessId) - leechCpu) * perGiB, wall);
    }

    private static async Task<Side> StartAsync(LoopbackFixture loopback, TestTorrent torrent, bool isOurs, bool isSeed)
    {
        var folder = loopback.NewDirectory(isSeed ? "seed" : "leech");
        if (!isOurs)
        {
            var peer = await LibtorrentPeer.StartAsync(loopback);
            if (!isSeed)
            {
                LayZeros(Path.Combine(folder, torrent.Files[0].Path), torrent.Length);
            }

            await peer.AddAsync(torrent.TorrentPath, isSeed ? torrent.Directory : folder, isSeed);
            await LoopbackFixture.UntilAsync(
                async () => (await peer.StatusAsync()).State is not ("checking_files" or "checking_resume_data"), TimeSpan.FromMinutes(2), "libtorrent did not check its files");
            return new Side(
                peer.ProcessId, peer.Endpoint, async () => (await peer.StatusAsync()).IsComplete, peer.ConnectAsync,
                async () => { await peer.DisposeAsync(); Directory.Delete(folder, recursive: true); });
        }

        var address = loopback.NextAddress();
        var port = LoopbackFixture.FreePort(address);
        Directory.CreateDirectory(Path.Combine(folder, "shared"));
        if (isSeed)
        {
            foreach (var (path, _) in torrent.Files)
            {
                File.Copy(Path.Combine(torrent.Directory, path), Path.Combine(folder, "shared", path));
            }
        }

        else
        {
            LayZeros(Path.Combine(folder, "incomplete", torrent.Files[0].Path + ".part"), torrent.Length);
        }

        var process = ClientProcess.Start(
            "dotnet", [typeof(SpeedChild).Assembly.Location, SpeedChild.Name, folder, address.ToString(), port.ToString(CultureInfo.InvariantCulture)], folder, isDialogue: true);
        await process.NextLineAsync(TimeSpan.FromSeconds(30));
        await process.AskAsync($"add {torrent.TorrentPath}", TimeSpan.FromSeconds(30));
        await LoopbackFixture.UntilAsync(
            async () => await StateAsync(process) == (isSeed ? "Seeding" : "Downloading"), TimeSpan.FromMinutes(2), "ours did not check its files");

        return new Side(
            process.Id, new PeerEndpoint(address, port), async () => await StateAsync(process) == "Seeding",
            remote => process.AskAsync($"peer {remote.Address} {remote.Port}", TimeSpan.FromSeconds(10)),
            async () => { await process.DisposeAsync(); Directory.Delete(folder, recursive: true); });
    }

    private static async Task<string> StateAsync(ClientProcess process) => (await process.AskAsync("state", TimeSpan.FromSeconds(10))).Split(' ')[0];

    /// <summary>
    /// A virtual machine pays its host for memory it never touched (limits.md 0.5): every leecher overwrites a file of zeros that lies in the
    /// page cache, so that the clients are measured and not the hypervisor.
    /// </summary>
    private static void LayZeros(string path, long length)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = File.Create(path);
        var chunk = new byte[1 << 20];
        for (long written = 0; written < length; written += chunk.Length)
        {
            file.Write(chunk);
        }
    }

    private sealed record Side(
        int ProcessId, PeerEndpoint Endpoint, Func<Task<bool>> IsCompleteAsync, Func<PeerEndpoint, Task> ConnectAsync, Func<Task> Stop) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Stop();
    }
}
