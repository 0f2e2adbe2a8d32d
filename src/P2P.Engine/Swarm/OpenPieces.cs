using System.Diagnostics;
using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>Pieces that were begun and have blocks nobody was asked for, by priority. Loop only.</summary>
internal sealed class OpenPieces(int blocksPerPiece)
{
    /// <summary>2,048 blocks (32 MiB) of open pieces: then any open piece goes before a new one.</summary>
    private const int ManyBlocks = 2048;

    /// <summary>However long pieces are, four may be open before peers of different speed have to share one.</summary>
    private const int FewPieces = 4;

    /// <summary>Rates within a factor of four and 32 KiB/s are "about as fast".</summary>
    private const long SimilarFactor = 4;
    private const long SimilarBytesPerSecond = 32 * 1024;

    // By FilePriority, in no order; the list of Skip stays empty.
    private readonly List<PartialPiece>[] _lists = [[], [], [], []];

    /// <summary>Open pieces of every priority.</summary>
    public int Count => _lists[1].Count + _lists[2].Count + _lists[3].Count;

    /// <summary>Are there so many that finishing goes before beginning? Open pieces are memory that verifies nothing.</summary>
    public bool IsCrowded(FilePriority priority, int peersAtWork) =>
        _lists[(int)priority].Count >= Math.Max(FewPieces, Math.Min(peersAtWork * 3 / 2, ManyBlocks / blocksPerPiece));

    /// <summary>The open piece nearest to being requested whole that the asker may continue; null if none.</summary>
    /// <param name="asker">Who asks.</param>
    /// <param name="priority">Of this priority only.</param>
    /// <param name="anySpeed">False leaves out pieces on which a much slower or faster peer is at work.</param>
    public PartialPiece? Best(in Asker asker, FilePriority priority, bool anySpeed)
    {
        PartialPiece? best = null;
        foreach (var partial in _lists[(int)priority])
        {
            if ((anySpeed || partial.RequestedCount == 0 || IsSimilar(partial.Rate, asker.Rate))
                && (best is null || partial.FreeCount < best.FreeCount) && asker.MayContinue(partial))
            {
                best = partial;
            }
        }

        return best;
    }

    /// <summary>The open piece with the lowest number that the asker may continue; null if none.</summary>
    public PartialPiece? Lowest(in Asker asker, FilePriority priority)
    {
        PartialPiece? lowest = null;
        foreach (var partial in _lists[(int)priority])
        {
            if ((lowest is null || partial.Piece < lowest.Piece) && asker.MayContinue(partial))
            {
                lowest = partial;
            }
        }

        return lowest;
    }

    /// <summary>Lists the piece under its priority, or not at all when it is not wanted or has no free block.</summary>
    public void Update(PartialPiece partial, FilePriority priority)
    {
        var list = partial.FreeCount > 0 ? (int)priority : 0;
        if (list != partial.OpenAt.List)
        {
            Remove(partial);
            if (list > 0)
            {
                partial.OpenAt = (list, _lists[list].Count);
                _lists[list].Add(partial);
            }
        }
    }

    /// <summary>Takes the piece off the lists, if it is on one.</summary>
    public void Remove(PartialPiece partial)
    {
        var (list, index) = partial.OpenAt;
        if (list == 0)
        {
            return;
        }

        var open = _lists[list];
        Debug.Assert(open[index] == partial, "An open piece knows its place.");
        open[index] = open[^1];
        open[index].OpenAt = (list, index);
        open.RemoveAt(open.Count - 1);
        partial.OpenAt = default;
    }

    private static bool IsSimilar(long a, long b) => Math.Max(a, b) <= (Math.Min(a, b) * SimilarFactor) + SimilarBytesPerSecond;
}

/// <summary>A peer that asks for work: who it is, what it has, the pieces it is held to (null = any), and its rate in bytes per second.</summary>
internal readonly record struct Asker(int PeerId, Bitfield Have, Bitfield? Only, long Rate, PeerWork Work)
{
    /// <summary>May it be asked for blocks of this piece?</summary>
    public bool MayContinue(PartialPiece partial) =>
        Have[partial.Piece] && (Only is null || Only[partial.Piece]) && partial.IsOpenTo(PeerId);
}

/// <summary>What one peer is doing for us, as the picker sees it.</summary>
internal sealed class PeerWork
{
    /// <summary>The piece it was last asked for.</summary>
    public PartialPiece? Current { get; set; }

    /// <summary>Requests out to it, duplicates included.</summary>
    public int Outstanding { get; set; }

    /// <summary>Bytes per second, as last told.</summary>
    public long Rate { get; set; }

    /// <summary>Blocks that it alone is asked for; counted anew by the end-game whenever it chooses.</summary>
    public int SoleBlocks { get; set; }
}
