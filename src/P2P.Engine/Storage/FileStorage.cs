using System.Collections.Immutable;

namespace P2P.Engine.Storage;

/// <summary>The bytes of one torrent at rest: reads and writes by torrent offset, the flush, and the journal.</summary>
/// <remarks>Thread-safe for jobs on different pieces; <see cref="Probe"/> runs alone. Throws <see cref="StorageException"/> only.</remarks>
internal sealed class FileStorage : IDisposable
{
    private readonly FileHandlePool _handles;
    private readonly DiskCounters _counters;
    private readonly TouchedFiles _touched = new();

    // Read and set by flushes, which run one after the other, and by Probe, which runs alone.
    private DiskError? _flushFault;

    /// <summary>Touches nothing on disk.</summary>
    public FileStorage(StorageSpec spec, IFileSystem system, FileHandlePool handles, DiskCounters counters)
    {
        (Spec, System, _handles, _counters) = (spec, system, handles, counters);
        Layout = new FileLayout(spec.Files);
        if (Layout.TotalLength != spec.Geometry.TotalLength)
        {
            throw new ArgumentException("The files and the geometry differ in length.", nameof(spec));
        }

        Places = new FilePlaces(spec, system, handles, _touched);
        Journal = new DirtyJournal(system, spec.DirtyJournalPath, spec.Geometry.PieceCount);
    }

    /// <summary>What this is the storage of.</summary>
    public StorageSpec Spec { get; }

    /// <summary>The operating system.</summary>
    public IFileSystem System { get; }

    /// <summary>Files end to end.</summary>
    public FileLayout Layout { get; }

    /// <summary>Where the files are.</summary>
    public FilePlaces Places { get; }

    /// <summary>Pieces on their way to a record.</summary>
    public DirtyJournal Journal { get; }

    /// <summary>What the next flush owes.</summary>
    public TouchedFiles Touched => _touched;

    /// <summary>Absolute finished paths of the files that can exist.</summary>
    public IEnumerable<string> SharedPaths =>
        Places.All.Where(static f => !f.IsPad).Select(f => SafePath.Join(Spec.SharedRoot, f.Path));

    /// <summary>Size and time of every file as last looked at (Probe, Flush, Moved).</summary>
    public ImmutableArray<FileFact> Facts => [.. Places.All.Select(static f => f.Fact)];

    /// <summary>Every wanted file of at least one byte is in the shared root.</summary>
    public bool IsInSharedRoot =>
        Places.All.All(f => f.IsPad || f.Length == 0 || f.Place == FilePlace.Shared || !Places.Wanted[f.Index])
        && Places.All.Any(static f => f.Length > 0 && f.Place == FilePlace.Shared);

    /// <summary>Looks for every file anew and forgets an earlier failed flush. Returns the first thing in the way, or null.</summary>
    public DiskError? Probe()
    {
        _handles.CloseAll(Places);
        _flushFault = null;
        foreach (var file in Places.All)
        {
            Places.Locate(file);
        }

        // Dirty pieces were written by a process that died before its flush: once re-hashed they may be recorded, so the next flush covers them.
        foreach (var piece in DirtyPieces())
        {
            Touch(piece);
        }

        return Places.All.FirstOrDefault(static f => f.Refusal is not null)?.Refusal;
    }

    /// <summary>Pieces named in the journal.</summary>
    public ImmutableArray<int> DirtyPieces() => Places.Guarded(Spec.DirtyJournalPath, Journal.Read);

    /// <summary>Fills the buffers with the torrent's bytes from <paramref name="offset"/> on; false when a file is absent or too short.</summary>
    public bool TryRead(long offset, IReadOnlyList<Memory<byte>> buffers, DiskWorker worker)
    {
        var cursor = new BufferCursor(buffers);
        foreach (var span in Layout.Spans(offset, cursor.Length))
        {
            cursor.Take(span.Length, worker.Reads);
            if (span.IsPad)
            {
                worker.Reads.ForEach(static b => b.Span.Clear());
            }
            else if (!Places.TryReadSpan(span, worker.Reads))
            {
                return false;
            }
        }

        _counters.OnRead(cursor.Length);
        return true;
    }

    /// <summary>Writes the buffers at the torrent's <paramref name="offset"/>, making files where needed.</summary>
    public void Write(long offset, IReadOnlyList<Memory<byte>> buffers, DiskWorker worker)
    {
        var cursor = new BufferCursor(buffers);
        foreach (var span in Layout.Spans(offset, cursor.Length))
        {
            cursor.Take(span.Length, worker.Reads);
            if (!span.IsPad)
            {
                worker.Writes.Clear();
                foreach (var buffer in worker.Reads)
                {
                    worker.Writes.Add(buffer);
                }

                Places.WriteSpan(span, worker.Writes);
                _counters.OnWritten(span.Length);
            }
        }
    }

    /// <summary>Relative path of the file that holds the torrent's byte at <paramref name="offset"/>, for messages.</summary>
    public string NameAt(long offset)
    {
        var spans = Layout.Spans(offset, 1);
        return spans.MoveNext() ? Places.All[spans.Current.File].Path : "";
    }

    /// <summary>What can be said of a piece without reading it.</summary>
    public PieceOnDisk LookAtPiece(int piece)
    {
        var isHole = true;
        foreach (var span in Layout.Spans(Spec.Geometry.OffsetOf(piece), Spec.Geometry.LengthOf(piece)))
        {
            if (span.IsPad)
            {
                continue;
            }

            using var lease = Places.RentForReading(span, out var at);
            if (lease is null)
            {
                return PieceOnDisk.Absent;
            }

            isHole &= System.NextData(lease.Value.Handle, at) >= at + span.Length;
        }

        return isHole ? PieceOnDisk.Hole : PieceOnDisk.Written;
    }

    /// <summary>The next flush covers the files of this piece, though this process may not have written them.</summary>
    public void Touch(int piece)
    {
        foreach (var span in Layout.Spans(Spec.Geometry.OffsetOf(piece), Spec.Geometry.LengthOf(piece)))
        {
            var place = span.IsPad ? FilePlace.Refused : Places.PlaceOf(Places.All[span.File]);
            if (place != FilePlace.Refused)
            {
                _touched.Add(place == FilePlace.Absent ? FilePlaces.PartsFile : span.File);
            }
        }
    }

    /// <summary>Makes durable what was written by the jobs that ended before this call.</summary>
    /// <remarks>
    /// A failure is final until <see cref="Probe"/>: the system may drop the pages it could not write and then report success (R-S05). So every
    /// later flush repeats the first error, the handles are closed, and the caches dropped for a re-hash to see the device.
    /// </remarks>
    public void Flush()
    {
        if (_flushFault is not null)
        {
            throw new StorageException(_flushFault);
        }

        var mark = Journal.Mark();
        var (files, folders) = _touched.TakeAll();
        try
        {
            Places.Guarded(Spec.DirtyJournalPath, () => { Journal.Flush(); return true; });
            foreach (var file in files)
            {
                FlushFile(file);
            }

            foreach (var (root, folder) in folders)
            {
                Places.Guarded(SafePath.Join(root, folder), () => { System.FlushFolder(root, folder); return true; });
            }
        }
        catch (StorageException exception)
        {
            _flushFault = exception.Error;
            foreach (var file in files)
            {
                DropCache(file);
            }

            throw;
        }

        Journal.OnPayloadFlushed(mark);
    }

    /// <summary>Closes the files (not the journal), for a rename or a deletion.</summary>
    public void CloseFiles() => _handles.CloseAll(Places);

    /// <summary>Closes everything; nothing is flushed.</summary>
    public void Dispose()
    {
        CloseFiles();
        Journal.Dispose();
    }

    private void FlushFile(int index)
    {
        if (index == FilePlaces.PartsFile)
        {
            Places.Guarded(Places.PartsPath, () =>
            {
                using var parts = Places.RentParts(forWriting: false);
                if (parts is not null)
                {
                    System.Flush(parts.Value.Handle);
                }

                return true;
            });
            return;
        }

        // Looked at before the flush: a time that a write during it leaves behind could be lost, and would then contradict the record.
        var file = Places.All[index];
        Places.LookAgain(file);
        var span = new FileSpan(index, 0, file.Offset, file.Length, IsPad: false);
        using var lease = file.Fact.Exists ? Places.RentForReading(span, out _) : null;
        if (lease is null)
        {
            // An open handle would hide that the name is gone (FT17).
            throw new StorageException(DiskFaults.Missing(file.Path));
        }

        var handle = lease.Value.Handle;
        Places.Guarded(file.Path, () => { System.Flush(handle); return true; });
    }

    private void DropCache(int index)
    {
        using (var lease = _handles.TryRent(Places, index, forWriting: false))
        {
            if (lease is not null)
            {
                System.DropCache(lease.Value.Handle);
            }
        }

        _handles.Close(Places, index);
    }
}

/// <summary>What can be said of a piece without reading it.</summary>
internal enum PieceOnDisk
{
    /// <summary>Some byte is missing.</summary>
    Absent,

    /// <summary>All of it reads as zeros; none was ever written.</summary>
    Hole,

    /// <summary>It must be read.</summary>
    Written,
}
