using Microsoft.Win32.SafeHandles;

namespace P2P.Engine.Storage;

/// <summary>The operating system's files as Storage uses them: every name below a root, no link followed, regular files only.</summary>
/// <remarks>
/// Synchronous, thread-safe, called on disk threads. A root is an absolute folder the user chose; a path is relative to it, '/'-separated.
/// No component of a path may be "", "." or "..", and none may be a symbolic link: R-F01, R-F02. Implementations:
/// <see cref="LinuxFileSystem"/>, <see cref="PortableFileSystem"/>, and a recording one with faults in the tests. Errors:
/// <see cref="StorageException"/> for what these rules refuse; <see cref="IOException"/> and
/// <see cref="UnauthorizedAccessException"/> for what the system refuses, to be put into words by <see cref="DiskFaults"/>.
/// </remarks>
internal interface IFileSystem
{
    /// <summary>What stands at the path; <see cref="EntryKind.Absent"/> also when a folder on the way is missing.</summary>
    FileEntry Look(string root, string path);

    /// <summary>Opens a regular file; never blocks on a FIFO or a device. The caller disposes the handle.</summary>
    SafeFileHandle Open(string root, string path, FileUse use);

    /// <summary>Reads once into the buffers, in order; returns the bytes read, 0 at the end of the file.</summary>
    long Read(SafeFileHandle handle, IReadOnlyList<Memory<byte>> buffers, long offset);

    /// <summary>Writes all buffers, in order, from <paramref name="offset"/> on.</summary>
    void Write(SafeFileHandle handle, IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset);

    /// <summary>Makes the file this long; new bytes are a hole where the file system can.</summary>
    void SetLength(SafeFileHandle handle, long length);

    /// <summary>Length of the open file, in bytes.</summary>
    long LengthOf(SafeFileHandle handle);

    /// <summary>Sets the time of the last write, UTC ticks.</summary>
    void SetModified(SafeFileHandle handle, long utcTicks);

    /// <summary>Returns when the file's bytes are on the device.</summary>
    void Flush(SafeFileHandle handle);

    /// <summary>Returns when the folder's names are on the device; "" is the root itself. A missing folder is no error.</summary>
    void FlushFolder(string root, string folder);

    /// <summary>Asks the system to forget its cached pages of the file, so that the next read comes from the device. A hint.</summary>
    void DropCache(SafeFileHandle handle);

    /// <summary>
    /// First offset at or after <paramref name="offset"/> that may hold data, <see cref="long.MaxValue"/> when only holes follow;
    /// <paramref name="offset"/> itself where the system cannot tell.
    /// </summary>
    long NextData(SafeFileHandle handle, long offset);

    /// <summary>Renames without ever replacing; makes the target's folders. False when the two lie on different volumes.</summary>
    bool TryRename(string root, string path, string toRoot, string toPath);

    /// <summary>Deletes one name; an absent one is no error.</summary>
    void Delete(string root, string path);

    /// <summary>Deletes a folder if it is empty; anything else is left as it is.</summary>
    void DeleteFolderIfEmpty(string root, string folder);

    /// <summary>Bytes an unprivileged user may still write on the root's volume; null when unknown.</summary>
    long? FreeBytes(string root);
}

/// <summary>What a file is opened for.</summary>
internal enum FileUse
{
    /// <summary>Reading an existing file.</summary>
    Read,

    /// <summary>Reading and writing an existing file with one name only (R-F05: path.hardlink).</summary>
    Write,

    /// <summary>As <see cref="Write"/>; makes the file and the folders on the way when absent.</summary>
    Create,
}

/// <summary>What stands at a path.</summary>
internal enum EntryKind
{
    /// <summary>Nothing.</summary>
    Absent,

    /// <summary>A regular file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link, a FIFO, a socket, a device.</summary>
    Other,
}

/// <summary>One look at a path.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Allocated">Bytes the file takes on the volume; less than <paramref name="Length"/> when sparse.</param>
/// <param name="ModifiedUtcTicks">Last write, UTC ticks.</param>
/// <param name="Links">Names the file has.</param>
internal readonly record struct FileEntry(EntryKind Kind, long Length, long Allocated, long ModifiedUtcTicks, int Links)
{
    /// <summary>A regular file stands there.</summary>
    public bool IsFile => Kind == EntryKind.File;
}
