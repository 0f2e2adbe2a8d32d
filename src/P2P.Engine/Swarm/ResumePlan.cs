using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>Decides what of a record may be trusted, given what is on disk. Pure.</summary>
/// <param name="Trusted">Pieces that need no hash.</param>
/// <param name="ToCheck">Pieces to hash, ascending.</param>
/// <param name="UsePartials">The recorded blocks of unfinished pieces are still in the file.</param>
/// <param name="Sentence">What is done and why, for the row and the log.</param>
internal sealed record ResumePlan(Bitfield Trusted, ImmutableArray<int> ToCheck, bool UsePartials, string Sentence)
{
    /// <summary>
    /// Recorded pieces are trusted unless their file is gone, has another length, or, where nothing may have been written since the record
    /// (clean stop, or complete), another time. Pieces in the dirty journal and not on record are hashed, not fetched again. Without any
    /// record whatever is on disk is hashed.
    /// </summary>
    public static ResumePlan Make(TorrentSetup setup, FileSelection selection, DiskCompletion.Probed probed)
    {
        var count = setup.Metainfo.Geometry.PieceCount;
        var exists = probed.Files.Any(file => file.Exists && file.Length > 0);
        if (setup.Have is null || !setup.WasChecked || !Bitfield.TryRead(setup.Have, count, out var recorded))
        {
            var all = exists ? selection.PiecesOfFiles(index => probed.Files[index].Exists) : [];
            return new ResumePlan(new Bitfield(count), all, UsePartials: false, exists ? "Checking the data found on disk" : "Starting");
        }

        var mayHaveGrown = !setup.IsCleanStop && !recorded!.IsFull;
        var doubtful = selection.PiecesOfFiles(index => IsContradicted(setup, probed, index, mayHaveGrown)).ToHashSet();
        var dirty = probed.DirtyPieces.Where(piece => (uint)piece < (uint)count && !recorded![piece]).ToHashSet();
        var toCheck = doubtful.Where(piece => recorded![piece]).Concat(dirty).Distinct().Order().ToImmutableArray();
        var trusted = recorded!;
        foreach (var piece in doubtful)
        {
            trusted.Clear(piece);
        }

        var sentence = (doubtful.Count, dirty.Count) switch
        {
            ( > 0, _) => "Checking again: files changed while the torrent was not running",
            (_, > 0) => $"Checking the last {dirty.Count} written pieces after an unclean stop",
            _ => "Resuming",
        };
        return new ResumePlan(trusted, toCheck, UsePartials: doubtful.Count == 0, sentence);
    }

    private static bool IsContradicted(TorrentSetup setup, DiskCompletion.Probed probed, int index, bool mayHaveGrown)
    {
        if (index >= setup.Fingerprints.Length || index >= probed.Files.Length)
        {
            return false;
        }

        var (was, now) = (setup.Fingerprints[index], probed.Files[index]);
        if (!was.Exists)
        {
            return false;
        }

        return !now.Exists || was.Length != now.Length
            || (mayHaveGrown ? now.ModifiedUtcTicks < was.ModifiedUtcTicks : now.ModifiedUtcTicks != was.ModifiedUtcTicks);
    }
}
