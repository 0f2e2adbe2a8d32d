using P2P.Engine;

namespace P2P.Blazor.Live;

/// <summary>Groups of torrents a list can be cut down to. One torrent may be in several.</summary>
public enum TorrentGroup
{
    /// <summary>Every torrent.</summary>
    All,

    /// <summary>Bytes move, in or out.</summary>
    Active,

    /// <summary>Wants pieces.</summary>
    Downloading,

    /// <summary>Wants pieces, and nobody gives any.</summary>
    Waiting,

    /// <summary>Has all it wants and gives.</summary>
    Seeding,

    /// <summary>Waits for its turn.</summary>
    Queued,

    /// <summary>Stopped by a person.</summary>
    Stopped,

    /// <summary>Hashing what is on disk.</summary>
    Checking,

    /// <summary>A magnet link without its info dictionary.</summary>
    Metadata,

    /// <summary>Cannot go on.</summary>
    Error,
}

/// <summary>Which torrents are in a <see cref="TorrentGroup"/>. Pure.</summary>
internal static class TorrentGroups
{
    /// <summary>All groups, in the order they are offered.</summary>
    public static readonly TorrentGroup[] Every = Enum.GetValues<TorrentGroup>();

    /// <summary>Is the torrent in the group?</summary>
    public static bool Has(TorrentGroup group, TorrentSnapshot torrent) => group switch
    {
        TorrentGroup.All => true,
        TorrentGroup.Active => torrent.DownloadRate > 0 || torrent.UploadRate > 0,
        TorrentGroup.Waiting => torrent is { State: TorrentState.Downloading, DownloadRate: 0, UnchokingUs: 0 },
        TorrentGroup.Downloading => torrent.State == TorrentState.Downloading,
        TorrentGroup.Seeding => torrent.State == TorrentState.Seeding,
        TorrentGroup.Queued => torrent.State == TorrentState.Queued,
        TorrentGroup.Stopped => torrent.State == TorrentState.Stopped,
        TorrentGroup.Checking => torrent.State == TorrentState.Checking,
        TorrentGroup.Metadata => torrent.State == TorrentState.Metadata,
        _ => torrent.State == TorrentState.Error,
    };
}
