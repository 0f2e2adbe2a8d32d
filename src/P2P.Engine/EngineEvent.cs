using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>What happened: the code of an event. New ones are added at the end, because they are kept as numbers.</summary>
public enum EngineEventKind
{
    /// <summary>A torrent was added.</summary>
    Added,

    /// <summary>A torrent was removed.</summary>
    Removed,

    /// <summary>A download finished.</summary>
    Finished,

    /// <summary>A torrent failed. Arguments: code.</summary>
    Failed,

    /// <summary>A torrent went on after a failure. Arguments: code.</summary>
    Recovered,

    /// <summary>A piece failed its hash. Arguments: piece, suppliers.</summary>
    BadData,

    /// <summary>The info dictionary of a magnet link is here.</summary>
    MetadataReceived,

    /// <summary>A tracker does not answer, or answers with a failure. Arguments: tracker, message, next (absent when none is planned).</summary>
    TrackerFailing,

    /// <summary>A tracker that failed works again. Arguments: tracker.</summary>
    TrackerRecovered,

    /// <summary>Files were hashed. Arguments: purpose, right, pieces.</summary>
    CheckFinished,

    /// <summary>A torrent goes on with what it has. Arguments: kept, pieces.</summary>
    Resumed,

    /// <summary>A torrent runs that has nothing yet, or everything.</summary>
    Started,

    /// <summary>A torrent was stopped by the user.</summary>
    Stopped,

    /// <summary>Finished files are in their folder. Arguments: path.</summary>
    Moved,

    /// <summary>As many connections are open as may be. Arguments: limit.</summary>
    LimitReached,

    /// <summary>A torrent stopped because its disk is full. Arguments: needed, free (both absent when unknown).</summary>
    DiskFull,

    /// <summary>A peer's address is refused from now on. Arguments: peer, client, reason.</summary>
    PeerBanned,

    /// <summary>Peers cannot reach us. Arguments: message.</summary>
    PortUnavailable,

    /// <summary>We listen for peers, after we could not. Arguments: port.</summary>
    PortAvailable,

    /// <summary>Settings were changed. Arguments: one for each, named as it is.</summary>
    SettingsChanged,

    /// <summary>The engine started. Arguments: torrents.</summary>
    SessionStarted,

    /// <summary>The engine stopped cleanly.</summary>
    SessionStopped,

    /// <summary>State cannot be saved. Arguments: message.</summary>
    StateNotSaved,

    /// <summary>State is saved again.</summary>
    StateSaved,

    /// <summary>The start had to recover something. Arguments: message.</summary>
    StateRecovered,

    /// <summary>A torrent has given enough. Arguments: limit (text: ratio, seeding time or idle time), action.</summary>
    ShareLimitReached,

    /// <summary>A torrent waits for its turn. No arguments.</summary>
    Queued,

    /// <summary>A file or torrent has another name. Arguments: from, to.</summary>
    Renamed,

    /// <summary>The trackers of a torrent were changed. Arguments: trackers.</summary>
    TrackersChanged,
}

/// <summary>How much an event matters.</summary>
public enum EngineEventSeverity
{
    /// <summary>As it should be.</summary>
    Info,

    /// <summary>Something to know of.</summary>
    Warning,

    /// <summary>Something to do.</summary>
    Error,
}

/// <summary>What an event is about.</summary>
public enum EngineEventCategory
{
    /// <summary>The engine as a whole.</summary>
    Session,

    /// <summary>A torrent.</summary>
    Torrent,

    /// <summary>A peer.</summary>
    Peer,

    /// <summary>A tracker.</summary>
    Tracker,

    /// <summary>Files and folders.</summary>
    Disk,

    /// <summary>Slots and rates.</summary>
    Choking,
}

/// <summary>Something a person may want to be told. Immutable.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Kind">What.</param>
/// <param name="Torrent">Which torrent; null when it is about none.</param>
/// <param name="Message">One sentence: what happened, and why.</param>
public sealed record EngineEvent(DateTimeOffset At, EngineEventKind Kind, InfoHash? Torrent, string Message)
{
    /// <summary>Rises with every event, over restarts; 0 before it was taken into the log.</summary>
    public long Sequence { get; init; }

    /// <summary>How much it matters.</summary>
    public EngineEventSeverity Severity { get; init; } = SeverityOf(Kind);

    /// <summary>What it is about.</summary>
    public EngineEventCategory Category { get; init; } = CategoryOf(Kind);

    /// <summary>Its values, to be worded in another language.</summary>
    public ImmutableArray<DiagnosisArgument> Arguments { get; init; } = [];

    private static EngineEventSeverity SeverityOf(EngineEventKind kind) => kind switch
    {
        EngineEventKind.Failed or EngineEventKind.DiskFull or EngineEventKind.StateNotSaved or EngineEventKind.PortUnavailable => EngineEventSeverity.Error,
        EngineEventKind.BadData or EngineEventKind.PeerBanned or EngineEventKind.TrackerFailing or EngineEventKind.LimitReached
            or EngineEventKind.StateRecovered => EngineEventSeverity.Warning,
        _ => EngineEventSeverity.Info,
    };

    private static EngineEventCategory CategoryOf(EngineEventKind kind) => kind switch
    {
        EngineEventKind.TrackerFailing or EngineEventKind.TrackerRecovered => EngineEventCategory.Tracker,
        EngineEventKind.BadData or EngineEventKind.PeerBanned => EngineEventCategory.Peer,
        EngineEventKind.DiskFull or EngineEventKind.Moved or EngineEventKind.CheckFinished => EngineEventCategory.Disk,
        EngineEventKind.PortUnavailable or EngineEventKind.PortAvailable or EngineEventKind.SettingsChanged or EngineEventKind.SessionStarted
            or EngineEventKind.SessionStopped or EngineEventKind.StateNotSaved or EngineEventKind.StateSaved or EngineEventKind.StateRecovered
            or EngineEventKind.LimitReached => EngineEventCategory.Session,
        _ => EngineEventCategory.Torrent,
    };
}

/// <summary>Which events are asked for; all that is left out asks for all.</summary>
public sealed record EventFilter
{
    /// <summary>Of one torrent.</summary>
    public InfoHash? Torrent { get; init; }

    /// <summary>As severe as this, or more.</summary>
    public EngineEventSeverity MinSeverity { get; init; }

    /// <summary>Of these categories; empty for all.</summary>
    public ImmutableArray<EngineEventCategory> Categories { get; init; } = [];

    /// <summary>With these words in their sentence, whatever the case.</summary>
    public string? Text { get; init; }

    /// <summary>Does the event pass?</summary>
    public bool Passes(EngineEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        return (Torrent is null || happened.Torrent == Torrent)
            && happened.Severity >= MinSeverity
            && (Categories.IsDefaultOrEmpty || Categories.Contains(happened.Category))
            && (string.IsNullOrEmpty(Text) || happened.Message.Contains(Text, StringComparison.OrdinalIgnoreCase));
    }
}
