namespace P2P.Engine.Storage;

/// <summary>Which threads run a job.</summary>
internal enum DiskLane
{
    /// <summary>The fixed set that reads, hashes and writes pieces.</summary>
    Pieces,

    /// <summary>The same set, when nothing of <see cref="Pieces"/> waits (with one turn in eight in any case): checks.</summary>
    Background,

    /// <summary>One thread that waits for the device: flushes.</summary>
    Flushes,

    /// <summary>One thread for what may take minutes: moves and deletions.</summary>
    Moves,
}

/// <summary>What a job must wait for among the jobs of its torrent.</summary>
internal enum DiskOrder
{
    /// <summary>Earlier jobs with the same key.</summary>
    ByKey,

    /// <summary>Every earlier write, and earlier jobs with the same key; later jobs pass by.</summary>
    AfterWrites,

    /// <summary>Every earlier job; every later job waits for it.</summary>
    Alone,
}

/// <summary>One piece of work of a torrent for a disk thread.</summary>
internal abstract class DiskJob(DiskLane lane, DiskOrder order, int? key, bool isWrite = false)
{
    /// <summary>Key shared by the jobs that flush.</summary>
    public const int FlushKey = -1;

    /// <summary>Which threads run it.</summary>
    public DiskLane Lane { get; } = lane;

    /// <summary>What it waits for.</summary>
    public DiskOrder Order { get; } = order;

    /// <summary>Jobs of one torrent with one key run in the order submitted, one at a time; null for no such bond.</summary>
    public int? Key { get; } = key;

    /// <summary>Flushes wait for it.</summary>
    public bool IsWrite { get; } = isWrite;

    /// <summary>Place in the torrent's order, set by <see cref="JobGate"/>.</summary>
    public long Sequence { get; set; }

    /// <summary>Earlier writes still to be waited for, kept by <see cref="JobGate"/>.</summary>
    public int WritesAhead { get; set; }

    /// <summary>Its place among the pending, set by <see cref="JobGate"/>.</summary>
    public LinkedListNode<long>? Ticket { get; set; }

    /// <summary>The torrent's gate, told when the job has ended.</summary>
    public JobGate? Gate { get; set; }

    /// <summary>Does the work and posts the completion. Never throws.</summary>
    public abstract void Run(DiskWorker worker);

    /// <summary>The torrent is closed: give back what the job holds. Never throws.</summary>
    public virtual void Drop()
    {
    }
}
