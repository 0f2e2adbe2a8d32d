using System.Globalization;
using static P2P.Engine.DiagnosisArgument;

namespace P2P.Engine.Session.History;

/// <summary>What the session is like at a beat, as far as events are made of it.</summary>
internal readonly record struct SessionFacts(string? ListenError, int ListenPort, string? StateError, int OpenConnections, int MaxConnections);

/// <summary>Makes events of what changed from beat to beat. Pure; told the facts.</summary>
internal sealed class SessionWatch
{
    private SessionFacts _last;
    private bool _isFull;

    /// <summary>Events of the beat.</summary>
    public IEnumerable<EngineEvent> Observe(SessionFacts facts, DateTimeOffset at)
    {
        var last = _last;
        _last = facts;
        if (facts.ListenError is { } error && last.ListenError is null)
        {
            yield return new EngineEvent(at, EngineEventKind.PortUnavailable, null, $"Peers cannot reach us: {error}") { Arguments = [Words("message", error)] };
        }
        else if (facts.ListenError is null && last.ListenError is not null)
        {
            yield return new EngineEvent(at, EngineEventKind.PortAvailable, null, string.Create(CultureInfo.InvariantCulture, $"Peers can reach us again, on port {facts.ListenPort}."))
            {
                Arguments = [Number("port", facts.ListenPort)],
            };
        }

        if (facts.StateError is { } fault && last.StateError is null)
        {
            yield return new EngineEvent(at, EngineEventKind.StateNotSaved, null, $"State cannot be saved, so a restart would lose it: {fault}") { Arguments = [Words("message", fault)] };
        }
        else if (facts.StateError is null && last.StateError is not null)
        {
            yield return new EngineEvent(at, EngineEventKind.StateSaved, null, "State is saved again.");
        }

        // Told again only after a tenth was free, or each connection that comes and goes would tell it.
        if (facts.OpenConnections >= facts.MaxConnections && facts.MaxConnections > 0 && !_isFull)
        {
            _isFull = true;
            yield return new EngineEvent(
                at, EngineEventKind.LimitReached, null,
                string.Create(CultureInfo.InvariantCulture, $"All {facts.MaxConnections:N0} connections are in use, so no further peer is connected until one leaves."))
            {
                Arguments = [Number("limit", facts.MaxConnections)],
            };
        }

        _isFull &= facts.OpenConnections > facts.MaxConnections * 9L / 10;
    }
}
