using P2P.Blazor.Live;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Theme;

/// <summary>How a state looks, once: a word, an icon and a colour, so that colour is never the only carrier.</summary>
/// <param name="Key">Key of the word, under "state.".</param>
/// <param name="Icon">Symbol of icons.svg.</param>
/// <param name="Css">Class of the colour.</param>
/// <param name="Bar">Class of its progress bar.</param>
internal sealed record StateLook(string Key, string Icon, string Css, string Bar)
{
    /// <summary>What a person reads, in the circuit's language.</summary>
    public string Word => Text.T($"state.{Key}");
}

/// <summary><see cref="TorrentState"/> to look.</summary>
internal static class StateColors
{
    private static readonly StateLook Checking = new("checking", "search", "st-check", "check");
    private static readonly StateLook Downloading = new("downloading", "down", "st-down", "");
    private static readonly StateLook Waiting = new("waiting", "wait", "st-wait", "");
    private static readonly StateLook Seeding = new("seeding", "leaf", "st-seed", "seed");
    private static readonly StateLook Stopped = new("stopped", "pause", "st-pause", "pause");
    private static readonly StateLook Queued = new("queued", "queue", "st-queue", "pause");
    private static readonly StateLook Metadata = new("metadata", "page", "st-meta", "meta");
    private static readonly StateLook All = new("all", "all", "", "");
    private static readonly StateLook Active = new("active", "swap", "st-down", "");
    private static readonly StateLook Error = new("error", "error", "st-error", "error");

    /// <summary>The look of a row: its state, but "waiting" for a download that gets nothing and knows nobody who would give.</summary>
    public static StateLook Of(TorrentSnapshot torrent) =>
        torrent is { State: TorrentState.Downloading, DownloadRate: 0, UnchokingUs: 0 } ? Waiting : Of(torrent.State);

    /// <summary>The look of a group of the list.</summary>
    public static StateLook Of(TorrentGroup group) => group switch
    {
        TorrentGroup.All => All,
        TorrentGroup.Active => Active,
        TorrentGroup.Waiting => Waiting,
        TorrentGroup.Downloading => Downloading,
        TorrentGroup.Seeding => Seeding,
        TorrentGroup.Queued => Queued,
        TorrentGroup.Stopped => Stopped,
        TorrentGroup.Checking => Checking,
        TorrentGroup.Metadata => Metadata,
        _ => Error,
    };

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
