using System.Collections.Immutable;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>Knows what the torrent's record says, flushes what is written, and hands out what may be recorded. Loop only.</summary>
internal sealed class RecordKeeper(TorrentLoop loop, TorrentCore core)
{
    private long _sequence;

    /// <summary>Verified pieces as last handed out, or as found at the start; null when nothing was ever recorded.</summary>
    public byte[]? Have { get; private set; } = core.Setup.Have;

    /// <summary>Blocks of unfinished pieces that are in the file.</summary>
    public ImmutableArray<(int Piece, byte[] Blocks)> Partials { get; set; } = core.Setup.PartialPieces;

    /// <summary>Sizes and times of the files.</summary>
    public ImmutableArray<FileFact> Fingerprints { get; set; } = core.Setup.Fingerprints;

    /// <summary>The record tells of a clean stop: nothing unrecorded is on disk.</summary>
    public bool WasClean { get; set; } = core.Setup.IsCleanStop;

    /// <summary>Whatever was on disk was looked at.</summary>
    public bool WasChecked { get; set; } = core.Setup.WasChecked;

    /// <summary>Begins a flush of what is written; false while another is under way.</summary>
    public bool TryFlush()
    {
        if (!core.Ledger.TryBegin())
        {
            return false;
        }

        core.Storage!.Flush(++_sequence);
        return true;
    }

    /// <summary>Begins a flush when the oldest written piece waited long enough or enough bytes wait.</summary>
    public void FlushIfDue(long nowMs)
    {
        if (core.Ledger.IsDue(nowMs, core.Rules))
        {
            TryFlush();
        }
    }

    /// <summary>Hands out what is durable, to be recorded; returns the sequence that will come back when it is.</summary>
    public long Record(bool isCleanStop = false, bool isUrgent = false)
    {
        Have = core.Ledger.Flushed.ToArray();
        var totals = core.Totals;
        core.Context.Host.OnProgress(loop, new TorrentProgress(
            Have, Partials, Fingerprints, core.IsInSharedRoot, isCleanStop,
            core.Setup.Downloaded + totals.Downloaded, core.Setup.Uploaded + totals.Uploaded, core.CompletedAt, ++_sequence, isUrgent));
        return _sequence;
    }
}
