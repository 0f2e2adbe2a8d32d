namespace P2P.Engine.Runtime;

/// <summary>Runs work items of loops; the simulation supplies one that runs them on a single thread in order.</summary>
internal interface ILoopScheduler
{
    /// <summary>Queues <paramref name="item"/> to run once, soon, on any thread. Never runs it before returning.</summary>
    void Schedule(IThreadPoolWorkItem item);
}

/// <summary>The thread pool as a scheduler: what production uses.</summary>
internal sealed class ThreadPoolLoopScheduler : ILoopScheduler
{
    /// <inheritdoc/>
    public void Schedule(IThreadPoolWorkItem item) => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
}
