using System.Collections.Immutable;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>The log of events over the life of a torrent, its failures, and restarts of the program.</summary>
public sealed class EventTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Fact]
    public void A_download_stopped_killed_and_finished_tells_its_life()
    {
        var swarm = new SwarmBuilder(91).Sharing(4 << 20, 64 * 1024).Seeds(1, up: 300_000).Leechers(1).Start();
        var leech = swarm["leech0"];
        swarm.World.Run(TimeSpan.FromSeconds(4));
        leech.StopTorrent(swarm.Torrent);
        leech.StartTorrent(swarm.Torrent);
        swarm.World.Run(TimeSpan.FromSeconds(9)); // Events are kept every five seconds.
        leech.Kill();
        leech.Start();
        Assert.True(swarm.RunUntilComplete(Limit, leech));
        leech.Change(new EngineSettingsPatch { MaxUploadRate = 50_000 });
        leech.Stop();
        leech.Start();

        var events = leech.Engine.GetEvents(new EventFilter(), null, 100).Reverse().ToArray();
        output.WriteLine(string.Join('\n', events.Select(happened => $"{happened.Sequence} {happened.Severity} {happened.Category} {happened.Kind}: {happened.Message}")));
        Assert.Equal(
            [
                EngineEventKind.SessionStarted, EngineEventKind.Added, EngineEventKind.Started, EngineEventKind.Stopped, EngineEventKind.Resumed,
                EngineEventKind.SessionStarted, EngineEventKind.Resumed, EngineEventKind.Finished, EngineEventKind.Moved,
                EngineEventKind.SettingsChanged, EngineEventKind.SessionStopped, EngineEventKind.SessionStarted,
            ],
            events.Where(happened => happened.Kind != EngineEventKind.CheckFinished).Select(happened => happened.Kind));
        Assert.Equal(Enumerable.Range(1, events.Length).Select(number => (long)number), events.Select(happened => happened.Sequence));
        Assert.Equal("Settings changed: MaxUploadRate is 50000.", events.Single(happened => happened.Kind == EngineEventKind.SettingsChanged).Message);
        Assert.Equal(events.Count(happened => happened.Torrent is not null), leech.Engine.GetEvents(new EventFilter { Torrent = swarm.Torrent.InfoHash }, null, 100).Length);
    }

    [Fact]
    public void A_disk_that_fills_and_empties_is_told_once_each_way()
    {
        var swarm = new SwarmBuilder(92).Sharing(4 << 20, 64 * 1024).Seeds(1, up: 300_000).Leechers(1).Start();
        var leech = swarm["leech0"];
        swarm.World.Run(TimeSpan.FromSeconds(3));
        leech.Volume.FailsWrites = true;
        Assert.True(swarm.World.RunUntil(() => leech.Row(swarm.Torrent)?.State == TorrentState.Error, Limit));
        leech.StartTorrent(swarm.Torrent);
        swarm.World.Run(TimeSpan.FromSeconds(30));
        leech.Volume.FailsWrites = false;
        leech.StartTorrent(swarm.Torrent);
        Assert.True(swarm.RunUntilComplete(Limit, leech));

        ImmutableArray<EngineEventKind> kinds = [.. leech.Engine.GetEvents(new EventFilter { Torrent = swarm.Torrent.InfoHash }, null, 100).Select(happened => happened.Kind)];
        Assert.InRange(kinds.Count(kind => kind == EngineEventKind.Failed), 1, 2);
        Assert.Contains(EngineEventKind.Recovered, kinds);
    }

    [Fact]
    public void A_tracker_that_goes_away_is_told_once()
    {
        var swarm = new SwarmBuilder(93).Sharing(64 << 20, 256 * 1024).Seeds(1, up: 50_000).Leechers(1).Start();
        var leech = swarm["leech0"];
        swarm.World.Run(TimeSpan.FromSeconds(5));
        swarm.Tracker.IsDown = true;
        swarm.World.Run(TimeSpan.FromHours(2));

        var told = Assert.Single(leech.Engine.GetEvents(new EventFilter { Categories = [EngineEventCategory.Tracker] }, null, 100));
        output.WriteLine(told.Message);
        Assert.Equal(EngineEventKind.TrackerFailing, told.Kind);
    }
}
