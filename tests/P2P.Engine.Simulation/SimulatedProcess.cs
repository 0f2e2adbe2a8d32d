namespace P2P.Engine.Simulation;

/// <summary>One run of a program in the world: when it dies, its timers and its work die with it.</summary>
internal sealed class SimulatedProcess
{
    private readonly List<Action> _onDeath = [];

    /// <summary>A living process.</summary>
    public SimulatedProcess(SimulatedWorld world, string name)
    {
        (World, Name) = (world, name);
        Clock = new SimulatedClock(world, this);
        Scheduler = new SimulatedScheduler(world, this);
    }

    /// <summary>Where it lives.</summary>
    public SimulatedWorld World { get; }

    /// <summary>Names it in the trace.</summary>
    public string Name { get; }

    /// <summary>It has not died.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>Its clock; timers fire while it lives.</summary>
    public SimulatedClock Clock { get; }

    /// <summary>Runs its loops while it lives.</summary>
    public SimulatedScheduler Scheduler { get; }

    /// <summary>What happens at its death, in the order registered.</summary>
    public void OnDeath(Action action) => _onDeath.Add(action);

    /// <summary>Runs <paramref name="action"/> after <paramref name="delay"/> if it still lives then.</summary>
    public WorldEvent After(TimeSpan delay, Action action) => World.After(delay, () =>
    {
        if (IsAlive)
        {
            action();
        }
    });

    /// <summary>Ends it at once: nothing of it runs any more.</summary>
    public void Die()
    {
        if (IsAlive)
        {
            IsAlive = false;
            _onDeath.ForEach(static action => action());
        }
    }
}
