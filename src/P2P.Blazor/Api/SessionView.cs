using System.Collections.Immutable;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>The session in numbers.</summary>
/// <param name="Version">Rises with every change.</param>
/// <param name="At">UTC time of the beat.</param>
/// <param name="StartedAt">When the engine started.</param>
/// <param name="Torrents">How many torrents there are.</param>
/// <param name="States">How many torrents are in each state; states without one are left out.</param>
/// <param name="DownloadRate">Payload bytes per second in, all torrents.</param>
/// <param name="UploadRate">Payload bytes per second out, all torrents.</param>
/// <param name="Connections">Open peer connections.</param>
/// <param name="ListenPort">Port peers reach us on; 0 while not listening.</param>
/// <param name="ListenError">Why we do not listen; null when we do.</param>
/// <param name="PendingDiskJobs">Disk jobs waiting.</param>
/// <param name="FreeBytes">Bytes free on the shared folder's volume; null when unknown.</param>
/// <param name="RecoveryNotice">What the start had to recover; null after a normal start.</param>
/// <param name="StateError">Why state cannot be saved; null when it can.</param>
/// <param name="DhtNodes">Good nodes in the DHT's table; null while the DHT is off.</param>
/// <param name="TrackerPeers">Peers the embedded tracker knows; null while it is off.</param>
/// <param name="Settings">Settings in force.</param>
internal sealed record SessionView(
    long Version, DateTimeOffset At, DateTimeOffset StartedAt, int Torrents, ImmutableSortedDictionary<string, int> States, long DownloadRate,
    long UploadRate, int Connections, int ListenPort, string? ListenError, int PendingDiskJobs, long? FreeBytes, string? RecoveryNotice,
    string? StateError, int? DhtNodes, int? TrackerPeers, SettingsView Settings)
{
    /// <summary>From the engine's snapshot.</summary>
    public static SessionView Of(SessionSnapshot session, TorrentEngineOptions options) => new(
        session.Version,
        session.At,
        session.StartedAt,
        session.Torrents.Length,
        session.Torrents.CountBy(row => row.State.ToString().ToLowerInvariant()).ToImmutableSortedDictionary(StringComparer.Ordinal),
        session.DownloadRate,
        session.UploadRate,
        session.Connections,
        session.ListenPort,
        session.ListenError,
        session.PendingDiskJobs,
        session.FreeBytes >= 0 ? session.FreeBytes : null,
        session.RecoveryNotice,
        session.StateError,
        session.DhtNodes >= 0 ? session.DhtNodes : null,
        session.TrackerPeers >= 0 ? session.TrackerPeers : null,
        SettingsView.Of(options));
}

/// <summary>Settings in force: rates in bytes per second (0 = no limit), times as hh:mm:ss.</summary>
internal sealed record SettingsView(
    string DataDirectory, string IncompleteDirectory, string SharedDirectory, string? ListenAddress, int ListenPort, long MaxDownloadRate,
    long MaxUploadRate, int MaxConnections, int MaxConnectionsPerTorrent, int RegularSlots, int OptimisticSlots, TimeSpan ChokeInterval,
    bool StrictTitForTat, int MaxActiveDownloads, int MaxActiveSeeds, long SlowTorrentRate, ShareLimits ShareLimits, ImmutableArray<TorrentLabel> Labels,
    long AlternativeMaxDownloadRate, long AlternativeMaxUploadRate, bool UseAlternativeRates,
    bool Dht, ImmutableArray<string> DhtBootstrap, bool LocalDiscovery, bool PeerExchange, TrackerSettingsView Tracker)
{
    /// <summary>From the engine's options.</summary>
    public static SettingsView Of(TorrentEngineOptions options) => new(
        options.DataDirectory, options.IncompleteDirectory, options.SharedDirectory, options.ListenAddress?.ToString(), options.ListenPort,
        options.MaxDownloadRate, options.MaxUploadRate, options.MaxConnections, options.MaxConnectionsPerTorrent, options.RegularSlots,
        options.OptimisticSlots, options.ChokeInterval, options.StrictTitForTat,
        options.MaxActiveDownloads, options.MaxActiveSeeds, options.SlowTorrentRate, options.ShareLimits, options.Labels,
        options.AlternativeMaxDownloadRate, options.AlternativeMaxUploadRate, options.UseAlternativeRates, options.Dht, options.DhtBootstrap, options.LocalDiscovery,
        options.PeerExchange, TrackerSettingsView.Of(options.Tracker));
}

/// <summary>Settings of the embedded tracker in force.</summary>
/// <param name="Enabled">It answers announces.</param>
/// <param name="HttpPort">TCP port; 0 for any free one.</param>
/// <param name="UdpPort">UDP port; 0 for any free one.</param>
/// <param name="ServesAny">Every torrent; false: only this client's.</param>
/// <param name="Interval">Told to clients as the time to their next announce; set in the configuration only.</param>
internal sealed record TrackerSettingsView(bool Enabled, int HttpPort, int UdpPort, bool ServesAny, TimeSpan Interval)
{
    /// <summary>From the engine's options.</summary>
    public static TrackerSettingsView Of(TrackerServerOptions tracker) => new(tracker.Enabled, tracker.HttpPort, tracker.UdpPort, tracker.ServesAny, tracker.Interval);
}

/// <summary>Is the client well?</summary>
/// <param name="Status">"ok"; "degraded" while peers cannot reach us or state cannot be saved; "starting" before the engine runs.</param>
/// <param name="Instance">Differs after every start of the process.</param>
/// <param name="Version">Version of the program.</param>
/// <param name="Problems">What is wrong, one sentence each.</param>
internal sealed record HealthView(string Status, string Instance, string Version, ImmutableArray<string> Problems);

/// <summary>The pieces of a torrent.</summary>
/// <param name="PieceCount">Number of pieces.</param>
/// <param name="PieceLength">Bytes per piece; the last may be shorter.</param>
/// <param name="HavePieces">Verified pieces.</param>
/// <param name="Bitfield">Verified pieces, base64 of one bit each, first piece in the highest bit (as on the wire).</param>
/// <param name="Wanted">Pieces of wanted files, as <paramref name="Bitfield"/>.</param>
/// <param name="Availability">Copies among connected peers, base64 of one byte each.</param>
/// <param name="Active">Pieces in progress.</param>
internal sealed record PiecesView(
    int PieceCount, int PieceLength, int HavePieces, ImmutableArray<byte> Bitfield, ImmutableArray<byte> Wanted, ImmutableArray<byte> Availability,
    ImmutableArray<ActivePieceSnapshot> Active)
{
    /// <summary>From the engine's details.</summary>
    public static PiecesView Of(TorrentDetails details) => new(
        details.Pieces.Count, details.Summary.PieceLength, details.Summary.HavePieces, details.Pieces.Have, details.Pieces.Wanted,
        details.Pieces.Availability, details.Pieces.Active);
}
