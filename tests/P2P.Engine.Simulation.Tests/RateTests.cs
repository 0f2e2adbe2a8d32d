using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Umax, F and Dmax over minutes of virtual time, measured at the lines.</summary>
public sealed class RateTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(50_000)]
    [InlineData(200_000)]
    [InlineData(1_000_000)]
    public void Umax_is_obeyed_within_five_percent(int rate)
    {
        var swarm = new SwarmBuilder(81).Sharing(90L * rate, 64 * 1024)
            .Seeds(1).Having(options => options with { MaxUploadRate = rate }).Leechers(3).Start();
        swarm.World.Run(TimeSpan.FromSeconds(15));

        var measured = PerSecond(swarm, () => swarm.Delivered("seed", "leech"));
        output.WriteLine($"Umax {rate}: {measured:0} bytes/s over a minute");
        Assert.InRange(measured, rate * 0.95, rate * 1.05);
    }

    [Theory]
    [InlineData(50_000)]
    [InlineData(300_000)]
    public void Dmax_is_obeyed_within_five_percent(int rate)
    {
        var swarm = new SwarmBuilder(82).Sharing(90L * rate, 64 * 1024)
            .Seeds(3, up: 2_000_000).Leechers(1).Having(options => options with { MaxDownloadRate = rate }).Start();
        swarm.World.Run(TimeSpan.FromSeconds(15));

        var measured = PerSecond(swarm, () => swarm.Delivered("seed", "leech"));
        output.WriteLine($"Dmax {rate}: {measured:0} bytes/s over a minute");
        Assert.InRange(measured, rate * 0.95, rate * 1.05);
    }

    [Fact]
    public void Two_torrents_share_Umax_in_halves_and_an_unused_share_is_lent()
    {
        const int rate = 200_000;
        var swarm = new SwarmBuilder(83).Sharing(64_000_000, 256 * 1024)
            .Seeds(1).Having(options => options with { MaxUploadRate = rate }).Leechers(2).Leechers(1, down: 20_000, name: "other").Build();
        var second = new SimulatedTorrent(swarm.World, "second", [64_000_000], 256 * 1024);
        swarm["seed0"].Volume.PutComplete(second);
        swarm.Start();
        swarm.World.Run(TimeSpan.FromSeconds(1));
        swarm["seed0"].Add(second);
        var other = swarm["other0"];
        other.StopTorrent(swarm.Torrent);
        other.Add(second);

        // The second torrent's only taker takes 20 KB/s: its half is lent to the first. What it needs is known after three rounds: at
        // first socket buffers hide it, so too much is lent and asked back once.
        swarm.World.Run(TimeSpan.FromSeconds(100));
        var before = swarm.Delivered("seed", "leech");
        var lent = PerSecond(swarm, () => swarm.Delivered("seed", "leech") - before);
        other.Card.Link = other.Card.Link with { Down = 0 };
        swarm.World.Run(TimeSpan.FromSeconds(70));
        var (first, rest) = (swarm.Delivered("seed", "leech"), swarm.Delivered("seed", "other"));
        swarm.World.Run(TimeSpan.FromSeconds(60));
        var halves = ((swarm.Delivered("seed", "leech") - first) / 60.0, (swarm.Delivered("seed", "other") - rest) / 60.0);
        output.WriteLine($"Umax {rate}, F = 2: with one taker at 20 KB/s the first gets {lent:0} bytes/s; both hungry: {halves.Item1:0} and {halves.Item2:0}");

        Assert.InRange(lent, rate * 0.8, rate * 0.95);
        Assert.InRange(halves.Item1, rate * 0.45, rate * 0.55);
        Assert.InRange(halves.Item2, rate * 0.45, rate * 0.55);
        Assert.InRange(halves.Item1 + halves.Item2, rate * 0.95, rate * 1.05);
    }

    [Fact]
    public void A_new_limit_holds_at_once()
    {
        var swarm = new SwarmBuilder(84).Sharing(24_000_000, 64 * 1024)
            .Seeds(1).Having(options => options with { MaxUploadRate = 50_000 }).Leechers(2).Start();
        swarm.World.Run(TimeSpan.FromSeconds(10));
        swarm["seed0"].Change(new EngineSettingsPatch { MaxUploadRate = 150_000 });
        swarm.World.Run(TimeSpan.FromSeconds(5));

        var before = swarm.Delivered("seed", "leech");
        var measured = PerSecond(swarm, () => swarm.Delivered("seed", "leech") - before);
        output.WriteLine($"Umax 150000 after a change: {measured:0} bytes/s");
        Assert.InRange(measured, 142_500, 157_500);
    }

    private static double PerSecond(SimulatedSwarm swarm, Func<long> delivered)
    {
        var before = delivered();
        swarm.World.Run(TimeSpan.FromSeconds(60));
        Assert.True(swarm.World.Elapsed < Limit);
        return (delivered() - before) / 60.0;
    }
}
