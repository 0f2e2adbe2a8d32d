using System.Diagnostics;

namespace P2P.Harness;

/// <summary>kill -9 at random moments of downloads, then the end: the file is right, nothing verified was fetched twice, no full check (FT01, N1).</summary>
/// <remarks>
/// One kill in six falls into the start, before the engine is up; every fifth life is followed by one that is stopped cleanly, so that the moments
/// after a clean stop are hit as well. Downloads of <see cref="KillsPerDownload"/> kills follow one another until all rounds are done.
/// </remarks>
internal sealed class EngineKill(HarnessOptions options)
{
    // Few enough that a life at the seed's pace finishes several pieces.
    private const int KillsPerDownload = 50;
    private const int KillsPerEarlyKill = 6;
    private const int KillsPerCleanStop = 5;

    // Milliseconds: from READY to a kill, and from the start of the process to an early one (READY comes after 300 to 700).
    private const int LongestLife = 1300;
    private const int LongestStart = 700;
    private const double AverageLifeSeconds = LongestLife / 2000.0;

    private readonly Random _random = new(options.Seed);
    private int _failedStarts;

    public async Task<int> RunAsync()
    {
        var watch = Stopwatch.StartNew();
        await using var run = new EngineRun(options, 256, Sabotage.Journal);
        var (right, downloads) = (0, 0);
        for (var left = options.Rounds; left > 0; left -= KillsPerDownload, downloads++)
        {
            var root = Directory.CreateTempSubdirectory("p2p-kill-").FullName;
            try
            {
                await KillAsync(run, root, Math.Min(left, KillsPerDownload));
                right += await run.FinishAsync(root) == run.Content.Sha1 ? 1 : 0;
            }
            finally
            {
                Directory.Delete(root, recursive: true);
                run.Forget();
            }
        }

        var isGood = right == downloads && _failedStarts + run.Errors + run.FullChecks + run.Forgotten == 0 && run.Seed.VerifiedBytesFetchedAgain == 0;
        Console.WriteLine(
            $"engine-kill{(options.IsCanary ? " canary (journal hidden)" : "")}: {options.Rounds} kills, {right} of {downloads} files right, "
            + $"{run.Seed.VerifiedBytesFetchedAgain} verified bytes fetched again, {run.FullChecks} full checks, {run.Hashed} pieces of {run.Content.PieceCount} hashed in all starts, "
            + $"{run.Forgotten} of {run.Acknowledged} acknowledged changes lost, {run.Seed.Served - (downloads * run.Content.Length)} bytes served beyond the content, "
            + $"{_failedStarts} failed starts, {run.Errors} errors, {watch.Elapsed.TotalSeconds:F0} s, seed {options.Seed}");

        // The canary succeeds only for its own reason: work was done again.
        return (options.IsCanary ? run.Seed.VerifiedBytesFetchedAgain > 0 : isGood) ? 0 : 1;
    }

    private async Task KillAsync(EngineRun run, string root, int kills)
    {
        run.Seed.BytesPerSecond = (long)(run.Content.Length / (AverageLifeSeconds * (kills + 1)));
        for (var kill = 0; kill < kills; kill++)
        {
            var isEarly = kill % KillsPerEarlyKill == KillsPerEarlyKill - 1;
            using var child = run.Launch(root, isStorm: kill % 2 == 1);
            if (!isEarly && await run.UntilReadyAsync(child) is null)
            {
                _failedStarts++;
                continue;
            }

            await Task.Delay(_random.Next(0, isEarly ? LongestStart : LongestLife));
            await child.KillAsync();
            run.NoteAll(child);
            if (kill % KillsPerCleanStop == KillsPerCleanStop - 1)
            {
                await LiveAndStopAsync(run, root, _random.Next(0, LongestLife / 2));
            }
        }
    }

    private async Task LiveAndStopAsync(EngineRun run, string root, int milliseconds)
    {
        using var child = run.Launch(root);
        if (await run.UntilReadyAsync(child) is null)
        {
            _failedStarts++;
            return;
        }

        await Task.Delay(milliseconds);
        await run.StopAsync(child);
    }
}
