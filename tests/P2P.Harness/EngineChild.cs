using System.Globalization;
using System.Net;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Harness;

/// <summary>The process under test of the engine harnesses: downloads one torrent from one seed, changes the state meanwhile, and prints what it has.</summary>
/// <remarks>
/// Lines: "H trusted toCheck sentence" (what the start decided); "READY t s" (is the torrent known, the setting); ADDED; "A n" (the small torrent
/// n is added); "C v" (the setting is v); "P state bytesRead base64" (wire bytes of the pieces it has, bytes read from files so far); "DONE d" (payload bytes received in all lives); "N text" (a
/// recovery); "E text". On the input line "stop" it stops cleanly and prints STOPPED.
/// </remarks>
internal static class EngineChild
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    public static async Task RunAsync(HarnessOptions options)
    {
        try
        {
            await DownloadAsync(options);
        }
        catch (Exception exception)
        {
            Say("E " + exception.Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>A torrent too small to matter, added stopped, so that there is something to lose.</summary>
    public static SeedContent SmallTorrent(int number) => new(1024, number);

    private static async Task DownloadAsync(HarnessOptions options)
    {
        var root = options.Required("data");
        var settings = new TorrentEngineOptions
        {
            MaxActiveDownloads = 0, // Its torrents run all at once.
            DataDirectory = Path.Combine(root, "state"),
            IncompleteDirectory = Path.Combine(root, "incomplete"),
            SharedDirectory = Path.Combine(root, "shared"),
            ListenAddress = IPAddress.Loopback,
            ListenPort = 0,
            Dht = false,
            LocalDiscovery = false,
            PeerExchange = false,
        };
        if (options.Text("flush-ms") is not null)
        {
            settings = settings with { FlushInterval = TimeSpan.FromMilliseconds(options.Number("flush-ms", 0)) };
        }

        var engine = await Sabotage.StartEngineAsync(settings, new ResumeLog(Say), options.Text("sabotage"));
        var infoHash = InfoHash.Parse(options.Required("infohash"));
        Say($"READY {(engine.Find(infoHash) is null ? 0 : 1)} {engine.Options.MaxConnections}");
        if (engine.Snapshot.RecoveryNotice is { } notice)
        {
            Say("N " + notice);
        }

        var handle = engine.Find(infoHash) ?? await AddAsync(engine, options);
        _ = handle.AddPeerAsync(new PeerEndpoint(IPAddress.Loopback, options.Number("port", 0)));
        if (options.Has("storm"))
        {
            _ = ChangeAsync(engine, options.Number("storm", 1));
        }

        var stop = Task.Run(Console.In.ReadLine);
        while (!stop.IsCompleted)
        {
            Report(await handle.GetDetailsAsync());
            await Task.WhenAny(stop, Task.Delay(Beat));
        }

        await engine.DisposeAsync();
        Say("STOPPED");
    }

    private static async Task<TorrentHandle> AddAsync(TorrentEngine engine, HarnessOptions options)
    {
        var handle = await engine.AddAsync(new AddTorrentRequest { TorrentFile = await File.ReadAllBytesAsync(options.Required("torrent")) });
        Say("ADDED");
        return handle;
    }

    private static void Report(TorrentDetails details)
    {
        Say($"P {details.Summary.State} {BytesRead()} {Convert.ToBase64String(details.Pieces.Have.AsSpan())}");
        if (details.Summary.Error is { } error)
        {
            Say("E " + error);
        }

        if (details.Summary.State == TorrentState.Seeding)
        {
            Say($"DONE {details.Summary.Downloaded}");
        }
    }

    /// <summary>One small torrent, then settings as fast as they are acknowledged, from <paramref name="first"/> on.</summary>
    private static async Task ChangeAsync(TorrentEngine engine, int first)
    {
        try
        {
            await engine.AddAsync(new AddTorrentRequest { TorrentFile = SmallTorrent(first).TorrentFile, Start = false });
            Say($"A {first}");
            for (var value = first; ; value++)
            {
                await engine.UpdateSettingsAsync(new EngineSettingsPatch { MaxConnections = value });
                Say($"C {value}");
                await Task.Delay(Beat);
            }
        }
        catch (TorrentEngineException exception)
        {
            // Not acknowledged, so nothing is owed: the disk is gone, or the engine stops.
            Say("X " + exception.Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>Bytes this process has read by read calls on files (sockets are read by recvmsg, which is not counted): a full check shows.</summary>
    private static long BytesRead() => OperatingSystem.IsLinux()
        ? long.Parse(File.ReadLines("/proc/self/io").First(line => line.StartsWith("rchar:", StringComparison.Ordinal))[6..], CultureInfo.InvariantCulture)
        : 0;

    private static void Say(string line)
    {
        lock (Console.Out)
        {
            Console.Out.Write(line + "\n");
            Console.Out.Flush();
        }
    }
}
