using Microsoft.Win32.SafeHandles;

namespace P2P.Engine.Storage;

/// <summary>The byte half of a file system, the same everywhere: positioned reads and writes by <see cref="RandomAccess"/>.</summary>
internal abstract class RandomAccessFiles : IFileSystem
{
    public abstract FileEntry Look(string root, string path);

    public abstract SafeFileHandle Open(string root, string path, FileUse use);

    public long Read(SafeFileHandle handle, IReadOnlyList<Memory<byte>> buffers, long offset) =>
        buffers.Count == 1 ? RandomAccess.Read(handle, buffers[0].Span, offset) : RandomAccess.Read(handle, buffers, offset);

    public void Write(SafeFileHandle handle, IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset) =>
        RandomAccess.Write(handle, buffers, offset);

    public void SetLength(SafeFileHandle handle, long length) => RandomAccess.SetLength(handle, length);

    public long LengthOf(SafeFileHandle handle) => RandomAccess.GetLength(handle);

    public void SetModified(SafeFileHandle handle, long utcTicks) =>
        File.SetLastWriteTimeUtc(handle, new DateTime(utcTicks, DateTimeKind.Utc));

    public void Flush(SafeFileHandle handle) => RandomAccess.FlushToDisk(handle);

    public abstract void FlushFolder(string root, string folder);

    public abstract void DropCache(SafeFileHandle handle);

    public abstract long NextData(SafeFileHandle handle, long offset);

    public abstract bool TryRename(string root, string path, string toRoot, string toPath);

    public abstract void Delete(string root, string path);

    public abstract void DeleteFolderIfEmpty(string root, string folder);

    public long? FreeBytes(string root)
    {
        try
        {
            return new DriveInfo(root).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Only a figure in a sentence depends on it.
            return null;
        }
    }
}
