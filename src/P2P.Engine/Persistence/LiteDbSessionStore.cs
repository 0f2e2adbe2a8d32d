using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using P2P.Engine.Primitives;
using P2P.Engine.Session;
using P2P.Engine.Session.History;

namespace P2P.Engine.Persistence;

/// <summary>The state at rest in one LiteDB database, owned by one dedicated thread; nothing is called saved before the device has it.</summary>
/// <remarks>
/// Layout of the data directory: p2p.db and p2p-log.db (the database), torrents/ (the .torrent files), copies/ (two known-good copies), lock,
/// lock.owner, format. Order of a batch: .torrent files, one transaction, log flushed, checkpoint, data file flushed, .torrent files of removed
/// torrents deleted; then the tasks complete. Waiting changes are taken together: routine saves go at most once per <see cref="SaveInterval"/>,
/// an add, removal, settings change or flush goes at once and takes along what waits. The last records are kept in memory, so that after a
/// failed write everything is written again instead of trusting what the database may still hold.
/// Thread: any may call; calls before <see cref="LoadAsync"/> fail with <see cref="InvalidOperationException"/>.
/// </remarks>
internal sealed class LiteDbSessionStore : ISessionStore
{
    /// <summary>Time routine saves are gathered (architecture 5.5: about once a second).</summary>
    public static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);

    /// <summary>Time between attempts while saving fails: soon enough to look automatic, rare enough to cost nothing.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    /// <summary>A changed database is copied this often; a copy of 10,000 torrents (40 MiB) takes the store's thread a fraction of a second.</summary>
    public static readonly TimeSpan CopyInterval = TimeSpan.FromMinutes(10);

    // Commands taken into one batch at most, so that a storm of them cannot keep the first waiting for ever.
    private const int CommandsPerBatch = 4096;

    private readonly string _directory;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly DurableFiles _files;
    private readonly MetainfoFiles _metainfo;
    private readonly DhtStateFile _dht;
    private readonly JournalFiles _journals;
    private readonly DatabaseCopies _copies;
    private readonly SessionRecovery _recovery;
    private readonly BlockingCollection<Action> _commands = [];
    private readonly ITimer _timer;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isTimerArmed;
    private int _isDisposed;
    private volatile bool _isStarted;
    private volatile string? _stateError;

    // From here on: the store's thread only.
    private readonly Dictionary<InfoHash, TorrentRecord> _known = [];
    private readonly PendingChanges _pending = new();
    private DataDirectoryLock? _lock;
    private SessionDatabase? _database;
    private ImmutableDictionary<string, string> _settings = ImmutableDictionary<string, string>.Empty;
    private long _revision;
    private DateTimeOffset _lastCopyAt;
    private bool _isTickDue;
    private bool _isLoaded;

    /// <summary>Touches nothing yet. <paramref name="files"/> is other than null only where a fault is wanted: tests, the harness's canary.</summary>
    public LiteDbSessionStore(string dataDirectory, TimeProvider clock, ILogger logger, DurableFiles? files = null)
    {
        _directory = Path.GetFullPath(dataDirectory);
        _clock = clock;
        _logger = logger;
        _files = files ?? new DurableFiles(StoreDurability.Full);
        _metainfo = new MetainfoFiles(_directory, _files);
        _dht = new DhtStateFile(_directory, _files, logger);
        _journals = new JournalFiles(_directory, _files, logger, TryPost);
        _copies = new DatabaseCopies(_directory, _files);
        _recovery = new SessionRecovery(_directory, _files, _metainfo, _copies, clock);
        _timer = clock.CreateTimer(OnTimer, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Why state cannot be saved, in one sentence; null when it can. Clears itself when a retry works.</summary>
    public string? StateError => _stateError;

    /// <inheritdoc/>
    public IJournalStore Journals => _journals;

    /// <inheritdoc/>
    /// <remarks>Once. Throws <see cref="TorrentEngineException"/>: "state.locked", "state.locking_unavailable", "state.newer", "disk.*".
    /// A torrent whose .torrent file is missing comes with empty bytes.</remarks>
    public Task<LoadedSession> LoadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_isStarted)
        {
            throw new InvalidOperationException("The state is loaded once.");
        }

        _isStarted = true;
        var loaded = new TaskCompletionSource<LoadedSession>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Run(loaded)) { IsBackground = true, Name = "P2P state" }.Start();
        return loaded.Task;
    }

    /// <inheritdoc/>
    /// <remarks>Fails with "disk.*" when it cannot be saved; the torrent is then not kept.</remarks>
    public Task AddAsync(TorrentRecord record, ReadOnlyMemory<byte> torrentFile) => Post(waiter =>
    {
        try
        {
            _metainfo.Write(record.InfoHash, torrentFile.Span);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var described = StateFault.Describe(exception, _directory);
            Report(described);
            ArmTimer(RetryInterval);
            waiter.TrySetException(described);
            return;
        }

        _pending.Add(record, waiter);
    });

    /// <inheritdoc/>
    /// <remarks>While saving fails the task waits for the retry that works. A record of a torrent that was never added, or was removed, is ignored.</remarks>
    public Task SaveAsync(TorrentRecord record)
    {
        var task = Post(waiter =>
        {
            var isKnown = _known.ContainsKey(record.InfoHash) || _pending.Torrents.ContainsKey(record.InfoHash);
            if (!isKnown || !_pending.Save(record, waiter))
            {
                waiter.TrySetResult();
            }
        });
        ArmTimer(SaveInterval);
        return task;
    }

    /// <inheritdoc/>
    public Task RemoveAsync(InfoHash infoHash) => Post(waiter => _pending.Remove(infoHash, waiter));

    /// <inheritdoc/>
    public Task SaveSettingsAsync(ImmutableDictionary<string, string> settings) => Post(waiter => _pending.SaveSettings(settings, waiter));

    /// <inheritdoc/>
    public async Task<byte[]> ReadTorrentAsync(InfoHash infoHash)
    {
        byte[] file = [];
        await Post(waiter =>
        {
            file = _metainfo.Read(infoHash);
            waiter.TrySetResult();
        }).ConfigureAwait(false);
        return file;
    }

    /// <inheritdoc/>
    public Task SaveDhtAsync(ReadOnlyMemory<byte> state) => Post(waiter => _dht.Write(state.Span, waiter));

    /// <inheritdoc/>
    public Task FlushAsync() => Post(_pending.Flush);

    /// <summary>Writes what waits, notes the clean stop, keeps a copy and frees the directory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _commands.CompleteAdding();
            if (!_isStarted)
            {
                _ended.TrySetResult();
            }
        }

        await _ended.Task.ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
    }

    private Task Post(Action<TaskCompletionSource> command)
    {
        if (!_isStarted)
        {
            throw new InvalidOperationException("The state is not loaded.");
        }

        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!TryPost(() => command(waiter)))
        {
            throw new ObjectDisposedException(nameof(LiteDbSessionStore));
        }

        return waiter.Task;
    }

    private bool TryPost(Action command)
    {
        try
        {
            _commands.Add(command);
            return true;
        }
        catch (InvalidOperationException)
        {
            // Closed between two lines of ours, or before.
            return false;
        }
    }

    private void ArmTimer(TimeSpan due)
    {
        if (Interlocked.Exchange(ref _isTimerArmed, 1) == 0)
        {
            _timer.Change(due, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer(object? state)
    {
        Volatile.Write(ref _isTimerArmed, 0);
        TryPost(() => _isTickDue = true);
    }

    private void Run(TaskCompletionSource<LoadedSession> loaded)
    {
        try
        {
            var session = Load();
            _isLoaded = true;
            loaded.SetResult(session);
        }
        catch (Exception exception)
        {
            loaded.SetException(exception is IOException or UnauthorizedAccessException ? StateFault.Describe(exception, _directory) : exception);
        }

        foreach (var command in _commands.GetConsumingEnumerable())
        {
            command();
            for (var taken = 1; taken < CommandsPerBatch && _commands.TryTake(out var next); taken++)
            {
                next();
            }

            if (!_isLoaded)
            {
                _pending.Abandon(new TorrentEngineException("state.closed", "The state could not be loaded, so nothing is saved."));
            }
            else if (_pending.IsUrgent || _isTickDue)
            {
                _isTickDue = false;
                WriteBatch(isCleanStop: false);
            }
        }

        CloseAll();
    }

    private LoadedSession Load()
    {
        _files.CreateDirectory(_directory);
        _lock = DataDirectoryLock.Acquire(_directory);
        var format = new StateFormat(_directory, _files);
        format.RefuseNewer();
        _metainfo.Prepare();
        _copies.Prepare();
        var opened = _recovery.Open();
        _database = opened.Database;
        _revision = opened.Content.Revision;
        _settings = opened.Content.Settings ?? _settings;
        foreach (var (infoHash, entry) in opened.Content.Torrents)
        {
            _known[infoHash] = entry.Record;
        }

        foreach (var infoHash in _metainfo.List().Where(infoHash => !_known.ContainsKey(infoHash)))
        {
            _metainfo.SetAside(infoHash);
            PersistenceLog.MetainfoSetAside(_logger, infoHash);
        }

        if (opened.Notice is null)
        {
            _journals.Prepare(_known.Keys); // After a recovery nothing is thrown away: a torrent may come back.
        }

        var wasCleanStop = opened.Notice is null && opened.Content.Meta is { IsCleanStop: true };
        var revisionAtRest = _revision;
        MarkRunning(format);
        if (!(wasCleanStop && _copies.List() is [var newest, ..] && newest.Revision == revisionAtRest))
        {
            KeepCopy();
        }

        return Present(opened.Notice, wasCleanStop);
    }

    /// <summary>From here on the last stop counts as unclean. A disk that refuses does not prevent the start: it is reported and retried.</summary>
    private void MarkRunning(StateFormat format)
    {
        try
        {
            format.Write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Report(StateFault.Describe(exception, _directory));
        }

        _pending.SaveSettings(_settings, new TaskCompletionSource());
        WriteBatch(isCleanStop: false);
    }

    private LoadedSession Present(string? notice, bool wasCleanStop)
    {
        var torrents = _known.Values.OrderBy(record => record.AddedAt).ThenBy(record => record.InfoHash)
            .Select(record => (record, _metainfo.Read(record.InfoHash))).ToImmutableArray();
        var missing = torrents.Count(torrent => torrent.Item2.Length == 0);
        if (missing > 0)
        {
            notice = (notice is null ? "" : notice + " ") + $"The .torrent files of {missing} torrents are missing; add them again to go on with them.";
        }

        PersistenceLog.StateLoaded(_logger, torrents.Length, _revision, wasCleanStop);
        if (notice is not null)
        {
            PersistenceLog.StateRecovered(_logger, notice);
        }

        return new LoadedSession(torrents, _settings, notice, wasCleanStop) { DhtState = _dht.Read() };
    }

    /// <summary>Writes the dirty set; true when it is durable. On failure the database is closed and opened again at the next attempt.</summary>
    private bool WriteBatch(bool isCleanStop)
    {
        if (_pending.IsEmpty && _database is not null && _stateError is null && !isCleanStop)
        {
            return true;
        }

        try
        {
            var isReopened = _database is null;
            var removed = _pending.Torrents.Where(pair => pair.Value.IsRemoved).Select(pair => pair.Key).ToHashSet();
            var saved = _pending.Torrents.Values.Where(slot => !slot.IsRemoved).Select(slot => slot.Record!).ToList();
            var after = isReopened ? Reopen(removed, saved) : saved;
            var count = _known.Count - removed.Count(_known.ContainsKey) + saved.Count(record => !_known.ContainsKey(record.InfoHash));
            var settings = _pending.Settings ?? (isReopened ? _settings : null);
            _database!.Write(new StateBatch(after, removed, settings, new StateMeta(_revision + 1, count, isCleanStop)));
            Settle(removed, saved);
            return true;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            CloseDatabase();
            var described = exception as TorrentEngineException ?? StateFault.Describe(exception, _directory);
            Report(described);
            _pending.Fail(described);
            ArmTimer(RetryInterval);
            return false;
        }
    }

    /// <summary>Notes what is durable now, then tells everyone.</summary>
    private void Settle(HashSet<InfoHash> removed, List<TorrentRecord> saved)
    {
        _revision++;
        _settings = _pending.Settings ?? _settings;
        foreach (var record in saved)
        {
            _known[record.InfoHash] = record;
        }

        foreach (var infoHash in removed)
        {
            _known.Remove(infoHash);
            DeleteMetainfo(infoHash);
        }

        if (_stateError is not null)
        {
            _stateError = null;
            PersistenceLog.StateSavedAgain(_logger);
        }

        _pending.Complete();
        if (_isLoaded && _clock.GetUtcNow() - _lastCopyAt >= CopyInterval)
        {
            KeepCopy();
        }
    }

    /// <summary>The database has forgotten the torrent already; a file that stays behind is set aside at the next start.</summary>
    private void DeleteMetainfo(InfoHash infoHash)
    {
        try
        {
            _metainfo.Delete(infoHash);
            _journals.Delete(infoHash);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            PersistenceLog.MetainfoNotDeleted(_logger, infoHash, exception);
        }
    }

    /// <summary>
    /// Opens the database after a failed write and returns all records, so that nothing the failure may have spoiled is believed; torrents the
    /// database has and we have not (an add that was reported as failed) join <paramref name="removed"/>. One that no longer verifies is set aside.
    /// </summary>
    private List<TorrentRecord> Reopen(HashSet<InfoHash> removed, List<TorrentRecord> saved)
    {
        var (database, content) = _recovery.TryOpen();
        _database = database;
        if (database is null || content.Damage is not null)
        {
            CloseDatabase();
            _recovery.SetAside();
            (_database, content) = _recovery.TryOpen();
        }

        var all = new Dictionary<InfoHash, TorrentRecord>(_known);
        foreach (var record in saved)
        {
            all[record.InfoHash] = record;
        }

        removed.UnionWith(content.Torrents.Keys.Where(infoHash => !all.ContainsKey(infoHash)));
        foreach (var infoHash in removed)
        {
            all.Remove(infoHash);
        }

        _revision = Math.Max(_revision, content.Revision);
        return [.. all.Values];
    }

    private void KeepCopy()
    {
        if (_database is null)
        {
            return;
        }

        // Set first: a copy that fails is tried again after the interval, not with every batch.
        _lastCopyAt = _clock.GetUtcNow();
        try
        {
            _copies.Keep(_recovery.DatabasePath, _revision);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            PersistenceLog.CopyNotKept(_logger, exception);
        }
    }

    private void Report(TorrentEngineException exception)
    {
        if (_stateError != exception.Message)
        {
            _stateError = exception.Message;
            PersistenceLog.StateNotSaved(_logger, RetryInterval.TotalSeconds, exception.Message, exception);
        }
    }

    private void CloseAll()
    {
        try
        {
            if (_isLoaded && WriteBatch(isCleanStop: true))
            {
                CloseDatabase();
                _copies.Keep(_recovery.DatabasePath, _revision);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            PersistenceLog.CopyNotKept(_logger, exception);
        }
        finally
        {
            _pending.Abandon(new TorrentEngineException("state.closed", _stateError ?? "The state is closed."));
            CloseDatabase();
            _lock?.Dispose();
            _ended.TrySetResult();
        }
    }

    private void CloseDatabase()
    {
        try
        {
            _database?.Dispose();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            PersistenceLog.CloseFailed(_logger, exception);
        }

        _database = null;
    }
}
