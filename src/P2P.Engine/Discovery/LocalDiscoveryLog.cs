using System.Net;
using Microsoft.Extensions.Logging;

namespace P2P.Engine.Discovery;

/// <summary>Log lines of local discovery, ids 460..469.</summary>
internal static partial class LocalDiscoveryLog
{
    [LoggerMessage(460, LogLevel.Debug, "Local discovery: {Torrents} torrents announced on {Networks} networks")]
    public static partial void Announced(ILogger logger, int torrents, int networks);

    [LoggerMessage(461, LogLevel.Warning, "Local discovery does not work: {Reason}")]
    public static partial void Failed(ILogger logger, string reason);

    [LoggerMessage(463, LogLevel.Debug, "Local discovery: the group {Group} was not joined: {Reason}")]
    public static partial void NotJoined(ILogger logger, IPAddress group, string reason);

    [LoggerMessage(462, LogLevel.Error, "Local discovery met an error of its own")]
    public static partial void Fault(ILogger logger, Exception exception);
}
