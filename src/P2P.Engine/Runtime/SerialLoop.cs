using System.Collections.Concurrent;
using System.Diagnostics;

namespace P2P.Engine.Runtime;

/// <summary>A mailbox and the promise that its handler never runs twice at once: the owner of state derives from it.</summary>
/// <remarks>
/// Any thread may post. The loop schedules itself when it holds messages, handles at most <see cref="BatchSize"/> in a row, then lets
/// others run; empty, it costs no thread and no timer. Messages of one poster are handled in the order posted. An exception of
/// <see cref="Handle"/> or <see cref="OnBatchEnd"/> goes to <see cref="OnFault"/> and the loop goes on. Shape: Kestrel's IOQueue.
/// </remarks>
internal abstract class SerialLoop<TMessage>(ILoopScheduler scheduler) : IThreadPoolWorkItem
{
    /// <summary>256: long enough to pay for the hop, short enough (well under 1 ms) that no loop starves another.</summary>
    private const int BatchSize = 256;

    private readonly ConcurrentQueue<TMessage> _mailbox = new();
    private int _scheduled;
    private int _ownerThread;

    /// <summary>Hands a message to the owner; never blocks, never throws, any thread.</summary>
    public void Post(TMessage message)
    {
        _mailbox.Enqueue(message);
        ScheduleIfIdle();
    }

    void IThreadPoolWorkItem.Execute()
    {
        _ownerThread = Environment.CurrentManagedThreadId;
        for (var handled = 0; handled < BatchSize && _mailbox.TryDequeue(out var message); handled++)
        {
            try
            {
                Handle(message);
            }
#pragma warning disable CA1031 // The boundary where an owner's bug is contained: reported, shown, never swallowed.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                OnFault(exception);
            }
        }

        try
        {
            OnBatchEnd();
        }
#pragma warning disable CA1031 // As above: a fault here must not leave the loop marked as scheduled for ever.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            OnFault(exception);
        }

        _ownerThread = 0;

        // A full fence: were the mailbox read before the mark is seen cleared, a post in between would wake nobody.
        Interlocked.Exchange(ref _scheduled, 0);
        if (!_mailbox.IsEmpty)
        {
            ScheduleIfIdle();
        }
    }

    /// <summary>Obeys one message. Synchronous: no await, no lock, no I/O.</summary>
    protected abstract void Handle(TMessage message);

    /// <summary>An exception left <see cref="Handle"/>: log it and put the owner into an error state. Must not throw.</summary>
    protected abstract void OnFault(Exception exception);

    /// <summary>Runs after each batch of messages, before the loop lets go: the place to publish what changed once per batch.</summary>
    protected virtual void OnBatchEnd()
    {
    }

    /// <summary>Debug builds: fails when the caller is not inside this loop's handler.</summary>
    [Conditional("DEBUG")]
    protected void AssertOnLoop() =>
        Debug.Assert(_ownerThread == Environment.CurrentManagedThreadId, "State of a loop is touched by its own handler only.");

    private void ScheduleIfIdle()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
        {
            scheduler.Schedule(this);
        }
    }
}
