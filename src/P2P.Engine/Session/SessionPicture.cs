using System.Collections.Immutable;
using P2P.Engine.Session.History;
using P2P.Engine.Storage;

namespace P2P.Engine.Session;

/// <summary>Takes the session's snapshot from its parts. Session loop only.</summary>
internal sealed class SessionPicture(
    DiscoveryBridge discovery, IDisk disk, PeerListening listening, IncomingRouter router, ISessionStore store, SessionHistory history)
{
    /// <summary>As of now.</summary>
    public SessionSnapshot Take(IEnumerable<TorrentEntry> entries, TorrentEngineOptions options, string? recoveryNotice, long version, DateTimeOffset at, DateTimeOffset startedAt)
    {
        var rows = entries.Where(entry => entry.Snapshot is not null).Select(entry => entry.Snapshot!).OrderBy(row => row.AddedAt).ToImmutableArray();
        return new SessionSnapshot
        {
            Version = version,
            At = at,
            Torrents = rows,
            DownloadRate = rows.Sum(row => row.DownloadRate),
            UploadRate = rows.Sum(row => row.UploadRate),
            UsesAlternativeRates = options.UseAlternativeRates,
            MaxDownloadRate = options.DownloadLimit,
            MaxUploadRate = options.UploadLimit,
            Connections = rows.Sum(row => row.ConnectedPeers),
            ListenPort = router.Local?.Port ?? 0,
            ListenError = listening.Error,
            PendingDiskJobs = disk.PendingJobs,
            FreeBytes = FreeSpace.Of(options.SharedDirectory),
            RecoveryNotice = recoveryNotice,
            IsAfterUncleanStop = history.IsAfterUncleanStop,
            StateError = store.StateError,
            DhtNodes = discovery.DhtNodes,
            TrackerPeers = discovery.TrackerPeers,
            Statistics = history.Statistics(),
            StartedAt = startedAt,
        };
    }
}
