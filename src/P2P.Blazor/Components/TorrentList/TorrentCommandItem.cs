using P2P.Engine;

namespace P2P.Blazor.Components.TorrentList;

/// <summary>One entry of the commands on torrents: in the menu of a row, and in the bar above a selection. Pure.</summary>
/// <param name="Name">Code, and end of its text's key "command.".</param>
/// <param name="Icon">Symbol of icons.svg.</param>
/// <param name="Group">Entries of a group stand together.</param>
/// <param name="Key">Its key, as shown.</param>
/// <param name="IsDanger">It takes something away.</param>
internal sealed record TorrentCommandItem(string Name, string Icon, string Group, string Key = "", bool IsDanger = false)
{
    /// <summary>What can be done with these torrents, in order; what none of them can do is left out.</summary>
    public static IEnumerable<TorrentCommandItem> For(IReadOnlyList<TorrentSnapshot> torrents)
    {
        if (torrents.Count == 1)
        {
            yield return new("open", "page", "open", "Enter");
        }

        if (torrents.Any(torrent => torrent.State is TorrentState.Stopped or TorrentState.Error))
        {
            yield return new("start", "play", "run", "P");
        }

        if (torrents.Any(torrent => torrent.State is not (TorrentState.Stopped or TorrentState.Error)))
        {
            yield return new("stop", "pause", "run", "P");
        }

        if (torrents.Any(torrent => torrent is { State: TorrentState.Queued } or { IsForced: false, State: TorrentState.Stopped }))
        {
            yield return new("start-now", "bolt", "run");
        }

        if (torrents.Any(torrent => torrent.IsForced))
        {
            yield return new("obey-queue", "queue", "run");
        }

        if (torrents.Count == 1)
        {
            yield return new("choking", "hand", "tabs");
            yield return new("peers", "net", "tabs");
            yield return new("pieces", "all", "tabs");
            yield return new("files", "folder", "tabs");
        }

        if (torrents.Any(torrent => torrent.State != TorrentState.Metadata))
        {
            yield return new("recheck", "recheck", "do");
        }

        yield return new("announce", "tower", "do");
        if (torrents.Any(torrent => torrent is { IsSequential: false, State: not TorrentState.Seeding }))
        {
            yield return new("sequential", "queue", "do");
        }

        if (torrents.Any(torrent => torrent.IsSequential))
        {
            yield return new("rarest-first", "dice", "do");
        }

        yield return new("label", "label", "set", "L");
        yield return new("limits", "gauge", "set");
        if (torrents.Count == 1)
        {
            yield return new("move", "folder", "set");
            yield return new("rename", "edit", "set", "F2");
        }

        yield return new("queue-top", "top", "queue");
        yield return new("queue-up", "up", "queue");
        yield return new("queue-down", "down", "queue");
        yield return new("queue-bottom", "bottom", "queue");

        yield return new("copy-magnet", "magnet", "copy");
        yield return new("copy-name", "copy", "copy");
        yield return new("copy-hash", "copy", "copy");
        yield return new("copy-path", "folder", "copy");
        if (torrents.Count == 1 && torrents[0].State != TorrentState.Metadata)
        {
            yield return new("save-torrent", "save", "copy");
        }

        yield return new("remove", "trash", "remove", "Del", IsDanger: true);
        yield return new("remove-data", "trash", "remove", "⇧ Del", IsDanger: true);
    }
}
