using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using P2P.Engine;
using P2P.Engine.Persistence;
using P2P.Engine.Primitives;

namespace P2P.Harness;

/// <summary>Power cuts during a download: every piece the store says we have is right on disk, and the database opens (FT04, N2).</summary>
internal sealed class EnginePowerCut(HarnessOptions options)
{
    // Milliseconds. Lives span several flush intervals, the shortest of them included.
    private const int ShortestLife = 100;
    private const int LongestLife = 4000;
    private static readonly int[] FlushIntervals = [100, 400, 1500];

    public async Task<int> RunAsync()
    {
        var random = new Random(options.Seed);
        var watch = Stopwatch.StartNew();
        await using var run = new EngineRun(options, 64, Sabotage.Flush);
        using var disk = new LoopDisk((int)(run.Content.Length >> 20) + 256);
        var (recorded, wrong, lost, failures) = (0L, 0L, 0, 0);
        for (var round = 0; round < options.Rounds; round++)
        {
            run.Seed.BytesPerSecond = run.Content.Length / random.Next(4, 30);
            using var child = run.Launch(disk.MountPoint, isStorm: true, FlushIntervals[round % FlushIntervals.Length]);
            if (await run.UntilReadyAsync(child) is null)
            {
                failures++;
                disk.Format();
                run.Forget();
                continue;
            }

            await Task.Delay(random.Next(ShortestLife, LongestLife));
            disk.Cut();
            await child.KillAsync();
            NoteUntilCut(run, child);
            disk.Remount();
            var (have, bad, missing) = await VerifyAsync(run, disk.MountPoint);
            (recorded, wrong, lost) = (recorded + have, wrong + bad, lost + missing);
            if (have == run.Content.PieceCount || missing > 0 || bad > 0)
            {
                disk.Format();
                run.Forget();
            }

            // What was verified but not durable is rightly fetched again after a power cut.
            run.Seed.Forget();
        }

        Console.WriteLine(
            $"engine-powercut{(options.IsCanary ? " canary (flush disabled)" : "")}: {options.Rounds} cuts, {recorded} recorded pieces hashed, "
            + $"{wrong} wrong on disk, {lost + run.Forgotten} of {run.Acknowledged} acknowledged changes lost, {failures} failed starts, "
            + $"{run.Recoveries} needed the recovery ladder, {watch.Elapsed.TotalSeconds:F0} s, seed {options.Seed}");
        return (options.IsCanary ? wrong > 0 : wrong + lost + run.Forgotten + failures == 0) ? 0 : 1;
    }

    /// <summary>Takes what the client printed; its errors after the cut are the disk's.</summary>
    private static void NoteUntilCut(EngineRun run, ChildProcess child)
    {
        while (child.Lines.TryRead(out var line))
        {
            if (!line.StartsWith("E ", StringComparison.Ordinal))
            {
                run.Note(line);
            }
        }
    }

    /// <summary>Counts recorded pieces, those that hash wrong on disk, and acknowledged changes that the store does not know.</summary>
    private static async Task<(int Have, int Wrong, int Missing)> VerifyAsync(EngineRun run, string root)
    {
        var content = run.Content;
        using var copy = new DirectoryCopy(Path.Combine(root, "state"));
        var store = new LiteDbSessionStore(copy.Path, TimeProvider.System, NullLogger.Instance, new DurableFiles(StoreDurability.None));
        var session = await store.LoadAsync(CancellationToken.None);
        await store.DisposeAsync();
        var records = session.Torrents.ToDictionary(torrent => torrent.Record.InfoHash, torrent => torrent.Record);
        var missing = run.Added.Count(number => !records.ContainsKey(new InfoHash(EngineChild.SmallTorrent(number).InfoHash)));
        var setting = session.Settings.TryGetValue(nameof(EngineSettingsPatch.MaxConnections), out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        missing += setting < run.Setting ? 1 : 0;
        if (!records.TryGetValue(new InfoHash(content.InfoHash), out var record))
        {
            return (0, 0, missing + (run.IsAdded ? 1 : 0));
        }

        var (have, wrong) = (0, 0);
        using var file = OpenData(content, root);
        var buffer = new byte[SeedContent.PieceLength];
        for (var piece = 0; piece < content.PieceCount; piece++)
        {
            if (record.Have is not { } bits || (bits[piece / 8] & (0x80 >> (piece % 8))) == 0)
            {
                continue;
            }

            have++;
            var bytes = buffer.AsSpan(0, content.LengthOf(piece));
            bytes.Clear();
            if (file is not null)
            {
                file.Position = (long)piece * SeedContent.PieceLength;
                file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            }

            wrong += content.IsRight(piece, bytes) ? 0 : 1;
        }

        return (have, wrong, missing);
    }

    /// <summary>The partial file or the finished one, whatever its suffix: it has the content's length.</summary>
    private static FileStream? OpenData(SeedContent content, string root) => new[] { "shared", "incomplete" }
        .Select(name => Path.Combine(root, name))
        .Where(Directory.Exists)
        .SelectMany(directory => Directory.GetFiles(directory, "*", SearchOption.AllDirectories))
        .Where(path => new FileInfo(path).Length == content.Length)
        .Select(File.OpenRead)
        .FirstOrDefault();
}
