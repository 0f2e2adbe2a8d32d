using System.Diagnostics;

namespace P2P.Harness;

/// <summary>Clean stops in the middle of a download: no byte of an unfinished piece is fetched again, and nothing is hashed at the next start (FT02).</summary>
internal sealed class EngineStop(HarnessOptions options)
{
    // Milliseconds from READY to the stop.
    private const int LongestLife = 1000;

    // Blocks received twice, of all: what the end-game may waste (issue 2, item 7: under 1 %).
    private const double EndgameShare = 0.01;

    public async Task<int> RunAsync()
    {
        var random = new Random(options.Seed);
        var watch = Stopwatch.StartNew();
        await using var run = new EngineRun(options, 64, Sabotage.Journal);
        var root = Directory.CreateTempSubdirectory("p2p-stop-").FullName;
        try
        {
            var failedStarts = 0;
            run.Seed.BytesPerSecond = run.Content.Length * 2000 / (LongestLife * (options.Rounds + 1));
            for (var round = 0; round < options.Rounds; round++)
            {
                using var child = run.Launch(root);
                if (await run.UntilReadyAsync(child) is null)
                {
                    failedStarts++;
                    continue;
                }

                await Task.Delay(random.Next(0, LongestLife));
                await run.StopAsync(child);
            }

            var isRight = await run.FinishAsync(root) == run.Content.Sha1;
            var again = run.Downloaded - run.Content.Length;
            Console.WriteLine(
                $"engine-stop: {options.Rounds} stops, file {(isRight ? "right" : "WRONG")}, {run.Hashed} pieces hashed, {run.FullChecks} full checks, "
                + $"{again} bytes received beyond the content of {run.Content.Length}, {run.Seed.Served - run.Content.Length} sent, "
                + $"{failedStarts} failed starts, {run.Errors} errors, {watch.Elapsed.TotalSeconds:F0} s, seed {options.Seed}");
            var isGood = isRight && failedStarts + run.Errors + run.FullChecks == 0 && run.Hashed == 0
                && run.Seed.VerifiedBytesFetchedAgain == 0 && again >= 0 && again <= run.Content.Length * EndgameShare;
            return isGood ? 0 : 1;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
