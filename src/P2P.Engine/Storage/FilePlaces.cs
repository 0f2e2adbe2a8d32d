using Microsoft.Win32.SafeHandles;

namespace P2P.Engine.Storage;

/// <summary>Knows where each file of a torrent is, makes those that must exist, and reads and writes runs of bytes in them.</summary>
/// <remarks>
/// Thread-safe. While downloading a file is sparse, of its final length, in the incomplete root with ".part" added. A file nobody wants is not
/// made: its bytes of shared pieces go to ".infohash.parts" at their offset in the torrent, and are copied over when it is made after all.
/// Throws <see cref="StorageException"/> only.
/// </remarks>
internal sealed class FilePlaces
{
    /// <summary>Stands for the parts file where an index of a file is expected.</summary>
    public const int PartsFile = -1;

    private const int CopyLength = 256 * 1024;

    private readonly StorageSpec _spec;
    private readonly IFileSystem _system;
    private readonly FileHandlePool _handles;
    private readonly TouchedFiles _touched;
    private readonly StoredFile[] _files;

    // Guards the choice "file or parts file" together with the write that follows from it; taken before a file's gate.
    private readonly Lock _partsGate = new();
    private volatile bool[] _wanted;

    /// <summary>Touches nothing on disk. <paramref name="handles"/> is shared by all torrents, the rest belongs to this one.</summary>
    public FilePlaces(StorageSpec spec, IFileSystem system, FileHandlePool handles, TouchedFiles touched)
    {
        (_spec, _system, _handles, _touched) = (spec, system, handles, touched);
        var paths = spec.Files.Select(static f => f.Path).ToHashSet(StringComparer.Ordinal);
        _files = new StoredFile[spec.Files.Length];
        long offset = 0;
        for (var i = 0; i < _files.Length; i++)
        {
            _files[i] = new StoredFile(spec, i, offset, paths);
            offset += spec.Files[i].Length;
        }

        _wanted = [.. Enumerable.Repeat(true, _files.Length)];
        PartsPath = $".{spec.InfoHash.ToString().ToLowerInvariant()}.parts";
        IsOneRoot = string.Equals(spec.IncompleteRoot.TrimEnd('/'), spec.SharedRoot.TrimEnd('/'), StringComparison.Ordinal);
    }

    /// <summary>The files, in the metainfo's order.</summary>
    public IReadOnlyList<StoredFile> All => _files;

    /// <summary>Relative path of the parts file, in its root.</summary>
    public string PartsPath { get; }

    /// <summary>Absolute folder of the parts file: where partial files are, also while finished ones move from elsewhere.</summary>
    public string PartsRoot => _spec.PartsRoot ?? _spec.IncompleteRoot;

    /// <summary>Incomplete and shared root are the same folder.</summary>
    public bool IsOneRoot { get; }

    /// <summary>One flag per file; a file that exists goes on being used, wanted or not. Never changed in place.</summary>
    public bool[] Wanted
    {
        get => _wanted;
        set => _wanted = value;
    }

    /// <summary>Looks for the file anew.</summary>
    public void Locate(StoredFile file)
    {
        lock (file.Gate)
        {
            (file.Refusal, file.Fact, file.Place) = (null, default, FilePlace.Absent);
            if (file.IsPad)
            {
                return;
            }

            try
            {
                Guarded(file.Path, () => file.Place = Find(file));
            }
            catch (StorageException exception)
            {
                (file.Refusal, file.Place) = (exception.Error, FilePlace.Refused);
            }
        }
    }

    /// <summary>Where the file is, looking for it the first time.</summary>
    public FilePlace PlaceOf(StoredFile file)
    {
        lock (file.Gate)
        {
            if (file.Place == FilePlace.Unknown)
            {
                Locate(file);
            }

            return file.Place;
        }
    }

    /// <summary>Root and relative path of a file that exists.</summary>
    public (string Root, string Path) PathOf(StoredFile file) => file.Place switch
    {
        FilePlace.Partial => (_spec.IncompleteRoot, file.PartialPath),
        FilePlace.Plain => (_spec.IncompleteRoot, file.Path),
        _ => (_spec.SharedRoot, file.Path),
    };

    /// <summary>Refreshes size and time.</summary>
    public void LookAgain(StoredFile file)
    {
        var (root, path) = PathOf(file);
        file.Fact = ToFact(Guarded(path, () => _system.Look(root, path)));
    }

    /// <summary>Fills the buffers from one span; false when the file is absent or too short.</summary>
    public bool TryReadSpan(FileSpan span, List<Memory<byte>> buffers)
    {
        using var lease = RentForReading(span, out var at);
        var handle = lease?.Handle;
        return handle is not null && Guarded(_files[span.File].Path, () => TryReadFully(_system, handle, buffers, at));
    }

    /// <summary>Writes the buffers to one span, making its file first when it must exist.</summary>
    public void WriteSpan(FileSpan span, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        var file = _files[span.File];
        if (BelongsInParts(file))
        {
            lock (_partsGate)
            {
                if (BelongsInParts(file))
                {
                    Guarded(PartsPath, () =>
                    {
                        using var parts = RentParts(forWriting: true)!.Value;
                        _system.Write(parts.Handle, buffers, span.TorrentOffset);
                        return true;
                    });
                    _touched.Add(PartsFile);
                    return;
                }
            }
        }

        Guarded(file.Path, () =>
        {
            using var lease = RentForWriting(file);
            _system.Write(lease.Handle, buffers, span.Offset);
            return true;
        });
        _touched.Add(file.Index);
    }

    /// <summary>Lends the handle that holds the span, and where in it; null when it is nowhere.</summary>
    public FileHandlePool.Lease? RentForReading(FileSpan span, out long at)
    {
        var file = _files[span.File];
        at = span.Offset;
        switch (PlaceOf(file))
        {
            case FilePlace.Refused:
                return null;
            case FilePlace.Absent:
                at = span.TorrentOffset;
                return Guarded(PartsPath, () => RentParts(forWriting: false));
            default:
                return _handles.TryRent(this, file.Index, forWriting: false) ?? Guarded(file.Path, () => OpenIfThere(file));
        }
    }

    /// <summary>Lends the file for writing: made, sparse and of its final length, when it is absent.</summary>
    public FileHandlePool.Lease RentForWriting(StoredFile file)
    {
        if (PlaceOf(file) == FilePlace.Absent)
        {
            lock (_partsGate)
            {
                lock (file.Gate)
                {
                    if (file.Place == FilePlace.Absent)
                    {
                        Make(file);
                    }
                }
            }
        }

        lock (file.Gate)
        {
            return _handles.TryRent(this, file.Index, forWriting: true) ?? OpenForWriting(file);
        }
    }

    /// <summary>Lends the parts file; null when it is absent and not to be written.</summary>
    public FileHandlePool.Lease? RentParts(bool forWriting)
    {
        if (_handles.TryRent(this, PartsFile, forWriting) is { } open)
        {
            return open;
        }

        if (forWriting)
        {
            var handle = _system.Open(PartsRoot, PartsPath, FileUse.Create);
            _touched.AddFoldersOf(PartsRoot, PartsPath);
            return _handles.Add(this, PartsFile, handle, canWrite: true);
        }

        return _system.Look(PartsRoot, PartsPath).IsFile
            ? _handles.Add(this, PartsFile, _system.Open(PartsRoot, PartsPath, FileUse.Read), canWrite: false)
            : null;
    }

    /// <summary>The parts file holds bytes of this file.</summary>
    public bool HasParts(StoredFile file)
    {
        using var parts = Guarded(PartsPath, () => RentParts(forWriting: false));
        return parts is not null && _system.NextData(parts.Value.Handle, file.Offset) < file.Offset + file.Length
            && _system.LengthOf(parts.Value.Handle) > file.Offset;
    }

    /// <summary>Runs calls of the operating system and puts a complaint into words.</summary>
    public T Guarded<T>(string path, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception exception) when (exception is (IOException or UnauthorizedAccessException) and not StorageException)
        {
            var error = DiskFaults.From(exception, FullPath(path));
            throw new StorageException(
                error.Code == "disk.full"
                    ? DiskFaults.From(exception, _spec.IncompleteRoot, _system.FreeBytes(_spec.IncompleteRoot), BytesStillNeeded())
                    : error,
                exception);
        }
    }

    // A person has to find it: the sentence names the file as it is on disk, or as it would be made.
    private string FullPath(string path) => Array.Find(_files, file => file.Path == path) switch
    {
        null => Path.Combine(_spec.IncompleteRoot, path),
        { Place: FilePlace.Shared } => Path.Combine(_spec.SharedRoot, path),
        { Place: FilePlace.Plain } => Path.Combine(_spec.IncompleteRoot, path),
        var file => Path.Combine(_spec.IncompleteRoot, file.PartialPath),
    };

    /// <summary>Reads until the buffers are full; false at an early end of the file.</summary>
    public static bool TryReadFully(IFileSystem system, SafeFileHandle handle, List<Memory<byte>> buffers, long at)
    {
        while (buffers.Count > 0)
        {
            var read = system.Read(handle, buffers, at);
            if (read == 0)
            {
                return false;
            }

            at += read;
            var whole = 0;
            for (; whole < buffers.Count && read >= buffers[whole].Length; whole++)
            {
                read -= buffers[whole].Length;
            }

            buffers.RemoveRange(0, whole);
            if (read > 0)
            {
                buffers[0] = buffers[0][(int)read..];
            }
        }

        return true;
    }

    private static FileFact ToFact(FileEntry entry) => entry.IsFile ? new FileFact(true, entry.Length, entry.ModifiedUtcTicks) : default;

    private bool BelongsInParts(StoredFile file) => PlaceOf(file) == FilePlace.Absent && !_wanted[file.Index];

    private FilePlace Find(StoredFile file)
    {
        var shared = _system.Look(_spec.SharedRoot, file.Path);
        var partial = _system.Look(_spec.IncompleteRoot, file.PartialPath);
        var plain = IsOneRoot ? default : _system.Look(_spec.IncompleteRoot, file.Path);
        Refuse(shared.Kind is EntryKind.Folder or EntryKind.Other, DiskFaults.NotRegular(SafePath.Join(_spec.SharedRoot, file.Path)));
        Refuse(partial.Kind is EntryKind.Folder or EntryKind.Other, DiskFaults.NotRegular(SafePath.Join(_spec.IncompleteRoot, file.PartialPath)));
        Refuse(plain.Kind is EntryKind.Folder or EntryKind.Other, DiskFaults.NotRegular(SafePath.Join(_spec.IncompleteRoot, file.Path)));

        // A shared file of another length is someone else's, unless it was this torrent's finished file and lost its end.
        var isOwnShared = shared.IsFile && (shared.Length == file.Length || (_spec.StartsInSharedRoot && shared.Length < file.Length));
        if (shared.IsFile && !isOwnShared)
        {
            throw new StorageException(DiskFaults.SizeConflict(SafePath.Join(_spec.SharedRoot, file.Path), shared.Length, file.Length));
        }

        var (place, entry) = isOwnShared && (_spec.StartsInSharedRoot || (!partial.IsFile && !plain.IsFile)) ? (FilePlace.Shared, shared)
            : partial.IsFile ? (FilePlace.Partial, partial)
            : plain.IsFile ? (FilePlace.Plain, plain)
            : (FilePlace.Absent, default);
        if (entry.Length > file.Length)
        {
            var path = place == FilePlace.Partial ? file.PartialPath : file.Path;
            throw new StorageException(DiskFaults.SizeConflict(SafePath.Join(_spec.IncompleteRoot, path), entry.Length, file.Length));
        }

        file.Fact = ToFact(entry);
        return place;
    }

    private static void Refuse(bool isRefused, DiskError error)
    {
        if (isRefused)
        {
            throw new StorageException(error);
        }
    }

    private FileHandlePool.Lease? OpenIfThere(StoredFile file)
    {
        lock (file.Gate)
        {
            if (_handles.TryRent(this, file.Index, forWriting: false) is { } open)
            {
                return open;
            }

            var (root, path) = PathOf(file);
            return _system.Look(root, path).Kind == EntryKind.Absent
                ? null
                : _handles.Add(this, file.Index, _system.Open(root, path, FileUse.Read), canWrite: false);
        }
    }

    private FileHandlePool.Lease OpenForWriting(StoredFile file)
    {
        Refuse(file.Place == FilePlace.Refused, file.Refusal ?? DiskFaults.NotRegular(file.Path));
        var (root, path) = PathOf(file);
        var handle = _system.Open(root, path, FileUse.Write);
        try
        {
            var length = _system.LengthOf(handle);
            Refuse(length > file.Length, DiskFaults.SizeConflict(SafePath.Join(root, path), length, file.Length));
            if (length < file.Length)
            {
                _system.SetLength(handle, file.Length);
            }

            return _handles.Add(this, file.Index, handle, canWrite: true);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Makes the partial file; bytes kept in the parts file are in it before its name appears, so a kill in between loses none.</summary>
    private void Make(StoredFile file)
    {
        if (HasParts(file))
        {
            _system.Delete(_spec.IncompleteRoot, file.CopyPath);
            using (var handle = _system.Open(_spec.IncompleteRoot, file.CopyPath, FileUse.Create))
            {
                _system.SetLength(handle, file.Length);
                CopyParts(file, handle);
                _system.Flush(handle);
            }

            _system.TryRename(_spec.IncompleteRoot, file.CopyPath, _spec.IncompleteRoot, file.PartialPath);
        }
        else
        {
            using var handle = _system.Open(_spec.IncompleteRoot, file.PartialPath, FileUse.Create);
            _system.SetLength(handle, file.Length);
        }

        file.Place = FilePlace.Partial;
        _touched.AddFoldersOf(_spec.IncompleteRoot, file.PartialPath);
    }

    private void CopyParts(StoredFile file, SafeFileHandle target)
    {
        using var parts = RentParts(forWriting: false)!.Value;
        var buffer = new byte[CopyLength];
        var end = file.Offset + file.Length;
        for (var at = _system.NextData(parts.Handle, file.Offset); at < end; at = _system.NextData(parts.Handle, at))
        {
            var read = (int)_system.Read(parts.Handle, [buffer.AsMemory(0, (int)Math.Min(CopyLength, end - at))], at);
            if (read == 0)
            {
                return;
            }

            _system.Write(target, [buffer.AsMemory(0, read)], at - file.Offset);
            at += read;
        }
    }

    private long BytesStillNeeded()
    {
        long needed = 0;
        foreach (var file in _files)
        {
            if (!file.IsPad && _wanted[file.Index])
            {
                needed += file.Length;
                if (file.Place is FilePlace.Partial or FilePlace.Plain or FilePlace.Shared)
                {
                    var (root, path) = PathOf(file);
                    needed -= Math.Min(file.Length, _system.Look(root, path).Allocated);
                }
            }
        }

        return needed;
    }
}
