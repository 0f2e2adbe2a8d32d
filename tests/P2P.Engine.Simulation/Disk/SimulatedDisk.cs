using P2P.Engine.Runtime;
using P2P.Engine.Storage;

namespace P2P.Engine.Simulation;

/// <summary>The disk as one process sees it: jobs take virtual time and complete by message; a dead process's jobs do nothing more.</summary>
internal sealed class SimulatedDisk(SimulatedProcess process, SimulatedVolume volume, BlockPool pool) : IDisk
{
    /// <inheritdoc/>
    public int PendingJobs => Counters.Pending;

    /// <inheritdoc/>
    /// <remarks>Jobs only: bytes are not told apart.</remarks>
    public DiskCounters Counters { get; } = new(process.Clock);

    /// <summary>Whose.</summary>
    public SimulatedProcess Process => process;

    /// <summary>The machine's disk.</summary>
    public SimulatedVolume Volume => volume;

    /// <summary>Lends the blocks that reads fill.</summary>
    public BlockPool Pool => pool;

    /// <inheritdoc/>
    public ITorrentStorage Open(StorageSpec spec, IDiskSink sink)
    {
        process.World.AssertOnThread();
        return new SimulatedStorage(this, spec, sink);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Runs a job when the device is done with it.</summary>
    public void Submit(long bytes, Action job)
    {
        process.World.AssertOnThread();
        var ticket = Counters.Begin();
        process.After(volume.Reserve(bytes), () =>
        {
            Counters.End(ticket);
            job();
        });
    }
}
