using System.Threading.Tasks.Sources;
using P2P.Engine.Runtime;

namespace P2P.Engine.Peers;

/// <summary>Lets one pump wait until somebody has work for it, again and again, without an allocation per wait.</summary>
/// <remarks>One waiter. The outbox's lock decides who wakes, so <see cref="Set"/> is called exactly once per <see cref="WaitAsync"/>.</remarks>
/// <param name="scheduler">Resumes the pump; when null, <see cref="Set"/> itself does.</param>
internal sealed class PumpSignal(ILoopScheduler? scheduler) : IValueTaskSource, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<bool> _core;

    /// <summary>Makes ready for the next wait; called before the waker can know of it.</summary>
    public void Reset() => _core.Reset();

    /// <summary>Completes with the <see cref="Set"/> that follows the last <see cref="Reset"/>.</summary>
    public ValueTask WaitAsync() => new(this, _core.Version);

    /// <summary>Resumes the pump.</summary>
    public void Set()
    {
        if (scheduler is null)
        {
            _core.SetResult(true);
        }
        else
        {
            scheduler.Schedule(this);
        }
    }

    void IThreadPoolWorkItem.Execute() => _core.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
