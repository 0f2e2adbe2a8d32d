using System.Globalization;
using System.Security.Cryptography;

namespace P2P.Harness;

/// <summary>What the engine harnesses share: the content, its seed, lives of the client process between faults, and what it owes after each.</summary>
internal sealed class EngineRun : IAsyncDisposable
{
    // What a start reads besides pieces: assemblies, configuration, the database. Measured below 15 MiB; the rest is reserve.
    private const long StartReading = 24L << 20;

    // The first value of the storm: it must be one the engine accepts and differ from its default.
    private const int FirstChange = 1000;

    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(5);

    private readonly HarnessOptions _options;
    private readonly string _sabotage;
    private readonly string _torrentPath = Path.GetTempFileName();
    private readonly HashSet<int> _added = [];
    private int _setting;
    private int _lastChange = FirstChange;
    private int _journalled;
    private bool _hasDownloadedInThisLife;

    /// <param name="options">Seed and size.</param>
    /// <param name="mebibytes">Size when none is given.</param>
    /// <param name="sabotage">What the canary breaks in the client.</param>
    public EngineRun(HarnessOptions options, int mebibytes, string sabotage)
    {
        (_options, _sabotage) = (options, sabotage);
        Content = new SeedContent((long)options.Number("mib", mebibytes) << 20, options.Seed);
        Seed = new ScriptedSeed(Content);
        File.WriteAllBytes(_torrentPath, Content.TorrentFile);
    }

    public SeedContent Content { get; }

    public ScriptedSeed Seed { get; }

    /// <summary>Starts that hashed, or read, more than the pieces in the dirty journal.</summary>
    public int FullChecks { get; private set; }

    /// <summary>Pieces hashed at all starts together.</summary>
    public long Hashed { get; private set; }

    /// <summary>Reports of an error of the torrent or the engine.</summary>
    public int Errors { get; private set; }

    /// <summary>Adding the torrent was acknowledged.</summary>
    public bool IsAdded { get; private set; }

    /// <summary>Starts that did not know the torrent, or an older setting, although the change was acknowledged.</summary>
    public int Forgotten { get; private set; }

    /// <summary>Changes acknowledged so far.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Starts that needed the recovery ladder.</summary>
    public int Recoveries { get; private set; }

    /// <summary>Payload bytes the client has received in all its lives, by its own count; known at the end.</summary>
    public long Downloaded { get; private set; }

    /// <summary>Small torrents whose adding was acknowledged since the disk was last empty.</summary>
    public IReadOnlySet<int> Added => _added;

    /// <summary>The setting last acknowledged; 0 for none.</summary>
    public int Setting => _setting;

    /// <summary>Begins a life of the client on the given directory, without waiting for anything.</summary>
    /// <param name="directory">State, incomplete and shared folder are made below it.</param>
    /// <param name="isStorm">The client also adds a torrent and changes settings.</param>
    /// <param name="flushInterval">The engine's flush interval in milliseconds; null for its default.</param>
    public ChildProcess Launch(string directory, bool isStorm = false, int? flushInterval = null)
    {
        Seed.BeginLife();
        _hasDownloadedInThisLife = false;
        _journalled = ReadJournal(directory);
        if (_options.Has("verbose"))
        {
            Console.WriteLine($"a life begins, {_journalled} pieces in the journal");
        }

        List<string> arguments =
        [
            "engine-child", "--data", directory, "--torrent", _torrentPath, "--infohash", Convert.ToHexStringLower(Content.InfoHash),
            "--port", Seed.Endpoint.Port.ToString(CultureInfo.InvariantCulture),
        ];
        if (isStorm)
        {
            arguments.AddRange(["--storm", (++_lastChange).ToString(CultureInfo.InvariantCulture)]);
        }

        if (flushInterval is { } milliseconds)
        {
            arguments.AddRange(["--flush-ms", milliseconds.ToString(CultureInfo.InvariantCulture)]);
        }

        if (_options.IsCanary)
        {
            arguments.AddRange(["--sabotage", _sabotage]);
        }

        return new ChildProcess(arguments);
    }

    /// <summary>Waits until the client is up; null, and the client is gone, when it did not start.</summary>
    public async Task<ChildProcess?> UntilReadyAsync(ChildProcess child)
    {
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
        if (_options.Has("verbose"))
        {
            Console.WriteLine(words[0] == "P" ? string.Join(' ', words[..3]) : line);
        }

        switch (words[0])
        {
            case "H":
                NoteResume(int.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture));
                break;
            case "READY":
                Forgotten += IsAdded && words[1] == "0" ? 1 : 0;
                Forgotten += int.Parse(words[2], CultureInfo.InvariantCulture) < _setting ? 1 : 0;
                break;
            case "ADDED":
                Acknowledged++;
                IsAdded = true;
                break;
            case "A":
                Acknowledged++;
                _added.Add(int.Parse(words[1], CultureInfo.InvariantCulture));
                break;
            case "C":
                Acknowledged++;
                _setting = int.Parse(words[1], CultureInfo.InvariantCulture);
                _lastChange = Math.Max(_lastChange, _setting);
                break;
            case "DONE":
                Downloaded = long.Parse(words[1], CultureInfo.InvariantCulture);
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

    /// <summary>Stops the client cleanly.</summary>
    public async Task StopAsync(ChildProcess child)
    {
        child.Send("stop");
        await child.WaitForAsync("STOPPED", Note);
        await child.EndedAsync();
        NoteAll(child);
    }

    /// <summary>The last life: to the end, a clean stop, and the SHA-1 of the file in the shared folder.</summary>
    public async Task<string?> FinishAsync(string directory)
    {
        Seed.BytesPerSecond = 0;
        using var child = Launch(directory);

        // A client that hangs is killed, which ends the wait.
        using var limit = new Timer(_ => child.Dispose(), null, EndLimit, Timeout.InfiniteTimeSpan);
        if (await child.WaitForAsync("DONE", Note) is null)
        {
            return null;
        }

        await StopAsync(child);
        return await Sha1Async(Path.Combine(directory, "shared", Content.Name));
    }

    /// <summary>Hex SHA-1 of a file; null when it is absent.</summary>
    public static async Task<string?> Sha1Async(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA1.HashDataAsync(file));
    }

    /// <summary>The client's disk is empty again.</summary>
    public void Forget()
    {
        (IsAdded, _setting) = (false, 0);
        _added.Clear();
        Seed.Forget();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        File.Delete(_torrentPath);
        await Seed.DisposeAsync();
    }

    /// <summary>Distinct pieces in the torrent's dirty journal, read as the last life left it.</summary>
    private int ReadJournal(string directory)
    {
        var path = Path.Combine(directory, "state", "journals", Convert.ToHexStringLower(Content.InfoHash) + ".dirty");
        if (!File.Exists(path))
        {
            return 0;
        }

        var bytes = File.ReadAllBytes(path);
        return Enumerable.Range(0, bytes.Length / 4).Select(at => BitConverter.ToInt32(bytes, at * 4)).Distinct().Count();
    }

    /// <summary>With a record, only journalled pieces may be hashed. Before the first record every existing byte is looked at, which the reading bounds.</summary>
    private void NoteResume(int trusted, int toCheck)
    {
        Hashed += Math.Min(toCheck, _journalled);
        if (trusted > 0 && toCheck > _journalled)
        {
            FullChecks++;
            Console.WriteLine($"{toCheck} pieces to hash, {_journalled} in the journal, {trusted} trusted");
        }
    }

    private void NoteProgress(string state, long bytesRead, byte[] have)
    {
        for (var piece = 0; piece < Content.PieceCount && piece / 8 < have.Length; piece++)
        {
            if ((have[piece / 8] & (0x80 >> (piece % 8))) != 0)
            {
                Seed.NoteVerified(piece);
            }
        }

        if (state is not "Checking" && !_hasDownloadedInThisLife)
        {
            _hasDownloadedInThisLife = true;
            var allowed = StartReading + ((long)_journalled * SeedContent.PieceLength);
            if (bytesRead > allowed)
            {
                FullChecks++;
                Console.WriteLine($"{bytesRead} bytes read before downloading, {allowed} allowed");
            }
        }
    }
}
