using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Storage;

/// <summary>Bytes at rest: one of the five seams. Submit a job, get a message back through <see cref="IDiskSink"/>.</summary>
/// <remarks>Production: <c>DiskQueue</c> (a fixed set of threads); tests: a simulated one with faults.</remarks>
internal interface IDisk : IAsyncDisposable
{
    /// <summary>Makes the remote control of one torrent's files. Touches nothing on disk yet; completions go to <paramref name="sink"/>.</summary>
    ITorrentStorage Open(StorageSpec spec, IDiskSink sink);

    /// <summary>Jobs waiting or running now, for the status page.</summary>
    int PendingJobs { get; }

    /// <summary>What it has done, and how long its oldest job waits.</summary>
    DiskCounters Counters { get; }
}

/// <summary>Where one torrent's bytes live and how they are checked. Immutable.</summary>
internal sealed record StorageSpec
{
    /// <summary>Names log lines and errors.</summary>
    public required InfoHash InfoHash { get; init; }

    /// <summary>Pieces and blocks.</summary>
    public required PieceGeometry Geometry { get; init; }

    /// <summary>20 bytes of SHA-1 for every piece, one after the other.</summary>
    public required ReadOnlyMemory<byte> PieceHashes { get; init; }

    /// <summary>Files in the order of the metainfo, paths already sanitised, relative, '/'-separated.</summary>
    public required ImmutableArray<StorageFile> Files { get; init; }

    /// <summary>Absolute folder that holds the partial files while downloading.</summary>
    public required string IncompleteRoot { get; init; }

    /// <summary>Finished files are moved from another folder, which <see cref="IncompleteRoot"/> then is; bytes of files that are left out stay here, absolute. Null: they are not.</summary>
    public string? PartsRoot { get; init; }

    /// <summary>Absolute folder where finished files live and are shared from.</summary>
    public required string SharedRoot { get; init; }

    /// <summary>Absolute path of the torrent's dirty journal (R-S02): 4 bytes little-endian per piece about to be written.</summary>
    public required string DirtyJournalPath { get; init; }

    /// <summary>The files are already in <see cref="SharedRoot"/> (a finished torrent, or one whose data was found there).</summary>
    public bool StartsInSharedRoot { get; init; }
}

/// <summary>One file of a torrent.</summary>
/// <param name="Path">Sanitised relative path, '/'-separated, already including the torrent's folder for multi-file torrents.</param>
/// <param name="Length">Bytes.</param>
/// <param name="IsPad">A pad file (BEP 47): zeros, never on disk.</param>
internal sealed record StorageFile(string Path, long Length, bool IsPad);

/// <summary>Remote control of one torrent's files. Every call returns at once; jobs of one torrent on one piece run in order.</summary>
/// <remarks>Called by the owning loop only. After <see cref="Close"/> no further completion but Closed arrives.</remarks>
internal interface ITorrentStorage
{
    /// <summary>Looks at what is there: which root holds the files, sizes and mtimes. Completes with Probed.</summary>
    void Probe();

    /// <summary>
    /// Hashes a piece and, when right, journals and writes it at its offset (creating sparse files of the final length first), then
    /// completes with PieceWritten. Blocks are in order; a null block was flushed before and is read back. The disk owns the blocks and returns them.
    /// </summary>
    void WritePiece(int piece, BlockPool.Block?[] blocks);

    /// <summary>Writes some blocks of an unfinished piece to their places without a hash (clean stop, or the pool runs dry). Completes with BlocksFlushed.</summary>
    void FlushBlocks(int piece, ImmutableArray<(int BlockIndex, BlockPool.Block Data)> blocks);

    /// <summary>Reads blocks of verified pieces, all of one piece run where possible. Completes with BlocksRead carrying <paramref name="token"/>.</summary>
    void ReadBlocks(ImmutableArray<BlockRef> blocks, object token);

    /// <summary>
    /// Hashes the given pieces from disk on all disk threads and completes with PieceChecked for each, then CheckEnded.
    /// <paramref name="cancellation"/> stops it early (CheckEnded still comes).
    /// </summary>
    void Check(ImmutableArray<int> pieces, CancellationToken cancellation);

    /// <summary>Makes all written so far durable (fdatasync of every touched file). Completes with Flushed carrying <paramref name="sequence"/>.</summary>
    void Flush(long sequence);

    /// <summary>Forgets the dirty journal's entries: every piece in it is recorded or known absent. No completion.</summary>
    void ClearDirtyJournal();

    /// <summary>Which files are wanted: unwanted ones are not created, except for the bytes of pieces they share with wanted ones.</summary>
    void SetWanted(ImmutableArray<bool> wantedFiles);

    /// <summary>Moves finished files from the incomplete to the shared root (rename; across volumes copy, flush, verify, delete). Completes with Moved.</summary>
    void MoveToShared();

    /// <summary>Bytes copied so far by the move under way, or by the last; any thread. A rename copies none.</summary>
    long MovedBytes { get; }

    /// <summary>Deletes this torrent's files and the folders it made that are empty. Completes with Deleted.</summary>
    void DeleteData();

    /// <summary>Closes handles after the jobs submitted so far. Completes with Closed.</summary>
    void Close();
}

/// <summary>Where completions arrive: a loop's mailbox. Called on disk threads; must only post.</summary>
internal interface IDiskSink
{
    /// <summary>Takes one completion.</summary>
    void OnDisk(DiskCompletion completion);
}

/// <summary>What a job came to. <see cref="Error"/> is null when it worked.</summary>
internal abstract record DiskCompletion
{
    /// <summary>Why the job failed, with a stable code and a sentence for the user; null when it did not.</summary>
    public DiskError? Error { get; init; }

    /// <summary>Answer to Probe.</summary>
    /// <param name="Files">Per file: does it exist (under either root), its size and mtime (UTC ticks); zeros when absent.</param>
    /// <param name="InSharedRoot">The files were found in the shared root.</param>
    /// <param name="DirtyPieces">Pieces named in the dirty journal.</param>
    internal sealed record Probed(ImmutableArray<FileFact> Files, bool InSharedRoot, ImmutableArray<int> DirtyPieces) : DiskCompletion;

    /// <summary>A piece was hashed and, if <paramref name="HashOk"/>, written.</summary>
    /// <param name="Piece">Which.</param>
    /// <param name="HashOk">The hash matched.</param>
    /// <param name="BlockDigests">Only when the hash failed: an 8-byte digest of every block, to find the culprit later (R-P06).</param>
    internal sealed record PieceWritten(int Piece, bool HashOk, ImmutableArray<ulong> BlockDigests) : DiskCompletion;

    /// <summary>Blocks of an unfinished piece are in the file (not yet durable).</summary>
    internal sealed record BlocksFlushed(int Piece, ImmutableArray<int> BlockIndexes) : DiskCompletion;

    /// <summary>Blocks asked for; the receiver owns and returns them. Empty on error.</summary>
    internal sealed record BlocksRead(ImmutableArray<(BlockRef Block, BlockPool.Block Data)> Blocks, object Token) : DiskCompletion;

    /// <summary>One piece was hashed from disk.</summary>
    internal sealed record PieceChecked(int Piece, bool HashOk) : DiskCompletion;

    /// <summary>A check is over, or was cancelled.</summary>
    internal sealed record CheckEnded(bool WasCancelled) : DiskCompletion;

    /// <summary>Everything written before the Flush with this sequence is durable. On error nothing since the last good flush is known.</summary>
    /// <param name="Sequence">As given to Flush.</param>
    /// <param name="Files">Size and mtime of every file now, for the record's fingerprints.</param>
    internal sealed record Flushed(long Sequence, ImmutableArray<FileFact> Files) : DiskCompletion;

    /// <summary>The files are in the shared root (or, with an error, still where they were).</summary>
    internal sealed record Moved(ImmutableArray<FileFact> Files) : DiskCompletion;

    /// <summary>The data is gone.</summary>
    internal sealed record Deleted : DiskCompletion;

    /// <summary>Handles are closed; nothing more comes.</summary>
    internal sealed record Closed : DiskCompletion;
}

/// <summary>Size and time of a file, as a fingerprint.</summary>
/// <param name="Exists">It is there and a regular file.</param>
/// <param name="Length">Bytes.</param>
/// <param name="ModifiedUtcTicks">Last write, UTC ticks.</param>
internal readonly record struct FileFact(bool Exists, long Length, long ModifiedUtcTicks);

/// <summary>A disk fault: disk.full, disk.read_only, disk.denied, disk.io, disk.missing, disk.size_conflict, path.symlink_parent, path.hardlink, path.not_regular, ...</summary>
/// <param name="Code">Stable.</param>
/// <param name="Message">One sentence: what is wrong and what to do.</param>
/// <param name="IsTransient">May be retried every 30 s by itself (full, read-only, missing mount).</param>
internal sealed record DiskError(string Code, string Message, bool IsTransient)
{
    /// <summary>What the fault is about; null when it is not one file or folder.</summary>
    public string? Path { get; init; }

    /// <summary>Of a full disk: bytes that would have to fit; null when unknown.</summary>
    public long? NeededBytes { get; init; }

    /// <summary>Of a full disk: bytes free; null when unknown.</summary>
    public long? FreeBytes { get; init; }
}
