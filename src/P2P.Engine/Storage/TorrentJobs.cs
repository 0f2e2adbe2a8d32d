namespace P2P.Engine.Storage;

/// <summary>Claims the torrent's paths and looks for its files.</summary>
internal sealed class ProbeJob(TorrentStorage torrent) : DiskJob(DiskLane.Pieces, DiskOrder.Alone, null)
{
    public override void Run(DiskWorker worker)
    {
        var storage = torrent.Storage;
        DiskError? found = null;
        var error = torrent.Try(() =>
        {
            found = torrent.Queue.Claims.TryClaim(torrent, storage.SharedPaths) is { } taken
                ? DiskFaults.InUse(taken)
                : storage.Probe();
        });
        var dirty = System.Collections.Immutable.ImmutableArray<int>.Empty;
        error ??= torrent.Try(() => dirty = storage.DirtyPieces());
        torrent.Post(new DiskCompletion.Probed(storage.Facts, storage.IsInSharedRoot, dirty) { Error = error ?? found });
    }
}

/// <summary>Makes everything written so far durable.</summary>
internal sealed class FlushJob(TorrentStorage torrent, long sequence) : DiskJob(DiskLane.Flushes, DiskOrder.AfterWrites, FlushKey)
{
    public override void Run(DiskWorker worker)
    {
        var error = torrent.Try(torrent.Storage.Flush);
        torrent.Post(new DiskCompletion.Flushed(sequence, torrent.Storage.Facts) { Error = error });
    }
}

/// <summary>Drops recorded pieces from the journal. A failure leaves too many entries, which costs a few hashes at the next start.</summary>
internal sealed class ClearJournalJob(TorrentStorage torrent) : DiskJob(DiskLane.Flushes, DiskOrder.ByKey, FlushKey)
{
    public override void Run(DiskWorker worker) => _ = torrent.Try(torrent.Storage.Journal.Clear);
}

/// <summary>Flushes what is to be moved; reads go on meanwhile.</summary>
internal sealed class PrepareMoveJob(TorrentStorage torrent) : DiskJob(DiskLane.Flushes, DiskOrder.AfterWrites, FlushKey)
{
    public override void Run(DiskWorker worker)
    {
        if (torrent.Try(torrent.Storage.Flush) is { } error)
        {
            torrent.Post(new DiskCompletion.Moved(torrent.Storage.Facts) { Error = error });
        }
        else
        {
            torrent.Submit(new RenameJob(torrent));
        }
    }
}

/// <summary>Renames what lies on one volume, quickly and alone; the rest is sent to be copied first.</summary>
internal sealed class RenameJob(TorrentStorage torrent) : DiskJob(DiskLane.Moves, DiskOrder.Alone, null)
{
    public override void Run(DiskWorker worker)
    {
        List<StoredFile> toCopy = [];
        var error = torrent.Try(() =>
        {
            toCopy = new FileMover(torrent.Storage).Rename();
            torrent.Storage.Flush();
        });
        if (error is null && toCopy.Count > 0)
        {
            torrent.Submit(new CopyJob(torrent, toCopy));
        }
        else
        {
            torrent.Post(new DiskCompletion.Moved(torrent.Storage.Facts) { Error = error });
        }
    }
}

/// <summary>Copies files to another volume while they are still read from the old place, then has them renamed.</summary>
internal sealed class CopyJob(TorrentStorage torrent, List<StoredFile> files) : DiskJob(DiskLane.Moves, DiskOrder.ByKey, null)
{
    public override void Run(DiskWorker worker)
    {
        var isWhole = true;
        var error = torrent.Try(() =>
        {
            var mover = new FileMover(torrent.Storage);
            isWhole = files.TrueForAll(f => mover.TryCopy(f, worker, () => torrent.IsClosing, torrent.CountMoved));
        });
        if (error is not null)
        {
            torrent.Post(new DiskCompletion.Moved(torrent.Storage.Facts) { Error = error });
        }
        else if (isWhole)
        {
            torrent.Submit(new RenameJob(torrent));
        }
    }
}

/// <summary>Deletes the torrent's data.</summary>
internal sealed class DeleteJob(TorrentStorage torrent) : DiskJob(DiskLane.Moves, DiskOrder.Alone, null)
{
    public override void Run(DiskWorker worker)
    {
        var error = torrent.Try(new FileMover(torrent.Storage).Delete);
        torrent.Post(new DiskCompletion.Deleted { Error = error });
    }
}

/// <summary>Closes the handles after every earlier job, and gives up the paths.</summary>
internal sealed class CloseJob(TorrentStorage torrent, JobGate gate) : DiskJob(DiskLane.Pieces, DiskOrder.Alone, null)
{
    public override void Run(DiskWorker worker)
    {
        gate.Close();
        var error = torrent.Try(torrent.Storage.Dispose);
        torrent.Queue.Claims.Release(torrent, torrent.Storage.SharedPaths);
        torrent.Post(new DiskCompletion.Closed { Error = error });
    }
}
