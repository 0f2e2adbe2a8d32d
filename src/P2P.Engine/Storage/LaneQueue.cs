namespace P2P.Engine.Storage;

/// <summary>The queue between the gates and the threads of one kind. Thread-safe; a thread with nothing to do sleeps.</summary>
internal sealed class LaneQueue
{
    /// <summary>Background work gets one turn in eight even when other work waits, so that a check under load ends.</summary>
    private const int BackgroundTurn = 8;

    // Monitor, not Lock: threads sleep on it.
    private readonly object _gate = new();
    private readonly Queue<DiskJob> _ready = new();
    private readonly Queue<DiskJob> _background = new();
    private int _turn;
    private int _sleeping;
    private bool _isStopped;

    /// <summary>Adds a job that may run now; false when stopped.</summary>
    public bool TryEnqueue(DiskJob job)
    {
        lock (_gate)
        {
            if (_isStopped)
            {
                return false;
            }

            (job.Lane == DiskLane.Background ? _background : _ready).Enqueue(job);
            if (_sleeping > 0)
            {
                Monitor.Pulse(_gate);
            }

            return true;
        }
    }

    /// <summary>Waits for a job; null when stopped and empty.</summary>
    public DiskJob? Take()
    {
        lock (_gate)
        {
            while (true)
            {
                var isBackgroundTurn = _background.Count > 0 && ++_turn % BackgroundTurn == 0;
                if ((isBackgroundTurn || _ready.Count == 0 ? _background : _ready).TryDequeue(out var job))
                {
                    return job;
                }

                if (_isStopped)
                {
                    return null;
                }

                _sleeping++;
                Monitor.Wait(_gate);
                _sleeping--;
            }
        }
    }

    /// <summary>Takes no more jobs; the threads end when the queue is empty.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }
    }
}
