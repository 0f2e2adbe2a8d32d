using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>Makes a torrent's loop from what it is and what its record says. Session loop only.</summary>
/// <param name="context">What every torrent is given.</param>
/// <param name="random">Seeds the choices of each.</param>
internal sealed class TorrentFactory(TorrentContext context, Random random)
{
    /// <summary>A torrent whose info dictionary is here.</summary>
    public TorrentLoop Make(TorrentMetainfo metainfo, TorrentRecord record, TorrentEngineOptions options, SwarmRules rules) => new(
        context,
        new TorrentSetup
        {
            Metainfo = metainfo,
            Seed = random.Next(),
            AddedAt = record.AddedAt,
            CompletedAt = record.CompletedAt,
            WillStart = record.IsStarted,
            IsSequential = record.IsSequential,
            IsStrict = record.StrictTitForTat,
            MaxDownloadRate = record.MaxDownloadRate,
            MaxUploadRate = record.MaxUploadRate,
            Priorities = record.FilePriorities,
            Have = record.Have,
            PartialPieces = record.PartialPieces,
            Fingerprints = record.Fingerprints,
            IsCleanStop = record.IsCleanStop,
            WasChecked = record.WasChecked,
            Downloaded = record.Downloaded,
            Uploaded = record.Uploaded,
            Storage = new StorageSpec
            {
                InfoHash = metainfo.InfoHash,
                Geometry = metainfo.Geometry,
                PieceHashes = metainfo.PieceHashes,
                Files = [.. metainfo.Files.Select(file => new StorageFile(file.Path, file.Length, file.IsPad))],
                IncompleteRoot = record.MovedFrom ?? Path.GetFullPath(options.IncompleteDirectory),
                PartsRoot = record.MovedFrom is null ? null : Path.GetFullPath(options.IncompleteDirectory),
                SharedRoot = RootOf(record, options),
                DirtyJournalPath = Path.Combine(Path.GetFullPath(options.DataDirectory), "journals", metainfo.InfoHash + ".dirty"),
                StartsInSharedRoot = record.IsInSharedRoot,
            },
        },
        rules);

    /// <summary>A magnet link that lacks it.</summary>
    public MetadataLoop Make(MagnetLink magnet, TorrentRecord record, TorrentEngineOptions options, SwarmRules rules) => new(
        context,
        new MetadataSetup
        {
            Magnet = magnet,
            Seed = random.Next(),
            AddedAt = record.AddedAt,
            Trackers = record.Trackers ?? magnet.Tiers,
            WillStart = record.IsStarted,
            IsSequential = record.IsSequential,
            IsStrict = record.StrictTitForTat,
            SavePath = RootOf(record, options),
        },
        rules);

    /// <summary>Absolute folder of a torrent's finished files.</summary>
    public static string RootOf(TorrentRecord record, TorrentEngineOptions options) => record.SharedRoot ?? Path.GetFullPath(options.SharedDirectory);
}
