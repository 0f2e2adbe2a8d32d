namespace P2P.Engine.Session;

/// <summary>Holds the latest session snapshot and wakes whoever waits for a newer one. One writer, any readers.</summary>
internal sealed class SnapshotPublisher(SessionSnapshot first)
{
    private volatile SessionSnapshot _latest = first;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The latest; never null, never waits.</summary>
    public SessionSnapshot Latest => _latest;

    /// <summary>Swaps the reference and wakes the waiters. Session loop only.</summary>
    public void Publish(SessionSnapshot snapshot)
    {
        _latest = snapshot;
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    /// <summary>Completes with a snapshot whose version differs from <paramref name="seenVersion"/>.</summary>
    public async ValueTask<SessionSnapshot> WaitAsync(long seenVersion, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            if (_latest is { } latest && latest.Version != seenVersion)
            {
                return latest;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
