using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>Everything a torrent is given by the session: the seams, the budgets, and who to tell. Immutable.</summary>
internal sealed record TorrentContext(
    TimeProvider Clock,
    ILoopScheduler Scheduler,
    IDisk Disk,
    BlockPool Blocks,
    IPeerDialer Dialer,
    IConnectionPermits Permits,
    ITorrentHost Host,
    TokenBucket DownloadBudget,
    TokenBucket UploadBudget,
    IRoundSink Rounds,
    ILogger Logger);

/// <summary>What one torrent is and what its record says. Immutable.</summary>
internal sealed record TorrentSetup
{
    public required TorrentMetainfo Metainfo { get; init; }

    public required StorageSpec Storage { get; init; }

    public required int Seed { get; init; }

    public required DateTimeOffset AddedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>It will be told to start as soon as its record is durable: shown as on its way, not as stopped.</summary>
    public bool WillStart { get; init; }

    public bool IsSequential { get; init; }

    public bool? IsStrict { get; init; }

    /// <summary>Its own rate limits, bytes per second; 0 = none.</summary>
    public long MaxDownloadRate { get; init; }

    public long MaxUploadRate { get; init; }

    public ImmutableArray<FilePriority> Priorities { get; init; } = [];

    /// <summary>From the record: verified, flushed pieces; null when nothing was ever recorded.</summary>
    public byte[]? Have { get; init; }

    public ImmutableArray<(int Piece, byte[] Blocks)> PartialPieces { get; init; } = [];

    public ImmutableArray<FileFact> Fingerprints { get; init; } = [];

    /// <summary>The record was written by a clean stop: nothing unrecorded is on disk, and times must match.</summary>
    public bool IsCleanStop { get; init; }

    /// <summary>Data found on disk was looked at before; false makes the first start check whatever is there.</summary>
    public bool WasChecked { get; init; }

    public long Downloaded { get; init; }

    public long Uploaded { get; init; }
}

/// <summary>How a torrent uses its upload share; immutable, swapped whole by its loop and read by the session.</summary>
/// <param name="IsUploading">Somebody unchoked wants something: it counts in F.</param>
/// <param name="UsedRate">Bytes per second sent.</param>
/// <param name="WantsMore">It uses nearly all it was granted, or began too recently to tell.</param>
internal sealed record UploadUse(bool IsUploading, long UsedRate, bool WantsMore);
