using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Live;

/// <summary>Torrents taken off the list that can still be brought back: stopped at once, forgotten after <see cref="Grace"/>. Files are never touched. Thread-safe.</summary>
/// <remarks>When the process ends within the grace, they are still there, stopped, after the next start: nothing is lost by accident.</remarks>
internal sealed class PendingRemovals(IEngineAccess engine, TimeProvider clock)
{
    /// <summary>How long a removal can be undone.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Afterglow = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<InfoHash, Pending> _pending = [];
    private volatile IReadOnlySet<InfoHash> _hidden = new HashSet<InfoHash>();

    /// <summary>What no list shows any more; a new set with every change.</summary>
    public ICollection<InfoHash> Hidden => (ICollection<InfoHash>)_hidden;

    /// <summary>Something went or came back; any thread.</summary>
    public event Action? Changed;

    /// <summary>Takes torrents off the list; throws what the engine says when one cannot be stopped.</summary>
    public async Task RemoveAsync(IReadOnlyCollection<InfoHash> torrents)
    {
        foreach (var torrent in torrents)
        {
            if (engine.Find(torrent) is { } found)
            {
                var wasRunning = found.Snapshot.State is not (TorrentState.Stopped or TorrentState.Error);
                lock (_lock)
                {
                    if (_pending.Remove(torrent, out var before))
                    {
                        before.Timer.Dispose();
                    }

                    _pending[torrent] = new Pending(wasRunning, clock.CreateTimer(_ => _ = FinishAsync(torrent), null, Grace, Timeout.InfiniteTimeSpan));
                }

                Publish();
                if (wasRunning)
                {
                    await found.StopAsync();
                }
            }
        }
    }

    /// <summary>Brings torrents back as they were; those that are gone already stay gone.</summary>
    public async Task UndoAsync(IReadOnlyCollection<InfoHash> torrents)
    {
        foreach (var torrent in torrents)
        {
            if (Take(torrent) is { WasRunning: true } && engine.Find(torrent) is { } found)
            {
                await found.StartAsync();
            }
        }
    }

    private async Task FinishAsync(InfoHash torrent)
    {
        if (engine.Find(torrent) is not null)
        {
            try
            {
                await engine.RemoveAsync(torrent, deleteData: false);
            }
            catch (TorrentEngineException)
            {
                // It stays in the list with the engine's own sentence (a full disk, a state that cannot be saved): there it can be removed again.
                Take(torrent);
                return;
            }
        }

        // Hidden a moment longer: a page that still shows the beat before must not show the row again.
        lock (_lock)
        {
            if (_pending.TryGetValue(torrent, out var pending))
            {
                pending.Timer.Dispose();
                _pending[torrent] = new Pending(false, clock.CreateTimer(_ => Take(torrent), null, Afterglow, Timeout.InfiniteTimeSpan));
            }
        }
    }

    private Pending? Take(InfoHash torrent)
    {
        Pending? pending;
        lock (_lock)
        {
            if (_pending.Remove(torrent, out pending))
            {
                pending.Timer.Dispose();
            }
        }

        Publish();
        return pending;
    }

    private void Publish()
    {
        lock (_lock)
        {
            _hidden = _pending.Keys.ToHashSet();
        }

        Changed?.Invoke();
    }

    private sealed record Pending(bool WasRunning, ITimer Timer);
}
