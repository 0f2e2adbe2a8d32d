using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>Keeps an engine's log lines, every level, to be printed when a test fails.</summary>
public sealed class TestLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly long _start = TimeProvider.System.GetTimestamp();

    /// <summary>All lines so far.</summary>
    public override string ToString() => string.Join('\n', _lines);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The lines stay here.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{TimeProvider.System.GetElapsedTime(_start).TotalSeconds:F3} {logLevel} {eventId.Id} {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
