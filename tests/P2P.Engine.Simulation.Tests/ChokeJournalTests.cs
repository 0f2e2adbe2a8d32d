using System.Collections.Immutable;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>The choke journal in whole swarms: the same numbers as the page, over stops, kills and restarts.</summary>
public sealed class ChokeJournalTests(ITestOutputHelper output)
{
    [Fact]
    public void A_killed_process_loses_thirty_seconds_of_rounds_at_most()
    {
        var swarm = Swarm(71, interval: TimeSpan.FromSeconds(5));
        var leech = swarm["leech0"];
        swarm.World.Run(TimeSpan.FromSeconds(123));
        var (before, killedAt) = (leech.Details(swarm.Torrent).Choking.Round, leech.Process!.Clock.GetUtcNow());
        leech.Kill();
        swarm.World.Run(TimeSpan.FromSeconds(20));
        leech.Start();
        swarm.World.Run(TimeSpan.FromSeconds(3));

        var kept = Read(swarm, leech);
        output.WriteLine($"round {before} at the kill, {kept[^1].Round} kept");
        Assert.InRange(killedAt - kept[^1].At, TimeSpan.Zero, TimeSpan.FromSeconds(31));
        Assert.InRange(before, kept[^1].Round, kept[^1].Round + 6);

        // Numbers go on where they were, on the page and in the journal alike.
        swarm.World.Run(TimeSpan.FromSeconds(60));
        var after = Read(swarm, leech);
        Assert.Equal(kept, after.Take(kept.Length), SameRound);
        Assert.Equal(kept[^1].Round + 1, after[kept.Length].Round);
        Assert.True(after[kept.Length].IsFirstOfRun);
        Assert.Equal(after[^1].Round, leech.Details(swarm.Torrent).Choking.Round);
        Assert.Equal(leech.Details(swarm.Torrent).Choking.History[0].Round, after[^1].Round);
    }

    [Fact]
    public void A_clean_stop_keeps_every_round_and_a_removal_none()
    {
        var swarm = Swarm(72, interval: TimeSpan.FromSeconds(5));
        var leech = swarm["leech0"];
        swarm.World.Run(TimeSpan.FromSeconds(48));
        var round = leech.Details(swarm.Torrent).Choking.Round;
        leech.Stop();
        leech.Start();
        swarm.World.Run(TimeSpan.FromSeconds(2));
        Assert.InRange(Read(swarm, leech)[^1].Round, round, round + 1);

        var handle = leech.Engine.Find(swarm.Torrent.InfoHash)!;
        var removed = new TaskCompletionSource();
        leech.Engine.Session.Post(new P2P.Engine.Session.SessionCommand.Remove(swarm.Torrent.InfoHash, false, removed));
        swarm.World.Complete(removed.Task);
        swarm.World.Run(TimeSpan.FromMinutes(2));
        Assert.Empty(swarm.World.Complete(handle.GetChokeJournalAsync(0, 10)));
        Assert.DoesNotContain(leech.Store.Journals.Keys, name => name.EndsWith(".rounds", StringComparison.Ordinal));
    }

    [Fact]
    public void The_journal_tells_what_the_page_told()
    {
        var swarm = Swarm(73, interval: TimeSpan.FromSeconds(10));
        var leech = swarm["leech0"];
        swarm.World.Run(TimeSpan.FromSeconds(75));

        var choking = leech.Details(swarm.Torrent).Choking;
        var rounds = Read(swarm, leech);
        Assert.Equal(choking.History.Length, rounds.Length);
        Assert.Equal(choking.LastRound, rounds[^1], SameRound);
        foreach (var (shown, kept) in choking.History.Reverse().Zip(rounds))
        {
            Assert.Equal(shown.Round, kept.Round);
            Assert.Equal(
                shown.Decisions.Where(decision => decision.Slot != SlotKind.None).Select(decision => (decision.Peer, decision.Slot, decision.RateUsed, decision.DrawnAmong)),
                kept.Entries.Where(entry => entry.Slot != SlotKind.None).Select(entry => (entry.Peer, entry.Slot, entry.RateUsed, entry.DrawnAmong)));
        }

        Assert.Contains(rounds.SelectMany(round => round.Entries), entry => entry is { Slot: SlotKind.Optimistic, DrawnAmong: > 0 });
        Assert.Contains(rounds.SelectMany(round => round.Entries), entry => entry.UploadedInSlot > 0);

        // A page asks for what it lacks.
        var from = rounds[3].Round;
        Assert.Equal(rounds[3..5], swarm.World.Complete(leech.Engine.Find(swarm.Torrent.InfoHash)!.GetChokeJournalAsync(from, 2)), SameRound);
    }

    private static SimulatedSwarm Swarm(int seed, TimeSpan interval) => new SwarmBuilder(seed).Sharing(64 << 20, 256 * 1024)
        .AllHaving(options => options with { ChokeInterval = interval })
        .Seeds(1, up: 300_000).Leechers(7, up: 100_000).Start();

    private static ImmutableArray<ChokeJournalRound> Read(SimulatedSwarm swarm, SimulatedHost host) =>
        swarm.World.Complete(host.Engine.Find(swarm.Torrent.InfoHash)!.GetChokeJournalAsync(0, 2_000));

    private static bool SameRound(ChokeJournalRound? a, ChokeJournalRound? b) =>
        a! with { Entries = [] } == b! with { Entries = [] } && a.Entries.SequenceEqual(b.Entries);
}
