using System.Collections.Immutable;
using System.Net;

namespace P2P.Engine;

/// <summary>Every setting of the engine with its default and unit, written once. Immutable.</summary>
public sealed record TorrentEngineOptions
{
    /// <summary>Folder of the engine's own state (database, .torrent files, journals). Made if absent.</summary>
    public string DataDirectory { get; init; } = "data/state";

    /// <summary>Folder of partial files while they download.</summary>
    public string IncompleteDirectory { get; init; } = "data/incomplete";

    /// <summary>Folder of finished files, which are shared from there.</summary>
    public string SharedDirectory { get; init; } = "data/shared";

    /// <summary>Address to listen on and to dial from; null for all addresses of both families.</summary>
    public IPAddress? ListenAddress { get; init; }

    /// <summary>TCP port for peers, 1..65535; 0 for any free one.</summary>
    public int ListenPort { get; init; } = 6881;

    /// <summary>Dmax, bytes per second of payload; 0 = no limit.</summary>
    public long MaxDownloadRate { get; init; }

    /// <summary>Umax, bytes per second of payload; 0 = no limit.</summary>
    public long MaxUploadRate { get; init; }

    /// <summary>Most peer connections in all.</summary>
    public int MaxConnections { get; init; } = 500;

    /// <summary>Most peer connections of one torrent.</summary>
    public int MaxConnectionsPerTorrent { get; init; } = 100;

    /// <summary>Most connections being opened at once.</summary>
    public int MaxHalfOpen { get; init; } = 50;

    /// <summary>Upload slots given to those that give us most, per torrent.</summary>
    public int RegularSlots { get; init; } = 3;

    /// <summary>Upload slots given at random, per torrent.</summary>
    public int OptimisticSlots { get; init; } = 1;

    /// <summary>Time between two choke rounds, and between two computations of the rates.</summary>
    public TimeSpan ChokeInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Hold the download side to the same number of sources by the same rule; a torrent may override it.</summary>
    public bool StrictTitForTat { get; init; }

    /// <summary>Memory for blocks in flight, bytes (blocks of 16 KiB).</summary>
    public long BlockMemory { get; init; } = 256L << 20;

    /// <summary>Disk threads (reading, writing, hashing); 0 = one per core, at least 2.</summary>
    public int DiskThreads { get; init; }

    /// <summary>Shortest announce interval believed of a tracker. Only tests go below the default.</summary>
    public TimeSpan MinTrackerInterval { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Verified data is made durable and recorded at least this often.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>... or when this many verified bytes wait, whichever comes first.</summary>
    public long FlushBytes { get; init; } = 64L << 20;

    /// <summary>Take part in the mainline DHT (BEP 5), on the UDP port with the number of the peers' TCP port.</summary>
    public bool Dht { get; init; } = true;

    /// <summary>Nodes to ask first when none is known, "host:port" each; empty: only nodes met on the LAN, in .torrent files and by peers.</summary>
    public ImmutableArray<string> DhtBootstrap { get; init; } = [];

    /// <summary>Find peers on the local network by multicast (BEP 14).</summary>
    public bool LocalDiscovery { get; init; } = true;

    /// <summary>Exchange known peers with connected ones (BEP 11).</summary>
    public bool PeerExchange { get; init; } = true;

    /// <summary>Most downloads running at once, the others wait in the queue; 0 = no limit.</summary>
    public int MaxActiveDownloads { get; init; } = 5;

    /// <summary>Most seeds running at once; 0 = no limit.</summary>
    public int MaxActiveSeeds { get; init; }

    /// <summary>A running torrent slower than this, bytes per second, for a minute does not count against the two limits; 0 counts all.</summary>
    public long SlowTorrentRate { get; init; } = 2 << 10;

    /// <summary>When a complete torrent has given enough; labels and torrents may differ.</summary>
    public ShareLimits ShareLimits { get; init; } = ShareLimits.None;

    /// <summary>Labels that can be given, in the order made.</summary>
    public ImmutableArray<TorrentLabel> Labels { get; init; } = [];

    /// <summary>Dmax while the alternative limits are on, bytes per second; 0 = no limit.</summary>
    public long AlternativeMaxDownloadRate { get; init; } = 1 << 20;

    /// <summary>Umax while the alternative limits are on, bytes per second; 0 = no limit.</summary>
    public long AlternativeMaxUploadRate { get; init; } = 128 << 10;

    /// <summary>The alternative limits are in force instead of <see cref="MaxDownloadRate"/> and <see cref="MaxUploadRate"/>.</summary>
    public bool UseAlternativeRates { get; init; }

    /// <summary>Dmax in force: the alternative one while those are on.</summary>
    internal long DownloadLimit => UseAlternativeRates ? AlternativeMaxDownloadRate : MaxDownloadRate;

    /// <summary>Umax in force.</summary>
    internal long UploadLimit => UseAlternativeRates ? AlternativeMaxUploadRate : MaxUploadRate;

    /// <summary>The tracker this peer is itself.</summary>
    public TrackerServerOptions Tracker { get; init; } = new();
}

/// <summary>Settings of the embedded tracker. Immutable.</summary>
public sealed record TrackerServerOptions
{
    /// <summary>Answer announces.</summary>
    public bool Enabled { get; init; }

    /// <summary>TCP port of HTTP announces, 1..65535; 0 for any free one.</summary>
    public int HttpPort { get; init; } = 6969;

    /// <summary>UDP port (BEP 15), 1..65535; 0 for any free one.</summary>
    public int UdpPort { get; init; } = 6969;

    /// <summary>Serve every torrent that is asked for; false: only those of this client.</summary>
    public bool ServesAny { get; init; }

    /// <summary>Told to clients as the time to their next announce; twice as long without one, and a peer is forgotten.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(30);
}
