using System.Collections.Immutable;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Metainfo;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>One torrent in the session's table: its record, its loop, its announcer. Session loop only.</summary>
internal sealed class TorrentEntry(TorrentIdentity identity, TorrentRecord record, TorrentPort port)
{
    /// <summary>Null while a magnet link has no info dictionary.</summary>
    public TorrentMetainfo? Metainfo { get; private set; } = identity.Metainfo;

    /// <summary>The link it was added by; null when it was added by a .torrent.</summary>
    public MagnetLink? Magnet { get; } = identity.Magnet;

    public TorrentRecord Record { get; set; } = record;

    public TorrentPort Port { get; } = port;

    public SwarmLoop Loop => Port.Loop;

    public TorrentSnapshot? Snapshot { get; set; }

    public IAnnouncer? Announcer { get; set; }

    public bool IsActive { get; set; }

    /// <summary>BEP 27; of a magnet link not known yet, so not private.</summary>
    public bool IsPrivate => Metainfo?.IsPrivate ?? false;

    /// <summary>Announce URLs in force.</summary>
    public ImmutableArray<ImmutableArray<string>> Tiers => Record.Trackers ?? Metainfo?.Trackers ?? Magnet?.Tiers ?? [];

    /// <summary>The metadata is here: another loop owns the torrent from now on.</summary>
    public void Become(TorrentMetainfo metainfo, TorrentLoop loop)
    {
        Metainfo = metainfo;
        Snapshot = null;
        IsActive = false;
        Port.Replace(loop);
    }

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

/// <summary>What is known of a torrent: its metainfo, or a link that names it. One of the two, or both after the link's metadata came.</summary>
internal readonly record struct TorrentIdentity(TorrentMetainfo? Metainfo, MagnetLink? Magnet);
