using CsCheck;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

public sealed class ChokerTests
{
    private static readonly ChokeRules Leeching = new(RegularSlots: 3, OptimisticSlots: 1, IsSeeding: false, IsStrict: false);
    private static readonly ChokeRules Seeding = Leeching with { IsSeeding = true };

    private static readonly Gen<ChokePeer[]> Peers = Gen.Select(
        Gen.Bool, Gen.Int[0, 9], Gen.Bool, Gen.Bool, Gen.Long[0, 5], Gen.Long[0, 5], Gen.Long[0, 100_000], Gen.Int[0, 2],
        (interested, seed, snubs, unchokes, received, sent, at, slot) =>
            new ChokePeer(0, interested, seed == 0, snubs, unchokes, received * 1000, sent * 1000, 0, 0, at, at / 2, (SlotKind)slot))
        .Array[0, 40].Select(peers => peers.Select((peer, i) => peer with { PeerId = i + 1 }).ToArray());

    private static readonly Gen<ChokeRules> AnyRules = Gen.Select(Gen.Int[0, 6], Gen.Int[0, 4], Gen.Bool, Gen.Bool)
        .Select(rules => new ChokeRules(rules.Item1, rules.Item2, rules.Item3, rules.Item4));

    [Fact]
    public void Round_AnyPeers_KeepsEveryInvariant() => Gen.Select(Peers, AnyRules, Gen.UInt).Sample((peers, rules, seed) =>
    {
        var verdicts = new Choker(new Random((int)seed)).Round(peers, rules, 200_000);
        Assert.Equal(peers.Select(peer => peer.PeerId), verdicts.Select(verdict => verdict.PeerId).Order());
        var given = verdicts.Where(verdict => verdict.Slot != SlotKind.None).ToList();
        var mayHold = peers.Count(peer => peer.IsInterested && !peer.IsSeed);
        var ranked = peers.Count(peer => peer.IsInterested && !peer.IsSeed && (rules.IsSeeding || !peer.IsSnubbing));
        var regular = given.Count(verdict => verdict.Slot == SlotKind.Regular);
        Assert.Equal(Math.Min(rules.RegularSlots, ranked), regular);
        Assert.Equal(Math.Min(rules.OptimisticSlots, mayHold - regular), given.Count - regular);
        Assert.True(given.Count <= rules.RegularSlots + rules.OptimisticSlots);
        Assert.Equal(verdicts, verdicts.OrderBy(v => v.Slot == SlotKind.None).ThenBy(v => v.Rank == 0 ? int.MaxValue : v.Rank).ThenBy(v => v.PeerId));
        Assert.Equal(Enumerable.Range(1, ranked), verdicts.Select(verdict => verdict.Rank).Where(rank => rank > 0).Order());
        var byRank = verdicts.Where(verdict => verdict.Rank > 0).OrderBy(verdict => verdict.Rank).Select(verdict => verdict.RateUsed).ToList();
        Assert.Equal(byRank.OrderDescending(), byRank);
        foreach (var verdict in verdicts)
        {
            var peer = peers[verdict.PeerId - 1];
            Assert.Equal(rules.IsSeeding ? peer.SentRate : peer.ReceivedRate, verdict.RateUsed);
            Assert.Equal(Expected(peer, verdict, rules), verdict.Reason);
            Assert.True(peer.UnchokesUs || !verdict.IsSource);
        }

        var givers = peers.Count(peer => peer.UnchokesUs);
        var sources = rules.IsStrict ? Math.Min(givers, rules.RegularSlots + rules.OptimisticSlots) : givers;
        Assert.Equal(sources, verdicts.Count(verdict => verdict.IsSource));
    });

    [Fact]
    public void OnInterested_AnyPeers_NeverExceedsTheSlots() => Gen.Select(Peers, AnyRules).Sample((peers, rules) =>
    {
        var choker = new Choker(new Random(1));
        foreach (var verdict in choker.Round(peers, rules, 200_000))
        {
            peers[verdict.PeerId - 1] = peers[verdict.PeerId - 1] with { Slot = verdict.Slot, IsInterested = verdict.PeerId % 2 == 0 };
        }

        for (var i = 0; i < peers.Length; i++)
        {
            if (choker.OnInterested(peers[i] with { IsInterested = true }, peers, rules, 210_000) is { } verdict)
            {
                Assert.Equal(ChokeReason.InterestFilledFreeSlot, verdict.Reason);
                peers[i] = peers[i] with { Slot = verdict.Slot };
            }
        }

        Assert.True(peers.Count(peer => peer.Slot == SlotKind.Regular) <= rules.RegularSlots);
        Assert.True(peers.Count(peer => peer.Slot == SlotKind.Optimistic) <= rules.OptimisticSlots);
    });

    [Fact]
    public void Refill_AnyPeersAfterARound_LeavesNoSlotUnusedThatSomebodyWaitsFor() => Gen.Select(Peers, AnyRules, Gen.UInt).Sample((peers, rules, chance) =>
    {
        var choker = new Choker(new Random(1));
        foreach (var verdict in choker.Round(peers, rules, 200_000))
        {
            // A third of them changes its mind, some of those have become seeds.
            var changes = (verdict.PeerId + chance) % 3 == 0;
            var peer = peers[verdict.PeerId - 1];
            peers[verdict.PeerId - 1] = peer with { Slot = verdict.Slot, IsInterested = peer.IsInterested != changes, IsSeed = peer.IsSeed || (changes && chance % 2 == 0) };
        }

        var (before, verdicts) = (peers.ToArray(), choker.Refill(peers, rules, 201_000));
        foreach (var verdict in verdicts)
        {
            peers[verdict.PeerId - 1] = peers[verdict.PeerId - 1] with { Slot = verdict.Slot };
        }

        Assert.All(verdicts, verdict => Assert.NotEqual(before[verdict.PeerId - 1].Slot, verdict.Slot));
        Assert.All(verdicts.Where(verdict => verdict.Slot == SlotKind.None), verdict => Assert.False(Wants(before[verdict.PeerId - 1])));
        Assert.All(verdicts.Where(verdict => verdict.Slot != SlotKind.None), verdict => Assert.True(Wants(before[verdict.PeerId - 1])));
        Assert.True(peers.Count(peer => peer.Slot != SlotKind.None) <= rules.RegularSlots + rules.OptimisticSlots);
        var regular = peers.Count(peer => Wants(peer) && peer.Slot == SlotKind.Regular);
        var optimistic = peers.Count(peer => Wants(peer) && peer.Slot == SlotKind.Optimistic);
        var waiting = peers.Where(peer => Wants(peer) && peer.Slot == SlotKind.None).ToList();
        Assert.True(waiting.Count == 0 || optimistic == rules.OptimisticSlots);
        Assert.True(regular == rules.RegularSlots || waiting.All(peer => !rules.IsSeeding && peer.IsSnubbing));

        static bool Wants(ChokePeer peer) => peer.IsInterested && !peer.IsSeed;
    });

    [Fact]
    public void Refill_HolderLostInterest_TheBestWaitingGiverGetsItsSlotAndNobodyElseIsTouched()
    {
        var peers = new[] { Peer(1, 900), Peer(2, 800), Peer(3, 700), Peer(4, 300), Peer(5, 600), Peer(6, 500) };
        SlotKind[] slots = [SlotKind.Regular, SlotKind.Regular, SlotKind.Regular, SlotKind.Optimistic, SlotKind.None, SlotKind.None];
        peers = [.. peers.Zip(slots, (peer, slot) => peer with { Slot = slot })];
        Assert.Empty(new Choker(new Random(1)).Refill(peers, Leeching, 100));

        peers[1] = peers[1] with { IsInterested = false };
        var verdicts = new Choker(new Random(1)).Refill(peers, Leeching, 100);

        Assert.Equal([(2, SlotKind.None, ChokeReason.NotInterested), (5, SlotKind.Regular, ChokeReason.FreeSlot)], verdicts.Select(verdict => (verdict.PeerId, verdict.Slot, verdict.Reason)));
    }

    [Fact]
    public void Round_Leeching_BestGiversGetTheRegularSlots()
    {
        var verdicts = Decide(Leeching, Peer(1, received: 10), Peer(2, received: 50), Peer(3, received: 30), Peer(4, received: 40), Peer(5, received: 20));
        Assert.Equal([2, 4, 3], verdicts.Where(v => v.Slot == SlotKind.Regular).Select(v => v.PeerId));
        Assert.All(verdicts, verdict => Assert.Equal(30, verdict.RateToBeat));
        Assert.Contains(verdicts, verdict => verdict is { Slot: SlotKind.None, Reason: ChokeReason.OutRanked, Rank: 4 or 5 });
    }

    [Fact]
    public void Round_Seeding_BestTakersGetTheRegularSlots()
    {
        var verdicts = Decide(Seeding, Peer(1, received: 99, sent: 1), Peer(2, sent: 5), Peer(3, sent: 4), Peer(4, sent: 3, snubs: true));
        Assert.Equal([2, 3, 4], verdicts.Where(v => v.Slot == SlotKind.Regular).Select(v => v.PeerId));
    }

    [Fact]
    public void Round_RateZeroAndSlotFree_TakesIt() =>
        Assert.Contains(Decide(Leeching, Peer(1), Peer(2, received: 9)), v => v is { PeerId: 1, Slot: SlotKind.Regular, Reason: ChokeReason.FreeSlot });

    [Fact]
    public void Round_SnubbingPeer_WinsOnlyTheOptimisticSlot()
    {
        var verdict = Decide(Leeching, Peer(1, received: 1_000, snubs: true)).Single();
        Assert.Equal((SlotKind.Optimistic, ChokeReason.OptimisticPick, 0), (verdict.Slot, verdict.Reason, verdict.Rank));
        Assert.Equal(SlotKind.None, Decide(Leeching with { OptimisticSlots = 0 }, Peer(1, snubs: true)).Single().Slot);
    }

    [Fact]
    public void Round_EqualRates_LongestWaitFirst()
    {
        var verdicts = Decide(
            Leeching with { RegularSlots = 1, OptimisticSlots = 0 },
            Peer(1) with { ConnectedAtMs = 10, Slot = SlotKind.Regular },
            Peer(2) with { ConnectedAtMs = 50, LastUnchokedAtMs = 90 },
            Peer(3) with { ConnectedAtMs = 60 });
        Assert.Equal(3, verdicts[0].PeerId);
        Assert.Equal(1, verdicts[2].PeerId);
    }

    [Fact]
    public void Round_OptimisticHolder_MustEarnOrGo()
    {
        ChokePeer[] peers = [Peer(1, received: 9), Peer(2, received: 8), Peer(3, received: 7), Peer(4, received: 1) with { Slot = SlotKind.Optimistic }, Peer(5)];
        Assert.Equal(5, Decide(Leeching, peers).Single(v => v.Slot == SlotKind.Optimistic).PeerId);
        peers[3] = peers[3] with { ReceivedRate = 10 };
        Assert.Equal(SlotKind.Regular, Decide(Leeching, peers).Single(v => v.PeerId == 4).Slot);
    }

    [Fact]
    public void Round_Newcomers_AreDrawnThreeTimesAsOften()
    {
        var choker = new Choker(new Random(5));
        ChokePeer[] peers = [Peer(1), Peer(2)];
        var rules = Leeching with { RegularSlots = 0 };
        var newcomer = 0;
        for (var round = 1; round <= 4000; round++)
        {
            var now = round * 30_000L;
            peers[1] = peers[1] with { ConnectedAtMs = now - 1 };
            newcomer += choker.Round(peers, rules, now)[0].PeerId == 2 ? 1 : 0;
        }

        Assert.InRange(newcomer, 2_880, 3_120);
    }

    [Fact]
    public void Round_SeedingWithSixtyTakers_StarvesNobody()
    {
        var choker = new Choker(new Random(7));
        var peers = Enumerable.Range(1, 60).Select(id => Peer(id)).ToArray();
        var longest = 0L;
        for (var round = 1; round <= 2000; round++)
        {
            var now = round * 30_000L;
            foreach (var verdict in choker.Round(peers, Seeding, now))
            {
                // The first three take twice what anybody else can.
                ref var peer = ref peers[verdict.PeerId - 1];
                var isOn = verdict.Slot != SlotKind.None;
                longest = Math.Max(longest, now - Math.Max(peer.ConnectedAtMs, peer.LastUnchokedAtMs));
                peer = peer with
                {
                    Slot = verdict.Slot,
                    SentRate = !isOn ? 0 : peer.PeerId <= 3 ? 200_000 : 100_000,
                    LastUnchokedAtMs = isOn ? now : peer.LastUnchokedAtMs,
                };
            }
        }

        // 57 peers share one slot: 57 rounds each if it were a queue.
        Assert.InRange(longest / 30_000, 57, 57 * 6);
    }

    [Fact]
    public void Strict_SourcesAreTheBestGiversAndOneByLot()
    {
        var peers = Enumerable.Range(1, 10).Select(id => Peer(id, received: id) with { UnchokesUs = true }).ToArray();
        var choker = new Choker(new Random(1));
        var strict = Leeching with { IsStrict = true };
        var sources = choker.Round(peers, strict, 100).Where(verdict => verdict.IsSource).Select(verdict => verdict.PeerId).ToHashSet();
        Assert.Superset(new HashSet<int> { 8, 9, 10 }, sources);
        Assert.Equal(4, sources.Count);
        var other = peers.First(peer => !sources.Contains(peer.PeerId));
        Assert.False(choker.OnUnchokesUs(other, peers, strict));
        Assert.True(choker.OnUnchokesUs(other, peers[..9], strict));
        Assert.True(choker.OnUnchokesUs(other, peers, Leeching));
    }

    private static ChokeVerdict[] Decide(ChokeRules rules, params ChokePeer[] peers) => [.. new Choker(new Random(1)).Round(peers, rules, 100)];

    private static ChokePeer Peer(int id, long received = 0, long sent = 0, bool snubs = false) =>
        new(id, IsInterested: true, IsSeed: false, snubs, UnchokesUs: false, received, sent, 0, 0, ConnectedAtMs: 0, 0, SlotKind.None);

    private static ChokeReason Expected(ChokePeer peer, ChokeVerdict verdict, ChokeRules rules) => verdict.Slot switch
    {
        SlotKind.Regular => verdict.RateUsed > 0 ? ChokeReason.TopRate : ChokeReason.FreeSlot,
        SlotKind.Optimistic => ChokeReason.OptimisticPick,
        _ when peer.IsSeed => ChokeReason.IsSeed,
        _ when !peer.IsInterested => ChokeReason.NotInterested,
        _ when peer.IsSnubbing && !rules.IsSeeding => ChokeReason.Snubbing,
        _ => ChokeReason.OutRanked,
    };
}
