using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>Everything about one torrent as of one beat; built only while somebody watches. Immutable.</summary>
public sealed record TorrentDetails
{
    /// <summary>Rises with every build.</summary>
    public required long Version { get; init; }

    /// <summary>UTC time of the beat.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The row of the same beat.</summary>
    public required TorrentSnapshot Summary { get; init; }

    /// <summary>Connected peers.</summary>
    public ImmutableArray<PeerSnapshot> Peers { get; init; } = [];

    /// <summary>Endpoints known, connected ones first, at most 500; with the reason each is not connected.</summary>
    public ImmutableArray<KnownPeerSnapshot> KnownPeers { get; init; } = [];

    /// <summary>Time spent seeding, all runs, pauses not counted.</summary>
    public TimeSpan SeedingTime { get; init; }

    /// <summary>When a payload byte last went either way, UTC; null when none ever did.</summary>
    public DateTimeOffset? LastActivityAt { get; init; }

    /// <summary>The share limits in force for it: its own, its label's, or the session's.</summary>
    public ShareLimits ShareLimits { get; init; } = ShareLimits.None;

    /// <summary>Files without pads, in order.</summary>
    public ImmutableArray<FileSnapshot> Files { get; init; } = [];

    /// <summary>Trackers by tier.</summary>
    public ImmutableArray<TrackerSnapshot> Trackers { get; init; } = [];

    /// <summary>Where peers come from: one row per source, in the order of <see cref="DiscoverySource"/>.</summary>
    public ImmutableArray<DiscoverySnapshot> Discovery { get; init; } = [];

    /// <summary>The magnet link that names this torrent and its trackers.</summary>
    public string Magnet { get; init; } = "";

    /// <summary>How far the info dictionary of a magnet link is; null once it is here.</summary>
    public MetadataProgress? Metadata { get; init; }

    /// <summary>Pieces.</summary>
    public required PieceMapSnapshot Pieces { get; init; }

    /// <summary>Tit-for-tat: slots, ranks, reasons, rates with their terms.</summary>
    public required ChokingSnapshot Choking { get; init; }

    /// <summary>From the .torrent.</summary>
    public string? Comment { get; init; }

    /// <summary>From the .torrent.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>From the .torrent.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>One connected peer.</summary>
public sealed record PeerSnapshot
{
    /// <summary>Address and port.</summary>
    public required PeerEndpoint Endpoint { get; init; }

    /// <summary>Client's name and version, as text from a stranger, cut to 64 printable characters.</summary>
    public required string Client { get; init; }

    /// <summary>They connected to us.</summary>
    public bool IsIncoming { get; init; }

    /// <summary>Has every piece.</summary>
    public bool IsSeed { get; init; }

    /// <summary>0..1 of the torrent's pieces it has.</summary>
    public double Progress { get; init; }

    /// <summary>We do not let them download.</summary>
    public bool AmChoking { get; init; }

    /// <summary>They have something we want.</summary>
    public bool AmInterested { get; init; }

    /// <summary>They do not let us download.</summary>
    public bool IsChoking { get; init; }

    /// <summary>They want something from us.</summary>
    public bool IsInterested { get; init; }

    /// <summary>Gave nothing for a while though we asked.</summary>
    public bool IsSnubbed { get; init; }

    /// <summary>Holds the optimistic slot.</summary>
    public bool IsOptimistic { get; init; }

    /// <summary>Payload bytes per second from the peer.</summary>
    public long DownloadRate { get; init; }

    /// <summary>Payload bytes per second to the peer.</summary>
    public long UploadRate { get; init; }

    /// <summary>Payload bytes from the peer since connected.</summary>
    public long Downloaded { get; init; }

    /// <summary>Payload bytes to the peer since connected.</summary>
    public long Uploaded { get; init; }

    /// <summary>Blocks asked for and not yet here.</summary>
    public int RequestsOut { get; init; }

    /// <summary>Blocks they wait for.</summary>
    public int RequestsIn { get; init; }

    /// <summary>Since when connected.</summary>
    public DateTimeOffset ConnectedAt { get; init; }

    /// <summary>Pieces it has that we miss and want; -1 unknown.</summary>
    public int WeWantPieces { get; init; } = -1;

    /// <summary>Pieces we have that it lacks; -1 unknown.</summary>
    public int TheyLackPieces { get; init; } = -1;

    /// <summary>Fast extension (BEP 6) in use.</summary>
    public bool HasFast { get; init; }
}

/// <summary>One file.</summary>
/// <param name="Index">Position for priorities.</param>
/// <param name="Path">Relative, '/'-separated.</param>
/// <param name="Length">Bytes.</param>
/// <param name="HaveBytes">Bytes in verified pieces.</param>
/// <param name="Priority">How much it is wanted.</param>
public sealed record FileSnapshot(int Index, string Path, long Length, long HaveBytes, FilePriority Priority)
{
    /// <summary>Copies of its rarest piece among connected peers; -1 unknown.</summary>
    public int Availability { get; init; } = -1;

    /// <summary>First piece that holds bytes of it.</summary>
    public int FirstPiece { get; init; }

    /// <summary>Last piece that holds bytes of it.</summary>
    public int LastPiece { get; init; }

    /// <summary>Absolute path on this machine; null until the torrent's files are in the folder of finished ones.</summary>
    public string? DiskPath { get; init; }
}

/// <summary>What an announce to a tracker last came to.</summary>
public enum TrackerState
{
    /// <summary>Not tried yet.</summary>
    Idle,

    /// <summary>An announce is under way.</summary>
    Announcing,

    /// <summary>The last announce worked.</summary>
    Working,

    /// <summary>The last announce failed.</summary>
    Failing,

    /// <summary>Its URL cannot be used (scheme, rules).</summary>
    Unusable,
}

/// <summary>One tracker.</summary>
public sealed record TrackerSnapshot
{
    /// <summary>Announce URL.</summary>
    public required string Url { get; init; }

    /// <summary>Tier, 0 first (BEP 12).</summary>
    public int Tier { get; init; }

    /// <summary>State now.</summary>
    public TrackerState State { get; init; }

    /// <summary>Last result in words: "working, 12 peers", or why it failed.</summary>
    public string Message { get; init; } = "";

    /// <summary>Why it fails or cannot be used, without when it is tried next; null when it does not.</summary>
    public string? Failure { get; init; }

    /// <summary>When it last answered or failed.</summary>
    public DateTimeOffset? LastAnnounceAt { get; init; }

    /// <summary>When it is announced to next; null when not planned.</summary>
    public DateTimeOffset? NextAnnounceAt { get; init; }

    /// <summary>Seeds it knows.</summary>
    public int? Seeds { get; init; }

    /// <summary>Leechers it knows.</summary>
    public int? Leechers { get; init; }

    /// <summary>Completed downloads it counted.</summary>
    public int? Downloads { get; init; }

    /// <summary>Peers it gave last time.</summary>
    public int Peers { get; init; }
}

/// <summary>State of every piece.</summary>
/// <param name="Count">Number of pieces.</param>
/// <param name="Have">Verified pieces as wire bytes (MSB first).</param>
/// <param name="Active">Pieces in progress.</param>
/// <param name="Availability">Copies among connected peers, one byte per piece, 255 = 255 or more.</param>
/// <param name="Wanted">Pieces of wanted files as wire bytes.</param>
public sealed record PieceMapSnapshot(
    int Count, ImmutableArray<byte> Have, ImmutableArray<ActivePieceSnapshot> Active, ImmutableArray<byte> Availability, ImmutableArray<byte> Wanted);

/// <summary>A piece in progress.</summary>
/// <param name="Piece">Which.</param>
/// <param name="BlockCount">Blocks it has.</param>
/// <param name="BlocksReceived">Blocks here.</param>
/// <param name="BlocksRequested">Blocks asked for.</param>
public sealed record ActivePieceSnapshot(int Piece, int BlockCount, int BlocksReceived, int BlocksRequested)
{
    /// <summary>Peers that gave blocks of it or were asked for some, at most 8.</summary>
    public ImmutableArray<PeerEndpoint> Suppliers { get; init; } = [];
}
