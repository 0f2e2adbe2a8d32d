using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>Chooses the block an idle peer is asked for while another one still owes it to us; pure.</summary>
internal static class Endgame
{
    /// <summary>2: one on its way and one asked for keeps a peer busy; more would multiply the waste by the length of its queue.</summary>
    public const int RequestsPerPeer = 2;

    /// <summary>With at most eight blocks left a third request costs little and saves the wait for two slow peers.</summary>
    private const int FewBlocksLeft = 8;

    /// <summary>The last 4 blocks of a peer's queue count as sent: what a connection hands to its socket at a time, where no cancel reaches it.</summary>
    private const int SentBlocks = 4;

    /// <summary>5 s: a copy that no cancel can stop any more is worth its bytes when it saves at least that.</summary>
    private const double WorthSeconds = 5;

    /// <summary>The block asked of fewest peers, then the one that would come last, that this peer may be asked for too; null if none.</summary>
    /// <remarks>
    /// What comes last is the newest request to the peer whose queue takes longest to empty. It is asked for again only of a peer that will
    /// have sent it while a cancel can still stop the other copy, or that saves <see cref="WorthSeconds"/> by it.
    /// </remarks>
    public static (PartialPiece Partial, int Block)? LastToCome(
        in Asker asker, Dictionary<int, PartialPiece> partials, Bitfield needed, Dictionary<int, PeerWork> work, int blocksLeft)
    {
        CountSole(partials, work);
        var mostRequesters = blocksLeft <= FewBlocksLeft ? 3 : 2;
        var ours = asker.Rate == 0 ? 0 : SecondsFor(asker.Work.Outstanding + 1, asker.Rate);
        (PartialPiece Partial, int Block)? best = null;
        var bestKey = (Requesters: int.MaxValue, Seconds: 0.0, AskedAt: 0L);
        foreach (var partial in partials.Values)
        {
            if (partial.RequestedCount == 0 || !needed[partial.Piece] || !asker.MayContinue(partial))
            {
                continue;
            }

            for (var block = 0; block < partial.BlockCount; block++)
            {
                var requesters = partial.RequestersOf(block);
                if (requesters == 0 || requesters >= mostRequesters || partial.IsRequestedFrom(block, asker.PeerId))
                {
                    continue;
                }

                var holder = work[partial.RequesterOf(block)];
                var queue = requesters == 1 ? holder.SoleBlocks : holder.Outstanding;
                var theirs = SecondsFor(queue, holder.Rate);
                var key = (requesters, -theirs, -partial.AskedAt(block));
                if (theirs - ours > Math.Min(WorthSeconds, SecondsFor(SentBlocks, holder.Rate)) && key.CompareTo(bestKey) < 0)
                {
                    (best, bestKey) = ((partial, block), key);
                }
            }
        }

        return best;
    }

    /// <summary>Counts for every peer the blocks that it alone is asked for: the newest of them is that far back in its queue.</summary>
    private static void CountSole(Dictionary<int, PartialPiece> partials, Dictionary<int, PeerWork> work)
    {
        foreach (var peer in work.Values)
        {
            peer.SoleBlocks = 0;
        }

        foreach (var partial in partials.Values)
        {
            for (var block = 0; block < partial.BlockCount && partial.RequestedCount > 0; block++)
            {
                if (partial.RequestersOf(block) == 1)
                {
                    work[partial.RequesterOf(block)].SoleBlocks++;
                }
            }
        }
    }

    /// <summary>Time for so many blocks; a peer without a rate never ends.</summary>
    private static double SecondsFor(int blocks, long rate) => rate == 0 ? double.MaxValue : (double)blocks * PieceGeometry.BlockLength / rate;
}
