using System.Globalization;

namespace P2P.Harness;

/// <summary>What both engine harnesses share: the content, its seed, and lives of the client process between faults.</summary>
internal sealed class EngineRun : IAsyncDisposable
{
    // A life that reads this share of what it has, before it downloads, has checked everything again.
    private const double FullCheckShare = 0.5;

    // Below this much data the runtime's own reading hides a check.
    private const long SmallestCheck = 32L << 20;

    // Reading of a process that starts: assemblies and configuration. Measured at about 15 MiB; the rest is reserve.
    private const long StartReading = 24L << 20;

    private readonly HarnessOptions _options;
    private readonly string _sabotage;
    private readonly string _torrentPath = Path.GetTempFileName();
    private bool _hasDownloadedInThisLife;

    /// <param name="options">Seed and size.</param>
    /// <param name="mebibytes">Size when none is given.</param>
    /// <param name="sabotage">Environment variable that the canary sets to 1 in the client process.</param>
    public EngineRun(HarnessOptions options, int mebibytes, string sabotage)
    {
        (_options, _sabotage) = (options, sabotage);
        Content = new SeedContent((long)options.Number("mib", mebibytes) << 20, options.Seed);
        Seed = new ScriptedSeed(Content);
        File.WriteAllBytes(_torrentPath, Content.TorrentFile);
    }

    public SeedContent Content { get; }

    public ScriptedSeed Seed { get; }

    /// <summary>Lives in which everything was read from disk again before downloading.</summary>
    public int FullChecks { get; private set; }

    /// <summary>Lives that reported an error of the torrent or the engine.</summary>
    public int Errors { get; private set; }

    /// <summary>Adding the torrent was acknowledged.</summary>
    public bool IsAdded { get; private set; }

    /// <summary>Starts that did not know the torrent although adding it was acknowledged.</summary>
    public int Forgotten { get; private set; }

    /// <summary>Starts that needed the recovery ladder.</summary>
    public int Recoveries { get; private set; }

    /// <summary>Begins a life of the client on the given directory; null when it did not start.</summary>
    public async Task<ChildProcess?> StartAsync(string directory)
    {
        Seed.BeginLife();
        _hasDownloadedInThisLife = false;
        var environment = _options.IsCanary ? new Dictionary<string, string> { [_sabotage] = "1" } : [];
        var child = new ChildProcess(
            [
                "engine-child", "--data", directory, "--torrent", _torrentPath, "--infohash", Convert.ToHexStringLower(Content.InfoHash),
                "--port", Seed.Endpoint.Port.ToString(CultureInfo.InvariantCulture),
            ],
            environment);
        if (await child.WaitForAsync("READY", Note) is not null)
        {
            return child;
        }

        child.Dispose();
        return null;
    }

    /// <summary>Takes one line of the client's.</summary>
    public void Note(string line)
    {
        var words = line.Split(' ');
        switch (words[0])
        {
            case "READY":
                Forgotten += IsAdded && words[1] == "0" ? 1 : 0;
                break;
            case "ADDED":
                IsAdded = true;
                break;
            case "N":
                Recoveries++;
                Console.WriteLine(line);
                break;
            case "E":
                Errors++;
                Console.WriteLine(line);
                break;
            case "P":
                NoteProgress(words[1], long.Parse(words[2], CultureInfo.InvariantCulture), Convert.FromBase64String(words[3]));
                break;
        }
    }

    /// <summary>Reads what the client has printed so far.</summary>
    public void NoteAll(ChildProcess child)
    {
        while (child.Lines.TryRead(out var line))
        {
            Note(line);
        }
    }

    /// <summary>The client's disk is empty again.</summary>
    public void Forget() => IsAdded = false;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        File.Delete(_torrentPath);
        await Seed.DisposeAsync();
    }

    private void NoteProgress(string state, long bytesRead, byte[] have)
    {
        var count = 0;
        for (var piece = 0; piece < Content.PieceCount && piece / 8 < have.Length; piece++)
        {
            if ((have[piece / 8] & (0x80 >> (piece % 8))) != 0)
            {
                Seed.NoteVerified(piece);
                count++;
            }
        }

        if (state is not "Checking" && !_hasDownloadedInThisLife)
        {
            _hasDownloadedInThisLife = true;
            var held = (long)count * SeedContent.PieceLength;
            FullChecks += held >= SmallestCheck && bytesRead > StartReading + (held * FullCheckShare) ? 1 : 0;
        }
    }
}
