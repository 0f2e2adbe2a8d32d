using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using P2P.Engine.Persistence;
using P2P.Engine.Primitives;

namespace P2P.Harness;

/// <summary>Power cuts during a download: every piece the store says we have is right on disk, and the database opens (FT04, N2).</summary>
internal sealed class EnginePowerCut(HarnessOptions options)
{
    /// <summary>Set in the client by the canary: the engine then records pieces without flushing them.</summary>
    public const string Sabotage = "P2P_HARNESS_DISABLE_FLUSH";

    // Long enough for several of the engine's flush intervals in every life.
    private const int ShortestLife = 200;
    private const int LongestLife = 8000;

    public async Task<int> RunAsync()
    {
        var random = new Random(options.Seed);
        var watch = Stopwatch.StartNew();
        await using var run = new EngineRun(options, 64, Sabotage);
        using var disk = new LoopDisk((int)(run.Content.Length >> 20) + 256);
        var (recorded, wrong, lostTorrents, failures) = (0L, 0L, 0, 0);
        for (var round = 0; round < options.Rounds; round++)
        {
            run.Seed.BytesPerSecond = run.Content.Length / random.Next(4, 30);
            using var child = await run.StartAsync(disk.MountPoint);
            if (child is null)
            {
                failures++;
                disk.Format();
                run.Forget();
                continue;
            }

            await Task.Delay(random.Next(ShortestLife, LongestLife));
            disk.Cut();
            await child.KillAsync();
            run.NoteAll(child);
            disk.Remount();
            var (have, bad) = await VerifyAsync(run.Content, disk.MountPoint);
            lostTorrents += run.IsAdded && have is null ? 1 : 0;
            recorded += have ?? 0;
            wrong += bad;
            if (have == run.Content.PieceCount)
            {
                disk.Format();
                run.Forget();
            }
        }

        Console.WriteLine(
            $"engine-powercut{(options.IsCanary ? " canary (flush disabled)" : "")}: {options.Rounds} cuts, {recorded} recorded pieces hashed, "
            + $"{wrong} wrong on disk, {lostTorrents} times the torrent was lost, {failures} failed starts, "
            + $"{run.Recoveries} needed the recovery ladder, {watch.Elapsed.TotalSeconds:F0} s, seed {options.Seed}");
        return (wrong + lostTorrents + failures == 0) != options.IsCanary ? 0 : 1;
    }

    /// <summary>Counts recorded pieces, and those that hash wrong on disk; null when the store does not know the torrent.</summary>
    private static async Task<(int? Have, int Wrong)> VerifyAsync(SeedContent content, string root)
    {
        using var copy = new DirectoryCopy(Path.Combine(root, "state"));
        var store = new LiteDbSessionStore(copy.Path, TimeProvider.System, NullLogger.Instance, new DurableFiles(StoreDurability.None));
        var session = await store.LoadAsync(CancellationToken.None);
        await store.DisposeAsync();
        var infoHash = new InfoHash(content.InfoHash);
        var record = session.Torrents.Select(torrent => torrent.Record).FirstOrDefault(found => found.InfoHash == infoHash);
        if (record is null)
        {
            return (null, 0);
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

        return (have, wrong);
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
