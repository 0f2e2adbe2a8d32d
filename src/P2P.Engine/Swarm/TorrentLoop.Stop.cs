using System.Collections.Immutable;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <content>Stopping as a state: write down what is unfinished, flush, record, close; and what builds on it (re-check, remove).</content>
internal sealed partial class TorrentLoop
{
    private ImmutableArray<(int Piece, byte[] Blocks)> _partials;
    private bool _wasClean;
    private bool _wasChecked;
    private bool _stopAfterCheck;

    private void Stop(TaskCompletionSource? done)
    {
        _willStart = false;
        switch (_phase)
        {
            case TorrentPhase.Active:
                _stopDone = done;
                _startAfterStop = false;
                _phase = TorrentPhase.Stopping;
                DropPeers();
                _context.Host.OnInactive(this);
                ContinueStop();
                break;
            case TorrentPhase.Checking or TorrentPhase.Probing:
                // What was found so far is dropped: the next start looks again.
                _checking?.Cancel();
                _checking = null;
                _stopAfterCheck = false;
                _stopDone = done;
                _phase = TorrentPhase.Stopping;
                _cleanStopSequence = -1;
                _storage!.Close();
                break;
            case TorrentPhase.Stopping when done is not null:
                _stopDone = done;
                break;
            case TorrentPhase.Failed:
                _error = null;
                _phase = TorrentPhase.Stopping;
                _stopDone = done;
                _cleanStopSequence = -1;
                if (_storage is null)
                {
                    OnStorageClosed();
                }
                else
                {
                    _storage.Close();
                }

                break;
            default:
                done?.TrySetResult();
                break;
        }
    }

    private void ContinueStop()
    {
        if (_phase != TorrentPhase.Stopping || _writing.Count > 0 || _flushingBlocks > 0 || _cleanStopSequence == -1)
        {
            return;
        }

        var partials = _picker.Partials.ToArray();
        if (partials.Any(partial => partial.HeldBlocks().Any()))
        {
            _partials = [.. partials.Where(partial => partial.ReceivedCount > 0).Select(partial => (partial.Piece, partial.BlockBitmap()))];
            foreach (var partial in partials)
            {
                FlushHeldBlocks(partial);
            }

            return;
        }

        if (partials.Length > 0)
        {
            _partials = [.. partials.Where(partial => partial.ReceivedCount > 0).Select(partial => (partial.Piece, partial.BlockBitmap()))];
        }
        else
        {
            _partials = [];
        }

        if (_ledger.TryBegin())
        {
            _storage!.Flush(++_sequence);
        }
    }

    private void FinishStop()
    {
        if (_ledger.HasUnflushed)
        {
            if (_ledger.TryBegin())
            {
                _storage!.Flush(++_sequence);
            }

            return;
        }

        Record(isCleanStop: true, isUrgent: true);
    }

    private void OnStorageClosed()
    {
        _storage = null;
        if (_phase is not TorrentPhase.Stopping)
        {
            return;
        }

        DropPartialPieces();

        // A start that was broken off has changed nothing: what the record says of the stop before it still holds.
        _wasClean = _cleanStopSequence > 0 || (_cleanStopSequence == -1 && _wasClean);
        _cleanStopSequence = 0;
        _phase = TorrentPhase.Stopped;
        _stopDone?.TrySetResult();
        _stopDone = null;
        if (_removal is { } removal)
        {
            DeleteOrEnd(removal);
        }
        else if (_startAfterStop)
        {
            _startAfterStop = false;
            Start();
        }

        PublishIfDirty(force: true);
    }

    private void Recheck()
    {
        // Stop cleanly, then start with everything to be hashed, and stop again if it was stopped before.
        _recheckAfterProbe = true;
        switch (_phase)
        {
            case TorrentPhase.Stopped or TorrentPhase.Failed:
                _stopAfterCheck = _phase == TorrentPhase.Stopped;
                Start();
                break;
            case TorrentPhase.Active:
                Stop(null);
                _startAfterStop = true;
                break;
            case TorrentPhase.Stopping:
                _startAfterStop = true;
                break;
            default:
                break;
        }
    }

    private void Remove(TorrentCommand.Remove remove)
    {
        _removal = remove;
        if (_phase == TorrentPhase.Stopped)
        {
            DeleteOrEnd(remove);
        }
        else
        {
            Stop(null);
        }
    }

    private void DeleteOrEnd(TorrentCommand.Remove remove)
    {
        _phase = TorrentPhase.Removed;
        if (remove.DeleteData)
        {
            _storage = _context.Disk.Open(_setup.Storage with { StartsInSharedRoot = _isInSharedRoot }, this);
            _storage.DeleteData();
        }
        else
        {
            remove.Done.TrySetResult();
        }
    }

    private void OnDeleted(DiskCompletion.Deleted deleted)
    {
        if (deleted.Error is { } error)
        {
            _removal!.Done.TrySetException(new TorrentEngineException(error.Code, error.Message));
        }
        else
        {
            _removal!.Done.TrySetResult();
        }

        _storage?.Close();
    }
}
