using System.Collections.Immutable;

namespace P2P.Engine.Session.History;

/// <summary>The last events, newest first. One writer, any readers: a reader sees the list as it was when it asked.</summary>
internal sealed class EventRing
{
    /// <summary>Events kept in memory: a page's log.</summary>
    public const int Capacity = 10_000;

    private ImmutableList<EngineEvent> _events = [];

    /// <summary>All that are kept.</summary>
    public ImmutableList<EngineEvent> All => Volatile.Read(ref _events);

    /// <summary>Takes up events of earlier runs, oldest first.</summary>
    public void Begin(IEnumerable<EngineEvent> earlier) => Volatile.Write(ref _events, [.. earlier.Reverse().Take(Capacity)]);

    /// <summary>Keeps one more, numbered, and forgets the oldest when there are too many.</summary>
    public EngineEvent Add(EngineEvent happened)
    {
        var numbered = happened with { Sequence = (_events is [var newest, ..] ? newest.Sequence : 0) + 1 };
        var events = _events.Insert(0, numbered);
        Volatile.Write(ref _events, events.Count > Capacity ? events.RemoveAt(events.Count - 1) : events);
        return numbered;
    }

    /// <summary>Events that pass, newest first, older than <paramref name="before"/> (null: from the newest), at most <paramref name="count"/>.</summary>
    public ImmutableArray<EngineEvent> Read(EventFilter filter, long? before, int count)
    {
        var events = All;
        var found = ImmutableArray.CreateBuilder<EngineEvent>();
        for (var i = before is { } sequence ? FirstBelow(events, sequence) : 0; i < events.Count && found.Count < count; i++)
        {
            if (filter.Passes(events[i]))
            {
                found.Add(events[i]);
            }
        }

        return found.DrainToImmutable();
    }

    // Numbers fall along the list.
    private static int FirstBelow(ImmutableList<EngineEvent> events, long sequence)
    {
        var (low, high) = (0, events.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = events[middle].Sequence < sequence ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
