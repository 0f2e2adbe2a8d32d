using Microsoft.Win32.SafeHandles;

namespace P2P.Engine.Storage;

/// <summary>Files where <see cref="LinuxFileSystem"/> cannot run: managed calls that look at every component for links before they open.</summary>
/// <remarks>Weaker than the Linux one in two ways it cannot mend: a name swapped between look and open is followed, and folders are not flushed.</remarks>
internal sealed class PortableFileSystem : RandomAccessFiles
{
    private const int WindowsNotSameDevice = unchecked((int)0x80070011);

    public override FileEntry Look(string root, string path)
    {
        GuardFolders(root, path);
        var info = new FileInfo(SafePath.Join(root, path));
        if (info.LinkTarget is not null)
        {
            return new FileEntry(EntryKind.Other, 0, 0, 0, 1);
        }

        if (Directory.Exists(info.FullName))
        {
            return new FileEntry(EntryKind.Folder, 0, 0, 0, 1);
        }

        if (!info.Exists)
        {
            return default;
        }

        var isOther = !OperatingSystem.IsWindows() && info.Attributes.HasFlag(FileAttributes.Device);
        return new FileEntry(isOther ? EntryKind.Other : EntryKind.File, info.Length, info.Length, info.LastWriteTimeUtc.Ticks, 1);
    }

    public override SafeFileHandle Open(string root, string path, FileUse use)
    {
        var kind = Look(root, path).Kind;
        if (kind is EntryKind.Folder or EntryKind.Other)
        {
            throw new StorageException(DiskFaults.NotRegular(path));
        }

        if (use == FileUse.Create)
        {
            MakeFolders(root, path);
        }

        return File.OpenHandle(
            SafePath.Join(root, path),
            use == FileUse.Create ? FileMode.OpenOrCreate : FileMode.Open,
            use == FileUse.Read ? FileAccess.Read : FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete);
    }

    public override void FlushFolder(string root, string folder)
    {
        // .NET opens no folder; Windows journals names by itself.
    }

    public override void DropCache(SafeFileHandle handle)
    {
        // No managed counterpart, and only a hint.
    }

    public override long NextData(SafeFileHandle handle, long offset) => offset;

    public override bool TryRename(string root, string path, string toRoot, string toPath)
    {
        GuardFolders(root, path);
        if (Look(toRoot, toPath).Kind != EntryKind.Absent)
        {
            throw new StorageException(DiskFaults.DifferentFile(SafePath.Join(toRoot, toPath)));
        }

        MakeFolders(toRoot, toPath);
        var (from, to) = (SafePath.Join(root, path), SafePath.Join(toRoot, toPath));
        if (OperatingSystem.IsWindows() && !string.Equals(Path.GetPathRoot(from), Path.GetPathRoot(to), StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        try
        {
            File.Move(from, to, overwrite: false);
            return true;
        }
        catch (IOException exception) when (exception.HResult is DiskFaults.CrossDevice or WindowsNotSameDevice)
        {
            return false;
        }
    }

    public override void Delete(string root, string path)
    {
        if (Look(root, path).Kind != EntryKind.Absent)
        {
            File.Delete(SafePath.Join(root, path));
        }
    }

    public override void DeleteFolderIfEmpty(string root, string folder)
    {
        GuardFolders(root, folder);
        var path = SafePath.Join(root, folder);
        if (Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any())
        {
            Directory.Delete(path);
        }
    }

    private static void MakeFolders(string root, string path)
    {
        if (!Directory.Exists(root) && !Directory.Exists(Path.GetDirectoryName(root)))
        {
            throw new DirectoryNotFoundException(root);
        }

        Directory.CreateDirectory(SafePath.Join(root, SafePath.FolderOf(path)));
    }

    private static void GuardFolders(string root, string path)
    {
        var parts = SafePath.Split(path);
        var current = root;
        foreach (var part in parts.AsSpan(..^1))
        {
            current = SafePath.Join(current, part);
            if (new DirectoryInfo(current).LinkTarget is not null)
            {
                throw new StorageException(DiskFaults.SymlinkParent(current));
            }
        }
    }
}
