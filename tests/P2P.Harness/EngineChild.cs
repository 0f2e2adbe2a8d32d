using System.Globalization;
using System.Net;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Harness;

/// <summary>The process under test of the engine harnesses: downloads one torrent from one seed and prints what it has.</summary>
/// <remarks>
/// Lines: READY n (torrents found at the start); ADDED; "P state bytesRead base64" (wire bytes of the pieces it has, read calls so far);
/// DONE path; "E text". On the input line "stop" it stops cleanly and prints STOPPED.
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

    private static async Task DownloadAsync(HarnessOptions options)
    {
        var root = options.Required("data");
        var engine = await TorrentEngine.StartAsync(new TorrentEngineOptions
        {
            DataDirectory = Path.Combine(root, "state"),
            IncompleteDirectory = Path.Combine(root, "incomplete"),
            SharedDirectory = Path.Combine(root, "shared"),
            ListenAddress = IPAddress.Loopback,
            ListenPort = 0,
        });
        Say($"READY {engine.Snapshot.Torrents.Length}");
        if (engine.Snapshot.RecoveryNotice is { } notice)
        {
            Say("N " + notice);
        }

        var handle = await FindOrAddAsync(engine, options);
        await handle.AddPeerAsync(new PeerEndpoint(IPAddress.Loopback, options.Number("port", 0)));
        var stop = Task.Run(Console.In.ReadLine);
        while (!stop.IsCompleted)
        {
            var details = await handle.GetDetailsAsync();
            Say($"P {details.Summary.State} {BytesRead()} {Convert.ToBase64String(details.Pieces.Have.AsSpan())}");
            if (details.Summary.Error is { } error)
            {
                Say("E " + error);
            }

            if (details.Summary.State == TorrentState.Seeding)
            {
                Say("DONE " + details.Summary.SavePath);
            }

            await Task.WhenAny(stop, Task.Delay(Beat));
        }

        await engine.DisposeAsync();
        Say("STOPPED");
    }

    private static async Task<TorrentHandle> FindOrAddAsync(TorrentEngine engine, HarnessOptions options)
    {
        if (engine.Find(InfoHash.Parse(options.Required("infohash"))) is { } found)
        {
            return found;
        }

        var handle = await engine.AddAsync(new AddTorrentRequest { TorrentFile = await File.ReadAllBytesAsync(options.Required("torrent")) });
        Say("ADDED");
        return handle;
    }

    /// <summary>Bytes this process has read by read calls, the network's included: a full check shows as the size of the data.</summary>
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
