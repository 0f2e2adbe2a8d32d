using Microsoft.Extensions.Logging;

namespace P2P.Harness;

/// <summary>Watches the engine's log for what a start decided to trust and to hash, and hands it on as a line "H trusted toCheck sentence".</summary>
internal sealed class ResumeLog(Action<string> say) : ILoggerFactory, ILogger
{
    // EngineLog.TorrentResumes.
    private const int ResumeEvent = 204;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The lines go to the harness.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == ResumeEvent && state is IReadOnlyList<KeyValuePair<string, object?>> values)
        {
            var facts = values.ToDictionary(pair => pair.Key, pair => pair.Value);
            say($"H {facts["Trusted"]} {facts["ToCheck"]} {facts["Sentence"]}");
        }
        else if (logLevel >= LogLevel.Error)
        {
            say("E " + $"{formatter(state, exception)} {exception}".ReplaceLineEndings(" "));
        }
    }

    public void Dispose()
    {
    }
}
