using System.Globalization;

namespace P2P.Engine.Swarm;

/// <summary>One sentence that says what a torrent is doing and why: ordered checks, first match wins. Pure.</summary>
internal static class TorrentReason
{
    /// <summary>The sentence for the row.</summary>
    public static string Of(TorrentFacts facts, TorrentState state) => state switch
    {
        TorrentState.Error => facts.Error?.Message ?? "It cannot go on.",
        TorrentState.Stopped when facts is { Downloaded: 0, Have.IsEmpty: true } => "Not started yet.", // A file choice may be waiting for its person.
        TorrentState.Stopped => "Stopped by you.",
        TorrentState.Checking => Checking(facts),
        TorrentState.Seeding => Seeding(facts),
        TorrentState.Downloading => Downloading(facts),
        _ => "Waits for its turn.",
    };

    private static string Checking(TorrentFacts facts) => facts.PiecesToCheck == 0
        ? "Looking at the files."
        : string.Create(CultureInfo.InvariantCulture, $"{facts.Sentence ?? "Checking the files"}: {facts.CheckedPieces:N0} of {facts.PiecesToCheck:N0} pieces.");

    private static string Seeding(TorrentFacts facts)
    {
        var served = facts.Peers.Count(peer => !peer.AmChoking && peer.IsInterested);
        return (served, facts.Peers.Count) switch
        {
            (0, 0) => "Seeding, no peer is connected at the moment.",
            (0, _) => "Seeding, nobody is asking at the moment.",
            _ => $"Seeding to {Counted(served, "peer")} of {facts.Peers.Count}.",
        };
    }

    private static string Downloading(TorrentFacts facts)
    {
        if (facts.IsComplete)
        {
            return "Finishing: making everything durable and moving it to the shared folder.";
        }

        if (facts.Peers.Count == 0)
        {
            return facts.KnownPeers == 0
                ? "Waiting: no peer is known yet."
                : $"Waiting: {Counted(facts.KnownPeers, "peer")} known, none connected yet.";
        }

        var giving = facts.Peers.Count(peer => !peer.IsChoking && peer.AmInterested);
        if (facts.Peers.All(peer => !peer.AmInterested))
        {
            return $"Stalled: {Counted(facts.Peers.Count, "peer")} connected, none has a piece we miss.";
        }

        if (giving == 0)
        {
            return $"Waiting: {Counted(facts.Peers.Count, "peer")} connected, none lets you download yet.";
        }

        if (facts.IsDownloadLimited)
        {
            return $"Held at your download limit; {Counted(giving, "peer")} of {facts.Peers.Count} would give more.";
        }

        var served = facts.Peers.Count(peer => !peer.AmChoking && peer.IsInterested);
        return $"Downloading from {giving} of {Counted(facts.Peers.Count, "peer")}{(served == 0 ? "" : $", uploading to {served}")}.";
    }

    private static string Counted(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");
}
