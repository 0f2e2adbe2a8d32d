using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>The whole session as of one beat. Immutable; replaced whole, about once a second while anything moves.</summary>
public sealed record SessionSnapshot
{
    /// <summary>Rises with every change.</summary>
    public required long Version { get; init; }

    /// <summary>UTC time of the beat.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>All torrents, in the order they were added.</summary>
    public required ImmutableArray<TorrentSnapshot> Torrents { get; init; }

    /// <summary>Payload bytes per second received, all torrents.</summary>
    public long DownloadRate { get; init; }

    /// <summary>Payload bytes per second sent, all torrents.</summary>
    public long UploadRate { get; init; }

    /// <summary>The alternative limits are on; the next two are what is in force.</summary>
    public bool UsesAlternativeRates { get; init; }

    /// <summary>Dmax, bytes per second; 0 = no limit.</summary>
    public long MaxDownloadRate { get; init; }

    /// <summary>Umax, bytes per second; 0 = no limit.</summary>
    public long MaxUploadRate { get; init; }

    /// <summary>Open peer connections.</summary>
    public int Connections { get; init; }

    /// <summary>Port peers reach us on; 0 while not listening.</summary>
    public int ListenPort { get; init; }

    /// <summary>Why we do not listen, in one sentence; null when we do.</summary>
    public string? ListenError { get; init; }

    /// <summary>Disk jobs waiting.</summary>
    public int PendingDiskJobs { get; init; }

    /// <summary>Bytes free in the shared folder's volume; -1 when unknown.</summary>
    public long FreeBytes { get; init; } = -1;

    /// <summary>What the start had to recover, in one sentence; null after a normal start.</summary>
    public string? RecoveryNotice { get; init; }

    /// <summary>The run before ended by a crash, a kill or a power cut, and its torrents were restored at this start.</summary>
    public bool IsAfterUncleanStop { get; init; }

    /// <summary>Why state cannot be saved, in one sentence; null when it can.</summary>
    public string? StateError { get; init; }

    /// <summary>Good nodes in the DHT's table, both families; -1 while the DHT is off.</summary>
    public int DhtNodes { get; init; } = -1;

    /// <summary>Peers the embedded tracker knows; -1 while it is off.</summary>
    public int TrackerPeers { get; init; } = -1;

    /// <summary>Sums of all runs and of this one; what disk and network do.</summary>
    public SessionStatistics Statistics { get; init; } = new();

    /// <summary>When this process's engine started.</summary>
    public DateTimeOffset StartedAt { get; init; }
}

/// <summary>What a torrent is doing.</summary>
public enum TorrentState
{
    /// <summary>Hashing what is on disk.</summary>
    Checking,

    /// <summary>Wants pieces.</summary>
    Downloading,

    /// <summary>Has all it wants and gives.</summary>
    Seeding,

    /// <summary>Stopped by the user.</summary>
    Stopped,

    /// <summary>Waits for its turn.</summary>
    Queued,

    /// <summary>Cannot go on; see <see cref="TorrentSnapshot.Error"/>.</summary>
    Error,

    /// <summary>A magnet link whose info dictionary is not here yet: no size, files or pieces are known.</summary>
    Metadata,
}

/// <summary>One torrent's row. Immutable; the same instance is kept while nothing visible changed.</summary>
public sealed record TorrentSnapshot
{
    /// <summary>Its name in the network.</summary>
    public required InfoHash InfoHash { get; init; }

    /// <summary>Sanitised name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is doing.</summary>
    public required TorrentState State { get; init; }

    /// <summary>0..1 of the wanted bytes (while checking: of the pieces checked).</summary>
    public required double Progress { get; init; }

    /// <summary>Bytes of all files.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes of the wanted files.</summary>
    public long WantedSize { get; init; }

    /// <summary>Verified bytes on disk.</summary>
    public long HaveBytes { get; init; }

    /// <summary>Payload bytes received, all runs.</summary>
    public long Downloaded { get; init; }

    /// <summary>Payload bytes sent, all runs.</summary>
    public long Uploaded { get; init; }

    /// <summary>Received in vain: failed hashes, duplicates of the end-game.</summary>
    public long Wasted { get; init; }

    /// <summary>Pieces whose hash was wrong, in this run.</summary>
    public int FailedHashes { get; init; }

    /// <summary>Payload bytes per second in.</summary>
    public long DownloadRate { get; init; }

    /// <summary>Payload bytes per second out.</summary>
    public long UploadRate { get; init; }

    /// <summary>Connected peers.</summary>
    public int ConnectedPeers { get; init; }

    /// <summary>Connected peers that have everything.</summary>
    public int Seeds { get; init; }

    /// <summary>Endpoints known.</summary>
    public int KnownPeers { get; init; }

    /// <summary>Peers that let us download.</summary>
    public int UnchokingUs { get; init; }

    /// <summary>Peers we let download.</summary>
    public int Unchoked { get; init; }

    /// <summary>Copies of the rarest piece among connected peers, fraction = share of pieces with one more; -1 unknown.</summary>
    public double Availability { get; init; } = -1;

    /// <summary>Seconds until done at this rate; null when unknown.</summary>
    public long? EtaSeconds { get; init; }

    /// <summary>Uploaded / downloaded (or / size for what was here already).</summary>
    public double Ratio { get; init; }

    /// <summary>Why it cannot go on: one sentence that says what to do; null when it can.</summary>
    public string? Error { get; init; }

    /// <summary>Stable code of the error.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>What it is doing and why, in one sentence.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The same as data: which condition, its values, and what would help. The same instance while it says the same.</summary>
    public Diagnosis Diagnosis { get; init; } = Diagnosis.Unknown;

    /// <summary>When it was added.</summary>
    public DateTimeOffset AddedAt { get; init; }

    /// <summary>When it finished.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Absolute folder of the files now.</summary>
    public string SavePath { get; init; } = "";

    /// <summary>Host of its first tracker; null when it has none.</summary>
    public string? Tracker { get; init; }

    /// <summary>Pieces in order.</summary>
    public bool IsSequential { get; init; }

    /// <summary>Its own strict switch; null follows the session.</summary>
    public bool? StrictTitForTat { get; init; }

    /// <summary>Its label; null when it has none.</summary>
    public string? Label { get; init; }

    /// <summary>Place in the queue from 1, over all torrents in the order they get their turn; 0 before it has one.</summary>
    public int QueuePosition { get; init; }

    /// <summary>Runs whatever the queue says.</summary>
    public bool IsForced { get; init; }

    /// <summary>Its own download limit, bytes per second; 0 = none.</summary>
    public long MaxDownloadRate { get; init; }

    /// <summary>Its own upload limit, bytes per second; 0 = none.</summary>
    public long MaxUploadRate { get; init; }

    /// <summary>Its own share limits; null follows its label, then the session.</summary>
    public ShareLimits? ShareLimits { get; init; }

    /// <summary>Its files are on their way to another folder; null when they are not.</summary>
    public MoveProgress? Move { get; init; }

    /// <summary>BEP 27.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Number of pieces.</summary>
    public int PieceCount { get; init; }

    /// <summary>Bytes per piece.</summary>
    public int PieceLength { get; init; }

    /// <summary>Verified pieces.</summary>
    public int HavePieces { get; init; }

    /// <summary>Where the verified pieces are: for each fortieth of the torrent the share that is here, 0 (nothing) .. 15 (all); empty before the metadata is here.</summary>
    public ImmutableArray<byte> PieceHint { get; init; } = [];
}
