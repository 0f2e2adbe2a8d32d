using System.Net;

namespace P2P.Engine.Discovery;

/// <summary>How many announces of one address are listened to: one a second, after a handful at once (L06). Pure; told the time.</summary>
/// <remarks>
/// The handful is for several instances on one machine, which share its address and start or answer together. This machine's own
/// programs, heard over the loopback, get a larger one: any number of instances may live here, and one that floods us need not do it by LSD.
/// </remarks>
internal sealed class SourceGate
{
    /// <summary>Announces accepted at once from an address that was silent before.</summary>
    public const int Burst = 5;

    /// <summary>The same for the loopback, and its announces a second.</summary>
    public const int LoopbackBurst = 64;

    /// <summary>Addresses remembered; a network that has more at one time, or a stranger who invents them, waits for the next turn.</summary>
    private const int MaxSources = 1024;

    private const long IntervalMs = 1000;

    /// <summary>When the account of an address is full again; those of the past say nothing.</summary>
    private readonly Dictionary<IPAddress, long> _fullAtMs = [];

    private long _sweptAtMs = long.MinValue;

    /// <summary>Is an announce of this address listened to now?</summary>
    public bool TryPass(IPAddress source, long nowMs)
    {
        var (burst, intervalMs) = IPAddress.IsLoopback(source) ? (LoopbackBurst, IntervalMs / LoopbackBurst) : (Burst, IntervalMs);
        var fullAtMs = Math.Max(_fullAtMs.GetValueOrDefault(source, nowMs), nowMs) + intervalMs;
        if (fullAtMs - nowMs > burst * intervalMs || (!_fullAtMs.ContainsKey(source) && !HasRoom(nowMs)))
        {
            return false;
        }

        _fullAtMs[source] = fullAtMs;
        return true;
    }

    private bool HasRoom(long nowMs)
    {
        if (_fullAtMs.Count < MaxSources)
        {
            return true;
        }

        // At most once a second, or a flood of invented addresses would cost a sweep for each datagram.
        if (nowMs - IntervalMs < _sweptAtMs)
        {
            return false;
        }

        _sweptAtMs = nowMs;
        foreach (var (source, fullAtMs) in _fullAtMs)
        {
            if (fullAtMs <= nowMs)
            {
                _fullAtMs.Remove(source);
            }
        }

        return _fullAtMs.Count < MaxSources;
    }
}
