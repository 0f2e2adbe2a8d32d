using P2P.Engine.Session;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Files that move to another folder: killed at any time nothing is lost and nothing is hashed again; a failure is told, and can be mended.</summary>
public sealed class MoveTests(ITestOutputHelper output)
{
    private const string Elsewhere = "/elsewhere";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_kill_at_any_time_of_a_move_loses_nothing_and_the_move_goes_on(bool isStarted)
    {
        var (stayed, moved) = (0, 0);
        for (var step = 0; step < 60; step++)
        {
            var (swarm, seed) = Seed(100);
            var home = seed.Row(swarm.Torrent)!.SavePath;
            seed.Volume.Rate = 4_000_000; // The copy takes a second.
            if (!isStarted)
            {
                seed.StopTorrent(swarm.Torrent);
                swarm.World.Run(TimeSpan.FromSeconds(2));
            }

            _ = seed.Engine.Find(swarm.Torrent.InfoHash)!.MoveStorageAsync(Elsewhere);
            swarm.World.Run(TimeSpan.FromMilliseconds(53 * step));
            seed.Kill();
            seed.Start();
            swarm.World.Run(TimeSpan.FromSeconds(20));
            var row = seed.Row(swarm.Torrent)!;
            Assert.Equal((isStarted ? TorrentState.Seeding : TorrentState.Stopped, 1d), (row.State, row.Progress));
            Assert.Single(seed.Events, happened => happened.Kind == EngineEventKind.CheckFinished); // that of the day it was added
            Assert.Equal(row.SavePath, seed.Volume.Of(swarm.Torrent).Root);
            (stayed, moved) = row.SavePath == home ? (stayed + 1, moved) : (stayed, moved + 1);
            if (row.SavePath != home)
            {
                Assert.Equal(Path.GetFullPath(Elsewhere), row.SavePath);
            }
        }

        output.WriteLine($"killed 60 times: {stayed} before the move was noted down, {moved} moves went on");
        Assert.True(stayed > 0 && moved > 0);
    }

    [Fact]
    public void A_move_that_fails_is_told_and_can_go_on_or_back_but_nowhere_else()
    {
        var (swarm, seed) = Seed(101);
        var home = seed.Row(swarm.Torrent)!.SavePath;
        var handle = seed.Engine.Find(swarm.Torrent.InfoHash)!;
        seed.Volume.FailsWrites = true;
        var failed = handle.MoveStorageAsync(Elsewhere);
        swarm.World.Run(TimeSpan.FromSeconds(5));
        Assert.Equal("disk.io", Refusal(swarm, failed));
        Assert.Equal(TorrentState.Error, seed.Row(swarm.Torrent)!.State);
        Assert.Equal("move.unfinished", Refusal(swarm, handle.MoveStorageAsync("/third")));
        seed.Volume.FailsWrites = false;
        swarm.World.Complete(handle.MoveStorageAsync(home), Limit);
        swarm.World.Run(TimeSpan.FromSeconds(5));
        Assert.Equal((TorrentState.Seeding, home, home), (seed.Row(swarm.Torrent)!.State, seed.Row(swarm.Torrent)!.SavePath, seed.Volume.Of(swarm.Torrent).Root));
        Assert.True(swarm.RunUntilComplete(Limit, swarm["leech0"]));
    }

    [Fact]
    public void A_torrent_that_waits_for_its_turn_moves_at_once_and_a_removed_one_answers()
    {
        var (swarm, seed) = Seed(102, options => options with { MaxActiveSeeds = 1 });
        var other = new SimulatedTorrent(swarm.World, "other", [1 << 20], 64 * 1024);
        seed.Volume.PutComplete(other);
        seed.Add(other);
        swarm.World.Run(TimeSpan.FromSeconds(5));
        Assert.Equal(TorrentState.Queued, seed.Row(other)!.State);
        swarm.World.Complete(seed.Engine.Find(other.InfoHash)!.MoveStorageAsync(Elsewhere), Limit);
        swarm.World.Run(TimeSpan.FromSeconds(5));
        Assert.Equal((TorrentState.Queued, Elsewhere), (seed.Row(other)!.State, seed.Volume.Of(other).Root));

        var moving = seed.Engine.Find(other.InfoHash)!.MoveStorageAsync("/third");
        var removing = seed.Engine.RemoveAsync(other.InfoHash, deleteData: false);
        swarm.World.Complete(removing, Limit);
        swarm.World.Run(TimeSpan.FromSeconds(5));
        Assert.True(moving.IsCompleted);
    }

    [Fact]
    public void Trackers_added_twice_at_once_are_both_there()
    {
        var (swarm, seed) = Seed(103);
        var handle = seed.Engine.Find(swarm.Torrent.InfoHash)!;
        var before = seed.Details(swarm.Torrent).Trackers.Length;
        Task<int>[] both = [handle.AddTrackersAsync(["http://192.0.2.1/announce"]), handle.AddTrackersAsync(["http://192.0.2.2/announce", "http://192.0.2.1/announce"])];
        Assert.Equal([1, 1], both.Select(one => swarm.World.Complete(one, Limit)));
        swarm.World.Run(TimeSpan.FromSeconds(2));
        Assert.Equal(before + 2, seed.Details(swarm.Torrent).Trackers.Length);
    }

    private static (SimulatedSwarm Swarm, SimulatedHost Seed) Seed(int number, Func<TorrentEngineOptions, TorrentEngineOptions>? having = null)
    {
        var swarm = new SwarmBuilder(number).Sharing(4 << 20, 64 * 1024).Seeds(1, up: 100_000).Having(having ?? (options => options)).Leechers(1).Start();
        swarm.World.Run(TimeSpan.FromSeconds(5));
        return (swarm, swarm["seed0"]);
    }

    private static string Refusal(SimulatedSwarm swarm, Task task) =>
        Assert.Throws<TorrentEngineException>(() => swarm.World.Complete(task, Limit)).Code;
}
