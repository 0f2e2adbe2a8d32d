using System.Collections.Immutable;
using P2P.Engine.Diagnostics;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>A torrent's way from stopped to finished: look, check, put the record right, transfer, flush, record, move; and failing. Loop only.</summary>
internal sealed class TorrentLife(
    TorrentLoop loop, TorrentCore core, PeerDesk desk, Downloader downloader, ChokeBoard board, RecordKeeper keeper, TorrentStop stop)
{
    private readonly TorrentCore _core = core;
    private readonly LifeStory _story = new(loop, core);
    private ResumePlan? _plan;
    private string? _sentence;
    private int _checkedPieces;
    private int _piecesToCheck;
    private long _checkBeganMs;
    private long _retryAtMs;
    private long _startSequence;
    private bool _isFinishing;

    /// <summary>What a check is for, how far it is, of how many pieces, and bytes per second hashed.</summary>
    public (string? Sentence, int Checked, int ToCheck, long Rate) Check =>
        (_sentence, _checkedPieces, _piecesToCheck, (long)_checkedPieces * _core.Geometry.PieceLength * 1000 / Math.Max(1000, _core.NowMs - _checkBeganMs));

    /// <summary>Tries again by itself when the cause of a failure may have gone away.</summary>
    public void Tick(long now)
    {
        if (_core.Phase == TorrentPhase.Failed && _core.Error is { IsTransient: true } && now >= _retryAtMs)
        {
            Start();
        }
    }

    /// <summary>It stopped because it was told to.</summary>
    public void OnStopped() => _story.OnStopped();

    /// <summary>A piece is right and written.</summary>
    public void OnPieceVerified()
    {
        keeper.FlushIfDue(_core.NowMs);
        if (_core.IsComplete && _core.IsTransferring)
        {
            OnAllWantedVerified();
        }
    }

    /// <summary>A piece failed its hash: what a clean stop left of it in the file is worth nothing.</summary>
    public void OnPieceFailed(int piece) => keeper.Partials = keeper.Partials.RemoveAll(partial => partial.Piece == piece);

    /// <summary>Blocks of an unfinished piece could not be written.</summary>
    public void OnBlocksNotFlushed(DiskError error)
    {
        keeper.Partials = [];
        if (_core.Phase != TorrentPhase.Stopping)
        {
            Fail(error);
        }
    }

    /// <summary>Something more is wanted than there was: it is not finished any more.</summary>
    public void Unfinish()
    {
        _core.CompletedAt = null;
        _isFinishing = false;
    }

    /// <summary>Run: look at the files first.</summary>
    public void Start()
    {
        if (_core.Phase is not (TorrentPhase.Stopped or TorrentPhase.Failed))
        {
            stop.StartsAgain = _core.Phase == TorrentPhase.Stopping;
            stop.StopsAfterCheck = false; // It is to run after the check, then.
            return;
        }

        _core.Error = null;
        _core.WillStart = false;
        (_core.Phase, _core.StoppedAt) = (TorrentPhase.Probing, null);
        _core.Pool.RetrySoon();
        _core.Storage ??= _core.OpenStorage(loop);
        _core.Storage.SetWanted(_core.Selection.WantedFiles());
        _core.Storage.Probe();
    }

    /// <summary>What is on disk is known: decide what to trust and what to hash.</summary>
    public void OnProbed(DiskCompletion.Probed probed)
    {
        if (_core.Phase != TorrentPhase.Probing)
        {
            return;
        }

        if (probed.Error is { } error)
        {
            Fail(error);
            return;
        }

        _core.IsInSharedRoot = probed.InSharedRoot;
        _plan = ResumePlan.Make(
            _core.Setup with { Have = keeper.Have, Fingerprints = keeper.Fingerprints, IsCleanStop = keeper.WasClean, WasChecked = keeper.WasChecked },
            _core.Selection, probed);
        _sentence = _plan.Sentence;
        var pieces = _plan.ToCheck;
        if (_core.RecheckAsked)
        {
            pieces = [.. Enumerable.Range(0, _core.Geometry.PieceCount)];
            _plan = _plan with { Trusted = new Bitfield(_core.Geometry.PieceCount), ToCheck = pieces, UsePartials = false };
            _sentence = "Checking again, as asked";
        }

        EngineLog.TorrentResumes(_core.Context.Logger, _core.Metainfo.InfoHash, _sentence, _plan.Trusted.Count, pieces.Length);
        BeginCheck(pieces);
    }

    private void BeginCheck(ImmutableArray<int> pieces)
    {
        downloader.Reset();
        _core.Begin(_plan!.Trusted);
        (_checkedPieces, _piecesToCheck) = (0, pieces.Length);
        (_core.Phase, _startSequence, _checkBeganMs) = (TorrentPhase.Checking, 0, _core.NowMs);
        if (pieces.Length == 0)
        {
            Settle();
            return;
        }

        _core.Storage!.Check(pieces, _core.BeginCheck());
        loop.Publish();
    }

    /// <summary>One piece was hashed from disk.</summary>
    public void OnPieceChecked(DiskCompletion.PieceChecked piece)
    {
        if (_core.Phase != TorrentPhase.Checking)
        {
            return;
        }

        _checkedPieces++;
        if (piece.HashOk && !_core.Have[piece.Piece])
        {
            _core.TakeVerified(piece.Piece);

            // The bytes may be in the page cache only (an unclean stop), so they count as written, not as flushed.
            _core.Ledger.OnWritten(piece.Piece, _core.Geometry.LengthOf(piece.Piece), _core.NowMs);
        }
    }

    /// <summary>The check is over.</summary>
    public void OnCheckEnded(DiskCompletion.CheckEnded ended)
    {
        if (_core.Phase != TorrentPhase.Checking || (ended.WasCancelled && !_core.IsChecking))
        {
            return;
        }

        _core.EndCheck();
        if (ended.Error is { } error)
        {
            Fail(error);
            return;
        }

        _story.OnChecked(_sentence, _piecesToCheck, _plan!.Trusted);
        Settle();
    }

    /// <summary>
    /// Before anything is written: what was found right is made durable, then the record says what is true now and that the torrent runs. A
    /// kill during the check leaves the old record and the journal, so the next start finds the same again; a kill after the first write finds
    /// a record that no longer claims a clean stop.
    /// </summary>
    private void Settle()
    {
        if (_core.Ledger.HasUnflushed)
        {
            keeper.TryFlush();
            return;
        }

        (keeper.WasChecked, keeper.WasClean, _core.RecheckAsked) = (true, false, false);
        keeper.Partials = _plan!.UsePartials ? keeper.Partials : [];
        _startSequence = keeper.Record(isUrgent: true);
        if (_core.IsComplete)
        {
            Activate();
        }
    }

    private void Activate()
    {
        _core.Phase = TorrentPhase.Active;
        _sentence = null;
        _isFinishing = false;
        board.Reset();
        downloader.RestorePartials(keeper.Partials);
        _core.UpdateLeft();
        _core.Context.Host.OnActive(loop, _core.IsComplete);
        _story.OnActive();
        if (stop.StopsAfterCheck)
        {
            stop.StopsAfterCheck = false;
            stop.Stop(null);
            return;
        }

        if (_core.IsComplete)
        {
            OnAllWantedVerified();
        }

        desk.DialMore(_core.NowMs);
        loop.Publish();
    }

    /// <summary>A record that was handed out is durable.</summary>
    public void OnRecorded(long sequence)
    {
        if (_core.Phase == TorrentPhase.Checking && sequence == _startSequence)
        {
            Activate();
        }
    }

    /// <summary>A flush ended: record what it covers, or believe none of it.</summary>
    public void OnFlushed(DiskCompletion.Flushed flushed)
    {
        if (flushed.Error is { } error)
        {
            // A failed flush is never believed later (R-S05): these pieces are unknown and will be hashed at the next start.
            foreach (var piece in _core.Ledger.OnFailed())
            {
                _core.LoseVerified(piece);
            }

            _core.UpdateLeft();
            Fail(error with { IsTransient = false });
            return;
        }

        _core.Ledger.OnFlushed();
        keeper.Fingerprints = flushed.Files;
        if (_core.Phase == TorrentPhase.Checking)
        {
            Settle();
            return;
        }

        if (_core.Phase == TorrentPhase.Stopping)
        {
            stop.OnFlushed();
            return;
        }

        keeper.Record();
        if (_isFinishing && !_core.Ledger.HasUnflushed && !_core.IsInSharedRoot)
        {
            (_core.IsMoving, _core.View.IsDirty) = (true, true);
            _core.Storage!.MoveToShared();
        }
    }

    /// <summary>Nothing wanted is missing: make it durable, move it, seed.</summary>
    public void OnAllWantedVerified()
    {
        if (_isFinishing)
        {
            return;
        }

        _isFinishing = true;
        foreach (var peer in _core.Peers.Values.ToArray())
        {
            if (_core.Redundancy(peer) is { } reason)
            {
                desk.ClosePeer(peer, reason);
            }
        }

        if (_core.CompletedAt is null)
        {
            _core.CompletedAt = _core.Context.Clock.GetUtcNow();
            if (_core.Totals.Downloaded + _core.Setup.Downloaded > 0)
            {
                _core.Context.Host.OnCompleted(loop);
                _core.Context.Host.OnEvent(loop, new TorrentNews(EngineEventKind.Finished, $"{_core.Metainfo.Name} is complete.", []));
            }
        }

        if (_core.Ledger.HasUnflushed)
        {
            keeper.TryFlush();
        }
        else if (!_core.IsInSharedRoot)
        {
            (_core.IsMoving, _core.View.IsDirty) = (true, true);
            _core.Storage!.MoveToShared();
        }
    }

    /// <summary>The finished files are in the shared folder.</summary>
    public void OnMoved(DiskCompletion.Moved moved)
    {
        _core.IsMoving = false;
        if (moved.Error is { } error)
        {
            Fail(error);
            return;
        }

        _story.OnMoved();
        _core.IsInSharedRoot = true;
        keeper.Fingerprints = moved.Files;
        keeper.Record();
        loop.Publish();
    }

    /// <summary>Something that only the user, or time, can mend.</summary>
    public void Fail(DiskError error)
    {
        if (_core.Phase is TorrentPhase.Removed)
        {
            return;
        }

        EngineLog.TorrentFailed(_core.Context.Logger, _core.Metainfo.InfoHash, error.Code, error.Message);
        _story.OnFailed(error);
        var wasActive = _core.IsTransferring;
        _core.Error = error;
        _core.Phase = TorrentPhase.Failed;
        _retryAtMs = _core.NowMs + 30_000;
        desk.DropPeers();
        downloader.DropPartialPieces();
        _core.EndCheck();
        if (wasActive)
        {
            _core.Context.Host.OnInactive(loop);
        }

        stop.End();
        loop.Publish();
    }
}
