using System.Collections.Immutable;
using P2P.Engine;

namespace P2P.Blazor.Live;

/// <summary>Everything a list of torrents can show and be sorted by.</summary>
public enum TorrentColumn
{
    /// <summary>When it was added.</summary>
    Added,

    /// <summary>Name, ignoring case.</summary>
    Name,

    /// <summary>State, in the order of <see cref="TorrentState"/>.</summary>
    State,

    /// <summary>Progress.</summary>
    Done,

    /// <summary>Bytes of the wanted files.</summary>
    Size,

    /// <summary>Download rate.</summary>
    Down,

    /// <summary>Upload rate.</summary>
    Up,

    /// <summary>Time left; unknown last.</summary>
    Left,

    /// <summary>Connected peers, of those known.</summary>
    Peers,

    /// <summary>Connected seeds.</summary>
    Seeds,

    /// <summary>Uploaded / downloaded.</summary>
    Ratio,

    /// <summary>Copies of the rarest piece in sight.</summary>
    Availability,

    /// <summary>Peers let download.</summary>
    Slots,

    /// <summary>Payload received.</summary>
    Downloaded,

    /// <summary>Payload sent.</summary>
    Uploaded,

    /// <summary>Payload received in vain.</summary>
    Wasted,

    /// <summary>When it finished.</summary>
    Completed,

    /// <summary>Host of its first tracker.</summary>
    Tracker,

    /// <summary>Folder of the files now.</summary>
    Path,

    /// <summary>Infohash.</summary>
    Hash,

    /// <summary>Its label.</summary>
    Label,

    /// <summary>Place in the queue.</summary>
    Queue,
}

/// <summary>What is known of each <see cref="TorrentColumn"/>, once.</summary>
internal static class TorrentColumns
{
    private static readonly ImmutableArray<string> Names = [.. Enum.GetNames<TorrentColumn>().Select(name => name.ToLowerInvariant())];

    private static readonly ImmutableArray<string> Classes = [.. Enum.GetValues<TorrentColumn>().Select(column => $"c-{Names[(int)column]}{(IsNumber(column) ? " r" : "")}")];

    /// <summary>What a new browser shows, in order.</summary>
    public static readonly ImmutableArray<TorrentColumn> Default =
    [
        TorrentColumn.Name, TorrentColumn.State, TorrentColumn.Size, TorrentColumn.Down, TorrentColumn.Up, TorrentColumn.Left, TorrentColumn.Peers, TorrentColumn.Seeds,
        TorrentColumn.Ratio, TorrentColumn.Added,
    ];

    /// <summary>Narrowest and widest a column may be made, CSS pixels.</summary>
    public static readonly (int Least, int Most) Widths = (48, 900);

    /// <summary>Width before anybody changed it, CSS pixels; the name takes what is left.</summary>
    public static int Width(TorrentColumn column) => column switch
    {
        TorrentColumn.Name => 0,
        TorrentColumn.State => 140,
        TorrentColumn.Down or TorrentColumn.Up => 96,
        TorrentColumn.Left => 86,
        TorrentColumn.Peers or TorrentColumn.Seeds or TorrentColumn.Ratio or TorrentColumn.Slots or TorrentColumn.Queue => 60,
        TorrentColumn.Added or TorrentColumn.Completed => 112,
        TorrentColumn.Tracker or TorrentColumn.Label => 150,
        TorrentColumn.Path or TorrentColumn.Hash => 220,
        _ => 84,
    };

    /// <summary>Code of a column: in classes of the style sheet, and end of its text's key "column.".</summary>
    public static string Name(TorrentColumn column) => Names[(int)column];

    /// <summary>Classes of a column's cell.</summary>
    public static string Css(TorrentColumn column) => Classes[(int)column];

    /// <summary>Digits, set to the right.</summary>
    public static bool IsNumber(TorrentColumn column) =>
        column is not (TorrentColumn.Name or TorrentColumn.State or TorrentColumn.Tracker or TorrentColumn.Path or TorrentColumn.Hash or TorrentColumn.Label);

    /// <summary>The first click sorts A to Z (texts) rather than largest first.</summary>
    public static bool IsAscendingFirst(TorrentColumn column) => !IsNumber(column) || column is TorrentColumn.Left or TorrentColumn.Added or TorrentColumn.Queue;

    /// <summary>The values of a column change while bytes move.</summary>
    public static bool IsLive(TorrentColumn column) =>
        column is not (TorrentColumn.Added or TorrentColumn.Name or TorrentColumn.Size or TorrentColumn.Tracker or TorrentColumn.Path or TorrentColumn.Hash or TorrentColumn.Completed or TorrentColumn.Label);

    /// <summary>What a numeric column is sorted by.</summary>
    public static double Key(TorrentColumn column, TorrentSnapshot torrent) => column switch
    {
        TorrentColumn.State => (int)torrent.State,
        TorrentColumn.Done => torrent.Progress,
        TorrentColumn.Size => torrent.WantedSize > 0 ? torrent.WantedSize : torrent.Size,
        TorrentColumn.Down => torrent.DownloadRate,
        TorrentColumn.Up => torrent.UploadRate,
        TorrentColumn.Left => torrent.EtaSeconds ?? double.MaxValue,
        TorrentColumn.Peers => torrent.ConnectedPeers,
        TorrentColumn.Seeds => torrent.Seeds,
        TorrentColumn.Ratio => torrent.Ratio,
        TorrentColumn.Availability => torrent.Availability,
        TorrentColumn.Slots => torrent.Unchoked,
        TorrentColumn.Downloaded => torrent.Downloaded,
        TorrentColumn.Uploaded => torrent.Uploaded,
        TorrentColumn.Wasted => torrent.Wasted,
        TorrentColumn.Completed => torrent.CompletedAt?.UtcTicks ?? 0,
        TorrentColumn.Queue => torrent.QueuePosition,
        _ => torrent.AddedAt.UtcTicks,
    };

    /// <summary>What a column of words is sorted by; null for a numeric one.</summary>
    public static string? Word(TorrentColumn column, TorrentSnapshot torrent) => column switch
    {
        TorrentColumn.Name => torrent.Name,
        TorrentColumn.Tracker => torrent.Tracker ?? "",
        TorrentColumn.Path => torrent.SavePath,
        TorrentColumn.Hash => torrent.InfoHash.ToString(),
        TorrentColumn.Label => torrent.Label ?? "",
        _ => null,
    };
}
