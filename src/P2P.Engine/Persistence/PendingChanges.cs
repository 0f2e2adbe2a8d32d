using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Session;

namespace P2P.Engine.Persistence;

/// <summary>The dirty set: at most one change per torrent, and everyone who waits for it. Thread: the store's.</summary>
internal sealed class PendingChanges
{
    private readonly Dictionary<InfoHash, PendingTorrent> _torrents = [];
    private readonly List<TaskCompletionSource> _settingsWaiters = [];
    private readonly List<TaskCompletionSource> _flushWaiters = [];

    /// <summary>Settings to write; null leaves them.</summary>
    public ImmutableDictionary<string, string>? Settings { get; private set; }

    /// <summary>Somebody waits for more than a routine save: the batch is written at once.</summary>
    public bool IsUrgent { get; private set; }

    /// <summary>Nothing to write and nobody waiting.</summary>
    public bool IsEmpty => _torrents.Count == 0 && Settings is null && _flushWaiters.Count == 0;

    /// <summary>Changed torrents.</summary>
    public IReadOnlyDictionary<InfoHash, PendingTorrent> Torrents => _torrents;

    /// <summary>A torrent whose .torrent file is in place.</summary>
    public void Add(TorrentRecord record, TaskCompletionSource waiter)
    {
        var slot = Slot(record.InfoHash);
        (slot.Record, slot.IsNew, slot.IsRemoved) = (record, true, false);
        slot.UrgentWaiters.Add(waiter);
        IsUrgent = true;
    }

    /// <summary>A newer record; false when the torrent is on its way out.</summary>
    public bool Save(TorrentRecord record, TaskCompletionSource waiter)
    {
        var slot = Slot(record.InfoHash);
        if (slot.IsRemoved)
        {
            return false;
        }

        slot.Record = record;
        slot.SaveWaiters.Add(waiter);
        return true;
    }

    /// <summary>A torrent to forget.</summary>
    public void Remove(InfoHash infoHash, TaskCompletionSource waiter)
    {
        var slot = Slot(infoHash);
        slot.IsRemoved = true;
        slot.UrgentWaiters.Add(waiter);
        IsUrgent = true;
    }

    /// <summary>Settings replace those that wait.</summary>
    public void SaveSettings(ImmutableDictionary<string, string> settings, TaskCompletionSource waiter)
    {
        Settings = settings;
        _settingsWaiters.Add(waiter);
        IsUrgent = true;
    }

    /// <summary>Write what waits, now.</summary>
    public void Flush(TaskCompletionSource waiter)
    {
        _flushWaiters.Add(waiter);
        IsUrgent = true;
    }

    /// <summary>All of it is durable: everyone's task completes.</summary>
    public void Complete()
    {
        foreach (var waiter in _torrents.Values.SelectMany(slot => slot.SaveWaiters.Concat(slot.UrgentWaiters))
            .Concat(_settingsWaiters).Concat(_flushWaiters))
        {
            waiter.TrySetResult();
        }

        Clear();
    }

    /// <summary>
    /// It could not be written. Whoever asked for something to be done (add, remove, settings, flush) is told, and that change is dropped, so that
    /// nothing is done later that was reported as failed; routine saves stay and wait for the next attempt.
    /// </summary>
    public void Fail(TorrentEngineException exception)
    {
        foreach (var (infoHash, slot) in _torrents.ToArray())
        {
            FailAll(slot.UrgentWaiters, exception);
            if (slot.IsNew)
            {
                FailAll(slot.SaveWaiters, exception);
            }

            slot.IsRemoved = false;
            if (slot.IsNew || slot.Record is null)
            {
                _torrents.Remove(infoHash);
            }
        }

        FailAll(_settingsWaiters, exception);
        FailAll(_flushWaiters, exception);
        Settings = null;
        IsUrgent = false;
    }

    /// <summary>The store closes: nobody waits any longer.</summary>
    public void Abandon(TorrentEngineException exception)
    {
        Fail(exception);
        foreach (var slot in _torrents.Values)
        {
            FailAll(slot.SaveWaiters, exception);
        }

        Clear();
    }

    private void Clear()
    {
        _torrents.Clear();
        _settingsWaiters.Clear();
        _flushWaiters.Clear();
        Settings = null;
        IsUrgent = false;
    }

    private PendingTorrent Slot(InfoHash infoHash)
    {
        if (!_torrents.TryGetValue(infoHash, out var slot))
        {
            _torrents[infoHash] = slot = new PendingTorrent();
        }

        return slot;
    }

    private static void FailAll(List<TaskCompletionSource> waiters, TorrentEngineException exception)
    {
        foreach (var waiter in waiters)
        {
            waiter.TrySetException(exception);

            // Seen: not everyone awaits a save, and the store's own error is reported apart.
            _ = waiter.Task.Exception;
        }

        waiters.Clear();
    }
}

/// <summary>What waits to be written about one torrent.</summary>
internal sealed class PendingTorrent
{
    /// <summary>The newest record; null when only a removal waits.</summary>
    public TorrentRecord? Record { get; set; }

    /// <summary>Not in the database yet.</summary>
    public bool IsNew { get; set; }

    /// <summary>To be forgotten; beats <see cref="Record"/>.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>Who waits for a routine save.</summary>
    public List<TaskCompletionSource> SaveWaiters { get; } = [];

    /// <summary>Who waits for an add or a removal.</summary>
    public List<TaskCompletionSource> UrgentWaiters { get; } = [];
}
