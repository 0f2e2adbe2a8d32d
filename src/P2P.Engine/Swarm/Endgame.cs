using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>Chooses the block an idle peer is asked for while another one still owes it to us; pure.</summary>
internal static class Endgame
{
    /// <summary>2: one on its way and one asked for keeps a peer busy; more would multiply the waste by the length of its queue.</summary>
    public const int RequestsPerPeer = 2;

    /// <summary>With at most eight blocks left a third request costs little and saves the wait for two slow peers.</summary>
    private const int FewBlocksLeft = 8;

    /// <summary>256 candidates are enough to find a slow holder; it bounds the search when the last queues are long.</summary>
    private const int MaxCandidates = 256;

    /// <summary>The block asked of fewest peers, then of the slowest, that this peer may be asked for too; null if none.</summary>
    public static (PartialPiece Partial, int Block)? SlowestHeld(
        in Asker asker, Dictionary<int, PartialPiece> partials, Bitfield needed, Dictionary<int, PeerWork> work, int blocksLeft)
    {
        var mostRequesters = blocksLeft <= FewBlocksLeft ? 3 : 2;
        (PartialPiece Partial, int Block)? best = null;
        var (bestKey, candidates) = ((Requesters: int.MaxValue, Rate: long.MaxValue), 0);
        foreach (var partial in partials.Values)
        {
            if (partial.RequestedCount == 0 || !needed[partial.Piece] || !asker.MayContinue(partial))
            {
                continue;
            }

            for (var block = 0; block < partial.BlockCount && candidates < MaxCandidates; block++)
            {
                var requesters = partial.RequestersOf(block);
                if (requesters == 0 || requesters >= mostRequesters || partial.IsRequestedFrom(block, asker.PeerId))
                {
                    continue;
                }

                candidates++;
                var key = (requesters, work[partial.RequesterOf(block)].Rate);
                if (key.CompareTo(bestKey) < 0)
                {
                    (best, bestKey) = ((partial, block), key);
                }
            }
        }

        return best;
    }
}
