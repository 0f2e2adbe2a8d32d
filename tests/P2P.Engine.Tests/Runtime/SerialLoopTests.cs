using P2P.Engine.Runtime;
using Xunit;

namespace P2P.Engine.Tests.Runtime;

public sealed class SerialLoopTests
{
    [Fact]
    public void Post_Messages_AreHandledInOrderAndOnlyWhenScheduled()
    {
        var scheduler = new ManualScheduler();
        var loop = new Recorder(scheduler);
        loop.Post(1);
        loop.Post(2);

        Assert.Empty(loop.Handled);
        Assert.Equal(1, scheduler.Waiting);
        scheduler.RunAll();

        Assert.Equal([1, 2], loop.Handled);
        Assert.Equal(1, loop.Batches);
        Assert.Equal(0, scheduler.Waiting);
    }

    [Fact]
    public void Post_MoreThanABatch_LetsOthersRunBetween()
    {
        var scheduler = new ManualScheduler();
        var (busy, other) = (new Recorder(scheduler), new Recorder(scheduler));
        for (var i = 0; i < 600; i++)
        {
            busy.Post(i);
        }

        other.Post(1);
        scheduler.RunOne();
        scheduler.RunOne();

        Assert.Equal(256, busy.Handled.Count);
        Assert.Single(other.Handled);
        scheduler.RunAll();
        Assert.Equal(Enumerable.Range(0, 600), busy.Handled);
        Assert.Equal(3, busy.Batches);
    }

    [Fact]
    public void Post_FromItsOwnHandler_IsHandledLater()
    {
        var scheduler = new ManualScheduler();
        Recorder? loop = null;
        loop = new Recorder(scheduler, message =>
        {
            if (message < 3)
            {
                loop!.Post(message + 1);
            }
        });
        loop.Post(1);
        scheduler.RunAll();

        Assert.Equal([1, 2, 3], loop.Handled);
    }

    [Fact]
    public void Handle_Throws_TheFaultIsReportedAndTheLoopGoesOn()
    {
        var scheduler = new ManualScheduler();
        var loop = new Recorder(scheduler, message => _ = 10 / (message - 1));
        loop.Post(1);
        loop.Post(2);
        scheduler.RunAll();

        Assert.IsType<DivideByZeroException>(Assert.Single(loop.Faults));
        Assert.Equal([1, 2], loop.Handled);
    }

    [Fact]
    public void OnBatchEnd_Throws_TheLoopStillTakesMessages()
    {
        var scheduler = new ManualScheduler();
        var loop = new Recorder(scheduler) { BatchEndThrows = true };
        loop.Post(1);
        scheduler.RunAll();
        loop.Post(2);
        scheduler.RunAll();

        Assert.Equal([1, 2], loop.Handled);
        Assert.Equal(2, loop.Faults.Count);
    }

    [Fact]
    public async Task Post_ManyThreads_HandlerNeverRunsTwiceAtOnceAndLosesNothing()
    {
        const int Threads = 4;
        const int Each = 50_000;
        var done = new TaskCompletionSource();
        var (inside, overlaps, count) = (0, 0, 0);
        var last = new int[Threads];
        var outOfOrder = 0;
        var loop = new Recorder(new ThreadPoolLoopScheduler(), message =>
        {
            overlaps += Interlocked.Increment(ref inside) == 1 ? 0 : 1;
            var (poster, number) = (message / Each, message % Each);
            outOfOrder += number >= last[poster] ? 0 : 1;
            last[poster] = number;
            Interlocked.Decrement(ref inside);
            if (++count == Threads * Each)
            {
                done.SetResult();
            }
        });
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(poster => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                loop.Post((poster * Each) + i);
            }
        })));
        await done.Task;

        Assert.Equal((0, 0), (overlaps, outOfOrder));
    }

    private sealed class Recorder(ILoopScheduler scheduler, Action<int>? act = null) : SerialLoop<int>(scheduler)
    {
        public List<int> Handled { get; } = [];

        public List<Exception> Faults { get; } = [];

        public int Batches { get; private set; }

        public bool BatchEndThrows { get; init; }

        protected override void Handle(int message)
        {
            AssertOnLoop();
            Handled.Add(message);
            act?.Invoke(message);
        }

        protected override void OnFault(Exception exception) => Faults.Add(exception);

        protected override void OnBatchEnd()
        {
            Batches++;
            if (BatchEndThrows)
            {
                throw new InvalidOperationException("Publishing failed.");
            }
        }
    }
}
