using System.Collections.Immutable;
using P2P.Engine.Session;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Queue, share limits, labels and limits of single torrents, with the real engine in virtual time.</summary>
public sealed class QueueTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    [Fact]
    public void Eight_downloads_with_three_slots_take_turns_in_order()
    {
        var (swarm, leech, torrents) = Several(8, seedUp: 300_000, options => options with { MaxActiveDownloads = 3 });
        var most = 0;
        List<int> finished = [];
        swarm.World.Every(TimeSpan.FromSeconds(1), () =>
        {
            var rows = torrents.Select(leech.Row).ToArray();
            most = Math.Max(most, rows.Count(row => row?.State is TorrentState.Downloading or TorrentState.Checking));
            finished.AddRange(Enumerable.Range(0, 8).Where(i => rows[i]?.State == TorrentState.Seeding && !finished.Contains(i)));
        });
        swarm.World.Run(TimeSpan.FromSeconds(3));
        Assert.Equal([0, 0, 0, 1, 2, 3, 4, 5], torrents.Select(torrent => leech.Row(torrent)!).Select(row => row.State == TorrentState.Queued ? (int)row.Diagnosis.Arguments[0].Value : 0));
        Assert.Equal("Number 1 in the queue (3 of 3 running).", leech.Row(torrents[3])!.Reason);
        Assert.Equal(DiagnosisRemedy.StartNow, leech.Row(torrents[3])!.Diagnosis.Remedy);
        Assert.Equal(0, leech.Row(torrents[3])!.KnownPeers + leech.Row(torrents[3])!.ConnectedPeers);

        Assert.True(swarm.World.RunUntil(() => finished.Count == 8, Limit));
        output.WriteLine($"finished in the order {string.Join(' ', finished)}, at most {most} at once");
        Assert.Equal(3, most);
        Assert.All(finished.Select((torrent, place) => Math.Abs(torrent - place)), distance => Assert.InRange(distance, 0, 2));
    }

    [Fact]
    public void A_slow_download_leaves_its_slot_and_a_forced_one_needs_none()
    {
        var (swarm, leech, torrents) = Several(3, seedUp: 15_000, options => options with { MaxActiveDownloads = 1 }, withoutSeed: 0);
        swarm.World.Run(TimeSpan.FromSeconds(30));
        Assert.Equal([TorrentState.Downloading, TorrentState.Queued, TorrentState.Queued], torrents.Select(torrent => leech.Row(torrent)!.State));
        swarm.World.Run(TimeSpan.FromSeconds(45));
        Assert.Equal([TorrentState.Downloading, TorrentState.Downloading, TorrentState.Queued], torrents.Select(torrent => leech.Row(torrent)!.State));

        leech.Command(torrents[2], null, record => record with { IsForced = true });
        swarm.World.Run(TimeSpan.FromSeconds(2));
        Assert.Equal((TorrentState.Downloading, true), (leech.Row(torrents[2])!.State, leech.Row(torrents[2])!.IsForced));
    }

    [Fact]
    public void The_order_changes_by_moves_and_survives_stops_and_kills()
    {
        var (swarm, leech, torrents) = Several(4, seedUp: 20_000, options => options with { MaxActiveDownloads = 1 });
        swarm.World.Run(TimeSpan.FromSeconds(2));
        Move(leech, torrents[3], QueueMove.Top);
        Move(leech, torrents[0], QueueMove.Bottom);
        Move(leech, torrents[1], QueueMove.Down);
        swarm.World.Run(TimeSpan.FromSeconds(3));
        int[] order = [4, 3, 2, 1];
        Assert.Equal(order, torrents.Select(torrent => leech.Row(torrent)!.QueuePosition));
        Assert.Equal([TorrentState.Queued, TorrentState.Queued, TorrentState.Queued, TorrentState.Downloading], torrents.Select(torrent => leech.Row(torrent)!.State));

        leech.Stop();
        leech.Start();
        swarm.World.Run(TimeSpan.FromSeconds(3));
        Assert.Equal(order, torrents.Select(torrent => leech.Row(torrent)!.QueuePosition));
        leech.Kill();
        leech.Start();
        swarm.World.Run(TimeSpan.FromSeconds(5));
        Assert.Equal(order, torrents.Select(torrent => leech.Row(torrent)!.QueuePosition));
        Assert.Equal([TorrentState.Queued, TorrentState.Queued, TorrentState.Queued, TorrentState.Downloading], torrents.Select(torrent => leech.Row(torrent)!.State));

        leech.StopTorrent(torrents[3]);
        swarm.World.Run(TimeSpan.FromSeconds(3));
        Assert.Equal([TorrentState.Queued, TorrentState.Queued, TorrentState.Downloading, TorrentState.Stopped], torrents.Select(torrent => leech.Row(torrent)!.State));
        Assert.Contains(leech.Events, happened => happened.Kind == EngineEventKind.Queued);
        leech.Change(new EngineSettingsPatch { MaxActiveDownloads = 0 });
        swarm.World.Run(TimeSpan.FromSeconds(3));
        Assert.Equal([TorrentState.Downloading, TorrentState.Downloading, TorrentState.Downloading, TorrentState.Stopped], torrents.Select(torrent => leech.Row(torrent)!.State));
    }

    [Fact]
    public void A_ratio_stops_a_seed_and_its_user_starts_it_again_for_good()
    {
        var swarm = new SwarmBuilder(94).Sharing(16 << 20, 64 * 1024).Seeds(1, up: 500_000).Having(options => options with { ShareLimits = new ShareLimits { MaxRatio = 0.5 } }).Leechers(1).Start();
        var seed = swarm["seed0"];
        Assert.True(swarm.World.RunUntil(() => seed.Row(swarm.Torrent)?.State == TorrentState.Stopped, Limit));
        var row = seed.Row(swarm.Torrent)!;
        Assert.Equal((DiagnosisCode.ShareLimitReached, "ratio"), (row.Diagnosis.Code, row.Diagnosis.Arguments[0].Text));
        Assert.InRange(row.Ratio, 0.5, 0.9);
        Assert.Contains(seed.Events, happened => happened.Kind == EngineEventKind.ShareLimitReached && happened.Message.Contains("ratio", StringComparison.Ordinal));
        seed.Stop();
        seed.Start();
        swarm.World.Run(TimeSpan.FromSeconds(5));
        Assert.Equal(DiagnosisCode.ShareLimitReached, seed.Row(swarm.Torrent)!.Diagnosis.Code);

        swarm.World.Complete(seed.Engine.Find(swarm.Torrent.InfoHash)!.StartAsync());
        Assert.True(swarm.World.RunUntil(() => swarm["leech0"].IsComplete(swarm.Torrent), Limit));
        Assert.Equal(TorrentState.Seeding, seed.Row(swarm.Torrent)!.State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Time_ends_a_seed_by_its_label(bool isIdle)
    {
        var time = TimeSpan.FromMinutes(5);
        var limits = new ShareLimits { MaxIdleTime = isIdle ? time : null, MaxSeedingTime = isIdle ? null : time, Action = isIdle ? ShareLimitAction.Remove : ShareLimitAction.Stop };
        var swarm = new SwarmBuilder(95).Sharing(1 << 20, 64 * 1024).Seeds(1, up: 500_000)
            .Having(options => options with { Labels = [new TorrentLabel("short") { ShareLimits = limits }] }).Leechers(1).Start();
        var seed = swarm["seed0"];
        Assert.True(swarm.World.RunUntil(() => seed.Row(swarm.Torrent)?.State == TorrentState.Seeding, Limit));
        seed.Command(swarm.Torrent, null, record => record with { Label = "short" });
        swarm.World.Run(TimeSpan.FromMinutes(4));
        Assert.Equal(("short", TorrentState.Seeding), (seed.Row(swarm.Torrent)!.Label, seed.Row(swarm.Torrent)!.State));
        Assert.InRange(seed.Details(swarm.Torrent).SeedingTime, TimeSpan.FromSeconds(235), TimeSpan.FromSeconds(260));

        // A seed that stopped meanwhile has not been seeding: the time goes on where it was, in the next run, too.
        seed.Stop();
        swarm.World.Run(TimeSpan.FromMinutes(30));
        seed.Start();
        swarm.World.Run(TimeSpan.FromSeconds(40));
        Assert.Equal(TorrentState.Seeding, seed.Row(swarm.Torrent)!.State);
        swarm.World.Run(isIdle ? TimeSpan.FromMinutes(5) : TimeSpan.FromSeconds(40));
        Assert.Equal(isIdle ? null : TorrentState.Stopped, seed.Row(swarm.Torrent)?.State);
        Assert.True(seed.Volume.Of(swarm.Torrent).IsComplete());
    }

    [Fact]
    public async Task A_label_that_is_gone_is_taken_off_and_an_unknown_one_is_refused()
    {
        var (swarm, leech, torrents) = Several(1, seedUp: 100_000, options => options with { Labels = [new TorrentLabel("iso")] });
        var handle = leech.Engine.Find(torrents[0].InfoHash)!;
        leech.Command(torrents[0], null, record => record with { Label = "iso" });
        var refusal = Assert.ThrowsAsync<TorrentEngineException>(() => handle.SetLabelAsync("nothing"));
        swarm.World.Run(TimeSpan.FromSeconds(2));
        Assert.True(refusal.IsCompleted);
        Assert.Equal("label.unknown", (await refusal).Code);
        leech.Change(new EngineSettingsPatch { Labels = [] });
        swarm.World.Run(TimeSpan.FromSeconds(2));
        Assert.Null(leech.Row(torrents[0])!.Label);
        leech.Kill();
        leech.Start();
        Assert.Null(leech.Row(torrents[0])!.Label);
    }

    [Fact]
    public void Both_of_two_slow_ones_run_on_when_they_get_fast()
    {
        var (swarm, leech, torrents) = Several(3, seedUp: 8_000, options => options with { MaxActiveDownloads = 1 }, withoutSeed: 0);
        swarm.World.Run(TimeSpan.FromSeconds(75));
        Assert.Equal([TorrentState.Downloading, TorrentState.Downloading, TorrentState.Queued], torrents.Select(torrent => leech.Row(torrent)!.State));
        // The limit of slowness falls: both are fast now, and neither gives way.
        leech.Change(new EngineSettingsPatch { SlowTorrentRate = 0 });
        swarm.World.Run(TimeSpan.FromSeconds(65));
        Assert.Equal([TorrentState.Downloading, TorrentState.Downloading, TorrentState.Queued], torrents.Select(torrent => leech.Row(torrent)!.State));
        Move(leech, torrents[2], QueueMove.Top);
        swarm.World.Run(TimeSpan.FromSeconds(3));
        Assert.Equal([TorrentState.Queued, TorrentState.Queued, TorrentState.Downloading], torrents.Select(torrent => leech.Row(torrent)!.State));
    }

    [Fact]
    public void Stop_start_stop_at_once_ends_stopped_and_answers_all_three()
    {
        var (swarm, leech, torrents) = Several(1, seedUp: 20_000, options => options);
        swarm.World.Run(TimeSpan.FromSeconds(5));
        // Plain sources, answered on the loop: a continuation on a thread would take real time.
        TaskCompletionSource[] stops = [new(), new()];
        foreach (var (command, isStarted) in new (TorrentCommand, bool)[] { (new TorrentCommand.Stop(stops[0]), false), (new TorrentCommand.Start(), true), (new TorrentCommand.Stop(stops[1]), false) })
        {
            leech.Engine.Session.Post(new SessionCommand.Change(torrents[0].InfoHash, record => record with { IsStarted = isStarted }, command, new TaskCompletionSource()));
        }

        swarm.World.Run(TimeSpan.FromSeconds(10));
        Assert.All(stops, stop => Assert.True(stop.Task.IsCompletedSuccessfully));
        Assert.Equal(TorrentState.Stopped, leech.Row(torrents[0])!.State);
    }

    [Fact]
    public void A_stopped_one_runs_when_forced_and_a_check_of_it_goes_on_to_a_start_in_between()
    {
        var (swarm, leech, torrents) = Several(2, seedUp: 20_000, options => options with { MaxActiveDownloads = 1 });
        swarm.World.Run(TimeSpan.FromSeconds(5));
        leech.StopTorrent(torrents[1]);
        swarm.World.Run(TimeSpan.FromSeconds(3));
        var handle = leech.Engine.Find(torrents[1].InfoHash)!;
        swarm.World.Complete(handle.SetForcedAsync(true));
        swarm.World.Run(TimeSpan.FromSeconds(3));
        Assert.Equal((TorrentState.Downloading, true), (leech.Row(torrents[1])!.State, leech.Row(torrents[1])!.IsForced));
        leech.StopTorrent(torrents[1]);
        swarm.World.Run(TimeSpan.FromSeconds(3));
        var check = handle.RecheckAsync();
        swarm.World.Complete(handle.SetForcedAsync(true));
        swarm.World.Complete(check);
        swarm.World.Run(TimeSpan.FromSeconds(20));
        Assert.Equal(TorrentState.Downloading, leech.Row(torrents[1])!.State);
    }

    [Fact]
    public void A_killed_seed_that_nobody_asks_loses_an_hour_of_seeding_time_at_most()
    {
        var swarm = new SwarmBuilder(95).Sharing(1 << 20, 64 * 1024).Seeds(1, up: 500_000).Leechers(1).Start();
        var seed = swarm["seed0"];
        Assert.True(swarm.World.RunUntil(() => swarm["leech0"].IsComplete(swarm.Torrent), Limit));
        swarm.World.Run(TimeSpan.FromHours(3));
        var before = seed.Details(swarm.Torrent);
        Assert.InRange(before.SeedingTime, TimeSpan.FromMinutes(179), TimeSpan.FromMinutes(190));
        seed.Kill();
        seed.Start();
        swarm.World.Run(TimeSpan.FromSeconds(10));
        var after = seed.Details(swarm.Torrent);
        Assert.InRange(after.SeedingTime, before.SeedingTime - TimeSpan.FromMinutes(62), before.SeedingTime);
        Assert.Equal(before.LastActivityAt, after.LastActivityAt);
        Assert.Equal(before.Summary.Uploaded, after.Summary.Uploaded);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_limit_of_one_torrent_holds_it_and_no_other(bool isUpload)
    {
        const int rate = 50_000;
        var swarm = new SwarmBuilder(97).Sharing(40_000_000, 256 * 1024).Seeds(1).Leechers(1).Start();
        var (seed, leech) = (swarm["seed0"], swarm["leech0"]);
        swarm.World.Run(TimeSpan.FromSeconds(3));
        var limited = (isUpload ? seed : leech).Engine.Find(swarm.Torrent.InfoHash)!;
        swarm.World.Complete(limited.SetRateLimitsAsync(isUpload ? 0 : rate, isUpload ? rate : 0));
        swarm.World.Run(TimeSpan.FromSeconds(20));
        var before = swarm.Delivered("seed", "leech");
        swarm.World.Run(TimeSpan.FromMinutes(1));
        var measured = (swarm.Delivered("seed", "leech") - before) / 60.0;
        output.WriteLine($"limit {rate} of the {(isUpload ? "seed" : "leecher")}: {measured:0} bytes/s");
        Assert.InRange(measured, rate * 0.95, rate * 1.05);
        Assert.Equal(rate, isUpload ? limited.Snapshot.MaxUploadRate : limited.Snapshot.MaxDownloadRate);

        swarm.World.Complete(limited.SetRateLimitsAsync(0, 0));
        Assert.True(swarm.World.RunUntil(() => leech.IsComplete(swarm.Torrent), TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public void Alternative_limits_are_in_force_while_they_are_on()
    {
        var swarm = new SwarmBuilder(98).Sharing(60_000_000, 256 * 1024)
            .Seeds(1).Having(options => options with { MaxUploadRate = 400_000, AlternativeMaxUploadRate = 100_000 }).Leechers(1).Start();
        var seed = swarm["seed0"];
        foreach (var (isOn, rate) in new[] { (false, 400_000), (true, 100_000), (false, 400_000) })
        {
            seed.Change(new EngineSettingsPatch { UseAlternativeRates = isOn });
            swarm.World.Run(TimeSpan.FromSeconds(20));
            var before = swarm.Delivered("seed", "leech");
            swarm.World.Run(TimeSpan.FromSeconds(30));
            var measured = (swarm.Delivered("seed", "leech") - before) / 30.0;
            output.WriteLine($"alternative {isOn}: {measured:0} bytes/s");
            Assert.InRange(measured, rate * 0.94, rate * 1.06);
            Assert.Equal((rate, isOn), (seed.Engine.Snapshot.MaxUploadRate, seed.Engine.Snapshot.UsesAlternativeRates));
        }
    }

    private static void Move(SimulatedHost host, SimulatedTorrent torrent, QueueMove move)
    {
        var reply = new TaskCompletionSource();
        host.Engine.Session.Post(new SessionCommand.MoveInQueue(torrent.InfoHash, move, reply));
        host.World.Complete(reply.Task);
    }

    // One leecher that adds several torrents a moment apart, and a seed that has them all (but one, if asked).
    private static (SimulatedSwarm Swarm, SimulatedHost Leech, SimulatedTorrent[] Torrents) Several(
        int count, int seedUp, Func<TorrentEngineOptions, TorrentEngineOptions> having, int withoutSeed = -1)
    {
        var swarm = new SwarmBuilder(93).Sharing(1 << 20, 64 * 1024).Seeds(1, up: seedUp).Leechers(1).Having(having).Build();
        var (seed, leech) = (swarm["seed0"], swarm["leech0"]);
        SimulatedTorrent[] torrents = [.. Enumerable.Range(0, count).Select(i => new SimulatedTorrent(swarm.World, $"part {i}", [1 << 20], 64 * 1024))];
        foreach (var torrent in torrents.Where((_, i) => i != withoutSeed))
        {
            seed.Volume.PutComplete(torrent);
        }

        seed.Start();
        leech.Start();
        foreach (var torrent in torrents)
        {
            if (Array.IndexOf(torrents, torrent) != withoutSeed)
            {
                seed.Add(torrent);
            }

            leech.Add(torrent);
        }

        return (swarm, leech, torrents);
    }
}
