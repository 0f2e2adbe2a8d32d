using P2P.Engine.Primitives;
using P2P.Engine.Simulation;
using Xunit;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>Our own engine as a peer of the tests: real sockets on one loopback address, everything in one temporary folder.</summary>
public sealed class OurPeer : IAsyncDisposable
{
    private OurPeer(TorrentEngine engine, TorrentEngineOptions options, TestLog log)
    {
        Log = log;
        Engine = engine;
        Options = options;
    }

    public TorrentEngine Engine { get; private set; }

    public TorrentEngineOptions Options { get; }

    public TestLog Log { get; }

    public PeerEndpoint Endpoint => new(Options.ListenAddress!, Engine.Snapshot.ListenPort);

    public string SharedDirectory => Options.SharedDirectory;

    /// <summary>Starts an engine with its own address and folders; discovery is off but for what a test switches on, so nothing leaves loopback.</summary>
    public static async Task<OurPeer> StartAsync(LoopbackFixture loopback, Func<TorrentEngineOptions, TorrentEngineOptions>? configure = null)
    {
        var folder = loopback.NewDirectory("ours");
        var address = loopback.NextAddress();
        var options = new TorrentEngineOptions
        {
            MaxActiveDownloads = 0, // Its torrents run all at once.
            DataDirectory = Path.Combine(folder, "state"),
            IncompleteDirectory = Path.Combine(folder, "incomplete"),
            SharedDirectory = Path.Combine(folder, "shared"),
            ListenAddress = address,
            ListenPort = LoopbackFixture.FreePort(address),
            MinTrackerInterval = TimeSpan.FromSeconds(1),
            Dht = false,
            LocalDiscovery = false,
            PeerExchange = false,
        };
        options = configure?.Invoke(options) ?? options;
        var log = new TestLog();
        return new OurPeer(await StartEngineAsync(options, log), options, log);
    }

    /// <summary>Stops cleanly and starts again on the same folders.</summary>
    public async Task RestartAsync()
    {
        await Engine.DisposeAsync();
        Engine = await StartEngineAsync(Options, Log);
    }

    /// <summary>Infohashes of private torrents in this process of tests; nobody but trackers and their peers may hear of them (R-D05).</summary>
    internal static PrivacyLedger Privacy { get; } = new();

    private static Task<TorrentEngine> StartEngineAsync(TorrentEngineOptions options, TestLog log) =>
        TorrentEngine.StartAsync(options, network => new PrivacyGuard(network, Privacy), log, CancellationToken.None);

    /// <summary>Adds a magnet link that names the torrent and nothing else, or trackers and peers too.</summary>
    public Task<TorrentHandle> AddMagnetAsync(TestTorrent torrent, string more = "") =>
        Engine.AddAsync(new AddTorrentRequest { Magnet = $"magnet:?xt=urn:btih:{torrent.InfoHash}{more}" });

    public async Task<TorrentHandle> AddAsync(TestTorrent torrent) =>
        await Engine.AddAsync(new AddTorrentRequest { TorrentFile = await File.ReadAllBytesAsync(torrent.TorrentPath) });

    /// <summary>Adds a torrent whose files are put into place first, and waits until they are checked and shared.</summary>
    public async Task<TorrentHandle> SeedAsync(TestTorrent torrent, TimeSpan timeout)
    {
        foreach (var (path, _) in torrent.Files)
        {
            var target = Path.Combine(SharedDirectory, path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(torrent.Directory, path), target);
        }

        var handle = await AddAsync(torrent);
        await UntilAsync(handle, TorrentState.Seeding, timeout);
        return handle;
    }

    /// <summary>Fails when a peer was sent away for breaking the protocol, or when something of ours broke.</summary>
    public void AssertNoStrikes()
    {
        var lines = Log.ToString().Split('\n').Where(line => line.Contains(" Debug 205 ", StringComparison.Ordinal) || line.Contains(" Error ", StringComparison.Ordinal));
        var found = string.Join('\n', lines);
        Assert.True(found.Length == 0, found);
    }

    /// <summary>Waits for a state; says what was there instead.</summary>
    public static Task UntilAsync(TorrentHandle torrent, TorrentState state, TimeSpan timeout) => UntilAsync(
        torrent, snapshot => snapshot.State == state, timeout, $"state {state}");

    /// <summary>Waits for a condition; says what was there instead.</summary>
    public static async Task UntilAsync(TorrentHandle torrent, Func<TorrentSnapshot, bool> isTrue, TimeSpan timeout, string what)
    {
        try
        {
            await LoopbackFixture.UntilAsync(() => Task.FromResult(isTrue(torrent.Snapshot)), timeout, what);
        }
        catch (Exception exception)
        {
            Assert.Fail($"{exception.Message}; instead: {torrent.Snapshot}");
        }
    }

    /// <summary>Stops it; fails when it said of a private torrent what it must not.</summary>
    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        Assert.Empty(Privacy.Violations);
    }
}
