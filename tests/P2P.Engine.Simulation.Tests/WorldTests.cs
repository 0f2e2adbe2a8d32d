using P2P.Engine.Session;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>The simulation itself: order, timers, and the alarms that would tell of a broken promise.</summary>
public sealed class WorldTests
{
    [Fact]
    public void Events_WithEqualTimes_RunInTheOrderPlanned()
    {
        var world = new SimulatedWorld(1);
        List<string> seen = [];
        world.After(TimeSpan.FromSeconds(1), () =>
        {
            seen.Add("a");
            world.Soon(() => seen.Add("d"));
        });
        world.After(TimeSpan.FromSeconds(1), () => seen.Add("b"));
        world.After(TimeSpan.FromSeconds(2), () => seen.Add("late"));
        world.After(TimeSpan.FromSeconds(1), () => seen.Add("c"));

        world.Run(TimeSpan.FromSeconds(1.5));

        Assert.Equal(["a", "b", "c", "d"], seen);
        Assert.Equal(TimeSpan.FromSeconds(1.5), world.Elapsed);
    }

    [Fact]
    public void Timers_OfADeadProcess_NeverFire()
    {
        var world = new SimulatedWorld(1);
        var process = new SimulatedProcess(world, "p");
        var fired = 0;
        using var timer = process.Clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        world.Run(TimeSpan.FromSeconds(3.5));
        process.Die();
        world.Run(TimeSpan.FromSeconds(10));

        Assert.Equal(3, fired);
    }

    [Fact]
    public void Delay_OnTheVirtualClock_ResumesOnTheWorldsThread()
    {
        var world = new SimulatedWorld(1);
        var threads = new HashSet<int>();
        var task = WaitAsync();
        world.Complete(task);

        Assert.Equal([Environment.CurrentManagedThreadId], threads);
        Assert.Equal(TimeSpan.FromSeconds(30), world.Elapsed);

        async Task WaitAsync()
        {
            for (var i = 0; i < 3; i++)
            {
                await Task.Delay(TimeSpan.FromSeconds(10), world.Root.Clock).ConfigureAwait(false);
                threads.Add(Environment.CurrentManagedThreadId);
            }
        }
    }

    [Fact]
    public void A_call_from_another_thread_fails_the_run()
    {
        var world = new SimulatedWorld(1);
        var stranger = new Thread(() => Assert.Throws<InvalidOperationException>(() => world.Soon(() => { })));
        stranger.Start();
        stranger.Join();

        Assert.Throws<InvalidOperationException>(() => world.Run(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void A_record_that_claims_what_the_device_does_not_hold_fails_the_run()
    {
        var swarm = new SwarmBuilder(2).Sharing(1 << 20, 64 * 1024).Seeds(1, up: 50_000).Leechers(1).Start();
        swarm.World.Run(TimeSpan.FromSeconds(3));
        var all = new byte[] { 0xFF, 0xFF };
        swarm["leech0"].Store.OnCommitted!(new TorrentRecord { InfoHash = swarm.Torrent.InfoHash, Have = all });

        var failure = Assert.Throws<InvalidOperationException>(() => swarm.World.Run(TimeSpan.FromSeconds(1)));
        Assert.Contains("the record claims piece", failure.Message, StringComparison.Ordinal);
    }
}
