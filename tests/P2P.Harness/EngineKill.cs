using System.Diagnostics;
using System.Security.Cryptography;

namespace P2P.Harness;

/// <summary>kill -9 at random moments of a download, then the end: the file is right, nothing verified was fetched twice, no full check (FT01, N1).</summary>
internal sealed class EngineKill(HarnessOptions options)
{
    /// <summary>Set in the client by the canary: the engine then ignores what it recorded.</summary>
    public const string Sabotage = "P2P_HARNESS_DISABLE_RECOVERY";

    // The average time between READY and the kill; the seed's rate is set so that the kills spread over the whole download.
    private const double AverageLifeSeconds = 0.75;

    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(5);

    public async Task<int> RunAsync()
    {
        var random = new Random(options.Seed);
        var watch = Stopwatch.StartNew();
        await using var run = new EngineRun(options, 256, Sabotage);
        var root = Directory.CreateTempSubdirectory("p2p-kill-").FullName;
        try
        {
            run.Seed.BytesPerSecond = (long)(run.Content.Length / (AverageLifeSeconds * (options.Rounds + 1)));
            var failedStarts = 0;
            for (var round = 0; round < options.Rounds; round++)
            {
                using var child = await run.StartAsync(root);
                failedStarts += child is null ? 1 : 0;
                if (child is not null)
                {
                    await Task.Delay(random.Next(0, (int)(2 * AverageLifeSeconds * 1000)));
                    await child.KillAsync();
                    run.NoteAll(child);
                }
            }

            run.Seed.BytesPerSecond = 0;
            var sha1 = await FinishAsync(run, root);
            var isRight = sha1 == run.Content.Sha1;
            var isGood = isRight && failedStarts == 0 && run.Seed.VerifiedBytesFetchedAgain == 0 && run.FullChecks == 0 && run.Forgotten == 0;
            Console.WriteLine(
                $"engine-kill{(options.IsCanary ? " canary (recovery disabled)" : "")}: {options.Rounds} kills, file {(isRight ? "right" : "WRONG")}, "
                + $"{run.Seed.VerifiedBytesFetchedAgain} verified bytes fetched again, {run.FullChecks} full checks, {run.Forgotten} times forgotten, "
                + $"{run.Seed.Served - run.Content.Length} bytes served beyond the content, {failedStarts} failed starts, {run.Errors} errors, "
                + $"{watch.Elapsed.TotalSeconds:F0} s, seed {options.Seed}");
            return isGood != options.IsCanary ? 0 : 1;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>The last life: to the end, a clean stop, and the SHA-1 of the file in the shared folder.</summary>
    private static async Task<string?> FinishAsync(EngineRun run, string root)
    {
        using var child = await run.StartAsync(root);
        if (child is null)
        {
            return null;
        }

        // A client that hangs is killed, which ends the wait.
        using var limit = new Timer(_ => child.Dispose(), null, EndLimit, Timeout.InfiniteTimeSpan);
        if (await child.WaitForAsync("DONE", run.Note) is null)
        {
            return null;
        }

        child.Send("stop");
        await child.WaitForAsync("STOPPED", run.Note);
        await child.EndedAsync();
        var path = Path.Combine(root, "shared", run.Content.Name);
        if (!File.Exists(path))
        {
            return null;
        }

        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA1.HashDataAsync(file));
    }
}
