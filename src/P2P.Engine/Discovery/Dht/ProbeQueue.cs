using System.Diagnostics.CodeAnalysis;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Endpoints that are said to be nodes and are pinged before they are believed. Pure: it is told the time.</summary>
/// <remarks>Bounded, and nobody is pinged twice in a minute: whoever forges the source of a query makes us send its victim very little.</remarks>
internal sealed class ProbeQueue
{
    /// <summary>Strangers who asked us something: pings a second, and at once.</summary>
    public const int StrangersPerSecond = 2;

    /// <summary>At once: a small network is known after one round.</summary>
    public const int StrangersBurst = 10;

    private const int MaxWaiting = 256;
    private const int MaxRemembered = 1_024;
    private const long AgainMs = 60_000;

    private readonly Queue<PeerEndpoint> _told = new();
    private readonly Queue<PeerEndpoint> _strangers = new();
    private readonly Dictionary<PeerEndpoint, long> _seen = [];
    private readonly QueryBudget _budget = new(StrangersPerSecond, StrangersBurst);

    /// <summary>One waits for its ping.</summary>
    public bool IsEmpty => _told.Count == 0 && _strangers.Count == 0;

    /// <summary>Notes an endpoint; one that is noted or was pinged in the last minute is not noted again.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="isStranger">It only asked us something; otherwise somebody we chose told us of it.</param>
    /// <param name="nowMs">Time.</param>
    public void Add(PeerEndpoint endpoint, bool isStranger, long nowMs)
    {
        var waiting = isStranger ? _strangers : _told;
        if (waiting.Count >= MaxWaiting || (_seen.TryGetValue(endpoint, out var seenMs) && nowMs - seenMs < AgainMs))
        {
            return;
        }

        if (_seen.Count >= MaxRemembered)
        {
            Shrink(nowMs);
        }

        _seen[endpoint] = nowMs;
        waiting.Enqueue(endpoint);
    }

    /// <summary>The next to ping; false: none now.</summary>
    public bool TryNext(long nowMs, [MaybeNullWhen(false)] out PeerEndpoint endpoint) =>
        _told.TryDequeue(out endpoint) || (_strangers.Count > 0 && _budget.TryTake(nowMs) && _strangers.TryDequeue(out endpoint));

    private void Shrink(long nowMs)
    {
        foreach (var (old, seenMs) in _seen)
        {
            if (nowMs - seenMs >= AgainMs)
            {
                _seen.Remove(old);
            }
        }

        if (_seen.Count >= MaxRemembered)
        {
            _seen.Clear(); // A flood: a second ping to somebody is better than no room for anybody.
        }
    }
}
