using System.Collections.Immutable;

namespace P2P.Engine.Swarm;

/// <summary>Facts about one connected peer, for a choke round.</summary>
/// <param name="PeerId">Its number in this run of the torrent, above 0.</param>
/// <param name="IsInterested">It wants something from us.</param>
/// <param name="IsSeed">It has everything.</param>
/// <param name="IsSnubbing">It gave nothing for too long though we asked (<see cref="RequestWindow.IsSnubbed"/>).</param>
/// <param name="UnchokesUs">It lets us download.</param>
/// <param name="ReceivedRate">Bytes per second it gives us, over the rate window.</param>
/// <param name="SentRate">Bytes per second we give it, over the rate window.</param>
/// <param name="Downloaded">Bytes it gave us in all.</param>
/// <param name="Uploaded">Bytes we gave it in all.</param>
/// <param name="ConnectedAtMs">Since when it is connected.</param>
/// <param name="LastUnchokedAtMs">When it last held a slot; 0 = never.</param>
/// <param name="Slot">The slot it holds now.</param>
internal readonly record struct ChokePeer(
    int PeerId,
    bool IsInterested,
    bool IsSeed,
    bool IsSnubbing,
    bool UnchokesUs,
    long ReceivedRate,
    long SentRate,
    long Downloaded,
    long Uploaded,
    long ConnectedAtMs,
    long LastUnchokedAtMs,
    SlotKind Slot);

/// <summary>The decision about one peer and why.</summary>
/// <param name="PeerId">Who.</param>
/// <param name="Slot">Its slot; <see cref="SlotKind.None"/> = choked.</param>
/// <param name="Reason">Why.</param>
/// <param name="Rank">1 = best; 0 = takes no part in the ranking.</param>
/// <param name="RateUsed">Bytes per second it is ranked by.</param>
/// <param name="RateToBeat">Rate of the last peer that got a regular slot; 0 while one is free.</param>
/// <param name="IsSource">We may ask it for data (strict mode holds this to as many peers as there are slots).</param>
internal readonly record struct ChokeVerdict(
    int PeerId, SlotKind Slot, ChokeReason Reason, int Rank, long RateUsed, long RateToBeat, bool IsSource)
{
    /// <summary>Drawn by lot among so many; 0 when it was not drawn.</summary>
    public int DrawnAmong { get; init; }

    /// <summary>Its lots in the draw; 0 when it took part in none.</summary>
    public long Lots { get; init; }
}

/// <summary>The settings of a round.</summary>
/// <param name="RegularSlots">Slots earned by rate, 0 or more.</param>
/// <param name="OptimisticSlots">Slots given at random, 0 or more.</param>
/// <param name="IsSeeding">We want nothing: rank by what peers take.</param>
/// <param name="IsStrict">Hold the download side to the same number of peers.</param>
internal readonly record struct ChokeRules(int RegularSlots, int OptimisticSlots, bool IsSeeding, bool IsStrict);

/// <summary>Tit-for-tat: decides who may download from us, and says why (MISSION row 4, BEP 3).</summary>
/// <remarks>
/// Loop only; told the time. It remembers when the last rounds were and who the sources are, nothing else. The rules, in order:
/// <list type="number">
/// <item>Ranked is who is interested, is no seed and does not snub us (a seed of ours cannot be snubbed, so there snubbing counts for
/// nothing). Leeching, the rate a peer gives us ranks; seeding, the rate it takes from us. Equal rates: who has waited longest without a
/// slot comes first, then chance.</item>
/// <item>The first <c>RegularSlots</c> of the ranking get the regular slots. A peer whose rate is 0 may take one that is left.</item>
/// <item>The optimistic slots are drawn by lot among the interested peers, snubbing ones too, that were choked until now. Peers that connected
/// since the third last round have three lots (BEP 3). Seeding, a peer has one lot more for every round it has waited: choked peers have
/// rate 0 there and could never rank, so the lot is what saves them from starving, and the longer they wait the surer it is.</item>
/// <item>An optimistic slot lasts one round. Its holder then has a rate to be ranked by and must earn a regular slot; it takes part in the
/// draw again only when too few others are there.</item>
/// </list>
/// So at most <c>RegularSlots + OptimisticSlots</c> peers are unchoked. Strict mode chooses the sources by the same rule: the
/// <c>RegularSlots</c> peers with the highest rate to us among those that unchoke us, and <c>OptimisticSlots</c> drawn from the rest.
/// </remarks>
internal sealed class Choker(Random random)
{
    private const int NewcomerRounds = 3;
    private const int NewcomerLots = 3;

    // When the last three rounds were, newest first; a peer is a newcomer until three rounds have seen it.
    private readonly long[] _roundsAtMs = [long.MinValue, long.MinValue, long.MinValue];
    private readonly HashSet<int> _sources = [];

    /// <summary>A decision for every peer: the unchoked first, then by rank, the unranked last. The caller obeys all of it.</summary>
    public ImmutableArray<ChokeVerdict> Round(ReadOnlySpan<ChokePeer> peers, ChokeRules rules, long nowMs)
    {
        var entries = new Entry[peers.Length];
        for (var i = 0; i < peers.Length; i++)
        {
            entries[i] = new Entry(peers[i], rules.IsSeeding, random.Next(), nowMs);
        }

        var ranked = entries.Where(entry => entry.IsRanked).ToArray();
        Array.Sort(ranked, Entry.BetterFirst);
        var earned = Math.Min(Math.Max(0, rules.RegularSlots), ranked.Length);
        for (var i = 0; i < ranked.Length; i++)
        {
            ranked[i].Rank = i + 1;
            if (i < earned)
            {
                ranked[i].Give(SlotKind.Regular, ranked[i].Rate > 0 ? ChokeReason.TopRate : ChokeReason.FreeSlot);
            }
        }

        DrawOptimistic(entries, rules, nowMs);
        ChooseSources(entries, rules);
        Remember(nowMs);
        var rateToBeat = earned > 0 && earned == rules.RegularSlots ? ranked[earned - 1].Rate : 0;
        Array.Sort(entries, Entry.UnchokedFirst);
        return [.. entries.Select(entry => entry.Verdict(rateToBeat, _sources.Contains(entry.Peer.PeerId)))];
    }

    /// <summary>A peer became interested between rounds: gives it a free slot at once, or null when it has one or none is free.</summary>
    /// <param name="peer">The peer, as it is now.</param>
    /// <param name="all">Every connected peer with its slot; whether <paramref name="peer"/> is among them makes no difference.</param>
    /// <param name="rules">The settings.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <remarks>
    /// A slot counts as taken as long as somebody holds it, interested or not: <see cref="Refill"/> takes it from a peer that lost its
    /// interest. The rank is 0, because nobody is ranked between rounds.
    /// </remarks>
    public ChokeVerdict? OnInterested(ChokePeer peer, ReadOnlySpan<ChokePeer> all, ChokeRules rules, long nowMs)
    {
        var entry = new Entry(peer, rules.IsSeeding, Chance: 0, nowMs);
        if (!entry.MayHoldSlot || peer.Slot != SlotKind.None)
        {
            return null;
        }

        var (regular, optimistic) = (0, 0);
        foreach (var other in all)
        {
            if (other.PeerId != peer.PeerId)
            {
                regular += other.Slot == SlotKind.Regular ? 1 : 0;
                optimistic += other.Slot == SlotKind.Optimistic ? 1 : 0;
            }
        }

        // Settings may have shrunk since the last round, so the sum is asked too.
        if (regular + optimistic >= rules.RegularSlots + rules.OptimisticSlots)
        {
            return null;
        }

        if (entry.IsRanked && regular < rules.RegularSlots)
        {
            entry.Give(SlotKind.Regular, ChokeReason.InterestFilledFreeSlot);
        }
        else if (optimistic < rules.OptimisticSlots)
        {
            entry.Give(SlotKind.Optimistic, ChokeReason.InterestFilledFreeSlot);
        }
        else
        {
            return null;
        }

        return entry.Verdict(rateToBeat: 0, rules.IsStrict ? _sources.Contains(peer.PeerId) : peer.UnchokesUs);
    }

    /// <summary>Between rounds: slots that nobody uses any more go to those who wait. Verdicts of the peers that change, empty for none.</summary>
    /// <param name="peers">Every connected peer.</param>
    /// <param name="rules">The settings.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <remarks>
    /// A slot is unused when its holder left or wants nothing. Half a minute without it is long at the end of a download, when many want
    /// little from few (measured: 60 peers of 30 neighbours each, 8 MiB, six worlds: contributors' median 371 s without it, 266 s with it). Regular slots go by rank, the
    /// optimistic one by lot, as in a round. A holder that wants nothing is choked only for somebody who wants something.
    /// </remarks>
    public ImmutableArray<ChokeVerdict> Refill(ReadOnlySpan<ChokePeer> peers, ChokeRules rules, long nowMs)
    {
        var entries = new Entry[peers.Length];
        var (regular, optimistic) = (rules.RegularSlots, rules.OptimisticSlots);
        for (var i = 0; i < peers.Length; i++)
        {
            var entry = entries[i] = new Entry(peers[i], rules.IsSeeding, random.Next(), nowMs);
            regular -= entry.MayHoldSlot && entry.Peer.Slot == SlotKind.Regular ? 1 : 0;
            optimistic -= entry.MayHoldSlot && entry.Peer.Slot == SlotKind.Optimistic ? 1 : 0;
        }

        var waiting = entries.Where(entry => entry.MayHoldSlot && entry.Peer.Slot == SlotKind.None).ToList();
        var ranked = waiting.Where(entry => entry.IsRanked).ToArray();
        Array.Sort(ranked, Entry.BetterFirst);
        foreach (var entry in ranked.Take(Math.Max(0, Math.Min(regular, regular + optimistic))))
        {
            entry.Give(SlotKind.Regular, ChokeReason.FreeSlot);
            waiting.Remove(entry);
            regular--;
        }

        for (; optimistic > 0 && regular + optimistic > 0 && waiting.Count > 0; optimistic--)
        {
            var drawn = Draw(waiting, rules.IsSeeding, RoundLengthMs(nowMs));
            drawn.Give(SlotKind.Optimistic, ChokeReason.OptimisticPick);
            waiting.Remove(drawn);
        }

        var given = entries.Where(entry => entry.Slot != SlotKind.None).ToList();
        var idle = entries.Where(entry => !entry.MayHoldSlot && entry.Peer.Slot != SlotKind.None).ToList();
        var held = entries.Count(entry => entry.Peer.Slot != SlotKind.None);
        var tooMany = Math.Clamp(held + given.Count - rules.RegularSlots - rules.OptimisticSlots, 0, idle.Count);
        return [.. idle.Take(tooMany).Concat(given).Select(entry => entry.Verdict(rateToBeat: 0, _sources.Contains(entry.Peer.PeerId)))];
    }

    /// <summary>A peer unchoked us between rounds: may we ask it for data? In strict mode only while a source is missing.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="all">Every connected peer, as it is now.</param>
    /// <param name="rules">The settings.</param>
    public bool OnUnchokesUs(ChokePeer peer, ReadOnlySpan<ChokePeer> all, ChokeRules rules)
    {
        if (!rules.IsStrict || _sources.Contains(peer.PeerId))
        {
            return true;
        }

        var taken = 0;
        foreach (var other in all)
        {
            taken += other.PeerId != peer.PeerId && other.UnchokesUs && _sources.Contains(other.PeerId) ? 1 : 0;
        }

        return taken < rules.RegularSlots + rules.OptimisticSlots && _sources.Add(peer.PeerId);
    }

    private void DrawOptimistic(Entry[] entries, ChokeRules rules, long nowMs)
    {
        var waiting = entries.Where(entry => entry.MayHoldSlot && entry.Slot == SlotKind.None).ToList();
        var choked = waiting.Where(entry => entry.Peer.Slot == SlotKind.None).ToList();
        var (free, roundMs) = (rules.OptimisticSlots, RoundLengthMs(nowMs));
        foreach (var pot in new[] { choked, waiting })
        {
            for (; free > 0 && pot.Count > 0; free--)
            {
                var drawn = Draw(pot, rules.IsSeeding, roundMs);
                drawn.Give(SlotKind.Optimistic, ChokeReason.OptimisticPick);
                choked.Remove(drawn);
                waiting.Remove(drawn);
            }
        }
    }

    private Entry Draw(List<Entry> pot, bool isSeeding, long roundMs)
    {
        var lots = 0L;
        foreach (var entry in pot)
        {
            entry.Lots = LotsOf(entry, isSeeding, roundMs);
            lots += entry.Lots;
        }

        var lot = random.NextInt64(lots);
        var drawn = pot[^1];
        foreach (var entry in pot)
        {
            lot -= entry.Lots;
            if (lot < 0)
            {
                drawn = entry;
                break;
            }
        }

        drawn.DrawnAmong = pot.Count;
        return drawn;
    }

    private long LotsOf(Entry entry, bool isSeeding, long roundMs)
    {
        var rounds = isSeeding && roundMs > 0 ? Math.Min(entry.WaitedMs / roundMs, 1_000_000) : 0;
        return entry.Peer.ConnectedAtMs >= _roundsAtMs[NewcomerRounds - 1] ? NewcomerLots * (1 + rounds) : 1 + rounds;
    }

    private void ChooseSources(Entry[] entries, ChokeRules rules)
    {
        _sources.Clear();
        var givers = entries.Where(entry => entry.Peer.UnchokesUs).ToList();
        if (!rules.IsStrict)
        {
            _sources.UnionWith(givers.Select(entry => entry.Peer.PeerId));
            return;
        }

        givers.Sort(static (a, b) => (b.Peer.ReceivedRate, b.Chance).CompareTo((a.Peer.ReceivedRate, a.Chance)));
        var best = Math.Min(Math.Max(0, rules.RegularSlots), givers.Count);
        _sources.UnionWith(givers.Take(best).Select(entry => entry.Peer.PeerId));
        givers.RemoveRange(0, best);
        for (var free = rules.OptimisticSlots; free > 0 && givers.Count > 0; free--)
        {
            var drawn = random.Next(givers.Count);
            _sources.Add(givers[drawn].Peer.PeerId);
            givers.RemoveAt(drawn);
        }
    }

    private void Remember(long nowMs)
    {
        Array.Copy(_roundsAtMs, 0, _roundsAtMs, 1, NewcomerRounds - 1);
        _roundsAtMs[0] = nowMs;
    }

    private long RoundLengthMs(long nowMs) => _roundsAtMs[0] == long.MinValue ? 0 : nowMs - _roundsAtMs[0];

    /// <summary>One peer while a round is being decided.</summary>
    private sealed record Entry(ChokePeer Peer, bool IsSeeding, int Chance, long NowMs)
    {
        private ChokeReason _reason;

        public SlotKind Slot { get; private set; }

        public int Rank { get; set; }

        public long Lots { get; set; }

        public int DrawnAmong { get; set; }

        public long Rate => IsSeeding ? Peer.SentRate : Peer.ReceivedRate;

        public bool MayHoldSlot => Peer.IsInterested && !Peer.IsSeed;

        public bool IsRanked => MayHoldSlot && (IsSeeding || !Peer.IsSnubbing);

        public long WaitedMs =>
            Peer.Slot == SlotKind.None ? Math.Max(0, NowMs - Math.Max(Peer.ConnectedAtMs, Peer.LastUnchokedAtMs)) : 0;

        public static int BetterFirst(Entry a, Entry b) => (b.Rate, b.WaitedMs, b.Chance).CompareTo((a.Rate, a.WaitedMs, a.Chance));

        public static int UnchokedFirst(Entry a, Entry b) => a.Place.CompareTo(b.Place);

        public void Give(SlotKind slot, ChokeReason reason) => (Slot, _reason) = (slot, reason);

        public ChokeVerdict Verdict(long rateToBeat, bool isSource) => new(
            Peer.PeerId, Slot, Slot == SlotKind.None ? WhyChoked() : _reason, Rank, Rate, rateToBeat, isSource)
        {
            DrawnAmong = DrawnAmong,
            Lots = Lots,
        };

        private (bool IsChoked, int Rank, int PeerId) Place => (Slot == SlotKind.None, Rank == 0 ? int.MaxValue : Rank, Peer.PeerId);

        private ChokeReason WhyChoked() => this switch
        {
            { Peer.IsSeed: true } => ChokeReason.IsSeed,
            { Peer.IsInterested: false } => ChokeReason.NotInterested,
            { IsRanked: false } => ChokeReason.Snubbing,
            _ => ChokeReason.OutRanked,
        };
    }
}
