namespace P2P.Engine.Storage;

/// <summary>Takes finished files to the shared root and deletes a torrent's data; each step may be killed and simply done again.</summary>
/// <remarks>
/// On one volume a file is renamed, never over another. Across volumes it is copied under a hidden name, flushed, compared with the source,
/// renamed, the folder flushed, and only then the source deleted: at every moment one whole, durable copy exists (FT37).
/// </remarks>
internal sealed class FileMover(FileStorage storage)
{
    private readonly StorageSpec _spec = storage.Spec;
    private readonly IFileSystem _system = storage.System;
    private readonly FilePlaces _places = storage.Places;

    /// <summary>Renames what can be renamed and finishes what was copied; runs alone. Returns the files that must be copied first.</summary>
    public List<StoredFile> Rename()
    {
        storage.CloseFiles();
        List<StoredFile> toCopy = [];
        foreach (var file in _places.All)
        {
            if (!file.IsPad && IsToMove(file) && !_places.Guarded(file.Path, () => TryFinish(file)))
            {
                toCopy.Add(file);
            }
        }

        if (toCopy.Count == 0)
        {
            _places.Guarded(_spec.IncompleteRoot, CleanUp);
        }

        return toCopy;
    }

    /// <summary>Makes a verified, flushed copy beside the target. May run while the source is being read. False when stopped.</summary>
    public bool TryCopy(StoredFile file, DiskWorker worker, Func<bool> isStopped, Action<int> copied)
    {
        var (root, path) = _places.PathOf(file);
        return _places.Guarded(SafePath.Join(_spec.SharedRoot, file.Path), () =>
        {
            var isWhole = false;
            try
            {
                _system.Delete(_spec.SharedRoot, file.CopyPath);
                using var source = _system.Open(root, path, FileUse.Read);
                using var target = _system.Open(_spec.SharedRoot, file.CopyPath, FileUse.Create);
                _system.SetLength(target, file.Length);
                for (long at = 0; at < file.Length; at += DiskWorker.ScratchLength)
                {
                    var part = worker.Scratch[..(int)Math.Min(DiskWorker.ScratchLength, file.Length - at)];
                    worker.Reads.Clear();
                    worker.Reads.Add(part);
                    if (isStopped())
                    {
                        return false;
                    }

                    if (!FilePlaces.TryReadFully(_system, source, worker.Reads, at))
                    {
                        throw new StorageException(DiskFaults.Missing(SafePath.Join(root, path)));
                    }

                    _system.Write(target, [part], at);
                    copied(part.Length);
                }

                _system.SetModified(target, _system.Look(root, path).ModifiedUtcTicks);
                _system.Flush(target);
                _system.DropCache(target);
                isWhole = AreEqual((root, path), (_spec.SharedRoot, file.CopyPath), file.Length);
                file.IsCopied = isWhole;
                return isWhole ? true : throw new StorageException(
                    new DiskError("disk.io", $"The copy of '{file.Path}' differs from its source. Check the disk of the shared folder.", false));
            }
            finally
            {
                if (!isWhole)
                {
                    _system.Delete(_spec.SharedRoot, file.CopyPath);
                }
            }
        });
    }

    /// <summary>Deletes the torrent's files, its hidden files, its journal, and the folders that are empty then; runs alone.</summary>
    public void Delete()
    {
        storage.CloseFiles();
        foreach (var file in _places.All.Where(static f => !f.IsPad))
        {
            var place = _places.PlaceOf(file);
            _places.Guarded(file.Path, () =>
            {
                if (place is FilePlace.Partial or FilePlace.Plain or FilePlace.Shared)
                {
                    var (root, path) = _places.PathOf(file);
                    _system.Delete(root, path);
                    file.Place = FilePlace.Absent;
                }

                // A kill in the middle of a move leaves these; a refused path is not walked.
                if (place != FilePlace.Refused)
                {
                    _system.Delete(_spec.SharedRoot, file.CopyPath);
                    _system.Delete(_spec.IncompleteRoot, file.CopyPath);
                }

                file.Fact = default;
                return true;
            });
        }

        _places.Guarded(_spec.IncompleteRoot, () =>
        {
            _system.Delete(_places.PartsRoot, _places.PartsPath);
            storage.Journal.Delete();
            DeleteEmptyFolders(_spec.IncompleteRoot);
            DeleteEmptyFolders(_spec.SharedRoot);
            return true;
        });
    }

    // From another folder of finished files everything that is there comes along, also what is no longer wanted.
    private bool IsToMove(StoredFile file) => _places.Wanted[file.Index]
        || (_spec.PartsRoot is not null && _places.PlaceOf(file) == FilePlace.Plain && _system.Look(_spec.IncompleteRoot, file.Path).Length == file.Length);

    private bool TryFinish(StoredFile file)
    {
        var place = _places.PlaceOf(file);
        switch (place)
        {
            case FilePlace.Shared:
                return true;
            case FilePlace.Refused:
                throw new StorageException(file.Refusal ?? DiskFaults.NotRegular(file.Path));
            case FilePlace.Absent when file.Length == 0:
                using (_system.Open(_spec.SharedRoot, file.Path, FileUse.Create))
                {
                    return Arrive(file);
                }

            case FilePlace.Absent when !_places.HasParts(file):
                throw new StorageException(DiskFaults.Missing(file.Path));
            case FilePlace.Absent:
                _places.RentForWriting(file).Dispose();
                storage.CloseFiles();
                break;
        }

        var (root, path) = _places.PathOf(file);
        var target = _system.Look(_spec.SharedRoot, file.Path);
        if (target.Kind == EntryKind.Absent)
        {
            if (file.IsCopied)
            {
                _system.TryRename(_spec.SharedRoot, file.CopyPath, _spec.SharedRoot, file.Path);
                _system.FlushFolder(_spec.SharedRoot, SafePath.FolderOf(file.Path));
                _system.Delete(root, path);
                file.IsCopied = false;
                return Arrive(file);
            }

            return _system.TryRename(root, path, _spec.SharedRoot, file.Path) && Arrive(file);
        }

        // A kill between rename and delete leaves two equal files; anything else there is someone else's.
        var full = SafePath.Join(_spec.SharedRoot, file.Path);
        if (!target.IsFile || target.Length != file.Length)
        {
            throw new StorageException(target.IsFile ? DiskFaults.SizeConflict(full, target.Length, file.Length) : DiskFaults.NotRegular(full));
        }

        if (!AreEqual((root, path), (_spec.SharedRoot, file.Path), file.Length))
        {
            throw new StorageException(DiskFaults.DifferentFile(full));
        }

        using (var handle = _system.Open(_spec.SharedRoot, file.Path, FileUse.Read))
        {
            _system.Flush(handle);
        }

        _system.FlushFolder(_spec.SharedRoot, SafePath.FolderOf(file.Path));
        _system.Delete(root, path);
        return Arrive(file);
    }

    private bool Arrive(StoredFile file)
    {
        storage.Touched.AddFoldersOf(_spec.IncompleteRoot, file.PartialPath);
        storage.Touched.AddFoldersOf(_spec.SharedRoot, file.Path);
        file.Place = FilePlace.Shared;
        _places.LookAgain(file);
        return true;
    }

    private bool CleanUp()
    {
        if (_places.Wanted.All(static w => w))
        {
            _system.Delete(_places.PartsRoot, _places.PartsPath);
        }

        if (!_places.IsOneRoot)
        {
            DeleteEmptyFolders(_spec.IncompleteRoot);
        }

        return true;
    }

    private void DeleteEmptyFolders(string root)
    {
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in _places.All.Where(static f => f.Place != FilePlace.Refused))
        {
            for (var folder = SafePath.FolderOf(file.Path); folder.Length > 0; folder = SafePath.FolderOf(folder))
            {
                folders.Add(folder);
            }
        }

        foreach (var folder in folders.OrderByDescending(static f => f.Length))
        {
            _system.DeleteFolderIfEmpty(root, folder);
        }
    }

    private bool AreEqual((string Root, string Path) one, (string Root, string Path) other, long length)
    {
        const int Step = DiskWorker.ScratchLength / 4;
        using var first = _system.Open(one.Root, one.Path, FileUse.Read);
        using var second = _system.Open(other.Root, other.Path, FileUse.Read);
        var (left, right) = (new byte[Step], new byte[Step]);
        for (long at = 0; at < length; at += Step)
        {
            var count = (int)Math.Min(Step, length - at);
            if (!FilePlaces.TryReadFully(_system, first, [left.AsMemory(0, count)], at)
                || !FilePlaces.TryReadFully(_system, second, [right.AsMemory(0, count)], at)
                || !left.AsSpan(0, count).SequenceEqual(right.AsSpan(0, count)))
            {
                return false;
            }
        }

        return true;
    }
}
