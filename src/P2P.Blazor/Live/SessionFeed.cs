using P2P.Engine;

namespace P2P.Blazor.Live;

/// <summary>Hands every circuit the latest snapshot, never a queue: one wait on the engine for all of them, latest wins. Thread-safe.</summary>
/// <remarks>Waits on the engine only while somebody listens; an idle host with no page open costs nothing.</remarks>
internal sealed class SessionFeed(IEngineAccess engine, TimeProvider clock) : IDisposable
{
    /// <summary>Least time between two wakes: commands publish at once, and a burst of them must not flood a circuit.</summary>
    public static readonly TimeSpan MinBeat = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly HashSet<Listening> _listeners = [];
    private CancellationTokenSource? _running;

    /// <summary>The session as of the last beat.</summary>
    public SessionSnapshot Current => engine.Snapshot;

    /// <summary>Calls <paramref name="onBeat"/> after each change, from any thread but in the language of the caller, until disposed. It must return at once and not throw.</summary>
    public IDisposable Listen(Action onBeat)
    {
        var listening = new Listening(this, onBeat);
        lock (_lock)
        {
            _listeners.Add(listening);
            if (_running is null)
            {
                _running = new CancellationTokenSource();
                // Nobody's context: the wait serves all circuits.
                using var plain = ExecutionContext.SuppressFlow();
                _ = BeatAsync(engine.Snapshot.Version, _running.Token);
            }
        }

        return listening;
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
                    listener.Beat();
                }

                await Task.Delay(MinBeat, clock, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The last listener left.
        }
    }

    private Listening[] Listeners()
    {
        lock (_lock)
        {
            return [.. _listeners];
        }
    }

    private void Leave(Listening listener)
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

    // A circuit's language flows with its execution context, and a render that starts from here has to bring it along.
    private sealed class Listening(SessionFeed feed, Action onBeat) : IDisposable
    {
        private readonly ExecutionContext? _context = ExecutionContext.Capture();

        public void Beat()
        {
            if (_context is null)
            {
                onBeat();
            }
            else
            {
                ExecutionContext.Run(_context, static listener => ((Listening)listener!).Tell(), this);
            }
        }

        public void Dispose() => feed.Leave(this);

        private void Tell() => onBeat();
    }
}
