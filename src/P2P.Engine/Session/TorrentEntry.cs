using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Metainfo;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>One torrent in the session's table: its record, its loop, its announcer. Session loop only.</summary>
internal sealed class TorrentEntry(TorrentMetainfo metainfo, TorrentRecord record, TorrentPort port)
{
    public TorrentMetainfo Metainfo { get; } = metainfo;

    public TorrentRecord Record { get; set; } = record;

    public TorrentPort Port { get; } = port;

    public SwarmLoop Loop => Port.Loop;

    public TorrentSnapshot? Snapshot { get; set; }

    public IAnnouncer? Announcer { get; set; }

    public bool IsActive { get; set; }

    /// <summary>Takes the part of the record that the torrent's loop owns.</summary>
    public void Merge(TorrentProgress progress) => Record = Record with
    {
        Have = progress.Have,
        PartialPieces = progress.PartialPieces,
        Fingerprints = progress.Fingerprints,
        IsInSharedRoot = progress.IsInSharedRoot,
        IsCleanStop = progress.IsCleanStop,
        Downloaded = progress.Downloaded,
        Uploaded = progress.Uploaded,
        CompletedAt = progress.CompletedAt,
        WasChecked = true,
    };
}
