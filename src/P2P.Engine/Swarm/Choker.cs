using System.Collections.Immutable;

namespace P2P.Engine.Swarm;

/// <summary>Facts about one connected peer, for a choke round.</summary>
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

/// <summary>The decision about one peer.</summary>
internal readonly record struct ChokeVerdict(
    int PeerId, SlotKind Slot, ChokeReason Reason, int Rank, long RateUsed, long RateToBeat, bool IsSource);

/// <summary>The settings of a round.</summary>
internal readonly record struct ChokeRules(int RegularSlots, int OptimisticSlots, bool IsSeeding, bool IsStrict);

/// <summary>Tit-for-tat.</summary>
internal sealed class Choker
{
    public Choker(Random random) => throw new NotImplementedException();

    public ImmutableArray<ChokeVerdict> Round(ReadOnlySpan<ChokePeer> peers, ChokeRules rules, long nowMs) => throw new NotImplementedException();

    public ChokeVerdict? OnInterested(ChokePeer peer, ReadOnlySpan<ChokePeer> all, ChokeRules rules, long nowMs) => throw new NotImplementedException();
}
