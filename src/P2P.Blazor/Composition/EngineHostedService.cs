using P2P.Blazor.Configuration;
using P2P.Blazor.Live;
using P2P.Engine;

namespace P2P.Blazor.Composition;

/// <summary>Starts the engine before the page is served, and drains it after: it is registered before the web server and so stops last.</summary>
/// <remarks>A start that is refused throws the engine's <see cref="TorrentEngineException"/>; <see cref="ClientHost"/> turns it into an exit code.</remarks>
internal sealed class EngineHostedService(EngineSettings settings, EngineAccess access, ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    private TorrentEngine? _engine;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _engine = await TorrentEngine.StartAsync(settings.Options, loggers, cancellationToken);
        access.Attach(_engine);
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    /// <summary>Stops the engine if it runs: also when another part of the start failed and no stop is asked for.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _engine, null) is { } engine)
        {
            await engine.DisposeAsync();
        }
    }
}
