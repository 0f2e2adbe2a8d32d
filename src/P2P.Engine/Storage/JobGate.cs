namespace P2P.Engine.Storage;

/// <summary>Lets a torrent's jobs run side by side as far as <see cref="DiskOrder"/> allows. Thread-safe.</summary>
internal sealed class JobGate(DiskQueue queue)
{
    private readonly Lock _gate = new();

    // Running or ready jobs by key, with those of the same key that wait; null while nobody waits.
    private readonly Dictionary<int, Queue<DiskJob>?> _chains = [];
    private readonly Queue<DiskJob> _afterWrites = new();
    private readonly Queue<DiskJob> _behindAlone = new();
    private long _nextSequence;
    private int _admitted;
    private int _writes;
    private bool _isAloneRunning;
    private bool _isClosed;

    /// <summary>Takes a job; false, with the job dropped, after <see cref="Close"/>.</summary>
    public bool Submit(DiskJob job)
    {
        lock (_gate)
        {
            if (!_isClosed)
            {
                (job.Gate, job.Sequence) = (this, _nextSequence++);
                job.Ticket = queue.Counters.Begin();
                if (_isAloneRunning || _behindAlone.Count > 0)
                {
                    _behindAlone.Enqueue(job);
                }
                else
                {
                    Admit(job);
                }

                return true;
            }
        }

        job.Drop();
        return false;
    }

    /// <summary>A job has run: lets those go that waited for it.</summary>
    public void OnEnded(DiskJob job)
    {
        lock (_gate)
        {
            queue.Counters.End(job.Ticket!);
            _admitted--;
            _isAloneRunning &= job.Order != DiskOrder.Alone;
            if (job.Order != DiskOrder.Alone && job.Key is { } key)
            {
                NextInChain(key);
            }

            if (job.IsWrite)
            {
                _writes--;
                foreach (var waiting in _afterWrites)
                {
                    waiting.WritesAhead -= waiting.Sequence > job.Sequence ? 1 : 0;
                }

                // In the order submitted: an earlier one waits for a part of what a later one waits for.
                while (_afterWrites.TryPeek(out var first) && first.WritesAhead == 0)
                {
                    Chain(_afterWrites.Dequeue());
                }
            }

            while (!_isAloneRunning && _behindAlone.TryPeek(out var next) && (next.Order != DiskOrder.Alone || _admitted == 0))
            {
                Admit(_behindAlone.Dequeue());
            }
        }
    }

    /// <summary>From now on jobs are dropped; those that wait are dropped too.</summary>
    public void Close()
    {
        DiskJob[] dropped;
        lock (_gate)
        {
            _isClosed = true;
            dropped = [.. _behindAlone];
            _behindAlone.Clear();
            for (var i = 0; i < dropped.Length; i++)
            {
                queue.Counters.End(dropped[i].Ticket!);
            }
        }

        foreach (var job in dropped)
        {
            job.Drop();
        }
    }

    private void Admit(DiskJob job)
    {
        if (job.Order == DiskOrder.Alone)
        {
            if (_admitted > 0)
            {
                _behindAlone.Enqueue(job);
                return;
            }

            (_isAloneRunning, _admitted) = (true, 1);
            queue.Dispatch(job);
            return;
        }

        _admitted++;
        _writes += job.IsWrite ? 1 : 0;
        if (job.Order == DiskOrder.AfterWrites && _writes > 0)
        {
            job.WritesAhead = _writes;
            _afterWrites.Enqueue(job);
        }
        else
        {
            Chain(job);
        }
    }

    private void Chain(DiskJob job)
    {
        if (job.Key is { } key)
        {
            if (_chains.TryGetValue(key, out var waiting))
            {
                waiting ??= _chains[key] = new Queue<DiskJob>();
                waiting.Enqueue(job);
                return;
            }

            _chains[key] = null;
        }

        queue.Dispatch(job);
    }

    private void NextInChain(int key)
    {
        if (_chains[key] is { Count: > 0 } waiting)
        {
            queue.Dispatch(waiting.Dequeue());
        }
        else
        {
            _chains.Remove(key);
        }
    }
}
