using P2P.Engine;

namespace P2P.Blazor.Live;

/// <summary>Asks for a snapshot that no beat carries (DHT, embedded tracker, creations) once a second while its page is visible. One owner; dispose it with the page.</summary>
/// <remarks>Never two questions at a time: a slow answer skips seconds. <paramref name="onChanged"/> is called from any thread.</remarks>
internal sealed class SnapshotPoll<T>(Func<CancellationToken, Task<T>> ask, PageVisibility visibility, Action onChanged) : IDisposable
    where T : class
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closed = new();
    private ITimer? _timer;
    private int _isAsking;

    /// <summary>The last answer; null before the first.</summary>
    public T? Latest { get; private set; }

    /// <summary>Why the last question failed, in one sentence; null when it did not.</summary>
    public string? Error { get; private set; }

    /// <summary>Asks for the first time, then each second.</summary>
    public async Task StartAsync(TimeProvider clock)
    {
        await AskAsync();
        _timer = clock.CreateTimer(_ => _ = visibility.IsVisible ? AskAsync() : Task.CompletedTask, null, Beat, Beat);
    }

    /// <summary>Asks now, out of turn: after a command whose effect should be seen at once.</summary>
    public async Task AskAsync()
    {
        if (_closed.IsCancellationRequested || Interlocked.Exchange(ref _isAsking, 1) == 1)
        {
            return;
        }

        try
        {
            Latest = await ask(_closed.Token);
            Error = null;
        }
        catch (TorrentEngineException failure)
        {
            Error = failure.Message;
        }
        catch (OperationCanceledException) when (_closed.IsCancellationRequested)
        {
            return; // The page is gone.
        }
        finally
        {
            Volatile.Write(ref _isAsking, 0);
        }

        onChanged();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _closed.Cancel();
    }
}
