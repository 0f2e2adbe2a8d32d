using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>What happened.</summary>
public enum EngineEventKind
{
    /// <summary>A torrent was added.</summary>
    Added,

    /// <summary>A torrent was removed.</summary>
    Removed,

    /// <summary>A download finished.</summary>
    Finished,

    /// <summary>A torrent failed.</summary>
    Failed,

    /// <summary>A torrent went on after a failure.</summary>
    Recovered,

    /// <summary>A piece failed its hash, or a peer was banned.</summary>
    BadData,

    /// <summary>The info dictionary of a magnet link is here.</summary>
    MetadataReceived,
}

/// <summary>Something a person may want to be told.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Kind">What.</param>
/// <param name="Torrent">Which torrent.</param>
/// <param name="Message">One sentence.</param>
public sealed record EngineEvent(DateTimeOffset At, EngineEventKind Kind, InfoHash Torrent, string Message);
