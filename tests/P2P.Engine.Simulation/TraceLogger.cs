using Microsoft.Extensions.Logging;

namespace P2P.Engine.Simulation;

/// <summary>Puts an engine's log into the world's trace; an error of ours in it fails the run.</summary>
internal sealed class TraceLogger(SimulatedWorld world, string name) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        var message = formatter(state, exception);
        world.Trace.Write(world.Now, name, $"log {eventId.Id} {message}");

        // Errors are faults of the engine; what the network or the disk does to it is logged below that.
        if (logLevel >= LogLevel.Error || message.Contains("A fault of ours", StringComparison.Ordinal))
        {
            world.Fault($"{name}: {message} {exception}");
        }
    }
}
