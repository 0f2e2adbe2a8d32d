using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>What removing a torrent does, in plain words with the bytes named.</summary>
internal static class RemoveWords
{
    /// <summary>What keeping the data means.</summary>
    public static string Keep(TorrentSnapshot torrent) => torrent.HaveBytes == 0
        ? "Only takes it off the list. Nothing of it is on disk yet."
        : $"Only takes it off the list. {Show.Bytes(torrent.HaveBytes)} stay in {torrent.SavePath}; add the torrent again and they are found.";

    /// <summary>What deleting the data means.</summary>
    public static string Delete(TorrentSnapshot torrent) => torrent.HaveBytes == 0
        ? "Takes it off the list and removes its empty files."
        : $"Deletes {Show.Bytes(torrent.HaveBytes)} from {torrent.SavePath}. This cannot be undone.";

    /// <summary>The button that does it.</summary>
    public static string Button(TorrentSnapshot torrent, bool deleteData) => !deleteData
        ? "Remove from list"
        : torrent.HaveBytes == 0 ? "Remove and delete files" : $"Delete {Show.Bytes(torrent.HaveBytes)}";
}
