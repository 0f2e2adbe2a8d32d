using System.Collections.Immutable;

namespace P2P.Engine;

/// <summary>Why a torrent is as it is: one code for each condition a person can be told of. The table of <c>Swarm.DiagnosisTable</c> picks one.</summary>
public enum DiagnosisCode
{
    /// <summary>Transfers as it should. Arguments: giving, peers, served.</summary>
    Normal,

    /// <summary>The disk is full. Arguments: needed, free (both absent when unknown).</summary>
    DiskFull,

    /// <summary>Files are not where they were. Arguments: path.</summary>
    FilesMissing,

    /// <summary>Any other fault. Arguments: code, message.</summary>
    Error,

    /// <summary>Waits for its turn. Arguments: place, running, slots.</summary>
    Queued,

    /// <summary>Never started. No arguments.</summary>
    NotStarted,

    /// <summary>Stopped by the user. Arguments: at (absent when it was in another run).</summary>
    Stopped,

    /// <summary>Looks at the files or hashes them. Arguments: purpose, checked, pieces, percent, rate (all absent while it only looks).</summary>
    Checking,

    /// <summary>Takes up where it was, on the word of the record. Arguments: pieces.</summary>
    Resuming,

    /// <summary>Complete; makes everything durable and moves it. No arguments.</summary>
    Finishing,

    /// <summary>Transfers, but what it does cannot be put on record. Arguments: message.</summary>
    StateNotSaved,

    /// <summary>Seeds, and no peer is connected. No arguments.</summary>
    SeedingAlone,

    /// <summary>Seeds, and nobody asks. Arguments: peers.</summary>
    NoInterest,

    /// <summary>Seeds to somebody. Arguments: served, peers.</summary>
    Seeding,

    /// <summary>Peers are known and being dialled. Arguments: known.</summary>
    Connecting,

    /// <summary>No peers, because the trackers fail. Arguments: message, next (absent when none is planned).</summary>
    TrackerErrorNoPeers,

    /// <summary>No known peer could be reached. Arguments: known, next (absent when none is planned).</summary>
    AllConnectionsFailing,

    /// <summary>No peer is known, and a tracker is being asked or will be. Arguments: next (absent while it is being asked).</summary>
    WaitingForTracker,

    /// <summary>No peer is known. No arguments.</summary>
    NoPeersKnown,

    /// <summary>The metadata of a magnet link is here. No arguments.</summary>
    MetadataReady,

    /// <summary>Parts of the metadata come in. Arguments: received, size, peers.</summary>
    FetchingMetadata,

    /// <summary>Connected, but nobody offers the metadata yet. Arguments: peers.</summary>
    NoMetadata,

    /// <summary>Connected, and nobody has a piece we miss. Arguments: peers.</summary>
    Stalled,

    /// <summary>Connected, and nobody lets us download. Arguments: peers.</summary>
    AllChoked,

    /// <summary>Some missing pieces are on no connected peer. Arguments: existing, pieces, missing.</summary>
    NotAvailable,

    /// <summary>Held at the download limit. Arguments: limit, giving, peers.</summary>
    RateLimited,

    /// <summary>Files are on their way to another folder. Arguments: path, moved, total, percent.</summary>
    Moving,

    /// <summary>Stopped because it has given enough. Arguments: limit (text: ratio, seeding time or idle time).</summary>
    ShareLimitReached,
}

/// <summary>What would help: which button the page shows beside the sentence.</summary>
public enum DiagnosisRemedy
{
    /// <summary>Nothing to do.</summary>
    None,

    /// <summary>Start it, or try again.</summary>
    Start,

    /// <summary>Start it before its turn.</summary>
    StartNow,

    /// <summary>Look at the files again.</summary>
    Recheck,

    /// <summary>Choose another folder.</summary>
    ChooseFolder,

    /// <summary>Ask trackers, DHT and the local network now.</summary>
    AnnounceNow,

    /// <summary>Add a peer or a tracker.</summary>
    AddPeers,

    /// <summary>Change the limit.</summary>
    ChangeLimit,

    /// <summary>See who holds which slot.</summary>
    SeeChoking,

    /// <summary>See which pieces are missing.</summary>
    SeePieces,

    /// <summary>See the peers.</summary>
    SeePeers,

    /// <summary>See the log.</summary>
    SeeLog,
}

/// <summary>Of what kind an argument is, so that a page can word it in its own language.</summary>
public enum DiagnosisArgumentKind
{
    /// <summary>A count.</summary>
    Number,

    /// <summary>0..100.</summary>
    Percent,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>Bytes per second.</summary>
    Rate,

    /// <summary>A moment, past or to come: milliseconds since 1970, UTC.</summary>
    Moment,

    /// <summary>Text as it came: a path, or what a tracker or the system said.</summary>
    Text,
}

/// <summary>One value of a diagnosis or an event.</summary>
/// <param name="Name">What it is, in the words of the code's description.</param>
/// <param name="Kind">How to write it.</param>
/// <param name="Value">The number; 0 for a text.</param>
/// <param name="Text">The text; null for a number.</param>
public sealed record DiagnosisArgument(string Name, DiagnosisArgumentKind Kind, long Value, string? Text = null)
{
    /// <summary>The moment of a <see cref="DiagnosisArgumentKind.Moment"/>; null for every other kind.</summary>
    public DateTimeOffset? At => Kind == DiagnosisArgumentKind.Moment ? DateTimeOffset.FromUnixTimeMilliseconds(Value) : null;

    internal static DiagnosisArgument Number(string name, long value) => new(name, DiagnosisArgumentKind.Number, value);

    internal static DiagnosisArgument Percent(string name, long value) => new(name, DiagnosisArgumentKind.Percent, value);

    internal static DiagnosisArgument Bytes(string name, long value) => new(name, DiagnosisArgumentKind.Bytes, value);

    internal static DiagnosisArgument Rate(string name, long value) => new(name, DiagnosisArgumentKind.Rate, value);

    internal static DiagnosisArgument Moment(string name, DateTimeOffset at) => new(name, DiagnosisArgumentKind.Moment, at.ToUnixTimeMilliseconds());

    internal static DiagnosisArgument Words(string name, string text) => new(name, DiagnosisArgumentKind.Text, 0, text);
}

/// <summary>What a torrent does and why, as data and in English. Immutable; equal by content, and the same instance while nothing of it changed.</summary>
/// <param name="Code">Which condition.</param>
/// <param name="Arguments">Its values, in the order the code's description names them.</param>
/// <param name="Sentence">In English. Times to come are in whole minutes, so it changes at most once a minute by itself; <paramref name="Arguments"/> have the exact moment.</param>
/// <param name="Remedy">What would help.</param>
public sealed record Diagnosis(DiagnosisCode Code, ImmutableArray<DiagnosisArgument> Arguments, string Sentence, DiagnosisRemedy Remedy)
{
    /// <summary>Nothing is known yet: what a row has before its torrent said anything.</summary>
    public static Diagnosis Unknown { get; } = new(DiagnosisCode.Normal, [], "", DiagnosisRemedy.None);

    /// <inheritdoc/>
    public bool Equals(Diagnosis? other) =>
        other is not null && Code == other.Code && Remedy == other.Remedy && Sentence == other.Sentence
        && Arguments.AsSpan().SequenceEqual(other.Arguments.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Code, Sentence, Remedy);
}
