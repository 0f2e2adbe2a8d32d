using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using P2P.Engine.Session.Creation;

namespace P2P.Engine.Session;

/// <summary>First records of torrents. Pure.</summary>
internal static class NewRecord
{
    /// <summary>Of a torrent somebody added.</summary>
    public static TorrentRecord Of(InfoHash infoHash, string name, AddTorrentRequest request, TorrentEngineOptions options, DateTimeOffset now) => new()
    {
        InfoHash = infoHash,
        Name = name,
        IsStarted = request.Start,
        IsSequential = request.Sequential,
        AddedAt = now,
        SharedRoot = Path.GetFullPath(request.SavePath ?? Labels.Find(options.Labels, request.Label)?.SavePath ?? options.SharedDirectory),
        Label = Labels.Find(options.Labels, request.Label)?.Name,
        FilePriorities = request.FilePriorities,
        ChoosesFiles = request.ChooseFiles,
    };

    /// <summary>Of one made here: hashed a moment ago from these very files, so nothing is to be checked; a file that changed since is found by its fingerprint.</summary>
    public static TorrentRecord Made(TorrentRecord record, TorrentMetainfo metainfo, CreationResult made)
    {
        var all = new Bitfield(metainfo.Geometry.PieceCount);
        all.SetAll();
        return record with
        {
            SharedRoot = made.SaveRoot,
            Have = all.ToArray(),
            Fingerprints = made.Facts,
            IsInSharedRoot = true,
            IsCleanStop = true,
            WasChecked = true,
            CompletedAt = record.AddedAt,
        };
    }
}
