using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>A peer's flags in words: what happens, then why. Letters as in other clients are never shown alone.</summary>
internal static class PeerWords
{
    // Parts of the engine's English reasons, and the key of the same in our words; what is not here is shown as it is.
    private static readonly (string Part, string Key)[] Reasons =
    [
        ("refused the connection", "refused"),
        ("did not answer", "timeout"),
        ("No handshake within", "no-handshake"),
        ("cannot be reached", "unreachable"),
        ("connected already", "duplicate"),
        ("as many connections as it may", "full"),
        ("peers of its address", "same-address"),
        ("You banned it", "by-you"),
        ("is banned", "banned"),
        ("Banned:", "bad-data"),
        ("You closed the connection", "dropped"),
        ("Both of us have everything", "redundant"),
        ("reset the connection", "reset"),
        ("The peer closed the connection", "closed"),
        ("was closed", "closed"),
        ("was silent", "idle"),
        ("read nothing", "idle"),
        ("reads too slowly", "slow"),
    ];

    /// <summary>Whether they let us download.</summary>
    public static string TheyLetUs(PeerSnapshot peer) => Text.T(peer.IsChoking ? "peers.closed" : "peers.open");

    /// <summary>Whether we let them download.</summary>
    public static string WeLetThem(PeerSnapshot peer) => Text.T(peer.AmChoking ? "peers.closed" : peer.IsOptimistic ? "peers.random" : "peers.open");

    /// <summary>Two sentences about what is between us and the peer: its side, then ours.</summary>
    public static string Sentence(PeerSnapshot peer)
    {
        var theirs = (peer.AmInterested, peer.IsChoking, peer.IsSnubbed) switch
        {
            (false, _, _) => "peers.theirs-nothing",
            (true, _, true) => "peers.theirs-snubs",
            (true, true, _) => "peers.theirs-chokes",
            (true, false, _) => peer.DownloadRate > 0 ? "peers.theirs-gives" : "peers.theirs-opens",
        };
        var ours = (peer.IsInterested, peer.AmChoking, peer.IsOptimistic) switch
        {
            (false, _, _) => peer.IsSeed ? "peers.ours-seed" : "peers.ours-nothing",
            (true, true, _) => "peers.ours-chokes",
            (true, false, true) => "peers.ours-optimistic",
            (true, false, false) => "peers.ours-gives",
        };
        return $"{Text.T(theirs)} {Text.T(ours)}";
    }

    /// <summary>One sentence on why it may download from us or not; without a decision, what is between us.</summary>
    public static string Why(PeerSnapshot peer, ChokeDecision? decision) => decision?.Reason switch
    {
        null => Sentence(peer),
        ChokeReason.TopRate => Text.T("peers.why-top", decision.Rank),
        ChokeReason.FreeSlot => Text.T("peers.why-free"),
        ChokeReason.OptimisticPick => Text.T("peers.why-optimistic"),
        ChokeReason.InterestFilledFreeSlot => Text.T("peers.why-at-once"),
        ChokeReason.NotInterested => Text.T("peers.why-not-interested"),
        ChokeReason.OutRanked when decision.RateToBeat > decision.RateUsed => Text.T("peers.why-below", decision.Rank, Show.Rate(decision.RateToBeat - decision.RateUsed)),
        ChokeReason.OutRanked => Text.T("peers.why-tie", decision.Rank),
        ChokeReason.Snubbing => Text.T("peers.why-snubbing"),
        ChokeReason.IsSeed => Text.T("peers.why-seed"),
        ChokeReason.WaitsForRound => Text.T("peers.why-new"),
        ChokeReason.NotUploading => Text.T("peers.why-not-uploading"),
        _ => Sentence(peer),
    };

    /// <summary>What we want of it: "88 of theirs"; unknown is a dash.</summary>
    public static string WeWant(PeerSnapshot peer) => peer.WeWantPieces switch
    {
        < 0 => Text.T(peer.AmInterested ? "peers.you-want" : "peers.you-want-nothing"),
        0 => Text.T("peers.you-want-nothing"),
        var pieces => Text.T("peers.you-want-n", Show.Count(pieces)),
    };

    /// <summary>What it wants of us.</summary>
    public static string TheyWant(PeerSnapshot peer) => (peer.IsInterested, peer.TheyLackPieces) switch
    {
        (false, _) => Text.T("peers.wants-nothing"),
        (true, < 0) => Text.T("peers.wants"),
        (true, var pieces) => Text.T("peers.wants-n", Show.Count(pieces)),
    };

    /// <summary>"32 asked"; none is a dash.</summary>
    public static string Asked(PeerSnapshot peer) => peer.RequestsOut == 0 ? "–" : Text.T("peers.asked", Show.Count(peer.RequestsOut));

    /// <summary>"8 to answer"; none is a dash.</summary>
    public static string ToAnswer(PeerSnapshot peer) => peer.RequestsIn == 0 ? "–" : Text.T("peers.to-answer", Show.Count(peer.RequestsIn));

    /// <summary>Who named an endpoint.</summary>
    public static string Source(KnownPeerSnapshot known) => Text.Has($"peers.source-{known.Source}") ? Text.T($"peers.source-{known.Source}") : known.Source;

    /// <summary>How we stand with it.</summary>
    public static string Condition(KnownPeerCondition condition) => Text.T($"peers.is-{condition.ToString().ToLowerInvariant()}");

    /// <summary>Its icon and colour class; the word stands beside it.</summary>
    public static (string Icon, string Css) Look(KnownPeerCondition condition) => condition switch
    {
        KnownPeerCondition.Connected => ("check", "st-seed"),
        KnownPeerCondition.Connecting => ("auto", "st-down"),
        KnownPeerCondition.Waiting => ("wait", "st-wait"),
        KnownPeerCondition.Banned => ("lock", "st-error"),
        _ => ("error", "st-pause"),
    };

    /// <summary>Why it is not connected, without when it is tried next; empty when it is.</summary>
    public static string Reason(KnownPeerSnapshot known)
    {
        if (known.Condition is KnownPeerCondition.Connected or KnownPeerCondition.Connecting)
        {
            return "";
        }

        var sentence = known.Reason is { } reason ? OfEngine(reason) : Text.T(known.Condition switch
        {
            KnownPeerCondition.Banned => "peers.reason-banned",
            KnownPeerCondition.Failed => "peers.reason-unknown",
            _ => "peers.reason-turn",
        });
        return known.Failures > 1 ? $"{sentence} {Text.Many("peers.tries", known.Failures)}" : sentence;
    }

    private static string OfEngine(string reason)
    {
        var key = Array.Find(Reasons, known => reason.Contains(known.Part, StringComparison.Ordinal)).Key;
        return key is null ? reason : Text.T($"peers.reason-{key}");
    }
}
