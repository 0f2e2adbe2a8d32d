using System.Collections.Immutable;
using P2P.Engine.Diagnostics;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <content>The torrent table: load, add, change, record, remove, shut down; and the shares of the upload rate.</content>
internal sealed partial class SessionLoop
{
    private static readonly TorrentCommand.Tick FullTick = new(IsFull: true);
    private static readonly TorrentCommand.Tick FastTick = new(IsFull: false);

    private void OnLoaded(SessionCommand.Loaded loaded)
    {
        _kept = loaded.Session.Settings;
        Volatile.Write(ref _options, SettingsOverlay.Read(_kept).ApplyTo(_options));
        _budget.MaxConnections = _options.MaxConnections;
        _downloadBudget.Rate = _options.MaxDownloadRate;
        _uploadBudget.Rate = _options.MaxUploadRate;
        var plan = LoadPlan.Make(loaded.Session);
        _recoveryNotice = plan.Notice;
        if (loaded.Session.RecoveryNotice is { } notice)
        {
            EngineLog.Recovered(_logger, notice);
        }

        foreach (var (infoHash, reason) in plan.Refusals)
        {
            EngineLog.LoadFailed(_logger, infoHash, reason);
        }

        Listen();
        foreach (var (metainfo, record) in plan.Torrents)
        {
            var entry = MakeEntry(metainfo, record);
            if (record.IsStarted)
            {
                entry.Loop.Post(new TorrentCommand.Start());
            }
        }

        EngineLog.EngineStarted(_logger, _torrents.Count, _router.Local?.ToString() ?? "nothing", _options.DataDirectory);
        Publish();
        loaded.Done.TrySetResult();
    }

    private void OnAdd(SessionCommand.Add add)
    {
        var (metainfo, request, reply) = add;
        if (RefusalOf(metainfo, request) is { } refusal)
        {
            reply.TrySetException(refusal);
            return;
        }

        var record = new TorrentRecord
        {
            InfoHash = metainfo.InfoHash,
            Name = metainfo.Name,
            IsStarted = request.Start,
            IsSequential = request.Sequential,
            AddedAt = _environment.Clock.GetUtcNow(),
            SharedRoot = request.SavePath is null ? Path.GetFullPath(_options.SharedDirectory) : Path.GetFullPath(request.SavePath),
            FilePriorities = request.FilePriorities,
        };
        MakeEntry(metainfo, record);
        _ = KeepAsync(record, request.TorrentFile, reply);
    }

    private TorrentEngineException? RefusalOf(TorrentMetainfo metainfo, AddTorrentRequest request)
    {
        if (_isStopping)
        {
            return new TorrentEngineException("engine.stopping", "The program is stopping; add the torrent again after it has started.");
        }

        if (_torrents.TryGetValue(metainfo.InfoHash, out var present))
        {
            return new TorrentEngineException("torrent.duplicate", $"This torrent is already here: \"{present.Record.Name}\".");
        }

        if (!metainfo.HasV1)
        {
            return new TorrentEngineException("torrent.v2_only", "This torrent is v2 only, which cannot be transferred yet; ask its maker for a hybrid one.");
        }

        var root = Path.GetFullPath(request.SavePath ?? _options.SharedDirectory);
        return SavePaths.RefusalOf(metainfo, root, _torrents.Values.Select(entry => (entry.Record.Name, RootOf(entry.Record), entry.Metainfo)));
    }

    private async Task KeepAsync(TorrentRecord record, ReadOnlyMemory<byte> file, TaskCompletionSource<TorrentPort> reply)
    {
        Exception? failure = null;
        try
        {
            await _store.AddAsync(record, file).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Any failure of the store reaches the caller as the answer to its command.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        Post(new SessionCommand.Added(record.InfoHash, failure, reply));
    }

    private void OnAdded(SessionCommand.Added added)
    {
        if (!_torrents.TryGetValue(added.InfoHash, out var entry))
        {
            added.Reply.TrySetException(NotFound(added.InfoHash));
            return;
        }

        if (added.Failure is { } failure)
        {
            Drop(added.InfoHash);
            added.Reply.TrySetException(failure as TorrentEngineException
                ?? new TorrentEngineException("state.not_saved", $"The torrent was not added, because it could not be saved: {failure.Message}", failure));
            return;
        }

        if (entry.Record.IsStarted)
        {
            entry.Loop.Post(new TorrentCommand.Start());
        }

        OnTell(new SessionCommand.Tell(added.InfoHash, EngineEventKind.Added, $"{entry.Record.Name} was added."));
        Publish();
        added.Reply.TrySetResult(entry.Port);
    }

    private TorrentEntry MakeEntry(TorrentMetainfo metainfo, TorrentRecord record)
    {
        var context = new TorrentContext(
            _environment.Clock, _environment.Scheduler, _disk, _blocks, _dialer, _budget, this, _downloadBudget, _uploadBudget, _logger);
        var setup = new TorrentSetup
        {
            Metainfo = metainfo,
            Seed = _random.Next(),
            AddedAt = record.AddedAt,
            CompletedAt = record.CompletedAt,
            WillStart = record.IsStarted,
            IsSequential = record.IsSequential,
            IsStrict = record.StrictTitForTat,
            Priorities = record.FilePriorities,
            Have = record.Have,
            PartialPieces = record.PartialPieces,
            Fingerprints = record.Fingerprints,
            IsCleanStop = record.IsCleanStop,
            WasChecked = record.WasChecked,
            Downloaded = record.Downloaded,
            Uploaded = record.Uploaded,
            Storage = new StorageSpec
            {
                InfoHash = metainfo.InfoHash,
                Geometry = metainfo.Geometry,
                PieceHashes = metainfo.PieceHashes,
                Files = [.. metainfo.Files.Select(file => new StorageFile(file.Path, file.Length, file.IsPad))],
                IncompleteRoot = Path.GetFullPath(_options.IncompleteDirectory),
                SharedRoot = RootOf(record),
                DirtyJournalPath = Path.Combine(Path.GetFullPath(_options.DataDirectory), "journals", metainfo.InfoHash + ".dirty"),
                StartsInSharedRoot = record.IsInSharedRoot,
            },
        };
        var loop = new TorrentLoop(context, setup, Rules());
        var entry = new TorrentEntry(metainfo, record, new TorrentPort(loop, loop.FirstRow()));
        _torrents.Add(metainfo.InfoHash, entry);
        Volatile.Write(ref _ports, _ports.SetItem(metainfo.InfoHash, entry.Port));
        loop.Post(FullTick);
        return entry;
    }

    private string RootOf(TorrentRecord record) => record.SharedRoot ?? Path.GetFullPath(_options.SharedDirectory);

    private void OnChange(SessionCommand.Change change)
    {
        if (!_torrents.TryGetValue(change.InfoHash, out var entry))
        {
            change.Reply.TrySetException(NotFound(change.InfoHash));
            return;
        }

        entry.Record = change.Edit(entry.Record);
        if (change.Command is { } command)
        {
            entry.Loop.Post(command);
        }

        _ = AnswerAsync(_store.SaveAsync(entry.Record), change.Reply);
    }

    private static async Task AnswerAsync(Task durable, TaskCompletionSource reply)
    {
        try
        {
            await durable.ConfigureAwait(false);
            reply.TrySetResult();
        }
#pragma warning disable CA1031 // Any failure of the store reaches the caller as the answer to its command.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            reply.TrySetException(exception as TorrentEngineException
                ?? new TorrentEngineException("state.not_saved", $"The change could not be saved: {exception.Message}", exception));
        }
    }

    private void OnAnnounce(SessionCommand.Announce announce)
    {
        if (_torrents.TryGetValue(announce.InfoHash, out var entry))
        {
            entry.Announcer?.AnnounceNow();
            announce.Reply.TrySetResult();
        }
        else
        {
            announce.Reply.TrySetException(NotFound(announce.InfoHash));
        }
    }

    private void OnProgressMade(SessionCommand.Progress progress)
    {
        if (EntryOf(progress.Torrent) is { } entry)
        {
            entry.Merge(progress.What);
            _ = RecordAsync(entry.Loop, entry.Record, progress.What);
        }
    }

    private async Task RecordAsync(SwarmLoop loop, TorrentRecord record, TorrentProgress progress)
    {
        try
        {
            var saved = _store.SaveAsync(record);
            if (progress.IsUrgent)
            {
                // When it fails the store says so itself, and the save waits for the retry that works.
                await _store.FlushAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await saved.ConfigureAwait(false);
            loop.Post(new TorrentCommand.ProgressRecorded(progress.Sequence));
        }
#pragma warning disable CA1031 // The store keeps what failed and tries again; the torrent's record is simply not durable yet.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            EngineLog.SaveFailed(_logger, exception.Message);
        }
    }

    private void OnRemove(SessionCommand.Remove remove)
    {
        if (!_torrents.TryGetValue(remove.InfoHash, out var entry))
        {
            remove.Reply.TrySetException(NotFound(remove.InfoHash));
            return;
        }

        var done = new TaskCompletionSource(); // answered on a loop; what follows only posts
        entry.Loop.Post(new TorrentCommand.Remove(remove.DeleteData, done));
        _ = RemoveAsync(remove, done.Task);
    }

    private async Task RemoveAsync(SessionCommand.Remove remove, Task letGo)
    {
        Exception? failure = null;
        try
        {
            await letGo.ConfigureAwait(false);
            await _store.RemoveAsync(remove.InfoHash).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Any failure reaches the caller as the answer to its command.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        Post(new SessionCommand.Removed(remove.InfoHash, failure, remove.Reply));
    }

    private void OnRemoved(SessionCommand.Removed removed)
    {
        if (removed.Failure is { } failure)
        {
            removed.Reply.TrySetException(failure as TorrentEngineException
                ?? new TorrentEngineException("state.not_saved", $"The torrent could not be removed: {failure.Message}", failure));
            return;
        }

        var name = _torrents.TryGetValue(removed.InfoHash, out var entry) ? entry.Record.Name : removed.InfoHash.ToString();
        Drop(removed.InfoHash);
        OnTell(new SessionCommand.Tell(removed.InfoHash, EngineEventKind.Removed, $"{name} was removed."));
        Publish();
        removed.Reply.TrySetResult();
    }

    private void Drop(InfoHash infoHash)
    {
        if (_torrents.Remove(infoHash, out var entry))
        {
            _router.Unserve(entry.Loop);
            if (entry.Announcer is { } announcer)
            {
                _farewells.Add(announcer.StopAsync());
            }
        }

        Volatile.Write(ref _ports, _ports.Remove(infoHash));
    }

    private void OnChangeSettings(SessionCommand.ChangeSettings change)
    {
        var mistakes = SettingsOverlay.Validate(change.Patch);
        if (mistakes.Length > 0)
        {
            change.Reply.TrySetException(new TorrentEngineException("settings.invalid", string.Join(" ", mistakes)));
            return;
        }

        Volatile.Write(ref _options, change.Patch.ApplyTo(_options));
        _kept = SettingsOverlay.Keep(_kept, change.Patch);
        _budget.MaxConnections = _options.MaxConnections;
        _downloadBudget.Rate = _options.MaxDownloadRate;
        _uploadBudget.Rate = _options.MaxUploadRate;
        SpreadRules();
        _rounds.Forget();
        _rounds.Compute(_torrents.Values, _options);
        SetBeat();
        Publish();
        _ = AnswerAsync(_store.SaveSettingsAsync(_kept), change.Reply);
    }

    private void OnShutdown(TaskCompletionSource reply)
    {
        _isStopping = true;
        _router.Dispose();
        var stops = _torrents.Values.Select(entry =>
        {
            var done = new TaskCompletionSource(); // answered on a loop; what follows only posts
            entry.Loop.Post(new TorrentCommand.Stop(done));
            return done.Task;
        }).ToArray();
        _ = SayGoodbyeAsync(stops, reply);
    }

    private async Task SayGoodbyeAsync(Task[] stops, TaskCompletionSource reply)
    {
        try
        {
            await Task.WhenAll(stops).WaitAsync(TimeSpan.FromSeconds(8), _environment.Clock).ConfigureAwait(false);
            await Task.WhenAll(_farewells.ToArray()).WaitAsync(TimeSpan.FromSeconds(5), _environment.Clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            EngineLog.StopDeadline(_logger, "torrents");
        }

        reply.TrySetResult();
    }

    private static TorrentEngineException NotFound(InfoHash infoHash) =>
        new("torrent.not_found", $"No torrent with the infohash {infoHash} is here.");
}
