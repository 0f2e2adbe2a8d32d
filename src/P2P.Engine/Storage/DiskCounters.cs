namespace P2P.Engine.Storage;

/// <summary>What a disk has done and how long its oldest job waits. Thread-safe; a count is one interlocked add, a job one node of a list.</summary>
internal sealed class DiskCounters(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<long> _pending = [];
    private long _written;
    private long _read;

    /// <summary>Bytes written to files.</summary>
    public long BytesWritten => Interlocked.Read(ref _written);

    /// <summary>Bytes read from files.</summary>
    public long BytesRead => Interlocked.Read(ref _read);

    /// <summary>Jobs waiting or running.</summary>
    public int Pending
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>How long the oldest of them has been there; zero when there is none.</summary>
    public TimeSpan OldestWait
    {
        get
        {
            lock (_gate)
            {
                return _pending.First is { } first ? clock.GetElapsedTime(first.Value) : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Bytes went into a file.</summary>
    public void OnWritten(long bytes) => Interlocked.Add(ref _written, bytes);

    /// <summary>Bytes came from a file.</summary>
    public void OnRead(long bytes) => Interlocked.Add(ref _read, bytes);

    /// <summary>A job was submitted; the ticket ends it.</summary>
    public LinkedListNode<long> Begin()
    {
        lock (_gate)
        {
            return _pending.AddLast(clock.GetTimestamp());
        }
    }

    /// <summary>A job has run, or was dropped.</summary>
    public void End(LinkedListNode<long> ticket)
    {
        lock (_gate)
        {
            _pending.Remove(ticket);
        }
    }
}
