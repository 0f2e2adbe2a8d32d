using System.Globalization;

namespace P2P.Engine.Persistence;

/// <summary>The format number of the whole data directory, in a small text file that is read before anything else is opened.</summary>
/// <remarks>A process that meets a newer number refuses to start and changes nothing (FT36), not even by opening the database.</remarks>
internal sealed class StateFormat(string dataDirectory, DurableFiles files)
{
    private readonly string _path = Path.Combine(dataDirectory, "format");

    /// <summary>Throws <see cref="TorrentEngineException"/> "state.newer" when a newer version wrote the directory.</summary>
    public void RefuseNewer()
    {
        if (Read() is { } found && found > TorrentRecordCodec.Version)
        {
            throw Newer(found);
        }
    }

    /// <summary>Notes our number, durably, unless it is there.</summary>
    public void Write()
    {
        if (Read() != TorrentRecordCodec.Version)
        {
            files.Write(_path, System.Text.Encoding.ASCII.GetBytes(TorrentRecordCodec.Version.ToString(CultureInfo.InvariantCulture) + "\n"));
        }
    }

    /// <summary>The refusal.</summary>
    public static TorrentEngineException Newer(int found) => new(
        "state.newer",
        $"The state was written by a newer version of this program (format {found}, this one knows {TorrentRecordCodec.Version}); "
        + "start that version or choose another data directory. Nothing was changed.");

    // Absent or unreadable text says nothing; the documents carry their version too.
    private int? Read() =>
        File.Exists(_path) && int.TryParse(File.ReadAllText(_path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var found) ? found : null;
}
