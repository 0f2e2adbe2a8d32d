using Microsoft.Extensions.Logging;
using P2P.Engine.Primitives;

namespace P2P.Engine.Diagnostics;

/// <summary>Every log line of the engine, source-generated. Ids in blocks of 100 per layer: session 100, swarm 200, storage 300, discovery 400, persistence 500, network 600.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(100, LogLevel.Information, "Engine started: {Torrents} torrents, listening on {Endpoint}, state in {DataDirectory}")]
    public static partial void EngineStarted(ILogger logger, int torrents, string endpoint, string dataDirectory);

    [LoggerMessage(101, LogLevel.Warning, "{Notice}")]
    public static partial void Recovered(ILogger logger, string notice);

    [LoggerMessage(102, LogLevel.Warning, "Not listening for peers: {Reason}")]
    public static partial void ListenFailed(ILogger logger, string reason);

    [LoggerMessage(103, LogLevel.Error, "The session met an internal error")]
    public static partial void SessionFault(ILogger logger, Exception exception);

    [LoggerMessage(104, LogLevel.Information, "Engine stopped")]
    public static partial void EngineStopped(ILogger logger);

    [LoggerMessage(105, LogLevel.Warning, "State could not be saved: {Reason}")]
    public static partial void SaveFailed(ILogger logger, string reason);

    [LoggerMessage(106, LogLevel.Warning, "{Torrent} was not loaded: {Reason}")]
    public static partial void LoadFailed(ILogger logger, InfoHash torrent, string reason);

    [LoggerMessage(107, LogLevel.Warning, "Stopping took longer than its deadline: {Step}")]
    public static partial void StopDeadline(ILogger logger, string step);

    [LoggerMessage(200, LogLevel.Error, "Torrent {Torrent} met an internal error")]
    public static partial void TorrentFault(ILogger logger, InfoHash torrent, Exception exception);

    [LoggerMessage(201, LogLevel.Warning, "Torrent {Torrent} cannot go on ({Code}): {Reason}")]
    public static partial void TorrentFailed(ILogger logger, InfoHash torrent, string code, string reason);

    [LoggerMessage(202, LogLevel.Information, "{Torrent}: {Message}")]
    public static partial void TorrentEvent(ILogger logger, InfoHash torrent, string message);

    [LoggerMessage(203, LogLevel.Debug, "{Torrent}: {Endpoint} ({Client}) left: {Code} {Reason}")]
    public static partial void PeerClosed(ILogger logger, InfoHash torrent, PeerEndpoint endpoint, string client, string code, string reason);

    [LoggerMessage(204, LogLevel.Information, "{Torrent}: {Sentence}; {Trusted} pieces are trusted, {ToCheck} are hashed again")]
    public static partial void TorrentResumes(ILogger logger, InfoHash torrent, string sentence, int trusted, int toCheck);

    [LoggerMessage(205, LogLevel.Debug, "{Torrent}: {Endpoint} ({Client}) gets a strike: {Code} {Reason}")]
    public static partial void PeerStruck(ILogger logger, InfoHash torrent, PeerEndpoint endpoint, string client, string code, string reason);

    [LoggerMessage(600, LogLevel.Debug, "Peer {Endpoint}: {Code} {Reason}")]
    public static partial void PeerFailed(ILogger logger, string endpoint, string code, string reason);
}
