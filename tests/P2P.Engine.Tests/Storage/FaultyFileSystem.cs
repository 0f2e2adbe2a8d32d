using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using P2P.Engine.Storage;

namespace P2P.Engine.Tests.Storage;

/// <summary>The real files, with every call recorded in order and chosen calls made to fail.</summary>
internal sealed class FaultyFileSystem : IFileSystem
{
    private readonly LinuxFileSystem _inner = new();
    private readonly ConcurrentDictionary<SafeFileHandle, string> _names = new();

    /// <summary>"write a.part 0 16384", "flush a.part", "rename a.part", "delete a.part", "folder T" ... in order.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Called with each entry of <see cref="Calls"/> before the call is made; throws to make it fail.</summary>
    public Action<string> Fault { get; set; } = static _ => { };

    /// <summary>Renames between different roots say "another volume".</summary>
    public bool RootsAreVolumes { get; set; }

    public static IOException Errno(int number) => new("injected", number);

    public FileEntry Look(string root, string path) => _inner.Look(root, path);

    public SafeFileHandle Open(string root, string path, FileUse use)
    {
        Record($"open {path} {use}");
        var handle = _inner.Open(root, path, use);
        _names[handle] = path;
        return handle;
    }

    public long Read(SafeFileHandle handle, IReadOnlyList<Memory<byte>> buffers, long offset)
    {
        Record($"read {_names[handle]} {offset}");
        return _inner.Read(handle, buffers, offset);
    }

    public void Write(SafeFileHandle handle, IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
    {
        Record($"write {_names[handle]} {offset} {buffers.Sum(static b => b.Length)}");
        _inner.Write(handle, buffers, offset);
        Calls.Enqueue($"written {_names[handle]}");
    }

    public void SetLength(SafeFileHandle handle, long length)
    {
        Record($"length {_names[handle]} {length}");
        _inner.SetLength(handle, length);
    }

    public long LengthOf(SafeFileHandle handle) => _inner.LengthOf(handle);

    public void SetModified(SafeFileHandle handle, long utcTicks) => _inner.SetModified(handle, utcTicks);

    public void Flush(SafeFileHandle handle)
    {
        Record($"flush {_names[handle]}");
        _inner.Flush(handle);
    }

    public void FlushFolder(string root, string folder)
    {
        Record($"folder {folder}");
        _inner.FlushFolder(root, folder);
    }

    public void DropCache(SafeFileHandle handle)
    {
        Record($"drop {_names[handle]}");
        _inner.DropCache(handle);
    }

    public long NextData(SafeFileHandle handle, long offset) => _inner.NextData(handle, offset);

    public bool TryRename(string root, string path, string toRoot, string toPath)
    {
        Record($"rename {path}");
        return (!RootsAreVolumes || root == toRoot) && _inner.TryRename(root, path, toRoot, toPath);
    }

    public void Delete(string root, string path)
    {
        Record($"delete {path}");
        _inner.Delete(root, path);
    }

    public void DeleteFolderIfEmpty(string root, string folder) => _inner.DeleteFolderIfEmpty(root, folder);

    public long? FreeBytes(string root) => _inner.FreeBytes(root);

    private void Record(string call)
    {
        Calls.Enqueue(call);
        Fault(call);
    }
}
