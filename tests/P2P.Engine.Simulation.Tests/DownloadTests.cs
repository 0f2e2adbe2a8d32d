using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Small swarms under a seed: downloads end, and end the same way every time.</summary>
public sealed class DownloadTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    [Fact]
    public void One_seed_feeds_one_leech()
    {
        var swarm = new SwarmBuilder(1).Sharing(4 << 20, 64 * 1024).Seeds(1, up: 500_000).Leechers(1).Start();

        Assert.True(swarm.RunUntilComplete(Limit, swarm["leech0"]), Why(swarm, "leech0"));

        var row = swarm["leech0"].Row(swarm.Torrent)!;
        output.WriteLine($"complete after {swarm.Durations("leech")[0]:0.0} s, {swarm.World.EventCount} events, wasted {row.Wasted}");
        Assert.Equal(swarm.Torrent.Length, row.Downloaded - row.Wasted);
        Assert.InRange(swarm.Durations("leech")[0], 8, 30); // 8.4 s is the line's own time
        swarm["leech0"].Stop();
        Assert.Equal(1, swarm.Tracker.Events["stopped"]);
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace()
    {
        var first = Trace(7);
        var again = Trace(7);
        var other = Trace(8);
        output.WriteLine($"{first.Lines} lines, {first.Hash}");

        Assert.Equal(first, again);
        Assert.NotEqual(first.Hash, other.Hash);
    }

    private static (long Lines, string Hash) Trace(int seed)
    {
        var swarm = new SwarmBuilder(seed).Sharing(2 << 20, 32 * 1024).Over(TimeSpan.FromMilliseconds(15), loss: 0.01)
            .Seeds(1, up: 200_000).Leechers(12, up: 150_000, down: 400_000).FreeRiders(3, up: 100_000).Start();
        swarm.World.Run(TimeSpan.FromSeconds(20));
        swarm["leech3"].Kill();
        swarm.World.Run(TimeSpan.FromSeconds(5));
        swarm["leech3"].Start();
        swarm["leech4"].CutPower();
        swarm.World.Run(TimeSpan.FromSeconds(100));
        swarm["leech5"].Stop();
        return (swarm.World.Trace.Count, swarm.World.Trace.Hash);
    }

    private static string Why(SimulatedSwarm swarm, string host) =>
        $"{swarm.World.Elapsed} {swarm[host].Row(swarm.Torrent)}\n{string.Join('\n', swarm.World.Trace.Last.TakeLast(15))}";
}
