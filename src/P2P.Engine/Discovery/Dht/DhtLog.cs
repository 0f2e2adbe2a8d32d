using Microsoft.Extensions.Logging;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Log lines of the DHT node, ids 700..719.</summary>
internal static partial class DhtLog
{
    [LoggerMessage(700, LogLevel.Information, "DHT: listening on UDP port {Port}")]
    public static partial void Bound(ILogger logger, int port);

    [LoggerMessage(701, LogLevel.Warning, "DHT: {Reason}")]
    public static partial void BindFailed(ILogger logger, string reason);

    [LoggerMessage(702, LogLevel.Error, "DHT: the node met an error of its own")]
    public static partial void Fault(ILogger logger, Exception exception);

    [LoggerMessage(703, LogLevel.Debug, "DHT: {Purpose}: {Queries} queries, {Replies} replies, {Hops} hops, {Peers} peers, announced to {Announced}")]
    public static partial void LookupEnded(ILogger logger, string purpose, int queries, int replies, int hops, int peers, int announced);

    [LoggerMessage(704, LogLevel.Information, "DHT: others see us at {Address}; our id there is {Id} from now on")]
    public static partial void Moved(ILogger logger, string address, string id);

    [LoggerMessage(705, LogLevel.Debug, "DHT: bootstrap node {Host}: {Reason}")]
    public static partial void BootstrapFailed(ILogger logger, string host, string reason);
}
