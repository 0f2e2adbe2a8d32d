using Microsoft.Extensions.Logging;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>Log lines of the tracker clients, ids 400..419. Hosts only: announce URLs may carry passkeys (H15).</summary>
internal static partial class TrackerLog
{
    [LoggerMessage(400, LogLevel.Debug, "{InfoHash}: announce to {Host} ({Event}) gave {Peers} peers")]
    public static partial void Announced(ILogger logger, string infoHash, string host, AnnounceEvent @event, int peers);

    [LoggerMessage(401, LogLevel.Information, "{InfoHash}: announce to {Host} ({Event}) failed: {Code} {Reason}")]
    public static partial void AnnounceFailed(ILogger logger, string infoHash, string host, AnnounceEvent @event, string code, string reason);

    [LoggerMessage(402, LogLevel.Error, "{InfoHash}: the announcer met an error of its own")]
    public static partial void Fault(ILogger logger, string infoHash, Exception exception);

    [LoggerMessage(403, LogLevel.Debug, "{InfoHash}: scrape of {Host} failed: {Code} {Reason}")]
    public static partial void ScrapeFailed(ILogger logger, string infoHash, string host, string code, string reason);

    [LoggerMessage(409, LogLevel.Warning, "The embedded tracker: {Reason}")]
    public static partial void ServerFailed(ILogger logger, string reason);
}
