using System.Collections.Immutable;
using P2P.Engine;

namespace P2P.Blazor.Tests.Fakes;

/// <summary>Invents rounds that agree with the peers: who is unchoked holds a slot, D is the sum of its terms, U = Umax / F.</summary>
public static class FakeChoking
{
    private const long UploadLimit = 4 << 20;

    /// <summary>The state of a torrent with these peers: round 7, six past rounds, the next one in 12 s.</summary>
    public static ChokingSnapshot Of(ImmutableArray<PeerSnapshot> peers, bool isSeeding, DateTimeOffset now)
    {
        if (peers.IsEmpty)
        {
            return new ChokingSnapshot { RegularSlots = 3, OptimisticSlots = 1, Interval = TimeSpan.FromSeconds(30), IsSeeding = isSeeding };
        }

        var decisions = Decisions(peers, isSeeding, now);
        ImmutableArray<RateTerm> terms = [.. peers.Where(peer => peer.DownloadRate > 0).OrderByDescending(peer => peer.DownloadRate).Select(peer => new RateTerm(peer.Endpoint, peer.DownloadRate))];
        return new ChokingSnapshot
        {
            Round = 7,
            IsSeeding = isSeeding,
            RegularSlots = 3,
            OptimisticSlots = 1,
            Interval = TimeSpan.FromSeconds(30),
            LastRoundAt = now - TimeSpan.FromSeconds(18),
            NextRoundAt = now + TimeSpan.FromSeconds(12),
            Decisions = decisions,
            History = [.. Enumerable.Range(0, 6).Select(i => new ChokeRound(7 - i, now - TimeSpan.FromSeconds(18 + (30 * i)), isSeeding, decisions))],
            Rates = new RateTerms
            {
                MaxUploadRate = UploadLimit,
                UploadingTorrents = 2,
                UploadShare = UploadLimit / 2,
                UploadLent = 120_000,
                UploadRate = peers.Sum(peer => peer.UploadRate),
                DownloadRate = terms.Sum(term => term.Rate),
                DownloadTerms = terms,
                ComputedAt = now - TimeSpan.FromSeconds(18),
            },
        };
    }

    private static ImmutableArray<ChokeDecision> Decisions(ImmutableArray<PeerSnapshot> peers, bool isSeeding, DateTimeOffset now)
    {
        var rank = 0;
        var made = new List<ChokeDecision>();
        foreach (var peer in peers.OrderByDescending(peer => isSeeding ? peer.UploadRate : peer.DownloadRate))
        {
            var isRanked = peer is { IsSeed: false, IsSnubbed: false, IsInterested: true };
            var slot = peer.AmChoking ? SlotKind.None : peer.IsOptimistic ? SlotKind.Optimistic : SlotKind.Regular;
            made.Add(new ChokeDecision
            {
                Peer = peer.Endpoint,
                Client = peer.Client,
                Slot = slot,
                Reason = ReasonOf(peer, slot),
                Rank = isRanked ? ++rank : 0,
                RateUsed = isSeeding ? peer.UploadRate : peer.DownloadRate,
                RateToBeat = 213_333,
                DownloadRate = peer.DownloadRate,
                UploadRate = peer.UploadRate,
                Downloaded = peer.Downloaded,
                Uploaded = peer.Uploaded,
                IsInterested = peer.IsInterested,
                UnchokesUs = !peer.IsChoking,
                IsSource = peer.DownloadRate > 0,
                Since = now - TimeSpan.FromSeconds(slot == SlotKind.None ? 48 : 18),
            });
        }

        return [.. made.OrderBy(decision => decision.Slot switch { SlotKind.Regular => 0, SlotKind.Optimistic => 1, _ => 2 })];
    }

    private static ChokeReason ReasonOf(PeerSnapshot peer, SlotKind slot) => slot switch
    {
        SlotKind.Optimistic => ChokeReason.OptimisticPick,
        SlotKind.Regular when peer.Downloaded == 0 => ChokeReason.FreeSlot,
        SlotKind.Regular => ChokeReason.TopRate,
        _ when peer.IsSeed => ChokeReason.IsSeed,
        _ when peer.IsSnubbed => ChokeReason.Snubbing,
        _ when !peer.IsInterested => ChokeReason.NotInterested,
        _ => ChokeReason.OutRanked,
    };
}
