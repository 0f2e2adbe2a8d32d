using Microsoft.Win32.SafeHandles;

namespace P2P.Engine.Storage;

/// <summary>Keeps the most recently used files open, at most so many; a handle in use is never closed under its user.</summary>
/// <remarks>
/// Thread-safe. Closing a file with unflushed bytes loses nothing: the system keeps the pages, and a write-back error nobody has seen is told to
/// the next one to open and flush the file (Linux 4.17, errseq). Limit R6: at most 40 % of the process's handles.
/// </remarks>
internal sealed class FileHandlePool(int capacity) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(object Owner, int File), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];

    /// <summary>Handles open now and not about to close.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Lends the open handle of a file; null when it is not open, or only for reading and <paramref name="forWriting"/> is wanted.</summary>
    public Lease? TryRent(object owner, int file, bool forWriting)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue((owner, file), out var node) || (forWriting && !node.Value.CanWrite))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            node.Value.Users++;
            return new Lease(this, node.Value);
        }
    }

    /// <summary>Takes over a handle just opened and lends it; an older handle of the same file is closed when its last user is done.</summary>
    public Lease Add(object owner, int file, SafeFileHandle handle, bool canWrite)
    {
        var entry = new Entry(owner, file, handle, canWrite) { Users = 1 };
        List<Entry> closing = [];
        lock (_gate)
        {
            Forget((owner, file), closing);
            _entries[(owner, file)] = _byUse.AddFirst(entry);
            for (var node = _byUse.Last; node is not null && _entries.Count > capacity;)
            {
                var previous = node.Previous;
                if (node.Value.Users == 0)
                {
                    Forget((node.Value.Owner, node.Value.File), closing);
                }

                node = previous;
            }
        }

        closing.ForEach(static e => e.Handle.Dispose());
        return new Lease(this, entry);
    }

    /// <summary>Closes one file, after its present users.</summary>
    public void Close(object owner, int file)
    {
        List<Entry> closing = [];
        lock (_gate)
        {
            Forget((owner, file), closing);
        }

        closing.ForEach(static e => e.Handle.Dispose());
    }

    /// <summary>Closes every file of an owner, after its present users.</summary>
    public void CloseAll(object owner)
    {
        List<Entry> closing = [];
        lock (_gate)
        {
            foreach (var key in _entries.Keys.Where(k => ReferenceEquals(k.Owner, owner)).ToArray())
            {
                Forget(key, closing);
            }
        }

        closing.ForEach(static e => e.Handle.Dispose());
    }

    /// <summary>Closes everything.</summary>
    public void Dispose()
    {
        List<Entry> closing = [];
        lock (_gate)
        {
            foreach (var key in _entries.Keys.ToArray())
            {
                Forget(key, closing);
            }
        }

        closing.ForEach(static e => e.Handle.Dispose());
    }

    private void Forget((object Owner, int File) key, List<Entry> closing)
    {
        if (!_entries.Remove(key, out var node))
        {
            return;
        }

        _byUse.Remove(node);
        node.Value.IsDoomed = true;
        if (node.Value.Users == 0)
        {
            closing.Add(node.Value);
        }
    }

    private void Return(Entry entry)
    {
        bool isLast;
        lock (_gate)
        {
            isLast = --entry.Users == 0 && entry.IsDoomed;
        }

        if (isLast)
        {
            entry.Handle.Dispose();
        }
    }

    /// <summary>The right to use a handle until disposed.</summary>
    internal readonly struct Lease : IDisposable
    {
        private readonly FileHandlePool _pool;
        private readonly Entry _entry;

        internal Lease(FileHandlePool pool, Entry entry) => (_pool, _entry) = (pool, entry);

        /// <summary>Valid until the lease ends.</summary>
        public SafeFileHandle Handle => _entry.Handle;

        public void Dispose() => _pool.Return(_entry);
    }

    /// <summary>An open file in the pool.</summary>
    internal sealed class Entry(object owner, int file, SafeFileHandle handle, bool canWrite)
    {
        public object Owner { get; } = owner;

        public int File { get; } = file;

        public SafeFileHandle Handle { get; } = handle;

        public bool CanWrite { get; } = canWrite;

        public int Users { get; set; }

        public bool IsDoomed { get; set; }
    }
}
