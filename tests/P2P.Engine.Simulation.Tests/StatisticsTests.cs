using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Sums of the session over stops, kills and removed torrents.</summary>
public sealed class StatisticsTests
{
    [Fact]
    public void Sums_survive_a_stop_a_kill_and_the_removal_of_the_torrent()
    {
        var swarm = new SwarmBuilder(81).Sharing(2 << 20, 64 * 1024).Seeds(1, up: 500_000).Leechers(1).Start();
        var leech = swarm["leech0"];
        Assert.True(swarm.RunUntilComplete(TimeSpan.FromMinutes(5), leech));
        swarm.World.Run(TimeSpan.FromSeconds(2));

        var (row, first) = (leech.Row(swarm.Torrent)!, leech.Engine.Snapshot.Statistics);
        Assert.Equal((row.Downloaded, 1, 1), (first.SinceStart.Downloaded, first.SinceStart.FinishedDownloads, first.AllTime.Sessions));
        Assert.Equal(1, first.Network.Outgoing + first.Network.Incoming);

        leech.Stop();
        leech.Start();
        swarm.World.Run(TimeSpan.FromSeconds(5));
        var second = leech.Engine.Snapshot.Statistics;
        Assert.Equal((0, row.Downloaded, 2, 1), (second.SinceStart.Downloaded, second.AllTime.Downloaded, second.AllTime.Sessions, second.AllTime.FinishedDownloads));
        Assert.InRange(second.AllTime.SecondsRunning, first.SinceStart.SecondsRunning, first.SinceStart.SecondsRunning + 10);

        var removed = new TaskCompletionSource();
        leech.Engine.Session.Post(new P2P.Engine.Session.SessionCommand.Remove(swarm.Torrent.InfoHash, true, removed));
        swarm.World.Complete(removed.Task);
        swarm.World.Run(TimeSpan.FromSeconds(70));
        leech.Kill();
        leech.Start();
        Assert.Equal((row.Downloaded, 3), (leech.Engine.Snapshot.Statistics.AllTime.Downloaded, leech.Engine.Snapshot.Statistics.AllTime.Sessions));
    }

    [Fact]
    public void A_kill_costs_a_minute_of_the_sums_at_most()
    {
        var swarm = new SwarmBuilder(82).Sharing(64 << 20, 256 * 1024).Seeds(1, up: 100_000).Leechers(1).Start();
        var leech = swarm["leech0"];
        swarm.World.Run(TimeSpan.FromSeconds(150));
        var before = leech.Engine.Snapshot.Statistics.AllTime.Downloaded;
        leech.Kill();
        leech.Start();

        Assert.InRange(leech.Engine.Snapshot.Statistics.AllTime.Downloaded, before - (61 * 100_000), before);
        Assert.NotEqual(0, leech.Engine.Snapshot.Statistics.AllTime.Downloaded);
    }
}
