using System.Collections.Immutable;

namespace P2P.Engine;

/// <summary>Settings to change while running; null leaves a setting as it is.</summary>
public sealed record EngineSettingsPatch
{
    /// <summary>Dmax, bytes per second; 0 = no limit.</summary>
    public long? MaxDownloadRate { get; init; }

    /// <summary>Umax, bytes per second; 0 = no limit.</summary>
    public long? MaxUploadRate { get; init; }

    /// <summary>Most peer connections in all, 1..100,000.</summary>
    public int? MaxConnections { get; init; }

    /// <summary>Most peer connections of one torrent, 1..10,000.</summary>
    public int? MaxConnectionsPerTorrent { get; init; }

    /// <summary>Regular upload slots, 1..100.</summary>
    public int? RegularSlots { get; init; }

    /// <summary>Optimistic upload slots, 0..100.</summary>
    public int? OptimisticSlots { get; init; }

    /// <summary>Time between two choke rounds, 1 s..1 h.</summary>
    public TimeSpan? ChokeInterval { get; init; }

    /// <summary>Hold the download side to the same number of sources.</summary>
    public bool? StrictTitForTat { get; init; }

    /// <summary>Folder of partial files; for torrents added from now on.</summary>
    public string? IncompleteDirectory { get; init; }

    /// <summary>Folder of finished files; for torrents added from now on.</summary>
    public string? SharedDirectory { get; init; }

    /// <summary>Take part in the DHT.</summary>
    public bool? Dht { get; init; }

    /// <summary>Nodes to ask first, "host:port" each; empty for none.</summary>
    public ImmutableArray<string>? DhtBootstrap { get; init; }

    /// <summary>Find peers on the local network.</summary>
    public bool? LocalDiscovery { get; init; }

    /// <summary>Exchange known peers with connected ones.</summary>
    public bool? PeerExchange { get; init; }

    /// <summary>Most downloads running at once, 0..10,000; 0 = no limit.</summary>
    public int? MaxActiveDownloads { get; init; }

    /// <summary>Most seeds running at once, 0..10,000; 0 = no limit.</summary>
    public int? MaxActiveSeeds { get; init; }

    /// <summary>Slower torrents are not counted, bytes per second; 0 counts all.</summary>
    public long? SlowTorrentRate { get; init; }

    /// <summary>When a complete torrent has given enough; the whole value is replaced.</summary>
    public ShareLimits? ShareLimits { get; init; }

    /// <summary>All labels; the whole list is replaced, and torrents of a label that is gone lose it.</summary>
    public ImmutableArray<TorrentLabel>? Labels { get; init; }

    /// <summary>Alternative Dmax, bytes per second; 0 = no limit.</summary>
    public long? AlternativeMaxDownloadRate { get; init; }

    /// <summary>Alternative Umax, bytes per second; 0 = no limit.</summary>
    public long? AlternativeMaxUploadRate { get; init; }

    /// <summary>Use the alternative limits.</summary>
    public bool? UseAlternativeRates { get; init; }

    /// <summary>Be a tracker.</summary>
    public bool? TrackerEnabled { get; init; }

    /// <summary>TCP port of the embedded tracker, 0..65535.</summary>
    public int? TrackerHttpPort { get; init; }

    /// <summary>UDP port of the embedded tracker, 0..65535.</summary>
    public int? TrackerUdpPort { get; init; }

    /// <summary>The embedded tracker serves every torrent.</summary>
    public bool? TrackerServesAny { get; init; }

    /// <summary>The settings with this change laid over them; nothing is checked.</summary>
    public TorrentEngineOptions ApplyTo(TorrentEngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options with
        {
            MaxDownloadRate = MaxDownloadRate ?? options.MaxDownloadRate,
            MaxUploadRate = MaxUploadRate ?? options.MaxUploadRate,
            MaxConnections = MaxConnections ?? options.MaxConnections,
            MaxConnectionsPerTorrent = MaxConnectionsPerTorrent ?? options.MaxConnectionsPerTorrent,
            RegularSlots = RegularSlots ?? options.RegularSlots,
            OptimisticSlots = OptimisticSlots ?? options.OptimisticSlots,
            ChokeInterval = ChokeInterval ?? options.ChokeInterval,
            StrictTitForTat = StrictTitForTat ?? options.StrictTitForTat,
            IncompleteDirectory = IncompleteDirectory ?? options.IncompleteDirectory,
            SharedDirectory = SharedDirectory ?? options.SharedDirectory,
            Dht = Dht ?? options.Dht,
            DhtBootstrap = DhtBootstrap ?? options.DhtBootstrap,
            LocalDiscovery = LocalDiscovery ?? options.LocalDiscovery,
            PeerExchange = PeerExchange ?? options.PeerExchange,
            MaxActiveDownloads = MaxActiveDownloads ?? options.MaxActiveDownloads,
            MaxActiveSeeds = MaxActiveSeeds ?? options.MaxActiveSeeds,
            SlowTorrentRate = SlowTorrentRate ?? options.SlowTorrentRate,
            ShareLimits = ShareLimits ?? options.ShareLimits,
            Labels = Labels ?? options.Labels,
            AlternativeMaxDownloadRate = AlternativeMaxDownloadRate ?? options.AlternativeMaxDownloadRate,
            AlternativeMaxUploadRate = AlternativeMaxUploadRate ?? options.AlternativeMaxUploadRate,
            UseAlternativeRates = UseAlternativeRates ?? options.UseAlternativeRates,
            Tracker = options.Tracker with
            {
                Enabled = TrackerEnabled ?? options.Tracker.Enabled,
                HttpPort = TrackerHttpPort ?? options.Tracker.HttpPort,
                UdpPort = TrackerUdpPort ?? options.Tracker.UdpPort,
                ServesAny = TrackerServesAny ?? options.Tracker.ServesAny,
            },
        };
    }
}
