using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>Stopping as a state: write down what is unfinished, flush, record, close; and what builds on it: re-check and remove. Loop only.</summary>
internal sealed class TorrentStop(TorrentLoop loop, TorrentCore core, PeerDesk desk, Downloader downloader, RecordKeeper keeper)
{
    /// <summary>In place of a sequence: this stop records nothing, because nothing was begun.</summary>
    private const long RecordsNothing = -1;

    private readonly List<TaskCompletionSource> _waiting = [];
    private TorrentCommand.Remove? _removal;
    private long _awaited;

    /// <summary>It is to start again once it has stopped.</summary>
    public bool StartsAgain { get; set; }

    /// <summary>A re-check was asked for a stopped torrent: it stops again after the check.</summary>
    public bool StopsAfterCheck { get; set; }

    /// <summary>Stop cleanly; the task completes when the files are closed and the progress is on record.</summary>
    public void Stop(TaskCompletionSource? done)
    {
        core.WillStart = false;
        if (core.Phase is not (TorrentPhase.Stopped or TorrentPhase.Removed) && done is not null)
        {
            _waiting.Add(done);
        }

        switch (core.Phase)
        {
            case TorrentPhase.Active:
                StartsAgain = false;
                core.Phase = TorrentPhase.Stopping;
                desk.DropPeers();
                core.Context.Host.OnInactive(loop);
                Continue();
                break;
            case TorrentPhase.Checking or TorrentPhase.Probing or TorrentPhase.Failed:
                // What a check found so far is dropped: the next start looks again.
                core.EndCheck();
                StopsAfterCheck = false;
                core.Error = null;
                core.Phase = TorrentPhase.Stopping;
                _awaited = RecordsNothing;
                if (core.Storage is null)
                {
                    OnClosed();
                }
                else
                {
                    core.Storage.Close();
                }

                break;
            case TorrentPhase.Stopping:
                StartsAgain = false; // A start in between is taken back.
                break;
            default:
                done?.TrySetResult();
                break;
        }
    }

    /// <summary>The next step of a stop, once nothing is being written any more: blocks of unfinished pieces, then the flush.</summary>
    public void Continue()
    {
        if (core.Phase != TorrentPhase.Stopping || downloader.IsWriting || _awaited == RecordsNothing)
        {
            return;
        }

        var partials = core.Picker.Partials.ToArray();
        keeper.Partials = [.. partials.Where(partial => partial.ReceivedCount > 0).Select(partial => (partial.Piece, partial.BlockBitmap()))];
        if (!partials.Any(partial => partial.HeldBlocks().Any()))
        {
            keeper.TryFlush();
            return;
        }

        foreach (var partial in partials)
        {
            downloader.FlushHeldBlocks(partial);
        }
    }

    /// <summary>A flush ended while stopping: another if more was written meanwhile, else the record.</summary>
    public void OnFlushed()
    {
        if (core.Ledger.HasUnflushed)
        {
            keeper.TryFlush();
        }
        else
        {
            _awaited = keeper.Record(isCleanStop: true, isUrgent: true);
        }
    }

    /// <summary>A record is durable; when it is the stop's, the journal has nothing left to tell and the files can be closed.</summary>
    public void OnRecorded(long sequence)
    {
        if (core.Phase == TorrentPhase.Stopping && sequence == _awaited)
        {
            core.Storage!.ClearDirtyJournal();
            core.Storage.Close();
        }
    }

    /// <summary>The files are closed: the stop is over. True when the torrent is to start again now.</summary>
    public bool OnClosed()
    {
        core.Storage = null;
        if (core.Phase is not TorrentPhase.Stopping)
        {
            return false;
        }

        downloader.DropPartialPieces();

        // A start that was broken off has changed nothing: what the record says of the stop before it still holds.
        keeper.WasClean = _awaited > 0 || (_awaited == RecordsNothing && keeper.WasClean);
        _awaited = 0;
        (core.Phase, core.StoppedAt) = (TorrentPhase.Stopped, core.Context.Clock.GetUtcNow());
        End();
        if (_removal is { } removal)
        {
            DeleteOrEnd(removal);
            return false;
        }

        var startsAgain = StartsAgain;
        StartsAgain = false;
        return startsAgain;
    }

    /// <summary>Whoever waits for the stop need not wait any longer.</summary>
    public void End()
    {
        foreach (var done in _waiting)
        {
            done.TrySetResult();
        }

        _waiting.Clear();
    }

    /// <summary>Hash everything again, and go on as before: stop cleanly, start with a check of all, stop again if it was stopped. True: start now.</summary>
    public bool Recheck()
    {
        core.RecheckAsked = true;
        switch (core.Phase)
        {
            case TorrentPhase.Stopped or TorrentPhase.Failed:
                StopsAfterCheck = core.Phase == TorrentPhase.Stopped;
                return true;
            case TorrentPhase.Active:
                Stop(null);
                StartsAgain = true;
                return false;
            case TorrentPhase.Stopping:
                StartsAgain = true;
                return false;
            default:
                return false;
        }
    }

    /// <summary>Stop for good, and delete the data if asked.</summary>
    public void Remove(TorrentCommand.Remove remove)
    {
        _removal = remove;
        if (core.Phase == TorrentPhase.Stopped)
        {
            DeleteOrEnd(remove);
        }
        else
        {
            Stop(null);
        }
    }

    /// <summary>The data is gone, or could not be deleted.</summary>
    public void OnDeleted(DiskCompletion.Deleted deleted)
    {
        if (deleted.Error is { } error)
        {
            _removal!.Done.TrySetException(new TorrentEngineException(error.Code, error.Message));
        }
        else
        {
            _removal!.Done.TrySetResult();
        }

        core.Storage?.Close();
    }

    private void DeleteOrEnd(TorrentCommand.Remove remove)
    {
        core.Phase = TorrentPhase.Removed;
        if (remove.DeleteData)
        {
            core.Storage = core.OpenStorage(loop);
            core.Storage.DeleteData();
        }
        else
        {
            remove.Done.TrySetResult();
        }
    }
}
