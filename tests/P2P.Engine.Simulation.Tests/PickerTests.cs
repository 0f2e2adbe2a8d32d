using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Issue 2, item 7: what the order of pieces does to a swarm, and what the end-game costs.</summary>
public sealed class PickerTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);

    [Fact]
    public void Rarest_first_survives_the_only_seed_leaving_after_one_copy_and_in_order_does_not()
    {
        var (rarest, isRarestComplete) = AfterTheSeedLeft(inOrder: false);
        var (ordered, isOrderedComplete) = AfterTheSeedLeft(inOrder: true);
        output.WriteLine($"lowest availability 10 s after the seed gave one copy and left: rarest first {rarest}, in order {ordered}; " +
            $"the rest complete: {isRarestComplete}, {isOrderedComplete}");

        Assert.True(rarest > 1, $"{rarest}");
        Assert.True(isRarestComplete);
        Assert.Equal(0, ordered);
        Assert.False(isOrderedComplete);
    }

    [Fact]
    public void The_end_game_wastes_less_than_one_percent()
    {
        var swarm = new SwarmBuilder(72).Sharing(8 << 20, 64 * 1024).Over(TimeSpan.FromMilliseconds(25))
            .Seeds(5, up: 150_000).Leechers(10, up: 100_000, down: 500_000).Start();

        Assert.True(swarm.RunUntilComplete(Limit));
        var wasted = swarm.Group("leech").Sum(host => host.Row(swarm.Torrent)!.Wasted);
        var share = wasted / (10.0 * swarm.Torrent.Length);
        output.WriteLine($"10 leechers, 8 MiB: wasted {wasted} bytes, {share:P3}");
        Assert.True(share < 0.01, $"{share:P3}");
    }

    private (int LowestAvailability, bool IsComplete) AfterTheSeedLeft(bool inOrder)
    {
        var builder = new SwarmBuilder(71).Sharing(4 << 20, 32 * 1024).Seeds(1, up: 150_000).Leechers(12, up: 150_000, down: 600_000);
        var swarm = (inOrder ? builder.InOrder() : builder).Start();
        var seed = swarm["seed0"];

        // One full copy: as many bytes left the seed as the torrent has.
        Assert.True(swarm.World.RunUntil(() => seed.Row(swarm.Torrent)?.Uploaded >= swarm.Torrent.Length, Limit));
        seed.Kill();
        swarm.World.Run(TimeSpan.FromSeconds(10));
        var lowest = swarm.LowestAvailability(without: seed);
        return (lowest, swarm.RunUntilComplete(TimeSpan.FromMinutes(10), swarm.Group("leech")));
    }
}
