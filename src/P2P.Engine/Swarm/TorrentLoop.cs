using System.Collections.Immutable;
using P2P.Engine.Diagnostics;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>One torrent's mind: owns its pieces, peers, requests, choke state and rates; everyone else posts to it.</summary>
/// <remarks>
/// A serial loop: handlers are synchronous, told the time by the clock, and do no I/O. This file receives and hands on; what there is to know
/// of a torrent is in <see cref="TorrentCore"/>, and its parts are <see cref="TorrentLife"/> (start, check, record, stop),
/// <see cref="PeerDesk"/> (who is connected), <see cref="PeerTalk"/> (what they say), <see cref="Downloader"/>, <see cref="Uploader"/> and
/// <see cref="ChokeBoard"/>. Thread: any may post; state is touched by the loop only.
/// </remarks>
internal sealed class TorrentLoop : SwarmLoop
{
    /// <summary>Endpoints told of in details.</summary>
    private const int MostKnown = 500;

    private readonly TorrentCore _core;
    private readonly TokenBucket _uploadBudget;
    private readonly Uploader _uploader;
    private readonly ChokeBoard _board;
    private readonly Downloader _downloader;
    private readonly PeerExtensions _extensions;
    private readonly PeerDesk _desk;
    private readonly PeerTalk _talk;
    private readonly TorrentStop _stop;
    private readonly TorrentLife _life;
    private readonly RecordKeeper _keeper;
    private readonly TorrentStreams _streams;
    private readonly UploadUseMeter _useMeter = new();
    private readonly TrackerWatch _trackerWatch = new();
    private (long Share, long Lent, int Torrents, DateTimeOffset? At) _rates;

    public TorrentLoop(TorrentContext context, TorrentSetup setup, SwarmRules rules)
        : base(context.Scheduler)
    {
        _core = new TorrentCore(context, setup, rules);
        _uploadBudget = new TokenBucket(setup.MaxUploadRate, _core.NowMs);
        _uploader = new Uploader(_core.Geometry, _uploadBudget, context.UploadBudget);
        _board = new ChokeBoard(new Choker(_core.Random), _uploader, context.Clock);
        _downloader = new Downloader(this, _core);
        _extensions = new PeerExtensions(this, _core);
        _desk = new PeerDesk(this, _core, _downloader, _extensions);
        _talk = new PeerTalk(_core, _downloader, _uploader, _board, _extensions);
        _keeper = new RecordKeeper(this, _core);
        _stop = new TorrentStop(this, _core, _desk, _downloader, _keeper);
        _streams = new TorrentStreams(_core, _downloader);
        _life = new TorrentLife(this, _core, _desk, _downloader, _board, _keeper, _stop);
    }

    /// <inheritdoc/>
    public override InfoHash InfoHash => _core.Metainfo.InfoHash;

    /// <inheritdoc/>
    public override (long Uploaded, long Downloaded, long Left) Totals => _core.Totals;

    /// <inheritdoc/>
    protected override void Handle(TorrentCommand message)
    {
        AssertOnLoop();
        switch (message)
        {
            case TorrentCommand.PeerMessages messages: OnPeerMessages(messages.Peer, messages.Batch); break;
            case TorrentCommand.BlocksSent sent: OnBlocksSent(sent); break;
            case TorrentCommand.Disk disk: OnDiskCompletion(disk.Completion); break;
            case TorrentCommand.Tick tick: OnTick(tick.IsFull); break;
            case TorrentCommand.PeerJoined joined: _desk.OnPeerJoined(joined); break;
            case TorrentCommand.DialFailed failed: _desk.OnDialFailed(failed); break;
            case TorrentCommand.PeerGone gone: _desk.OnPeerGone(gone.Peer, gone.Reason); break;
            case TorrentCommand.PeersFound found: _desk.OnPeersFound(found); break;
            case TorrentCommand.ProgressRecorded recorded: _life.OnRecorded(recorded.Sequence); _stop.OnRecorded(recorded.Sequence); break;
            case TorrentCommand.TrackersChanged changed: OnTrackersChanged(changed.Trackers); break;
            case TorrentCommand.DiscoveryChanged changed: _core.View.Discovery = _core.View.Discovery.SetItem(changed.Source.Source, changed.Source); _core.View.IsDirty = true; break;
            case TorrentCommand.RatesComputed rates: OnRatesComputed(rates); break;
            case TorrentCommand.RulesChanged changed: _core.Rules = changed.Rules; _core.View.IsDirty = true; break;
            case TorrentCommand.Watch watch: _core.View.Watchers += watch.Change; PublishIfDirty(force: true); break;
            case TorrentCommand.BuildDetails build: build.Reply.TrySetResult(build.Complete(Details())); break;
            case TorrentCommand.FindFile find: find.Reply.TrySetResult(_core.Selection.PlaceOf(find.Index)); break;
            case TorrentCommand.ReadFile read: _streams.Read(read); break;
            case TorrentCommand.CloseReader close: _streams.Close(close.Reader); break;
            case TorrentCommand.ReadPeerPieces read: read.Reply.TrySetResult(_desk.Find(read.Endpoint) is { } peer ? [.. peer.Have.Bytes] : []); break;
            case TorrentCommand.RoundsBegin begin: _board.Continue(begin.Last); break;
            case TorrentCommand.ReadRounds read: KeepRounds(force: true); _core.Context.Rounds.Read(InfoHash, read); break;
            default: OnCommand(message); break;
        }
    }

    /// <inheritdoc/>
    protected override void OnFault(Exception exception)
    {
        EngineLog.TorrentFault(_core.Context.Logger, _core.Metainfo.InfoHash, exception);
        _life.Fail(new DiskError("engine.fault", $"An internal error stopped this torrent ({exception.Message}). The log has the details; press Start to go on.", IsTransient: false));
    }

    private void OnCommand(TorrentCommand command)
    {
        switch (command)
        {
            case TorrentCommand.Start: _life.Start(); break;
            case TorrentCommand.Stop stop: KeepRounds(force: true); _stop.Stop(stop.Done); break;
            case TorrentCommand.Recheck: StartIf(_stop.Recheck()); break;
            case TorrentCommand.Remove remove: _stop.Remove(remove); break;
            case TorrentCommand.SetSequential sequential: _core.Picker.IsSequential = sequential.IsSequential; break;
            case TorrentCommand.SetStrict strict: SetStrict(strict.IsStrict); break;
            case TorrentCommand.SetOwnRates own: SetOwnRates(own); break;
            case TorrentCommand.Fail fail: _life.Fail(fail.Error); break;
            case TorrentCommand.DropPeer drop: _desk.Drop(drop.Endpoint, drop.IsBanned); break;
            case TorrentCommand.SetPriorities set: SetPriorities(set.Priorities); break;
            default: throw new InvalidOperationException($"A torrent does not know the message {command.GetType().Name}.");
        }

        PublishIfDirty(force: true);
    }

    private void OnDiskCompletion(DiskCompletion completion)
    {
        switch (completion)
        {
            case DiskCompletion.PieceWritten written: OnPieceWritten(written); break;
            case DiskCompletion.BlocksRead read: OnBlocksRead(read); break;
            case DiskCompletion.PieceChecked piece: _life.OnPieceChecked(piece); break;
            case DiskCompletion.Flushed flushed: _life.OnFlushed(flushed); break;
            case DiskCompletion.BlocksFlushed flushed: OnBlocksFlushed(flushed); break;
            case DiskCompletion.Probed probed: _life.OnProbed(probed); break;
            case DiskCompletion.CheckEnded ended: _life.OnCheckEnded(ended); break;
            case DiskCompletion.Moved moved: _life.OnMoved(moved); break;
            case DiskCompletion.Deleted deleted: _stop.OnDeleted(deleted); break;
            case DiskCompletion.Closed: OnClosed(); break;
            default: throw new InvalidOperationException($"A torrent does not know the completion {completion.GetType().Name}.");
        }
    }

    private void OnClosed()
    {
        var wasStopping = _core.Phase == TorrentPhase.Stopping;
        var isToStart = _stop.OnClosed();
        if (wasStopping && !isToStart && _core.Phase == TorrentPhase.Stopped)
        {
            _life.OnStopped();
        }

        StartIf(isToStart);
    }

    private void StartIf(bool isToStart)
    {
        if (isToStart)
        {
            _life.Start();
        }

        PublishIfDirty(force: true);
    }

    private void OnPieceWritten(DiskCompletion.PieceWritten written)
    {
        var outcome = _downloader.OnPieceWritten(written);
        foreach (var (peerId, because) in outcome.Bans)
        {
            _desk.Ban(peerId, because);
        }

        if (written.Error is { } error)
        {
            _life.Fail(error);
        }
        else if (outcome.IsVerified)
        {
            _streams.OnVerified(written.Piece);
            _life.OnPieceVerified();
        }
        else
        {
            _life.OnPieceFailed(written.Piece);
        }

        _stop.Continue();
    }

    private void OnBlocksFlushed(DiskCompletion.BlocksFlushed flushed)
    {
        _downloader.OnBlocksFlushed();
        if (flushed.Error is { } error)
        {
            _life.OnBlocksNotFlushed(error);
        }

        _stop.Continue();
    }

    private void OnTrackersChanged(ImmutableArray<TrackerSnapshot> trackers)
    {
        (_core.View.Trackers, _core.View.IsDirty) = (trackers, true);
        foreach (var news in _trackerWatch.Observe(trackers))
        {
            _core.Context.Host.OnEvent(this, news);
        }
    }

    private void SetStrict(bool? isStrict)
    {
        _core.StrictOverride = isStrict;
        foreach (var peer in _core.Peers.Values)
        {
            peer.IsSource = !peer.IsChoking && _board.OnUnchokesUs(peer, _core.Peers.Values, _core.Rules, _core.IsComplete, _core.IsStrict, _core.NowMs);
            _downloader.RequestMore(peer);
        }
    }

    private void SetPriorities(ImmutableArray<FilePriority> priorities)
    {
        var wasComplete = _core.IsComplete;
        _core.Selection.Set(priorities);
        _core.ApplyPriorities();
        _core.Storage?.SetWanted(_core.Selection.WantedFiles());
        _streams.OnWanted();
        foreach (var peer in _core.Peers.Values)
        {
            _core.CountInteresting(peer);
        }

        if (_core.Phase == TorrentPhase.Active && _core.IsComplete && !wasComplete)
        {
            _life.OnAllWantedVerified();
        }
        else if (!_core.IsComplete)
        {
            _life.Unfinish();
        }
    }

    private void OnTick(bool isFull)
    {
        var now = _core.NowMs;
        _life.Tick(now);
        if (_core.IsTransferring)
        {
            if (isFull)
            {
                _desk.TickPeers(now);
                _board.Tick(_core.Peers.Values, _core.Rules, _core.IsComplete, _core.IsStrict, now);
                _desk.DialMore(now);
                _downloader.RetryFailedPieces(now);
                _downloader.RelieveBlockPool();
            }

            ServeInTurn(now);

            _keeper.FlushIfDue(now);
            UploadUse = _useMeter.Measure(_core, _rates.Share + _rates.Lent, now);
        }

        if (isFull)
        {
            KeepRounds(force: false);
            PublishIfDirty(force: false);
        }
    }

    private void KeepRounds(bool force)
    {
        if (_core.Phase != TorrentPhase.Removed)
        {
            _board.Keep(_core.Context.Rounds, this, _core.NowMs, force);
        }
    }

    // Begins with anyone: under a limit the first one may take all there is this time, and nobody shall always be first.
    private void ServeInTurn(long now)
    {
        PeerState[] peers = [.. _core.Peers.Values];
        var isLimited = _core.IsDownloadBound || _core.IsUploadBound;
        var first = isLimited && peers.Length > 1 ? _core.Random.Next(peers.Length) : 0;
        for (var i = 0; i < peers.Length; i++)
        {
            var peer = peers[(first + i) % peers.Length];
            _downloader.RequestMore(peer);
            _uploader.Pump(peer, _core.Storage!, now);
        }
    }

    private void OnRatesComputed(TorrentCommand.RatesComputed rates)
    {
        _rates = (rates.Share, rates.Lent, rates.UploadingTorrents, rates.At);
        SetUploadRate();
    }

    private void SetOwnRates(TorrentCommand.SetOwnRates own)
    {
        (_core.OwnDownload.Rate, _core.OwnUploadRate) = (own.Download, own.Upload);
        SetUploadRate();
    }

    private void SetUploadRate()
    {
        var share = _core.Rules.MaxUploadRate == 0 ? 0 : Math.Max(1, _rates.Share + _rates.Lent);
        _uploadBudget.Rate = share == 0 || _core.OwnUploadRate == 0 ? Math.Max(share, _core.OwnUploadRate) : Math.Min(share, _core.OwnUploadRate);
        _core.View.IsDirty = true;
    }

    private void OnPeerMessages(PeerConnection connection, PeerBatch batch)
    {
        var now = _core.NowMs;
        if (!_core.Peers.TryGetValue(connection, out var peer))
        {
            ReturnBlocks(batch, 0);
            batch.Recycle();
            return;
        }

        for (var i = 0; i < batch.Messages.Count; i++)
        {
            if (_talk.OnMessage(peer, batch.Messages[i], now) is { } reason)
            {
                ReturnBlocks(batch, i + 1);
                _desk.ClosePeer(peer, reason);
                break;
            }
        }

        batch.Recycle();
        if (!peer.IsClosed && _core.IsTransferring)
        {
            // Under a limit everyone waits for the beat: whoever delivers or asks fastest would otherwise use it up alone.
            if (!_core.IsDownloadBound)
            {
                _downloader.RequestMore(peer);
            }

            if (!_core.IsUploadBound)
            {
                _uploader.Pump(peer, _core.Storage!, now);
            }

            _keeper.FlushIfDue(now);
        }
    }

    private static void ReturnBlocks(PeerBatch batch, int from)
    {
        for (var i = from; i < batch.Messages.Count; i++)
        {
            batch.Messages[i].Data?.Return();
        }
    }

    private void OnBlocksSent(TorrentCommand.BlocksSent sent)
    {
        if (_core.Peers.TryGetValue(sent.Peer, out var peer))
        {
            var now = _core.NowMs;
            _uploader.OnSent(peer, sent.PayloadBytes, now);
            _core.AddSent(sent.PayloadBytes, now);
            if (_core.IsTransferring)
            {
                _uploader.Pump(peer, _core.Storage!, now);
            }
        }
    }

    private void OnBlocksRead(DiskCompletion.BlocksRead read)
    {
        if (read.Token is TorrentCommand.ReadFile reader)
        {
            _streams.OnRead(reader, read);
            return;
        }

        var peer = (PeerState)read.Token;
        if (read.Error is { } error)
        {
            // Nothing that cannot be read is served; the reader is told no, and the user what to do.
            _uploader.OnChoked(peer);
            if (_core.IsTransferring)
            {
                _life.Fail(error);
            }

            return;
        }

        _uploader.OnRead(peer, read);
        if (!peer.IsClosed && _core.IsTransferring)
        {
            _uploader.Pump(peer, _core.Storage!, _core.NowMs);
        }
    }

    /// <summary>Shows the state at once: something changed that a person waits for. Loop only.</summary>
    public void Publish() => PublishIfDirty(force: true);

    private void PublishIfDirty(bool force)
    {
        var now = _core.NowMs;
        if (!_core.IsTransferring)
        {
            _streams.End();
        }

        _core.View.IsDirty |= force || _core.Peers.Count > 0 || _core.Phase is TorrentPhase.Checking || _core.IsMoving;
        if (!_core.View.IsDirty)
        {
            return;
        }

        _core.View.IsDirty = false;
        _core.Context.Host.OnSnapshot(this, _core.View.Snapshot(Facts(now)));
        if (_core.View.Watchers > 0)
        {
            _core.Context.Host.OnDetails(this, Details());
        }
    }

    private TorrentDetails Details()
    {
        var now = _core.NowMs;
        var facts = Facts(now) with
        {
            Known = _core.Pool.Describe(MostKnown, now, _core.Context.Clock.GetUtcNow()),
            Discovery = DiscoveryRows.Of(
                _core.Pool.CountBySource(),
                _core.Peers.Values.CountBy(peer => peer.Connection.Handshake.IsIncoming ? PeerSource.Incoming : _core.Pool.SourceOf(peer.Connection.Handshake.Remote)).ToDictionary(),
                _core.View.Trackers, _core.View.Discovery, _extensions.Counts, _core.Metainfo.IsPrivate),
        };
        var choking = _board.Snapshot(_core.Peers.Values, _core.Rules, _core.IsComplete, _core.IsStrict, _core.View.Rates(facts, _core.Rules, _rates), now);
        return _core.View.Details(facts, choking, _core.Picker, _core.Context.Clock.GetUtcNow());
    }

    /// <inheritdoc/>
    public override TorrentSnapshot FirstRow() => _core.View.Snapshot(Facts(_core.NowMs));

    private TorrentFacts Facts(long now)
    {
        var (totals, check) = (_core.Totals, _life.Check);
        return new TorrentFacts(_core.Phase, _core.Error, _core.Have, _core.Picker, _core.Peers.Values, now)
        {
            Downloaded = _core.Setup.Downloaded + totals.Downloaded,
            Uploaded = _core.Setup.Uploaded + totals.Uploaded,
            Wasted = _core.Wasted,
            FailedHashes = _core.FailedHashes,
            DownloadRate = _core.Received.RecentBytesPerSecond(now),
            UploadRate = _core.Sent.RecentBytesPerSecond(now),
            KnownPeers = _core.Pool.Count,
            Left = totals.Left,
            CheckedPieces = check.Checked,
            PiecesToCheck = check.ToCheck,
            Sentence = check.Sentence,
            IsInSharedRoot = _core.IsInSharedRoot,
            MovedBytes = _core.IsMoving ? _core.Storage?.MovedBytes : null,
            CompletedAt = _core.CompletedAt,
            IsSequential = _core.Picker.IsSequential,
            IsStrict = _core.StrictOverride,
            IsDownloadLimited = _core.IsDownloadLimited,
            CheckRate = check.Rate,
            StoppedAt = _core.StoppedAt,
            StateError = _core.Rules.StateError,
            DownloadLimit = _core.OwnDownload.Rate > 0 && (_core.Rules.MaxDownloadRate == 0 || _core.OwnDownload.Rate < _core.Rules.MaxDownloadRate) ? _core.OwnDownload.Rate : _core.Rules.MaxDownloadRate,
            Reach = _core.Peers.Count == 0 && _core.IsTransferring ? _core.Pool.Reach(now) : default,
            At = _core.Context.Clock.GetUtcNow(),
            WillStart = _core.WillStart || (_core.Phase == TorrentPhase.Stopping && _stop.StartsAgain),
        };
    }
}
