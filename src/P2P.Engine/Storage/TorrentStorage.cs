using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Storage;

/// <summary>Turns the owning loop's calls into jobs, and posts what they come to.</summary>
internal sealed class TorrentStorage : ITorrentStorage
{
    /// <summary>Small pieces in a row share a key, so that a check reads them in order: 1 MiB.</summary>
    private const int GroupLength = 1024 * 1024;

    private readonly IDiskSink _sink;
    private readonly JobGate _gate;
    private volatile bool _isClosing;
    private long _movedBytes;

    public TorrentStorage(DiskQueue queue, StorageSpec spec, IDiskSink sink)
    {
        (Queue, _sink, _gate) = (queue, sink, new JobGate(queue));
        Storage = new FileStorage(spec, queue.Files, queue.Handles, queue.Counters);
        PiecesPerGroup = Math.Max(1, GroupLength / spec.Geometry.PieceLength);
    }

    /// <summary>The threads.</summary>
    public DiskQueue Queue { get; }

    /// <summary>The bytes.</summary>
    public FileStorage Storage { get; }

    /// <summary>Pieces in a row that share a key.</summary>
    public int PiecesPerGroup { get; }

    /// <summary>Close was called: long jobs stop, completions are no longer posted.</summary>
    public bool IsClosing => _isClosing;

    /// <summary>Key of the jobs on a piece.</summary>
    public int KeyOf(int piece) => piece / PiecesPerGroup;

    public void Probe() => Submit(new ProbeJob(this));

    public void WritePiece(int piece, BlockPool.Block?[] blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(blocks.Length, Storage.Spec.Geometry.BlockCountOf(piece), nameof(blocks));
        Submit(new WriteJob(this, piece, blocks));
    }

    public void FlushBlocks(int piece, ImmutableArray<(int BlockIndex, BlockPool.Block Data)> blocks) =>
        Submit(new FlushBlocksJob(this, piece, blocks));

    public void ReadBlocks(ImmutableArray<BlockRef> blocks, object token) => Submit(new ReadJob(this, blocks, token));

    public void Check(ImmutableArray<int> pieces, CancellationToken cancellation) => new PieceChecker(this, pieces, cancellation).Start();

    public void Flush(long sequence) => Submit(new FlushJob(this, sequence));

    public void ClearDirtyJournal() => Submit(new ClearJournalJob(this));

    public void SetWanted(ImmutableArray<bool> wantedFiles)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(wantedFiles.Length, Storage.Places.All.Count, nameof(wantedFiles));
        Storage.Places.Wanted = [.. wantedFiles];
    }

    public void MoveToShared()
    {
        CountMoved(0);
        Submit(new PrepareMoveJob(this));
    }

    public long MovedBytes => Interlocked.Read(ref _movedBytes);

    /// <summary>Bytes were copied; 0 begins anew.</summary>
    public void CountMoved(int bytes) => Interlocked.Exchange(ref _movedBytes, bytes == 0 ? 0 : Interlocked.Read(ref _movedBytes) + bytes);

    public void DeleteData() => Submit(new DeleteJob(this));

    public void Close()
    {
        var job = new CloseJob(this, _gate);
        if (!_isClosing)
        {
            _isClosing = true;
            Submit(job);
        }
    }

    /// <summary>Adds a job; a closed torrent drops it.</summary>
    public bool Submit(DiskJob job) => _gate.Submit(job);

    /// <summary>Posts a completion; after Close only Closed passes, and blocks read in vain go home.</summary>
    public void Post(DiskCompletion completion)
    {
        if (_isClosing && completion is not DiskCompletion.Closed)
        {
            if (completion is DiskCompletion.BlocksRead read)
            {
                foreach (var (_, data) in read.Blocks)
                {
                    data.Return();
                }
            }

            return;
        }

        _sink.OnDisk(completion);
    }

    /// <summary>Runs the work of a job; null when it went well, else the fault in words. Our own bugs become a fault of this torrent.</summary>
    public DiskError? Try(Action work)
    {
        try
        {
            work();
            return null;
        }
#pragma warning disable CA1031 // The boundary of a disk thread: a fault ends this job and is shown, never the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return DiskFaults.From(exception, Storage.Spec.IncompleteRoot);
        }
    }
}
