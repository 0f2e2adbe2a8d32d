using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>How we stand with an endpoint.</summary>
public enum KnownPeerCondition
{
    /// <summary>Connected.</summary>
    Connected,

    /// <summary>Being dialled.</summary>
    Connecting,

    /// <summary>Not tried yet: waits for its turn, or for room under a limit.</summary>
    Waiting,

    /// <summary>Could not be reached, or the connection was closed; tried again later.</summary>
    Failed,

    /// <summary>Refused because of what it did.</summary>
    Banned,
}

/// <summary>One endpoint a torrent knows, and why it is not connected when it is not. Immutable.</summary>
/// <param name="Endpoint">Address and port.</param>
/// <param name="Source">Who named it, in one English word: tracker, dht, lan, exchange, incoming, manual, resume.</param>
/// <param name="Condition">How we stand with it.</param>
/// <param name="Reason">Why the last connection ended or failed, in a few words; null when there was none.</param>
/// <param name="Failures">Failed tries in a row.</param>
/// <param name="NextTryAt">Not dialled before, UTC; null when it may be dialled at once or never.</param>
public sealed record KnownPeerSnapshot(PeerEndpoint Endpoint, string Source, KnownPeerCondition Condition, string? Reason, int Failures, DateTimeOffset? NextTryAt);
