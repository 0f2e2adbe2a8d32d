using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Words;

/// <summary>What removing torrents does, in plain words with the bytes named.</summary>
internal static class RemoveWords
{
    /// <summary>What keeping the data means.</summary>
    public static string Keep(params IReadOnlyList<TorrentSnapshot> torrents) => Bytes(torrents) == 0
        ? Text.T("remove.keep-nothing")
        : Text.T("remove.keep", Show.Bytes(Bytes(torrents)), Folders(torrents));

    /// <summary>What deleting the data means.</summary>
    public static string Delete(params IReadOnlyList<TorrentSnapshot> torrents) => Bytes(torrents) == 0
        ? Text.T("remove.delete-nothing")
        : Text.T("remove.delete", Show.Bytes(Bytes(torrents)), Folders(torrents));

    /// <summary>The button that does it.</summary>
    public static string Button(bool deleteData, params IReadOnlyList<TorrentSnapshot> torrents) => !deleteData
        ? Text.T("remove.button-keep")
        : Bytes(torrents) == 0 ? Text.T("remove.button-delete-nothing") : Text.T("remove.button-delete", Show.Bytes(Bytes(torrents)));

    private static long Bytes(IReadOnlyList<TorrentSnapshot> torrents) => torrents.Sum(torrent => torrent.HaveBytes);

    private static string Folders(IReadOnlyList<TorrentSnapshot> torrents) =>
        string.Join(", ", torrents.Where(torrent => torrent.HaveBytes > 0).Select(torrent => torrent.SavePath).Distinct(StringComparer.Ordinal).Take(3));
}
