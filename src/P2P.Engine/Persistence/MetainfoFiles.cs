using P2P.Engine.Primitives;

namespace P2P.Engine.Persistence;

/// <summary>The .torrent files beside the database, one per infohash, so that the list of torrents can be rebuilt from them alone.</summary>
/// <remarks>Layout: [data]/torrents/[40 hex digits].torrent. Thread: the store's. Throws what the disk throws.</remarks>
internal sealed class MetainfoFiles(string dataDirectory, DurableFiles files)
{
    private const string Suffix = ".torrent";

    private readonly string _directory = Path.Combine(dataDirectory, "torrents");

    // Torrents neither added nor removed to the end are kept here, never deleted.
    private readonly string _setAside = Path.Combine(dataDirectory, "torrents", "set-aside");

    /// <summary>Makes the folder and removes what a cut left half written.</summary>
    public void Prepare()
    {
        files.CreateDirectory(_directory);
        foreach (var rubbish in Directory.EnumerateFiles(_directory, "*" + DurableFiles.TemporarySuffix))
        {
            File.Delete(rubbish);
        }
    }

    /// <summary>Infohashes that have a file, by name.</summary>
    public HashSet<InfoHash> List()
    {
        var found = new HashSet<InfoHash>();
        if (!Directory.Exists(_directory))
        {
            return found;
        }

        foreach (var path in Directory.EnumerateFiles(_directory, "*" + Suffix))
        {
            if (InfoHash.TryParse(Path.GetFileNameWithoutExtension(path), out var infoHash))
            {
                found.Add(infoHash);
            }
        }

        return found;
    }

    /// <summary>The bytes as they were added; empty when the file is absent or cannot be read.</summary>
    public byte[] Read(InfoHash infoHash)
    {
        try
        {
            return File.ReadAllBytes(PathOf(infoHash));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Keeps the bytes; durable on return.</summary>
    public void Write(InfoHash infoHash, ReadOnlySpan<byte> torrentFile) => files.Write(PathOf(infoHash), torrentFile);

    /// <summary>Forgets the bytes; durable on return.</summary>
    public void Delete(InfoHash infoHash) => files.Delete(PathOf(infoHash));

    /// <summary>Puts a file out of sight whose torrent the intact database does not know: an add or a removal that a cut interrupted.</summary>
    public void SetAside(InfoHash infoHash)
    {
        files.CreateDirectory(_setAside);
        File.Move(PathOf(infoHash), Path.Combine(_setAside, infoHash + Suffix), overwrite: true);
    }

    private string PathOf(InfoHash infoHash) => Path.Combine(_directory, infoHash + Suffix);
}
