using P2P.Engine.Metainfo;

namespace P2P.Engine.Session;

/// <summary>Says whether a torrent's files may live under a folder: names short enough, and nobody else's already. Pure.</summary>
internal static class SavePaths
{
    /// <summary>Why not, with code and sentence (rows P24 and P33); null when they may.</summary>
    /// <param name="metainfo">The torrent to add.</param>
    /// <param name="root">Absolute folder of its finished files.</param>
    /// <param name="present">Name, folder and metainfo of every torrent here.</param>
    public static TorrentEngineException? RefusalOf(
        TorrentMetainfo metainfo, string root, IEnumerable<(string Name, string Root, TorrentMetainfo Metainfo)> present)
    {
        HashSet<string> paths;
        try
        {
            paths = PathsOf(metainfo, root).ToHashSet(StringComparer.Ordinal);
        }
        catch (MetainfoException exception)
        {
            return new TorrentEngineException(exception.Code, exception.Message, exception);
        }

        foreach (var other in present)
        {
            if (PathsOf(other.Metainfo, other.Root).Any(paths.Contains))
            {
                return new TorrentEngineException("path.in_use", $"\"{other.Name}\" already writes to the same files in {root}; choose another folder.");
            }
        }

        return null;
    }

    /// <summary>As above, of the torrents in the session's table.</summary>
    public static TorrentEngineException? RefusalOf(TorrentMetainfo metainfo, string root, IEnumerable<TorrentEntry> entries, TorrentEngineOptions options) =>
        RefusalOf(metainfo, root, entries.Where(entry => entry.Metainfo is not null)
            .Select(entry => (entry.Record.Name, TorrentFactory.RootOf(entry.Record, options), entry.Metainfo!)));

    private static IEnumerable<string> PathsOf(TorrentMetainfo metainfo, string root) =>
        metainfo.Files.Where(file => !file.IsPad).Select(file => TorrentPath.Join(root, file.Path));
}
