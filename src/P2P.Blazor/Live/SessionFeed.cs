using P2P.Engine;

namespace P2P.Blazor.Live;

/// <summary>Hands every circuit the latest snapshot, never a queue: one wait on the engine for all of them, latest wins. Thread-safe.</summary>
/// <remarks>Waits on the engine only while somebody listens; an idle host with no page open costs nothing.</remarks>
internal sealed class SessionFeed(IEngineAccess engine, TimeProvider clock) : IDisposable
{
    /// <summary>Least time between two wakes: commands publish at once, and a burst of them must not flood a circuit.</summary>
    public static readonly TimeSpan MinBeat = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly HashSet<Action> _listeners = [];
    private CancellationTokenSource? _running;

    /// <summary>The session as of the last beat.</summary>
    public SessionSnapshot Current => engine.Snapshot;

    /// <summary>Calls <paramref name="onBeat"/> after each change, from any thread, until disposed. It must return at once and not throw.</summary>
    public IDisposable Listen(Action onBeat)
    {
        lock (_lock)
        {
            _listeners.Add(onBeat);
            if (_running is null)
            {
                _running = new CancellationTokenSource();
                _ = BeatAsync(engine.Snapshot.Version, _running.Token);
            }
        }

        return new Listening(this, onBeat);
    }

    /// <inheritdoc/>
    public void Dispose() => Stop();

    private async Task BeatAsync(long seenVersion, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                seenVersion = (await engine.WaitForChangeAsync(seenVersion, cancellation)).Version;
                foreach (var listener in Listeners())
                {
                    listener();
                }

                await Task.Delay(MinBeat, clock, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The last listener left.
        }
    }

    private Action[] Listeners()
    {
        lock (_lock)
        {
            return [.. _listeners];
        }
    }

    private void Leave(Action listener)
    {
        lock (_lock)
        {
            if (_listeners.Remove(listener) && _listeners.Count == 0)
            {
                Stop();
            }
        }
    }

    private void Stop()
    {
        lock (_lock)
        {
            _running?.Cancel();
            _running?.Dispose();
            _running = null;
        }
    }

    private sealed class Listening(SessionFeed feed, Action listener) : IDisposable
    {
        public void Dispose() => feed.Leave(listener);
    }
}
