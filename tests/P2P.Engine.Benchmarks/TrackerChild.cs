using System.Globalization;
using System.Net;

namespace P2P.Engine.Benchmarks;

/// <summary>Our engine as nothing but a tracker, in a process of its own: prints its HTTP and UDP port, ends when standard input does.</summary>
internal static class TrackerChild
{
    /// <summary>First argument.</summary>
    public const string Name = "tracker-child";

    /// <summary>Argument: its folder.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        await using var engine = await TorrentEngine.StartAsync(new TorrentEngineOptions
        {
            DataDirectory = Path.Combine(args[0], "state"),
            IncompleteDirectory = Path.Combine(args[0], "incomplete"),
            SharedDirectory = Path.Combine(args[0], "shared"),
            ListenAddress = IPAddress.Loopback,
            ListenPort = 0,
            Dht = false,
            LocalDiscovery = false,
            Tracker = new TrackerServerOptions { Enabled = true, HttpPort = 0, UdpPort = 0, ServesAny = true },
        });
        var tracker = await engine.GetTrackerServerAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tracker.HttpPort} {tracker.UdpPort}"));
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
