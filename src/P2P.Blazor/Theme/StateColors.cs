using P2P.Engine;

namespace P2P.Blazor.Theme;

/// <summary>How a state looks, once: a word, an icon and a colour, so that colour is never the only carrier.</summary>
/// <param name="Word">What a person reads.</param>
/// <param name="Icon">Symbol of icons.svg.</param>
/// <param name="Css">Class of the colour.</param>
/// <param name="Bar">Class of its progress bar.</param>
internal sealed record StateLook(string Word, string Icon, string Css, string Bar);

/// <summary><see cref="TorrentState"/> to look.</summary>
internal static class StateColors
{
    private static readonly StateLook Checking = new("Checking", "search", "st-check", "check");
    private static readonly StateLook Downloading = new("Downloading", "down", "st-down", "");
    private static readonly StateLook Waiting = new("Waiting", "wait", "st-wait", "");
    private static readonly StateLook Seeding = new("Seeding", "leaf", "st-seed", "seed");
    private static readonly StateLook Stopped = new("Stopped", "pause", "st-pause", "pause");
    private static readonly StateLook Queued = new("Queued", "queue", "st-queue", "pause");
    private static readonly StateLook Metadata = new("Metadata", "page", "st-meta", "meta");
    private static readonly StateLook Error = new("Error", "error", "st-error", "error");

    /// <summary>The look of a row: its state, but "waiting" for a download that gets nothing and knows nobody who would give.</summary>
    public static StateLook Of(TorrentSnapshot torrent) =>
        torrent is { State: TorrentState.Downloading, DownloadRate: 0, UnchokingUs: 0 } ? Waiting : Of(torrent.State);

    /// <summary>The look of a state.</summary>
    public static StateLook Of(TorrentState state) => state switch
    {
        TorrentState.Checking => Checking,
        TorrentState.Downloading => Downloading,
        TorrentState.Seeding => Seeding,
        TorrentState.Stopped => Stopped,
        TorrentState.Queued => Queued,
        TorrentState.Metadata => Metadata,
        _ => Error,
    };
}
