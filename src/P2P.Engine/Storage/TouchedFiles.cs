namespace P2P.Engine.Storage;

/// <summary>What a flush still owes: files written and folders that got or lost a name. Thread-safe.</summary>
/// <remarks>A file is noted after its write, never before: a flush that takes the note has then seen the bytes.</remarks>
internal sealed class TouchedFiles
{
    private readonly Lock _gate = new();
    private HashSet<int> _files = [];
    private HashSet<(string Root, string Folder)> _folders = [];

    /// <summary>Notes a file written, by its index or <see cref="FilePlaces.PartsFile"/>.</summary>
    public void Add(int file)
    {
        lock (_gate)
        {
            _files.Add(file);
        }
    }

    /// <summary>Notes the folder of a name made, renamed or deleted, and every folder above it up to the root.</summary>
    public void AddFoldersOf(string root, string path)
    {
        lock (_gate)
        {
            for (var folder = SafePath.FolderOf(path); ; folder = SafePath.FolderOf(folder))
            {
                _folders.Add((root, folder));
                if (folder.Length == 0)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Hands over all notes; the taker flushes them or declares the flush failed.</summary>
    public (IReadOnlySet<int> Files, IReadOnlySet<(string Root, string Folder)> Folders) TakeAll()
    {
        lock (_gate)
        {
            var taken = (_files, _folders);
            (_files, _folders) = ([], []);
            return taken;
        }
    }
}
