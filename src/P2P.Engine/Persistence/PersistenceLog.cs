using Microsoft.Extensions.Logging;

namespace P2P.Engine.Persistence;

/// <summary>Log lines of the store, ids 600..699.</summary>
internal static partial class PersistenceLog
{
    [LoggerMessage(600, LogLevel.Information, "State loaded: {Torrents} torrents, revision {Revision}, last stop clean: {IsClean}")]
    public static partial void StateLoaded(ILogger logger, int torrents, long revision, bool isClean);

    [LoggerMessage(601, LogLevel.Warning, "State recovered: {Notice}")]
    public static partial void StateRecovered(ILogger logger, string notice);

    [LoggerMessage(602, LogLevel.Error, "State not saved, retried every {Seconds} s: {Sentence}")]
    public static partial void StateNotSaved(ILogger logger, double seconds, string sentence, Exception exception);

    [LoggerMessage(603, LogLevel.Information, "State is saved again")]
    public static partial void StateSavedAgain(ILogger logger);

    [LoggerMessage(604, LogLevel.Warning, "No copy of the state database was kept")]
    public static partial void CopyNotKept(ILogger logger, Exception exception);

    [LoggerMessage(605, LogLevel.Warning, "The .torrent file of {InfoHash} belongs to an interrupted add or removal and was set aside")]
    public static partial void MetainfoSetAside(ILogger logger, P2P.Engine.Primitives.InfoHash infoHash);

    [LoggerMessage(606, LogLevel.Warning, "The state database did not close properly")]
    public static partial void CloseFailed(ILogger logger, Exception exception);

    [LoggerMessage(607, LogLevel.Warning, "The .torrent file of {InfoHash}, which was removed, could not be deleted")]
    public static partial void MetainfoNotDeleted(ILogger logger, P2P.Engine.Primitives.InfoHash infoHash, Exception exception);

    [LoggerMessage(609, LogLevel.Warning, "A log of the history could not be kept or read, it may lack some of the past: {Message}")]
    public static partial void JournalNotKept(ILogger logger, string message);

    [LoggerMessage(608, LogLevel.Warning, "The kept nodes of the DHT could not be read, it begins anew: {Message}")]
    public static partial void DhtStateUnread(ILogger logger, string message);
}
