using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>A peer's flags in words: what happens, then why. Letters as in other clients are never shown alone.</summary>
internal static class PeerWords
{
    /// <summary>Whether they let us download.</summary>
    public static string TheyLetUs(PeerSnapshot peer) => peer.IsChoking ? "closed" : "open";

    /// <summary>Whether we let them download.</summary>
    public static string WeLetThem(PeerSnapshot peer) => peer.AmChoking ? "closed" : peer.IsOptimistic ? "random" : "open";

    /// <summary>One or two sentences about what is between us and the peer.</summary>
    public static string Sentence(PeerSnapshot peer)
    {
        var theirs = (peer.AmInterested, peer.IsChoking, peer.IsSnubbed) switch
        {
            (false, _, _) => "It has nothing you want.",
            (true, _, true) => "Snubs you: you asked and it sends nothing.",
            (true, true, _) => "You want pieces; it chokes you.",
            (true, false, _) => peer.DownloadRate > 0 ? "It lets you download." : "It lets you download; nothing has come yet.",
        };
        var ours = (peer.IsInterested, peer.AmChoking, peer.IsOptimistic) switch
        {
            (false, _, _) => peer.IsSeed ? "Seed: it wants nothing." : "It wants nothing from you.",
            (true, true, _) => "It wants pieces; you choke it.",
            (true, false, true) => "It holds your optimistic slot.",
            (true, false, false) => "You let it download.",
        };
        return $"{theirs} {ours}";
    }

    /// <summary>"4 asked, 8 to answer" or an empty text.</summary>
    public static string Requests(PeerSnapshot peer) => (peer.RequestsOut, peer.RequestsIn) switch
    {
        (0, 0) => "none open",
        (var asked, 0) => $"{asked} asked",
        (0, var answer) => $"{answer} to answer",
        var (asked, answer) => $"{asked} asked, {answer} to answer",
    };
}
