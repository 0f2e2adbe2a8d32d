using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>One sentence for every decision of the choker: the reason, with the numbers it was made from.</summary>
internal static class ChokeWords
{
    /// <summary>Why this peer may, or may not, download from us now.</summary>
    public static string Sentence(ChokeDecision decision, bool isSeeding) => decision.Reason switch
    {
        ChokeReason.TopRate when isSeeding => Text.T("choking.why-top-seeding", decision.Rank, Show.Rate(decision.RateUsed)),
        ChokeReason.TopRate when decision.Rank == 1 => Text.T("choking.why-first", Show.Rate(decision.RateUsed)),
        ChokeReason.TopRate => Text.T("choking.why-top", decision.Rank, Show.Rate(decision.RateUsed)),
        ChokeReason.FreeSlot => Text.T("choking.why-free"),
        ChokeReason.OptimisticPick => Text.T("choking.why-optimistic"),
        ChokeReason.InterestFilledFreeSlot => Text.T("choking.why-at-once"),
        ChokeReason.NotInterested => Text.T("choking.why-not-interested"),
        ChokeReason.OutRanked => OutRanked(decision, isSeeding),
        ChokeReason.Snubbing => Text.T("choking.why-snubbing"),
        ChokeReason.IsSeed => Text.T("choking.why-seed"),
        ChokeReason.WaitsForRound => Text.T("choking.why-waits"),
        ChokeReason.NotUploading => Text.T("choking.why-not-uploading"),
        _ => Text.T(decision.Slot == SlotKind.None ? "choking.why-choked" : "choking.why-unchoked"),
    };

    /// <summary>The decision of a past round as if it were made now, for the same words.</summary>
    public static ChokeDecision Of(ChokeJournalEntry entry, ChokeJournalRound round) => new()
    {
        Peer = entry.Peer,
        Client = entry.Client,
        Slot = entry.Slot,
        Reason = entry.Reason,
        Rank = entry.Rank,
        RateUsed = entry.RateUsed,
        RateToBeat = round.CutRate,
        DownloadRate = entry.DownloadRate,
        UploadRate = entry.UploadRate,
        DownloadedInSlot = entry.DownloadedInSlot,
        UploadedInSlot = entry.UploadedInSlot,
        DrawnAmong = entry.DrawnAmong,
    };

    /// <summary>Its slot in words: "earned slot", "optimistic slot", "no slot".</summary>
    public static string Slot(SlotKind slot) => slot switch
    {
        SlotKind.Regular => Text.T("choking.slot-earned"),
        SlotKind.Optimistic => Text.T("choking.slot-optimistic"),
        _ => Text.T("choking.slot-none"),
    };

    /// <summary>Is what the two give each other in balance? One short sentence.</summary>
    public static string Reciprocity(ChokeDecision decision, bool isSeeding)
    {
        if (isSeeding)
        {
            return Text.T("choking.recip-seeding");
        }

        return (decision.DownloadRate, decision.UploadRate) switch
        {
            (0, 0) => Text.T("choking.recip-nothing"),
            (0, _) => Text.T("choking.recip-only-you"),
            (_, 0) => Text.T("choking.recip-only-it"),
            var (down, up) when down > up * 3 / 2 => Text.T("choking.recip-it-more"),
            var (down, up) when up > down * 3 / 2 => Text.T("choking.recip-you-more"),
            _ => Text.T("choking.recip-even"),
        };
    }

    /// <summary>What a past round changed, as sentences for the journal.</summary>
    public static RoundChange Change(ChokeJournalRound round) => new(
        [.. round.Entries.Where(entry => entry is { Slot: SlotKind.Regular, Change: not ChokeChange.In }).Select(entry => entry.Peer.ToString())],
        [.. round.Entries.Where(entry => entry is { Slot: SlotKind.Regular, Change: ChokeChange.In }).Select(entry => $"{entry.Peer} ({Show.Rate(entry.RateUsed)})")],
        [.. round.Entries.Where(entry => entry.Change == ChokeChange.Out).Select(entry => entry.HasLeft ? Text.T("choking.left", entry.Peer) : $"{entry.Peer} ({Show.Rate(entry.RateUsed)})")],
        [.. round.Entries.Where(entry => entry.Slot == SlotKind.Optimistic).Select(entry => entry.Peer.ToString())]);

    /// <summary>Who would win an earned slot from whom if the round ended now; null when nothing would change.</summary>
    public static (ChokeDecision In, ChokeDecision Out)? Swap(ChokingSnapshot choking)
    {
        var best = choking.Decisions.Where(decision => decision is { Slot: not SlotKind.Regular, IsInterested: true, IsSeed: false, IsSnubbed: false }).MaxBy(Rate);
        var worst = choking.Decisions.Where(decision => decision.Slot == SlotKind.Regular).MinBy(Rate);
        return best is not null && worst is not null && Rate(best) > Rate(worst) ? (best, worst) : null;

        long Rate(ChokeDecision decision) => choking.IsSeeding ? decision.UploadRate : decision.DownloadRate;
    }

    private static string OutRanked(ChokeDecision decision, bool isSeeding)
    {
        var missing = decision.RateToBeat - decision.RateUsed;
        var kind = isSeeding ? "takes" : "gives";
        return missing > 0
            ? Text.T($"choking.out-{kind}", decision.Rank, Show.Rate(decision.RateUsed), Show.Rate(missing))
            : Text.T($"choking.out-tie-{kind}", decision.Rank, Show.Rate(decision.RateUsed));
    }
}

/// <summary>What one round changed.</summary>
/// <param name="Kept">Kept an earned slot.</param>
/// <param name="In">Won one, with its rate.</param>
/// <param name="Out">Lost one, with its rate, or that it left.</param>
/// <param name="Optimistic">Holds the random slot.</param>
internal sealed record RoundChange(IReadOnlyList<string> Kept, IReadOnlyList<string> In, IReadOnlyList<string> Out, IReadOnlyList<string> Optimistic)
{
    /// <summary>"In: A (212 KiB/s). Out: B (190 KiB/s). Kept: C. Optimistic: D."</summary>
    public string Sentence
    {
        get
        {
            List<string> parts = [];
            Say("choking.in", In);
            Say("choking.out", Out);
            Say("choking.kept", Kept);
            Say("choking.optimistic", Optimistic);
            return parts.Count == 0 ? Text.T("choking.nobody-held") : string.Join(" ", parts);

            void Say(string label, IReadOnlyList<string> peers)
            {
                if (peers.Count > 0)
                {
                    parts.Add($"{Text.T(label)}: {string.Join(", ", peers)}.");
                }
            }
        }
    }

    /// <summary>"1 in, 1 out" or "no change".</summary>
    public string Short => In.Count + Out.Count == 0 ? Text.T("choking.no-change") : Text.T("choking.in-out", In.Count, Out.Count);
}
