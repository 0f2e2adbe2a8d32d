using P2P.Engine;

namespace P2P.Blazor.Components.Pages;

/// <summary>The settings as a person edits them: rates in KiB/s, times in seconds.</summary>
public sealed record SettingsForm
{
    /// <summary>KiB/s; 0 = no limit.</summary>
    public long MaxDownload { get; set; }

    /// <summary>KiB/s; 0 = no limit.</summary>
    public long MaxUpload { get; set; }

    /// <summary>Connections in all.</summary>
    public int MaxConnections { get; set; }

    /// <summary>Connections of one torrent.</summary>
    public int MaxConnectionsPerTorrent { get; set; }

    /// <summary>Slots earned.</summary>
    public int RegularSlots { get; set; }

    /// <summary>Slots given at random.</summary>
    public int OptimisticSlots { get; set; }

    /// <summary>Seconds between rounds.</summary>
    public int ChokeSeconds { get; set; }

    /// <summary>Strict tit-for-tat.</summary>
    public bool Strict { get; set; }

    /// <summary>Folder of partial files.</summary>
    public string IncompleteDirectory { get; set; } = "";

    /// <summary>Folder of finished files.</summary>
    public string SharedDirectory { get; set; } = "";

    /// <summary>Take part in the DHT.</summary>
    public bool Dht { get; set; }

    /// <summary>Nodes asked first, one a line.</summary>
    public string DhtBootstrap { get; set; } = "";

    /// <summary>Find peers on the local network.</summary>
    public bool LocalDiscovery { get; set; }

    /// <summary>Exchange known peers with connected ones.</summary>
    public bool PeerExchange { get; set; }

    /// <summary>Be a tracker.</summary>
    public bool TrackerEnabled { get; set; }

    /// <summary>TCP port of the tracker; 0 for any free one.</summary>
    public int TrackerHttpPort { get; set; }

    /// <summary>UDP port of the tracker; 0 for any free one.</summary>
    public int TrackerUdpPort { get; set; }

    /// <summary>The tracker serves every torrent.</summary>
    public bool TrackerServesAny { get; set; }

    /// <summary>Downloads that run at once; 0 = no limit.</summary>
    public int MaxActiveDownloads { get; set; }

    /// <summary>Seeds that run at once; 0 = no limit.</summary>
    public int MaxActiveSeeds { get; set; }

    /// <summary>KiB/s; slower torrents are not counted.</summary>
    public long SlowTorrent { get; set; }

    /// <summary>KiB/s; 0 = no limit.</summary>
    public long AlternativeDownload { get; set; }

    /// <summary>KiB/s; 0 = no limit.</summary>
    public long AlternativeUpload { get; set; }

    /// <summary>The alternative limits are in force.</summary>
    public bool UseAlternative { get; set; }

    /// <summary>When a complete torrent has given enough.</summary>
    public ShareLimits ShareLimits { get; set; } = ShareLimits.None;

    /// <summary>The settings in force.</summary>
    public static SettingsForm Of(TorrentEngineOptions options) => new()
    {
        MaxDownload = options.MaxDownloadRate / 1024,
        MaxUpload = options.MaxUploadRate / 1024,
        MaxConnections = options.MaxConnections,
        MaxConnectionsPerTorrent = options.MaxConnectionsPerTorrent,
        RegularSlots = options.RegularSlots,
        OptimisticSlots = options.OptimisticSlots,
        ChokeSeconds = (int)options.ChokeInterval.TotalSeconds,
        Strict = options.StrictTitForTat,
        IncompleteDirectory = options.IncompleteDirectory,
        SharedDirectory = options.SharedDirectory,
        Dht = options.Dht,
        DhtBootstrap = string.Join('\n', options.DhtBootstrap),
        LocalDiscovery = options.LocalDiscovery,
        PeerExchange = options.PeerExchange,
        TrackerEnabled = options.Tracker.Enabled,
        TrackerHttpPort = options.Tracker.HttpPort,
        TrackerUdpPort = options.Tracker.UdpPort,
        TrackerServesAny = options.Tracker.ServesAny,
        MaxActiveDownloads = options.MaxActiveDownloads,
        MaxActiveSeeds = options.MaxActiveSeeds,
        SlowTorrent = options.SlowTorrentRate / 1024,
        AlternativeDownload = options.AlternativeMaxDownloadRate / 1024,
        AlternativeUpload = options.AlternativeMaxUploadRate / 1024,
        UseAlternative = options.UseAlternativeRates,
        ShareLimits = options.ShareLimits,
    };

    /// <summary>Only what differs from <paramref name="saved"/>: a rate not touched keeps its exact bytes.</summary>
    public EngineSettingsPatch PatchFrom(SettingsForm saved) => new()
    {
        MaxDownloadRate = MaxDownload == saved.MaxDownload ? null : MaxDownload * 1024,
        MaxUploadRate = MaxUpload == saved.MaxUpload ? null : MaxUpload * 1024,
        MaxConnections = MaxConnections == saved.MaxConnections ? null : MaxConnections,
        MaxConnectionsPerTorrent = MaxConnectionsPerTorrent == saved.MaxConnectionsPerTorrent ? null : MaxConnectionsPerTorrent,
        RegularSlots = RegularSlots == saved.RegularSlots ? null : RegularSlots,
        OptimisticSlots = OptimisticSlots == saved.OptimisticSlots ? null : OptimisticSlots,
        ChokeInterval = ChokeSeconds == saved.ChokeSeconds ? null : TimeSpan.FromSeconds(ChokeSeconds),
        StrictTitForTat = Strict == saved.Strict ? null : Strict,
        IncompleteDirectory = IncompleteDirectory == saved.IncompleteDirectory ? null : IncompleteDirectory.Trim(),
        SharedDirectory = SharedDirectory == saved.SharedDirectory ? null : SharedDirectory.Trim(),
        Dht = Dht == saved.Dht ? null : Dht,
        DhtBootstrap = DhtBootstrap == saved.DhtBootstrap ? null : [.. DhtBootstrap.Split(['\n', '\r', ' ', ','], StringSplitOptions.RemoveEmptyEntries)],
        LocalDiscovery = LocalDiscovery == saved.LocalDiscovery ? null : LocalDiscovery,
        PeerExchange = PeerExchange == saved.PeerExchange ? null : PeerExchange,
        TrackerEnabled = TrackerEnabled == saved.TrackerEnabled ? null : TrackerEnabled,
        TrackerHttpPort = TrackerHttpPort == saved.TrackerHttpPort ? null : TrackerHttpPort,
        TrackerUdpPort = TrackerUdpPort == saved.TrackerUdpPort ? null : TrackerUdpPort,
        TrackerServesAny = TrackerServesAny == saved.TrackerServesAny ? null : TrackerServesAny,
        MaxActiveDownloads = MaxActiveDownloads == saved.MaxActiveDownloads ? null : MaxActiveDownloads,
        MaxActiveSeeds = MaxActiveSeeds == saved.MaxActiveSeeds ? null : MaxActiveSeeds,
        SlowTorrentRate = SlowTorrent == saved.SlowTorrent ? null : SlowTorrent * 1024,
        AlternativeMaxDownloadRate = AlternativeDownload == saved.AlternativeDownload ? null : AlternativeDownload * 1024,
        AlternativeMaxUploadRate = AlternativeUpload == saved.AlternativeUpload ? null : AlternativeUpload * 1024,
        UseAlternativeRates = UseAlternative == saved.UseAlternative ? null : UseAlternative,
        ShareLimits = ShareLimits == saved.ShareLimits ? null : ShareLimits,
    };
}
