using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Issue 2, item 7: what the order of pieces does to a swarm, and what the end-game costs.</summary>
public sealed class PickerTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);

    [Fact]
    public void Rarest_first_survives_the_only_seed_leaving_after_one_copy_and_in_order_does_not()
    {
        // The seed leaves once every piece is somewhere else too; in order, after as many bytes.
        var rarest = AfterTheSeedLeft(inOrder: false, bytes: null);
        var ordered = AfterTheSeedLeft(inOrder: true, bytes: rarest.GivenBytes);
        output.WriteLine(
            $"one full copy took the seed {rarest.GivenBytes / 4194304.0:0.00} copies' bytes; lowest availability 30 s after it left: rarest first {rarest.Lowest}, " +
            $"in order {ordered.Lowest}; the rest complete: {rarest.IsComplete}, {ordered.IsComplete}");

        Assert.True(rarest.Lowest > 1, $"{rarest}");
        Assert.True(rarest.IsComplete);
        Assert.Equal(0, ordered.Lowest);
        Assert.False(ordered.IsComplete);
    }

    [Theory]
    [InlineData(32, 500_000, 0.01)]
    [InlineData(8, 100_000, 0.02)] // a tiny torrent over thin lines: some 8 blocks each, which are more of 8 MiB
    public void The_end_game_wastes_less_than_one_percent(int mebibytes, int up, double limit)
    {
        var swarm = new SwarmBuilder(72).Sharing((long)mebibytes << 20, 128 * 1024).Over(TimeSpan.FromMilliseconds(25))
            .Seeds(5, up: up * 3 / 2).Leechers(10, up: up, down: up * 5).Start();

        Assert.True(swarm.RunUntilComplete(Limit));
        var wasted = swarm.Group("leech").Sum(host => host.Row(swarm.Torrent)!.Wasted);
        var share = wasted / (10.0 * swarm.Torrent.Length);
        output.WriteLine($"10 leechers, {mebibytes} MiB at {up} bytes/s: wasted {wasted} bytes, {share:P3}");
        Assert.True(share < limit, $"{share:P3}");
    }

    private static (long GivenBytes, int Lowest, bool IsComplete) AfterTheSeedLeft(bool inOrder, long? bytes)
    {
        var builder = new SwarmBuilder(71).Sharing(4 << 20, 32 * 1024).Seeds(1, up: 150_000).Leechers(12, up: 150_000, down: 600_000);
        var swarm = (inOrder ? builder.InOrder() : builder).Start();
        var seed = swarm["seed0"];
        Assert.True(swarm.World.RunUntil(
            () => bytes is { } limit ? seed.Row(swarm.Torrent)?.Uploaded >= limit : swarm.LowestAvailability(without: seed) > 0,
            Limit, TimeSpan.FromMilliseconds(100)));
        var given = seed.Row(swarm.Torrent)!.Uploaded;
        seed.Kill();
        swarm.World.Run(TimeSpan.FromSeconds(30));
        var lowest = swarm.LowestAvailability(without: seed);
        return (given, lowest, swarm.RunUntilComplete(TimeSpan.FromMinutes(10), swarm.Group("leech")));
    }
}
