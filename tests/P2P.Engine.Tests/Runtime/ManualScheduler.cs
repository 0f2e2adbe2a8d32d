using P2P.Engine.Runtime;

namespace P2P.Engine.Tests.Runtime;

/// <summary>Runs loops when the test says so, in the order scheduled, on the test's thread.</summary>
internal sealed class ManualScheduler : ILoopScheduler
{
    private readonly Queue<IThreadPoolWorkItem> _items = new();

    public int Waiting => _items.Count;

    public void Schedule(IThreadPoolWorkItem item) => _items.Enqueue(item);

    public void RunOne() => _items.Dequeue().Execute();

    public void RunAll()
    {
        while (_items.Count > 0)
        {
            RunOne();
        }
    }
}
