using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Simulation;

/// <summary>Virtual time and one thread: everything that happens in a simulation is an event here, ordered by (time, sequence).</summary>
/// <remarks>
/// The same seed and the same calls give the same <see cref="Trace"/>, byte for byte. While it runs, the synchronization context is null,
/// so that continuations of the engine run inside the event that completes them; whoever touches the world from another thread is recorded
/// as a <see cref="Fault"/> and fails the run. Unit of time: ticks of 100 ns since the world began.
/// </remarks>
internal sealed class SimulatedWorld
{
    /// <summary>When every world begins, UTC.</summary>
    public static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<WorldEvent, (long At, long Sequence)> _later = new();
    private readonly Queue<(long Sequence, WorldEvent Event)> _ready = new();
    private readonly List<string> _faults = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _sequence;
    private bool _isRunning;

    /// <summary>A world whose chances all come from <paramref name="seed"/>.</summary>
    public SimulatedWorld(int seed)
    {
        Seed = seed;
        Random = new Random(seed);
        Root = new SimulatedProcess(this, "world");
        Privacy = new PrivacyLedger(Fault);
    }

    /// <summary>What its chances come from; print it when a test fails.</summary>
    public int Seed { get; }

    /// <summary>The world's own chances; whoever draws must do so in a fixed order.</summary>
    public Random Random { get; }

    /// <summary>A process that never dies, for trackers, scripts and tests.</summary>
    public SimulatedProcess Root { get; }

    /// <summary>What happened, as lines and a running hash.</summary>
    public WorldTrace Trace { get; } = new();

    /// <summary>Every torrent made here, so that disks can keep equal blocks once and judge what is right.</summary>
    public Dictionary<InfoHash, SimulatedTorrent> Torrents { get; } = [];

    /// <summary>Watches every packet of every host for private torrents.</summary>
    public PrivacyLedger Privacy { get; }

    /// <summary>Ticks of 100 ns since <see cref="Epoch"/>.</summary>
    public long Now { get; private set; }

    /// <summary>Virtual time since <see cref="Epoch"/>.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Now);

    /// <summary>Events run so far.</summary>
    public long EventCount { get; private set; }

    /// <summary>Errors of our own that were logged, and calls from foreign threads. The run that meets one throws.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Runs <paramref name="action"/> after <paramref name="delay"/>, or after what is ready now when it is zero.</summary>
    public WorldEvent After(TimeSpan delay, Action action) => At(Now + Math.Max(0, delay.Ticks), action);

    /// <summary>Runs <paramref name="action"/> at a time in ticks; a past one means now.</summary>
    public WorldEvent At(long ticks, Action action)
    {
        AssertOnThread();
        var item = new WorldEvent(action);
        if (ticks <= Now)
        {
            _ready.Enqueue((_sequence++, item));
        }
        else
        {
            _later.Enqueue(item, (ticks, _sequence++));
        }

        return item;
    }

    /// <summary>Runs <paramref name="action"/> at this moment, after everything that is ready already. Never inside the caller.</summary>
    public WorldEvent Soon(Action action) => At(Now, action);

    /// <summary>Runs <paramref name="action"/> every <paramref name="period"/> from now on until cancelled.</summary>
    public WorldEvent Every(TimeSpan period, Action action)
    {
        var handle = new WorldEvent(() => { });
        After(period, Repeat);
        return handle;

        void Repeat()
        {
            if (!handle.IsCancelled)
            {
                action();
                After(period, Repeat);
            }
        }
    }

    /// <summary>Lets virtual time pass.</summary>
    public void Run(TimeSpan duration) => RunCore(Now + duration.Ticks, until: null, TimeSpan.Zero);

    /// <summary>Lets time pass until <paramref name="until"/> holds; false when it does not within <paramref name="limit"/>.</summary>
    /// <param name="until">Asked whenever nothing more happens at a moment.</param>
    /// <param name="limit">Longest virtual time to wait.</param>
    /// <param name="every">Asked no more often than this; for predicates that cost something.</param>
    public bool RunUntil(Func<bool> until, TimeSpan limit, TimeSpan every = default) => RunCore(Now + limit.Ticks, until, every);

    /// <summary>Runs until the task has ended and gives its result or throws its exception; a task that outlasts the limit is a failure.</summary>
    public void Complete(Task task, TimeSpan limit = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (!RunUntil(() => task.IsCompleted, limit == default ? TimeSpan.FromMinutes(5) : limit))
        {
            throw new TimeoutException($"Seed {Seed}: the task did not end within the limit of virtual time; it is {Elapsed}.");
        }

        task.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Complete(Task, TimeSpan)"/>
    public T Complete<T>(Task<T> task, TimeSpan limit = default)
    {
        Complete((Task)task, limit);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Fails, now and at the end of the run, when the caller is not on the world's thread.</summary>
    public void AssertOnThread()
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            var fault = $"Seed {Seed}: a call from thread {Environment.CurrentManagedThreadId}, the world lives on {_thread}.\n{Environment.StackTrace}";
            lock (_faults)
            {
                _faults.Add(fault);
            }

            throw new InvalidOperationException(fault);
        }
    }

    /// <summary>Notes a bug of ours that was contained by the engine; the run fails with it.</summary>
    public void Fault(string message)
    {
        lock (_faults)
        {
            _faults.Add(message);
        }
    }

    private bool RunCore(long end, Func<bool>? until, TimeSpan every)
    {
        AssertOnThread();
        if (_isRunning)
        {
            throw new InvalidOperationException("The world runs already: events may schedule, not run.");
        }

        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        if (TaskScheduler.Current != TaskScheduler.Default)
        {
            throw new InvalidOperationException("A world runs under the default task scheduler only; continuations would hop otherwise.");
        }

        _isRunning = true;
        try
        {
            return Loop(end, until, every);
        }
        finally
        {
            _isRunning = false;
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    private bool Loop(long end, Func<bool>? until, TimeSpan every)
    {
        var askAt = Now;
        while (true)
        {
            RunReady();
            if (_faults.Count > 0)
            {
                throw new InvalidOperationException($"Seed {Seed}, {Elapsed}: {_faults[0]}");
            }

            if (until is not null && Now >= askAt)
            {
                askAt = Now + every.Ticks;
                if (until())
                {
                    return true;
                }
            }

            if (!_later.TryPeek(out _, out var next) || next.At > end)
            {
                Now = end;
                return until is not null && until();
            }

            Now = next.At;
            RunDue();
        }
    }

    private void RunReady()
    {
        while (_ready.TryDequeue(out var item))
        {
            Run(item.Event);
        }
    }

    /// <summary>Events of one moment: those planned for it come in the order they were planned, then what they made ready.</summary>
    private void RunDue()
    {
        while (_later.TryPeek(out var item, out var key) && key.At == Now)
        {
            _later.Dequeue();
            Run(item);
        }
    }

    private void Run(WorldEvent item)
    {
        if (!item.IsCancelled)
        {
            EventCount++;
            item.Action();
        }
    }
}

/// <summary>Something that will happen, unless cancelled.</summary>
internal sealed class WorldEvent(Action action)
{
    /// <summary>What happens.</summary>
    public Action Action { get; } = action;

    /// <summary>It will not happen.</summary>
    public bool IsCancelled { get; private set; }

    /// <summary>Takes it back.</summary>
    public void Cancel() => IsCancelled = true;
}

/// <summary>Runs an engine's loops on the world's thread, until its process dies.</summary>
internal sealed class SimulatedScheduler(SimulatedWorld world, SimulatedProcess process) : ILoopScheduler
{
    /// <inheritdoc/>
    public void Schedule(IThreadPoolWorkItem item)
    {
        world.AssertOnThread();
        if (process.IsAlive)
        {
            world.Soon(() =>
            {
                if (process.IsAlive)
                {
                    item.Execute();
                }
            });
        }
    }
}
