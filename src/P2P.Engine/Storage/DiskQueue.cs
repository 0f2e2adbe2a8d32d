using System.Threading.Channels;
using P2P.Engine.Runtime;

namespace P2P.Engine.Storage;

/// <summary>The production <see cref="IDisk"/>: a fixed set of threads doing synchronous positioned I/O and hashing.</summary>
/// <remarks>
/// Threads: the given number for pieces and checks, one that flushes, one that moves and deletes, so that a slow device or a long copy holds up
/// nothing else. Work is bounded by its payload: writes carry blocks of the pool, reads rent from it, a check has two jobs a thread at most.
/// A read that finds the pool empty leaves its thread and waits in one line, the first in line alone collecting blocks, so readers never hold
/// blocks against each other.
/// </remarks>
internal sealed class DiskQueue : IDisk
{
    /// <summary>Well under 40 % of the usual 1,024 handles (limit R6).</summary>
    private const int DefaultOpenFiles = 256;

    private readonly LaneQueue _pieces = new();
    private readonly LaneQueue _flushes = new();
    private readonly LaneQueue _moves = new();
    private readonly Channel<ReadJob> _starved = Channel.CreateUnbounded<ReadJob>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _feeding;
    private readonly TaskCompletionSource _threadsEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _runningThreads;

    /// <summary>Starts the threads.</summary>
    /// <param name="pool">Lends the blocks that reads fill.</param>
    /// <param name="threads">Threads for pieces; 0 for the number of cores, at least 2.</param>
    /// <param name="files">The operating system's files; null for the real ones.</param>
    /// <param name="openFiles">Most files kept open.</param>
    /// <param name="clock">Measures how long jobs wait; null for the system's.</param>
    public DiskQueue(BlockPool pool, int threads = 0, IFileSystem? files = null, int openFiles = DefaultOpenFiles, TimeProvider? clock = null)
    {
        Counters = new DiskCounters(clock ?? TimeProvider.System);
        Pool = pool;
        Files = files ?? (OperatingSystem.IsLinux() ? new LinuxFileSystem() : new PortableFileSystem());
        Handles = new FileHandlePool(openFiles);
        PieceThreads = threads > 0 ? threads : Math.Max(2, Environment.ProcessorCount);
        _runningThreads = PieceThreads + 2;
        for (var i = 0; i < PieceThreads; i++)
        {
            Start(_pieces, $"disk {i + 1}");
        }

        Start(_flushes, "disk flush");
        Start(_moves, "disk move");
        _feeding = FeedStarvedAsync();
    }

    /// <inheritdoc/>
    public int PendingJobs => Counters.Pending;

    /// <inheritdoc/>
    public DiskCounters Counters { get; }

    /// <summary>Lends the blocks that reads fill.</summary>
    internal BlockPool Pool { get; }

    /// <summary>The operating system's files.</summary>
    internal IFileSystem Files { get; }

    /// <summary>Open files of all torrents.</summary>
    internal FileHandlePool Handles { get; }

    /// <summary>Which torrent owns which path.</summary>
    internal PathClaims Claims { get; } = new();

    /// <summary>Threads for pieces.</summary>
    internal int PieceThreads { get; }

    /// <inheritdoc/>
    public ITorrentStorage Open(StorageSpec spec, IDiskSink sink) => new TorrentStorage(this, spec, sink);

    /// <summary>Stops after the jobs now ready or running; those that wait for others are dropped without a completion.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _starved.Writer.TryComplete();
        await _feeding.ConfigureAwait(false);
        _pieces.Stop();
        _flushes.Stop();
        _moves.Stop();
        await _threadsEnded.Task.ConfigureAwait(false);
        Handles.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Hands a job whose turn has come to its threads.</summary>
    internal void Dispatch(DiskJob job)
    {
        var lane = job.Lane switch
        {
            DiskLane.Flushes => _flushes,
            DiskLane.Moves => _moves,
            _ => _pieces,
        };
        if (!lane.TryEnqueue(job))
        {
            job.Drop();
        }
    }

    /// <summary>Puts a read that found too few blocks in line for them.</summary>
    internal void WaitForBlocks(ReadJob job)
    {
        if (!_starved.Writer.TryWrite(job))
        {
            job.Drop();
        }
    }

    private void Start(LaneQueue lane, string name) =>
        new Thread(() => Work(lane)) { IsBackground = true, Name = name }.Start();

    private void Work(LaneQueue lane)
    {
        using (var worker = new DiskWorker())
        {
            while (lane.Take() is { } job)
            {
                job.Run(worker);
                job.Gate?.OnEnded(job);
            }
        }

        if (Interlocked.Decrement(ref _runningThreads) == 0)
        {
            _threadsEnded.TrySetResult();
        }
    }

    private async Task FeedStarvedAsync()
    {
        await foreach (var job in _starved.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            try
            {
                while (job.BlocksMissing > 0)
                {
                    job.Take(await Pool.RentAsync(_stopping.Token).ConfigureAwait(false));
                }

                job.Resubmit();
            }
            catch (OperationCanceledException)
            {
                // Shutting down: nobody waits for the answer, the blocks go home.
                job.Drop();
            }
        }
    }
}
