using System.Collections.Immutable;
using System.Text;
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
        _downloadBudget.Rate = _options.DownloadLimit;
        _uploadBudget.Rate = _options.UploadLimit;
        var plan = LoadPlan.Make(loaded.Session);
        _history.Begin(loaded.History);
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
        _discovery.Apply(_options, loaded.Session.DhtState);
        SpreadRules();
        foreach (var (identity, record) in plan.Torrents)
        {
            MakeEntry(identity, record);
        }

        _queue.Load(_torrents.Values);
        _queue.Decide(_options);

        _history.OnStarted(_torrents.Count, loaded.Session.WasCleanStop, _recoveryNotice ?? loaded.Session.RecoveryNotice);
        EngineLog.EngineStarted(_logger, _torrents.Count, _router.Local?.ToString() ?? "nothing", _options.DataDirectory);
        Publish();
        loaded.Done.TrySetResult();
    }

    private void OnAdd(SessionCommand.Add add)
    {
        var (metainfo, request, made, reply) = add;
        if (_torrents.TryGetValue(metainfo.InfoHash, out var present) && present is { Metainfo: null } && !_isStopping)
        {
            // A magnet link is waiting for just this.
            TakeMetadata(present, request.TorrentFile, [], reply);
            return;
        }

        if ((RefusalOf(metainfo.InfoHash) ?? RefusalOf(metainfo, made?.SaveRoot ?? request.SavePath)) is { } refusal)
        {
            reply.TrySetException(refusal);
            return;
        }

        var record = NewRecord.Of(metainfo.InfoHash, metainfo.Name, request, _options, _environment.Clock.GetUtcNow());
        record = made is null ? record : NewRecord.Made(record, metainfo, made);
        var entry = MakeEntry(new TorrentIdentity(metainfo, null), record);
        _queue.Add(entry);
        _ = _servant.AddAsync(entry.Record, request.TorrentFile, reply);
    }

    private void OnAddMagnet(SessionCommand.AddMagnet add)
    {
        var (magnet, request, reply) = add;
        if (RefusalOf(magnet.InfoHash) is { } refusal)
        {
            reply.TrySetException(refusal);
            return;
        }

        var record = NewRecord.Of(magnet.InfoHash, magnet.Name ?? magnet.InfoHash.ToString(), request, _options, _environment.Clock.GetUtcNow());
        var entry = MakeEntry(new TorrentIdentity(null, magnet), record);
        _queue.Add(entry);

        // The link takes the place of the .torrent until there is one, so that it is as safe.
        _ = _servant.AddAsync(entry.Record, Encoding.UTF8.GetBytes(magnet.ToString()), reply);
    }

    private void OnMetadataFound(SessionCommand.MetadataFound found)
    {
        if (EntryOf(found.Torrent) is { Metainfo: null } entry)
        {
            TakeMetadata(entry, MetainfoBuilder.Wrap(found.InfoBytes, entry.Tiers), found.Peers, reply: null);
        }
    }

    // The .torrent is kept before anything is written by its word; then the magnet link's loop gives way to a torrent's.
    private void TakeMetadata(TorrentEntry entry, ReadOnlyMemory<byte> file, ImmutableArray<PeerEndpoint> peers, TaskCompletionSource<TorrentPort>? reply)
    {
        TorrentMetainfo metainfo;
        try
        {
            metainfo = MetainfoReader.Read(file);
            if (RefusalOf(metainfo, entry.Record.SharedRoot) is { } refusal)
            {
                throw refusal;
            }
        }
        catch (Exception exception) when (exception is MetainfoException or TorrentEngineException)
        {
            var code = (exception as MetainfoException)?.Code ?? ((TorrentEngineException)exception).Code;
            entry.Loop.Post(new TorrentCommand.Fail(new DiskError(code, exception.Message, IsTransient: false)));
            reply?.TrySetException(exception as TorrentEngineException ?? new TorrentEngineException(code, exception.Message, exception));
            return;
        }

        var record = entry.Record with
        {
            Name = metainfo.Name,
            IsStarted = entry.Record.IsStarted && !entry.Record.ChoosesFiles,
            FilePriorities = entry.Magnet?.PrioritiesOf(metainfo) ?? [],
        };
        _ = _servant.KeepMetadataAsync(new SessionCommand.MetadataKept(entry.Loop, metainfo, record, peers, reply), file);
    }

    private void OnMetadataKept(SessionCommand.MetadataKept kept)
    {
        if (EntryOf(kept.Torrent) is not { Metainfo: null } entry)
        {
            kept.Reply?.TrySetException(NotFound(kept.Record.InfoHash));
            return;
        }

        if (kept.Failure is { } failure)
        {
            var explained = StoreServant.Explain(failure, "The metadata is here but could not be saved");
            entry.Loop.Post(new TorrentCommand.Fail(new DiskError(explained.Code, explained.Message, IsTransient: true)));
            kept.Reply?.TrySetException(explained);
            return;
        }

        // What the user changed while it was being kept stays changed.
        var isStarted = kept.Record.IsStarted && entry.Record.IsStarted;
        entry.Record = entry.Record with { Name = kept.Record.Name, IsStarted = isStarted, FilePriorities = kept.Record.FilePriorities };
        _router.Unserve(kept.Torrent);
        kept.Torrent.Post(new TorrentCommand.Stop(null));
        _history.Part(entry);
        entry.Become(kept.Metainfo, _factory.Make(kept.Metainfo, entry.Record, _options, Rules()));
        entry.Loop.Post(FullTick);
        _queue.Decide(_options);
        if (entry.IsLetRun)
        {
            _discovery.OnMetadata(entry);
        }
        else
        {
            Part(entry);
        }

        // Of a private torrent only its trackers may name peers, so those that others named are let go.
        entry.Loop.Post(new TorrentCommand.PeersFound(entry.IsPrivate ? [] : kept.Peers, PeerSource.Resume));
        Tell(entry.Record.InfoHash, EngineEventKind.MetadataReceived, $"The metadata of {kept.Metainfo.Name} is here.");
        Publish();
        kept.Reply?.TrySetResult(entry.Port);
    }

    private TorrentEngineException? RefusalOf(InfoHash infoHash) =>
        _isStopping ? new TorrentEngineException("engine.stopping", "The program is stopping; add the torrent again after it has started.")
        : _torrents.TryGetValue(infoHash, out var present) ? new TorrentEngineException("torrent.duplicate", $"This torrent is already here: \"{present.Record.Name}\".")
        : null;

    private TorrentEngineException? RefusalOf(TorrentMetainfo metainfo, string? savePath, TorrentEntry? except = null)
    {
        if (!metainfo.HasV1)
        {
            return new TorrentEngineException("torrent.v2_only", "This torrent is v2 only, which cannot be transferred yet; ask its maker for a hybrid one.");
        }

        return SavePaths.RefusalOf(metainfo, Path.GetFullPath(savePath ?? _options.SharedDirectory), _torrents.Values.Where(entry => entry != except), _options);
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
            added.Reply.TrySetException(StoreServant.Explain(failure, "The torrent was not added, because it could not be saved"));
            return;
        }

        entry.IsReady = true;
        _queue.Decide(_options);
        Tell(added.InfoHash, EngineEventKind.Added, $"{entry.Record.Name} was added{(entry.Record.IsStarted ? "" : ", stopped")}.");
        Publish();
        added.Reply.TrySetResult(entry.Port);
    }

    private TorrentEntry MakeEntry(TorrentIdentity identity, TorrentRecord record)
    {
        SwarmLoop loop = identity.Metainfo is { } metainfo
            ? _factory.Make(metainfo, record, _options, Rules())
            : _factory.Make(identity.Magnet!, record, _options, Rules());
        var entry = new TorrentEntry(identity, record, new TorrentPort(loop, loop.FirstRow(), record.SeedingTime, record.LastActivityAt));
        _torrents.Add(record.InfoHash, entry);
        Volatile.Write(ref _ports, _ports.SetItem(record.InfoHash, entry.Port));
        if (record.Trackers is not null)
        {
            DiscoveryBridge.TellUntried(entry);
        }

        loop.Post(FullTick);
        return entry;
    }

    // Something that the queue goes by has changed.
    private void Turn()
    {
        _isDirty |= _queue.Decide(_options);
        SetBeat();
        if (_isDirty)
        {
            Publish();
        }
    }

    // The loop has let go of its files: another one is made from the record.
    private void Remake(TorrentEntry entry)
    {
        _router.Unserve(entry.Loop);
        _history.Part(entry);
        entry.Become(entry.Metainfo!, _factory.Make(entry.Metainfo!, entry.Record, _options, Rules()));
        entry.Loop.Post(FullTick);
    }

    private void OnProgressMade(SessionCommand.Progress progress)
    {
        if (EntryOf(progress.Torrent) is { } entry)
        {
            MoveDesk.Take(entry, progress.What);
            _ = _servant.RecordAsync(entry.Loop, entry.Record, progress.What);
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
        _ = _servant.RemoveAsync(remove.InfoHash, done.Task, remove.Reply);
    }

    private void OnRemoved(SessionCommand.Removed removed)
    {
        if (removed.Failure is { } failure)
        {
            removed.Reply.TrySetException(StoreServant.Explain(failure, "The torrent could not be removed"));
            return;
        }

        var name = _torrents.TryGetValue(removed.InfoHash, out var entry) ? entry.Record.Name : removed.InfoHash.ToString();
        Drop(removed.InfoHash);
        Tell(removed.InfoHash, EngineEventKind.Removed, $"{name} was removed.");
        Publish();
        removed.Reply.TrySetResult();
    }

    private void Drop(InfoHash infoHash)
    {
        if (_torrents.Remove(infoHash, out var entry))
        {
            _router.Unserve(entry.Loop);
            _history.Part(entry);
            _queue.Remove(entry);
            MoveDesk.OnGone(entry);
            Part(entry);
            _queue.Decide(_options);
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
        _queue.KeepLabels(change.Patch.Labels);
        var kept = SettingsOverlay.Keep(_kept, change.Patch);
        _history.OnSettings(_kept, kept);
        _kept = kept;
        _budget.MaxConnections = _options.MaxConnections;
        _downloadBudget.Rate = _options.DownloadLimit;
        _uploadBudget.Rate = _options.UploadLimit;
        foreach (var farewell in _discovery.Apply(_options))
        {
            _farewells.Add(farewell);
        }

        SpreadRules();
        _rounds.Forget();
        _queue.Decide(_options);
        _rounds.Compute(_torrents.Values, _options);
        SetBeat();
        Publish();
        _ = StoreServant.AnswerAsync(_store.SaveSettingsAsync(_kept), change.Reply);
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

        // Our tracker ends last: our own torrents may have to say good-bye to it.
        _ = _farewells.WaitAsync(
            stops, () => _discovery.StopDhtAsync() is { } state ? _servant.KeepDhtAsync(state) : Task.CompletedTask, _discovery.StopOthersAsync, reply);
    }

    private void Tell(InfoHash torrent, EngineEventKind kind, string sentence) => OnTell(new SessionCommand.Tell(torrent, new TorrentNews(kind, sentence, [])));

    private void Part(TorrentEntry entry) => _farewells.Add(_discovery.Unfollow(entry));

    private static TorrentEngineException NotFound(InfoHash infoHash) =>
        new("torrent.not_found", $"No torrent with the infohash {infoHash} is here.");
}
