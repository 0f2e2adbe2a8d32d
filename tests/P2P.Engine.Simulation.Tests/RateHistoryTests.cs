using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Rates over time of a whole engine, over a restart.</summary>
public sealed class RateHistoryTests
{
    [Fact]
    public void Every_byte_of_a_download_is_in_the_history_and_the_coarse_part_survives_a_restart()
    {
        var swarm = new SwarmBuilder(95).Sharing(8 << 20, 128 * 1024).Seeds(1, up: 400_000).Leechers(1).Start();
        var leech = swarm["leech0"];
        Assert.True(swarm.RunUntilComplete(TimeSpan.FromMinutes(2), leech));
        swarm.World.Run(TimeSpan.FromSeconds(3));

        var torrent = swarm.World.Complete(leech.Engine.Find(swarm.Torrent.InfoHash)!.GetRateHistoryAsync(RateRange.FiveMinutes));
        var session = swarm.World.Complete(leech.Engine.GetRateHistoryAsync(RateRange.FiveMinutes));
        Assert.Equal(leech.Row(swarm.Torrent)!.Downloaded, session.Down.Sum());
        Assert.Equal(session.Down.Sum(), torrent.Down.Sum());
        Assert.InRange(session.Down.Max(), 300_000, 500_000);

        leech.Stop();
        swarm.World.Run(TimeSpan.FromMinutes(5));
        leech.Start();
        swarm.World.Run(TimeSpan.FromSeconds(2));
        var day = swarm.World.Complete(leech.Engine.GetRateHistoryAsync(RateRange.SixHours));
        Assert.Contains(day.Down, rate => rate > 100_000);
        Assert.Contains(day.Down, rate => rate == -1);
        Assert.Empty(swarm.World.Complete(leech.Engine.Find(swarm.Torrent.InfoHash)!.GetRateHistoryAsync(RateRange.SixHours)).Down);
    }
}
