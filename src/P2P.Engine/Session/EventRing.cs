using System.Collections.Immutable;

namespace P2P.Engine.Session;

/// <summary>The last events, newest first. One writer, any readers.</summary>
internal sealed class EventRing
{
    private const int Capacity = 1_000;

    private ImmutableList<EngineEvent> _events = [];

    /// <summary>All that are kept.</summary>
    public ImmutableList<EngineEvent> All => Volatile.Read(ref _events);

    /// <summary>Keeps one more, and forgets the oldest when there are too many.</summary>
    public void Add(EngineEvent happened)
    {
        var events = _events.Insert(0, happened);
        Volatile.Write(ref _events, events.Count > Capacity ? events.RemoveAt(events.Count - 1) : events);
    }
}
