using System.Collections.Immutable;
using P2P.Engine.Diagnostics;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <content>Starting: look at the files, check what must be checked, put the record right, and only then transfer; and the record itself.</content>
internal sealed partial class TorrentLoop
{
    private ResumePlan? _plan;
    private CancellationTokenSource? _checking;
    private string? _sentence;
    private int _checkedPieces;
    private int _piecesToCheck;
    private bool _recheckAfterProbe;

    // Verified pieces as last handed out to be recorded, or as found at the start.
    private byte[]? _recordedHave;

    // The records that a start and a stop wait for; 0 while neither does.
    private long _startSequence;
    private long _cleanStopSequence;

    private void OnProbed(DiskCompletion.Probed probed)
    {
        if (_phase != TorrentPhase.Probing)
        {
            return;
        }

        if (probed.Error is { } error)
        {
            Fail(error);
            return;
        }

        _isInSharedRoot = probed.InSharedRoot;
        _plan = ResumePlan.Make(_setup with { Have = _recordedHave, Fingerprints = _fingerprints, IsCleanStop = _wasClean, WasChecked = _wasChecked }, _selection, probed);
        _sentence = _plan.Sentence;
        var pieces = _plan.ToCheck;
        if (_recheckAfterProbe)
        {
            pieces = [.. Enumerable.Range(0, _geometry.PieceCount)];
            _plan = _plan with { Trusted = new Bitfield(_geometry.PieceCount), ToCheck = pieces, UsePartials = false };
            _sentence = "Checking again, as asked";
        }

        EngineLog.TorrentResumes(_context.Logger, InfoHash, _sentence, _plan.Trusted.Count, pieces.Length);
        BeginCheck(pieces);
    }

    private void BeginCheck(ImmutableArray<int> pieces)
    {
        _have = new Bitfield(_geometry.PieceCount);
        _picker = new PiecePicker(_geometry, _random) { IsSequential = _picker.IsSequential };
        _ledger = new FlushLedger(_geometry.PieceCount);
        _retries.Clear();
        ApplyPriorities();
        for (var piece = 0; piece < _geometry.PieceCount; piece++)
        {
            if (_plan!.Trusted[piece])
            {
                TakeVerified(piece);
                _ledger.Flushed.Set(piece);
            }
        }

        UpdateLeft();
        (_checkedPieces, _piecesToCheck) = (0, pieces.Length);
        (_phase, _startSequence) = (TorrentPhase.Checking, 0);
        if (pieces.Length == 0)
        {
            Settle();
            return;
        }

        _checking = new CancellationTokenSource();
        _storage!.Check(pieces, _checking.Token);
        PublishIfDirty(force: true);
    }

    private void OnPieceChecked(DiskCompletion.PieceChecked piece)
    {
        if (_phase != TorrentPhase.Checking)
        {
            return;
        }

        _checkedPieces++;
        if (piece.HashOk && !_have[piece.Piece])
        {
            TakeVerified(piece.Piece);

            // The bytes may be in the page cache only (an unclean stop), so they count as written, not as flushed.
            _ledger.OnWritten(piece.Piece, _geometry.LengthOf(piece.Piece), NowMs);
            Interlocked.Add(ref _left, _picker.IsWanted(piece.Piece) ? -_geometry.LengthOf(piece.Piece) : 0);
        }
    }

    private void OnCheckEnded(DiskCompletion.CheckEnded ended)
    {
        if (_phase != TorrentPhase.Checking || (ended.WasCancelled && _checking is null))
        {
            return;
        }

        _checking?.Dispose();
        _checking = null;
        if (ended.Error is { } error)
        {
            Fail(error);
            return;
        }

        Settle();
    }

    /// <summary>
    /// Before anything is written: what was found right is made durable, then the record says what is true now and that the torrent runs. A
    /// kill during the check leaves the old record and the journal, so the next start finds the same again; a kill after the first write finds
    /// a record that no longer claims a clean stop.
    /// </summary>
    private void Settle()
    {
        if (_ledger.HasUnflushed)
        {
            if (_ledger.TryBegin())
            {
                _storage!.Flush(++_sequence);
            }

            return;
        }

        (_wasChecked, _wasClean, _recheckAfterProbe) = (true, false, false);
        _partials = _plan!.UsePartials ? _partials : [];
        Record(isCleanStop: false, isUrgent: true);
        _startSequence = _sequence;
        if (IsComplete)
        {
            Activate();
        }
    }

    private void Activate()
    {
        _phase = TorrentPhase.Active;
        _sentence = null;
        _isFinishing = false;
        _board.Reset();
        RestorePartials();
        UpdateLeft();
        _context.Host.OnActive(this, IsComplete);
        if (_stopAfterCheck)
        {
            _stopAfterCheck = false;
            Stop(null);
            return;
        }

        if (IsComplete)
        {
            OnAllWantedVerified();
        }

        DialMore(NowMs);
        PublishIfDirty(force: true);
    }

    private void RestorePartials()
    {
        foreach (var (piece, blocks) in _partials)
        {
            if (_geometry.Contains(piece) && !_have[piece] && blocks.Length == Bitfield.ByteCount(_geometry.BlockCountOf(piece)))
            {
                _picker.Restore(piece, blocks);
                if (_picker.Partial(piece) is { } partial && partial.ReceivedCount == partial.BlockCount)
                {
                    WriteCompletedPiece(piece);
                }
            }
        }
    }

    private void Record(bool isCleanStop, bool isUrgent = false)
    {
        _recordedHave = _ledger.Flushed.ToArray();
        var progress = new TorrentProgress(
            _recordedHave, _partials, _fingerprints, _isInSharedRoot, isCleanStop,
            _setup.Downloaded + _downloadedThisRun, _setup.Uploaded + _uploadedThisRun, _completedAt, ++_sequence, isUrgent);
        if (isCleanStop)
        {
            _cleanStopSequence = _sequence;
        }

        _context.Host.OnProgress(this, progress);
    }

    private void OnProgressRecorded(long sequence)
    {
        if (_phase == TorrentPhase.Checking && sequence == _startSequence)
        {
            Activate();
        }
        else if (_phase == TorrentPhase.Stopping && sequence == _cleanStopSequence)
        {
            // On record: the journal has nothing left to tell.
            _storage!.ClearDirtyJournal();
            _storage.Close();
        }
    }
}
