using System.Globalization;
using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Benchmarks;

/// <summary>Our engine as a process of the speed table: told what to do by lines on standard input.</summary>
internal static class SpeedChild
{
    /// <summary>First argument that makes the benchmark program this child.</summary>
    public const string Name = "speed-child";

    /// <summary>Arguments: folder, address, port. Lines: "add TORRENT", "peer IP PORT", "state". Answers one line each.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        var folder = args[0];
        await using var engine = await TorrentEngine.StartAsync(new TorrentEngineOptions
        {
            MaxActiveDownloads = 0, // Its torrents run all at once.
            DataDirectory = Path.Combine(folder, "state"),
            IncompleteDirectory = Path.Combine(folder, "incomplete"),
            SharedDirectory = Path.Combine(folder, "shared"),
            ListenAddress = IPAddress.Parse(args[1]),
            ListenPort = int.Parse(args[2], CultureInfo.InvariantCulture),
            Dht = false,
            LocalDiscovery = false,
            PeerExchange = false,
        });
        Console.WriteLine("ready");
        TorrentHandle? torrent = null;
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ');
            switch (words[0])
            {
                case "add":
                    torrent = await engine.AddAsync(new AddTorrentRequest { TorrentFile = await File.ReadAllBytesAsync(words[1]) });
                    Console.WriteLine("ok");
                    break;
                case "peer":
                    await torrent!.AddPeerAsync(new PeerEndpoint(IPAddress.Parse(words[1]), int.Parse(words[2], CultureInfo.InvariantCulture)));
                    Console.WriteLine("ok");
                    break;
                default:
                    Console.WriteLine($"{torrent!.Snapshot.State} {torrent.Snapshot.HavePieces} {torrent.Snapshot.Reason}");
                    break;
            }
        }

        return 0;
    }
}
