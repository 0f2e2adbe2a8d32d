using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace P2P.Engine.Storage;

/// <summary>Files on Linux: every component is opened relative to its parent without following links, so no swap of a name can lead out.</summary>
/// <remarks>
/// Source: openat(2), O_NOFOLLOW; rules R-F01 to R-F03 and R-F05. The root itself may be a link: the user chose it. A missing root is made only
/// when its parent exists, so that an unplugged disk is not silently replaced by a folder.
/// </remarks>
internal sealed class LinuxFileSystem : RandomAccessFiles
{
    private const uint AnyoneMayWrite = 0x1B6; // 0666, narrowed by the umask
    private const uint AnyoneMayEnter = 0x1FF; // 0777, narrowed by the umask
    private const uint BasicFacts = 0x7FF; // STATX_BASIC_STATS

    public override FileEntry Look(string root, string path)
    {
        var parts = SafePath.Split(path);
        using var folder = TryOpenFolder(root, parts.AsSpan(..^1), create: false);
        return folder is null ? default : Look(folder.Value, parts[^1], path);
    }

    public override SafeFileHandle Open(string root, string path, FileUse use)
    {
        var parts = SafePath.Split(path);
        using var folder = TryOpenFolder(root, parts.AsSpan(..^1), use == FileUse.Create) ?? throw Error(DiskFaults.NoEntry, path);

        // Looking first keeps devices and FIFOs from being opened at all; the second look, at what was opened, closes the race.
        Demand(Look(folder.Value, parts[^1], path), path, use, mayBeAbsent: true);
        var flags = Posix.CloseOnExec | Posix.NoFollow | Posix.NonBlocking | (use == FileUse.Read ? Posix.ReadOnly : Posix.ReadWrite)
            | (use == FileUse.Create ? Posix.Create : 0);
        var descriptor = Posix.OpenAt(folder.Value, parts[^1], flags, AnyoneMayWrite);
        if (descriptor < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw error == DiskFaults.TooManyLinks ? new StorageException(DiskFaults.NotRegular(path)) : Error(error, path);
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            Demand(LookAt(descriptor, path), path, use, mayBeAbsent: false);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public override void FlushFolder(string root, string folder)
    {
        using var opened = TryOpenFolder(root, folder.Length == 0 ? [] : SafePath.Split(folder), create: false);
        if (opened is not null && Posix.Flush(opened.Value) != 0)
        {
            // Some network and FUSE file systems cannot flush a folder and say EINVAL; they keep names in their own way.
            var error = Marshal.GetLastPInvokeError();
            if (error != DiskFaults.Invalid)
            {
                throw Error(error, SafePath.Join(root, folder));
            }
        }
    }

    public override void DropCache(SafeFileHandle handle) =>
        WithDescriptor(handle, static descriptor => Posix.Advise(descriptor, 0, 0, Posix.WillNotNeed));

    public override long NextData(SafeFileHandle handle, long offset) => WithDescriptor(handle, descriptor =>
    {
        var next = Posix.Seek(descriptor, offset, Posix.SeekData);
        return next >= 0 ? next : Marshal.GetLastPInvokeError() == Posix.NoSuchData ? long.MaxValue : offset;
    });

    public override bool TryRename(string root, string path, string toRoot, string toPath)
    {
        var (from, to) = (SafePath.Split(path), SafePath.Split(toPath));
        using var source = TryOpenFolder(root, from.AsSpan(..^1), create: false) ?? throw Error(DiskFaults.NoEntry, path);
        using var target = TryOpenFolder(toRoot, to.AsSpan(..^1), create: true) ?? throw Error(DiskFaults.NoEntry, toPath);
        if (Posix.RenameAt2(source.Value, from[^1], target.Value, to[^1], Posix.NoReplace) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        if (error == DiskFaults.Invalid)
        {
            // The file system does not know "never replace": look, then rename.
            if (Look(target.Value, to[^1], toPath).Kind != EntryKind.Absent)
            {
                error = DiskFaults.Exists;
            }
            else if (Posix.RenameAt(source.Value, from[^1], target.Value, to[^1]) == 0)
            {
                return true;
            }
            else
            {
                error = Marshal.GetLastPInvokeError();
            }
        }

        return error switch
        {
            DiskFaults.CrossDevice => false,
            DiskFaults.Exists => throw new StorageException(DiskFaults.DifferentFile(SafePath.Join(toRoot, toPath))),
            _ => throw Error(error, path),
        };
    }

    public override void Delete(string root, string path)
    {
        var parts = SafePath.Split(path);
        using var folder = TryOpenFolder(root, parts.AsSpan(..^1), create: false);
        if (folder is not null && Posix.UnlinkAt(folder.Value, parts[^1], 0) != 0 && Marshal.GetLastPInvokeError() is var error and not DiskFaults.NoEntry)
        {
            throw Error(error, path);
        }
    }

    public override void DeleteFolderIfEmpty(string root, string folder)
    {
        var parts = SafePath.Split(folder);
        using var parent = TryOpenFolder(root, parts.AsSpan(..^1), create: false);
        if (parent is not null)
        {
            // A folder that is not empty, or not ours to delete, stays: the answer changes nothing.
            _ = Posix.UnlinkAt(parent.Value, parts[^1], Posix.RemoveFolder);
        }
    }

    private static FileEntry Look(int folder, string name, string path)
    {
        if (Posix.Statx(folder, name, Posix.DoNotFollow, BasicFacts, out var buffer) == 0)
        {
            return ToEntry(buffer);
        }

        var error = Marshal.GetLastPInvokeError();
        return error == DiskFaults.NoEntry ? default : throw Error(error, path);
    }

    private static FileEntry LookAt(int descriptor, string path) =>
        Posix.Statx(descriptor, "", Posix.EmptyPath, BasicFacts, out var buffer) == 0
            ? ToEntry(buffer)
            : throw Error(Marshal.GetLastPInvokeError(), path);

    /// <summary>Is there a regular file, and no link, pipe, socket or device?</summary>
    public static bool IsRegularFile(string path) =>
        Posix.Statx(Posix.CurrentFolder, path, Posix.DoNotFollow, BasicFacts, out var buffer) == 0 && buffer.Kind == EntryKind.File;

    private static FileEntry ToEntry(in Posix.StatxBuffer buffer) => new(
        buffer.Kind,
        (long)buffer.Size,
        (long)buffer.Blocks * 512,
        DateTime.UnixEpoch.Ticks + (buffer.ModifiedSeconds * TimeSpan.TicksPerSecond) + (buffer.ModifiedNanoseconds / TimeSpan.NanosecondsPerTick),
        (int)buffer.Links);

    private static void Demand(FileEntry entry, string path, FileUse use, bool mayBeAbsent)
    {
        if (entry.Kind == EntryKind.Absent && mayBeAbsent)
        {
            return;
        }

        if (!entry.IsFile)
        {
            throw new StorageException(DiskFaults.NotRegular(path));
        }

        if (use != FileUse.Read && entry.Links > 1)
        {
            throw new StorageException(DiskFaults.HardLink(path));
        }
    }

    /// <summary>Walks down from the root; null when a folder is missing and none is to be made.</summary>
    private static FolderDescriptor? TryOpenFolder(string root, ReadOnlySpan<string> parts, bool create)
    {
        var flags = Posix.CloseOnExec | Posix.OnlyFolder | Posix.ReadOnly;
        var current = Posix.Open(root, flags, 0);
        if (current < 0 && create && Marshal.GetLastPInvokeError() == DiskFaults.NoEntry && Directory.Exists(Path.GetDirectoryName(root.TrimEnd('/'))))
        {
            Directory.CreateDirectory(root);
            FlushParentOf(root, flags);
            current = Posix.Open(root, flags, 0);
        }

        if (current < 0)
        {
            return Marshal.GetLastPInvokeError() is var error and not DiskFaults.NoEntry ? throw Error(error, root) : null;
        }

        foreach (var part in parts)
        {
            var next = Step(root, current, part, flags | Posix.NoFollow, create, out var failure);
            _ = Posix.Close(current);
            if (next < 0)
            {
                return failure is null ? null : throw failure;
            }

            current = next;
        }

        return new FolderDescriptor(current);
    }

    private static void FlushParentOf(string root, int flags)
    {
        var parent = Posix.Open(Path.GetDirectoryName(root.TrimEnd('/')) ?? "/", flags, 0);
        if (parent >= 0)
        {
            // A folder that cannot be flushed keeps its names in its own way; the flush of the file itself reports real faults.
            _ = Posix.Flush(parent);
            _ = Posix.Close(parent);
        }
    }

    private static int Step(string root, int folder, string name, int flags, bool create, out Exception? failure)
    {
        failure = null;
        var next = Posix.OpenAt(folder, name, flags, 0);
        if (next < 0 && create && Marshal.GetLastPInvokeError() == DiskFaults.NoEntry)
        {
            // Two threads may make the same folder: only the open decides.
            _ = Posix.MakeFolderAt(folder, name, AnyoneMayEnter);
            next = Posix.OpenAt(folder, name, flags, 0);
        }

        if (next >= 0)
        {
            return next;
        }

        var error = Marshal.GetLastPInvokeError();
        var path = SafePath.Join(root, name);
        if (error is DiskFaults.NotFolder or DiskFaults.TooManyLinks)
        {
            var isLink = Posix.Statx(folder, name, Posix.DoNotFollow, BasicFacts, out var buffer) == 0 && buffer.IsSymbolicLink;
            failure = new StorageException(isLink ? DiskFaults.SymlinkParent(path) : DiskFaults.NotRegular(path));
        }
        else if (create || error != DiskFaults.NoEntry)
        {
            failure = Error(error, path);
        }

        return -1;
    }

    private static T WithDescriptor<T>(SafeFileHandle handle, Func<int, T> call)
    {
        var added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            return call((int)handle.DangerousGetHandle());
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    private static IOException Error(int number, string path) => new($"{Marshal.GetPInvokeErrorMessage(number)}: '{path}'", number);

    /// <summary>An open folder; closed with the end of its use.</summary>
    private sealed class FolderDescriptor(int value) : IDisposable
    {
        public int Value { get; } = value;

        public void Dispose() => _ = Posix.Close(Value);
    }
}
