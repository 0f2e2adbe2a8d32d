using System.Globalization;
using System.Net;
using P2P.Engine.Interop.Tests.Drivers;
using P2P.Engine.Primitives;

namespace P2P.Engine.Benchmarks;

/// <summary>Our tracker and opentracker in turn, in processes of their own: 100,000 peers in one swarm, then announces; CPU of the tracker's process alone.</summary>
/// <remarks>A peer is its address and the port it tells, for both trackers: two addresses with 50,000 ports each. A scrape must say that all are held.</remarks>
internal static class TrackerTable
{
    /// <summary>Peers asked for in each announce.</summary>
    public const int Wanted = 50;

    private const int Peers = 100_000;
    private const int FirstPort = 10_000;

    /// <summary>As the host starts itself.</summary>
    private static readonly Dictionary<string, string> AsTheHost = new() { ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1" };

    /// <summary>Arguments: announces of each kind (200000; a tenth of it by new connections), rounds (3). Prints one table of medians; 1 when opentracker is missing.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (OpenTracker.WhyUnavailable is { } reason)
        {
            Console.WriteLine(reason);
            return 1;
        }

        var announces = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 200_000;
        var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 3;
        using var loopback = new LoopbackFixture();
        List<Result> ours = [], theirs = [];
        for (var round = 0; round < rounds; round++)
        {
            theirs.Add(await MeasureTheirsAsync(loopback, announces));
            ours.Add(await MeasureOursAsync(loopback, announces));
            Console.WriteLine($"# opentracker {theirs[^1]}\n# ours        {ours[^1]}");
        }

        Console.WriteLine($"\n| {Peers:N0} peers, medians of {rounds} | opentracker | ours | ratio |\n|---|---|---|---|");
        Print("UDP announces per CPU second", run => run.Udp, "N0");
        Print("HTTP announces per CPU second, a connection each", run => run.Http, "N0");
        Print("HTTP announces per CPU second, one connection", run => run.Kept, "N0");
        Print("resident MiB with all peers", run => run.MiB, "N1");
        Print("of it for the peers", run => run.PeersMiB, "N1");
        return 0;

        void Print(string what, Func<Result, double> of, string format)
        {
            var (reference, own) = (ProcessCost.Median(theirs.Select(of)), ProcessCost.Median(ours.Select(of)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {reference.ToString(format, CultureInfo.InvariantCulture)} | {own.ToString(format, CultureInfo.InvariantCulture)} | {own / reference:F2} |"));
        }
    }

    private static async Task<Result> MeasureTheirsAsync(LoopbackFixture loopback, int announces)
    {
        var infoHash = Hash();
        await using var tracker = await OpenTracker.StartAsync(loopback, new InfoHash(infoHash));
        var port = new Uri(tracker.HttpUrl).Port;
        return Measure(tracker.ProcessId, port, port, infoHash, announces, canKeep: false);
    }

    private static async Task<Result> MeasureOursAsync(LoopbackFixture loopback, int announces)
    {
        var folder = loopback.NewDirectory("tracker");
        await using var process = ClientProcess.Start("dotnet", [typeof(TrackerChild).Assembly.Location, TrackerChild.Name, folder], folder, isDialogue: true, AsTheHost);
        var ports = (await process.NextLineAsync(TimeSpan.FromSeconds(30))).Split(' ').Select(port => int.Parse(port, CultureInfo.InvariantCulture)).ToArray();
        return Measure(process.Id, ports[0], ports[1], Hash(), announces, canKeep: true);
    }

    private static Result Measure(int processId, int httpPort, int udpPort, byte[] infoHash, int announces, bool canKeep)
    {
        var (udp, http) = (new IPEndPoint(IPAddress.Loopback, udpPort), new IPEndPoint(IPAddress.Loopback, httpPort));
        var before = ProcessCost.ResidentMiB(processId);
        using var first = new UdpAnnouncer(IPAddress.Loopback, udp, infoHash);
        using var second = new UdpAnnouncer(new IPAddress([127, 0, 0, 2]), udp, infoHash);
        var all = Enumerable.Range(FirstPort, Peers / 2).ToArray();
        first.Announce(all);
        second.Announce(all);
        if (first.Scrape() != Peers)
        {
            throw new InvalidOperationException($"The tracker holds {first.Scrape()} peers instead of {Peers}.");
        }

        var (full, random) = (ProcessCost.ResidentMiB(processId), new Random(1));
        IEnumerable<int> Drawn(int count) => Enumerable.Range(0, count).Select(_ => random.Next(FirstPort, FirstPort + (Peers / 2)));

        var byUdp = PerCpuSecond(processId, announces, () => first.Announce(Drawn(announces / 2)) + second.Announce(Drawn(announces / 2)));
        using var firstHttp = new HttpAnnouncer(IPAddress.Loopback, http, infoHash);
        using var secondHttp = new HttpAnnouncer(new IPAddress([127, 0, 0, 2]), http, infoHash);
        var few = announces / 10;
        var byHttp = PerCpuSecond(processId, few, () => firstHttp.Announce(Drawn(few / 2), isKept: false) + secondHttp.Announce(Drawn(few / 2), isKept: false));
        var byKept = canKeep ? PerCpuSecond(processId, announces / 2, () => firstHttp.Announce(Drawn(announces / 2), isKept: true)) : double.NaN;
        return first.Scrape() == Peers
            ? new Result(byUdp, byHttp, byKept, full, full - before)
            : throw new InvalidOperationException($"The tracker holds {first.Scrape()} peers at the end instead of {Peers}.");
    }

    private static double PerCpuSecond(int processId, int count, Func<long> announce)
    {
        var before = ProcessCost.CpuSeconds(processId);
        var peers = announce();
        var cost = ProcessCost.CpuSeconds(processId) - before;
        return peers >= count * (Wanted - 1L)
            ? count / cost
            : throw new InvalidOperationException($"{count} answers held {peers} peers, not {Wanted} each.");
    }

    private static byte[] Hash()
    {
        var hash = new byte[InfoHash.Length];
        Random.Shared.NextBytes(hash);
        return hash;
    }

    private sealed record Result(double Udp, double Http, double Kept, double MiB, double PeersMiB);
}
