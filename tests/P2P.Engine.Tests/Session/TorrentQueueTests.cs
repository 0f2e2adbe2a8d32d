using CsCheck;
using P2P.Engine.Session;
using Xunit;

namespace P2P.Engine.Tests.Session;

/// <summary>Who may run, by facts alone.</summary>
public sealed class TorrentQueueTests
{
    private static readonly QueueFacts Waiting = new(IsWanting: true, IsForced: false, IsSeed: false, IsRunning: false, IsSlow: false, HasTurn: false);
    private static readonly QueueFacts Running = Waiting with { IsRunning = true, HasTurn = true };
    private static readonly QueueFacts Seed = Running with { IsSeed = true };

    [Fact]
    public void Decide_MoreThanSlots_FirstInOrderRunAndOthersHavePlaces() => Assert.Equal(
        [(true, 0), (true, 0), (false, 1), (false, 2)],
        Decide([Waiting, Waiting, Waiting, Waiting], downloads: 2).Select(verdict => (verdict.MayRun, verdict.Place)));

    [Fact]
    public void Decide_SeedsAndDownloads_AreCountedApart() => Assert.Equal(
        [true, true, false, true, false], May([Seed, Waiting, Seed with { HasTurn = false }, Waiting, Waiting], downloads: 2, seeds: 1));

    [Fact]
    public void Decide_LimitOfZero_LetsAllRun() => Assert.All(May([.. Enumerable.Repeat(Waiting, 100)]), Assert.True);

    [Fact]
    public void Decide_Forced_RunsAndHoldsNoSlot() => Assert.Equal(
        [true, false, true, true], May([Waiting, Waiting, Waiting with { IsForced = true }, Running with { IsForced = true }], downloads: 1));

    [Fact]
    public void Decide_RunningSlowly_LeavesItsSlotToTheNext() => Assert.Equal(
        [true, true, false], May([Running with { IsSlow = true }, Waiting, Waiting], downloads: 1));

    [Fact]
    public void Decide_SlowOneGetsFast_BothRunOnUntilOneBeforeThemGetsATurn()
    {
        Assert.Equal([true, true, false], May([Running, Running, Waiting], downloads: 1));
        Assert.Equal([true, false, false], May([Waiting, Running, Running], downloads: 1));
    }

    [Fact]
    public void Decide_LimitsChanged_AreKeptToAtOnce() => Assert.Equal([true, false], May([Running, Running], downloads: 1, isChanged: true));

    [Fact]
    public void Decide_ADownloadGetsDone_WaitsForASlotOfSeeds() => Assert.Equal(
        [true, false], May([Seed, Seed with { HasTurn = false }], downloads: 2, seeds: 1));

    [Fact]
    public void Decide_NotWanting_HasNoPlaceAndHoldsNoSlot() => Assert.Equal(
        [(false, 0), (true, 0), (false, 1)],
        Decide([default, Waiting, Waiting], downloads: 1).Select(verdict => (verdict.MayRun, verdict.Place)));

    [Fact]
    public void Decide_WhoWaits_IsToldRunningAndSlots() =>
        Assert.Equal(new QueueVerdict(false, 1, 3, 3), Decide([Running, Running, Running, Waiting], downloads: 3)[3]);

    [Fact]
    public void Decide_AnyFacts_SlotsAreNeverExceededAndNeverIdleWhileOneWaits()
    {
        var facts = Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool, (wanting, forced, seed, running, slow, turn) => new QueueFacts(wanting, forced, seed, running, slow, running && turn));
        Gen.Select(facts.Array[0, 40], Gen.Int[0, 5], Gen.Int[0, 5], Gen.Bool).Sample((all, downloads, seeds, isChanged) =>
        {
            var verdicts = Decide(all, downloads, seeds, isChanged);
            foreach (var (isSeed, slots) in new[] { (false, downloads), (true, seeds) })
            {
                var holders = all.Zip(verdicts).Count(pair => pair.First.IsSeed == isSeed && pair.Second.MayRun && !pair.First.IsForced && pair.First is not { IsRunning: true, IsSlow: true });
                var waits = all.Zip(verdicts).Count(pair => pair.First.IsSeed == isSeed && pair.Second.Place > 0);
                Assert.True(slots == 0 ? waits == 0 : waits == 0 || holders >= slots);
                // More than there are slots only by those that had a turn before, and never when the limits are new.
                var fresh = all.Zip(verdicts).Count(pair => pair.First is { HasTurn: false, IsForced: false } && pair.First is not { IsRunning: true, IsSlow: true } && pair.First.IsSeed == isSeed && pair.Second.MayRun);
                Assert.True(slots == 0 || fresh <= slots);
                Assert.True(slots == 0 || !isChanged || holders <= slots);
            }

            Assert.All(all.Zip(verdicts), pair => Assert.Equal(pair.First.IsWanting, pair.Second.MayRun || pair.Second.Place > 0));
        });
    }

    private static bool[] May(QueueFacts[] facts, int downloads = 0, int seeds = 0, bool isChanged = false) => [.. Decide(facts, downloads, seeds, isChanged).Select(verdict => verdict.MayRun)];

    private static QueueVerdict[] Decide(QueueFacts[] facts, int downloads = 0, int seeds = 0, bool isChanged = false)
    {
        var verdicts = new QueueVerdict[facts.Length];
        TorrentQueue.Decide(facts, downloads, seeds, isChanged, verdicts);
        return verdicts;
    }
}
