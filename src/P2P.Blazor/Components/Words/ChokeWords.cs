using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>One sentence for every decision of the choker: the reason, with the numbers it was made from.</summary>
internal static class ChokeWords
{
    /// <summary>Why this peer may, or may not, download from us now.</summary>
    public static string Sentence(ChokeDecision decision, bool isSeeding) => decision.Reason switch
    {
        ChokeReason.TopRate when isSeeding => $"Rank {decision.Rank}: takes {Show.Rate(decision.RateUsed)} from you. While you seed, slots go to those who use them best.",
        ChokeReason.TopRate when decision.Rank == 1 => $"Gives you most of all who want something: {Show.Rate(decision.RateUsed)}.",
        ChokeReason.TopRate => $"Rank {decision.Rank}: gives you {Show.Rate(decision.RateUsed)}, enough for an earned slot.",
        ChokeReason.FreeSlot => "A slot was free and it is next in line, though it has given nothing yet.",
        ChokeReason.OptimisticPick => "Picked at random: a chance to show what it gives, and for newcomers to get a first piece.",
        ChokeReason.InterestFilledFreeSlot => "Unchoked at once: it asked while a slot was free.",
        ChokeReason.NotInterested => "Wants nothing that you have.",
        ChokeReason.OutRanked => OutRanked(decision, isSeeding),
        ChokeReason.Snubbing => "Snubs you: you asked and it sends nothing, so only the random slot is open to it.",
        ChokeReason.IsSeed => "Seed: it has everything, so it wants nothing from you.",
        ChokeReason.WaitsForRound => "Came after the last round; the next one decides.",
        ChokeReason.NotUploading => "This torrent uploads nothing now.",
        _ => decision.Slot == SlotKind.None ? "Choked." : "Unchoked.",
    };

    /// <summary>Its slot in words: "earned slot", "optimistic slot", "no slot".</summary>
    public static string Slot(SlotKind slot) => slot switch
    {
        SlotKind.Regular => "earned slot",
        SlotKind.Optimistic => "optimistic slot",
        _ => "no slot",
    };

    /// <summary>Is what the two give each other in balance? One short sentence.</summary>
    public static string Reciprocity(ChokeDecision decision, bool isSeeding)
    {
        if (isSeeding)
        {
            return "You seed: it gets without giving back to you.";
        }

        return (decision.DownloadRate, decision.UploadRate) switch
        {
            (0, 0) => "Nothing flows yet, either way.",
            (0, _) => "You give, it has not given back yet.",
            (_, 0) => "It gives, and has not taken yet.",
            var (down, up) when down > up * 3 / 2 => "It gives more than it gets.",
            var (down, up) when up > down * 3 / 2 => "It gets more than it gives.",
            _ => "Give and take are about even.",
        };
    }

    /// <summary>What a past round changed against the one before it, as sentences for the journal.</summary>
    public static RoundChange Change(ChokeRound round, ChokeRound? before)
    {
        var now = round.Decisions.Where(decision => decision.Slot == SlotKind.Regular).ToList();
        var old = before?.Decisions.Where(decision => decision.Slot == SlotKind.Regular).Select(decision => decision.Peer).ToHashSet() ?? [];
        var names = now.Select(decision => decision.Peer).ToHashSet();
        var optimistic = round.Decisions.Where(decision => decision.Slot == SlotKind.Optimistic).Select(decision => decision.Peer.ToString());
        if (before is null)
        {
            // The oldest round kept has nothing to be compared with.
            return new RoundChange([.. now.Select(decision => decision.Peer.ToString())], [], [], [.. optimistic]);
        }

        return new RoundChange(
            [.. now.Where(decision => old.Contains(decision.Peer)).Select(decision => decision.Peer.ToString())],
            [.. now.Where(decision => !old.Contains(decision.Peer)).Select(decision => $"{decision.Peer} ({Show.Rate(decision.RateUsed)})")],
            [.. before.Decisions.Where(decision => decision.Slot == SlotKind.Regular && !names.Contains(decision.Peer)).Select(decision => decision.Peer.ToString())],
            [.. optimistic]);
    }

    private static string OutRanked(ChokeDecision decision, bool isSeeding)
    {
        var verb = isSeeding ? "takes" : "gives";
        var missing = decision.RateToBeat - decision.RateUsed;
        return missing > 0
            ? $"Rank {decision.Rank}: {verb} {Show.Rate(decision.RateUsed)}, {Show.Rate(missing)} below the last earned slot."
            : $"Rank {decision.Rank}: {verb} {Show.Rate(decision.RateUsed)}, no more than the last earned slot.";
    }
}

/// <summary>What one round changed.</summary>
/// <param name="Kept">Kept an earned slot.</param>
/// <param name="In">Won one, with its rate.</param>
/// <param name="Out">Lost one.</param>
/// <param name="Optimistic">Holds the random slot.</param>
internal sealed record RoundChange(IReadOnlyList<string> Kept, IReadOnlyList<string> In, IReadOnlyList<string> Out, IReadOnlyList<string> Optimistic)
{
    /// <summary>"In: A (212 KiB/s). Out: B. Kept: C. Optimistic: D."</summary>
    public string Sentence
    {
        get
        {
            List<string> parts = [];
            Say("In", In);
            Say("Out", Out);
            Say("Kept", Kept);
            Say("Optimistic", Optimistic);
            return parts.Count == 0 ? "Nobody held a slot." : string.Join(" ", parts);

            void Say(string label, IReadOnlyList<string> peers)
            {
                if (peers.Count > 0)
                {
                    parts.Add($"{label}: {string.Join(", ", peers)}.");
                }
            }
        }
    }

    /// <summary>"1 in, 1 out" or "no change".</summary>
    public string Short => In.Count + Out.Count == 0 ? "no change" : $"{In.Count} in, {Out.Count} out";
}
