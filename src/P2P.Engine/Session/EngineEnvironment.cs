using P2P.Engine.Runtime;
using P2P.Engine.Storage;
using P2P.Engine.Transport;

namespace P2P.Engine.Session;

/// <summary>The five seams through which time, network, disk, scheduling and randomness enter; nothing else. Immutable.</summary>
/// <param name="Clock">Wall and monotonic time, and timers.</param>
/// <param name="Network">Sockets, names, HTTP.</param>
/// <param name="Disk">Makes the disk, given the pool its blocks come from.</param>
/// <param name="Scheduler">Runs loops.</param>
/// <param name="Seed">Makes each run's random choices its own, or a simulation's repeatable.</param>
internal sealed record EngineEnvironment(
    TimeProvider Clock, INetwork Network, Func<BlockPool, IDisk> Disk, ILoopScheduler Scheduler, int Seed)
{
    /// <summary>The other half of the seam of randomness: fills a span with bytes nobody can foresee (R-G05). A simulation repeats them from its seed.</summary>
    public Action<Span<byte>> Entropy { get; init; } = System.Security.Cryptography.RandomNumberGenerator.Fill;
}
