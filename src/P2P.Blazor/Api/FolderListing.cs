using System.Collections.Immutable;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Lists folders that torrents may be made of: the shared folder, the allowed roots, and what is below them; nothing else of the disk.</summary>
/// <remarks>Hidden entries and links are left out, as they are from torrents.</remarks>
internal sealed class FolderListing(SavePathPolicy paths)
{
    /// <summary>Most entries of one answer.</summary>
    public const int MaxEntries = 1_000;

    private static readonly EnumerationOptions Visible = new()
    {
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint,
    };

    /// <summary>The folder at <paramref name="path"/>, or the roots when it is null; throws "path.not_allowed", "create.no_folder", "disk.read".</summary>
    public FolderView List(string? path, string sharedDirectory)
    {
        var roots = paths.Roots(sharedDirectory);
        if (string.IsNullOrWhiteSpace(path))
        {
            return new FolderView(null, null, [.. roots.Distinct().Where(Directory.Exists).Select(root => new FolderEntry(root, root, IsFolder: true, 0))], IsCut: false);
        }

        var full = paths.CheckSource(path.Trim(), sharedDirectory);
        if (!Directory.Exists(full))
        {
            throw new TorrentEngineException("create.no_folder", "There is no such folder.");
        }

        try
        {
            var entries = new DirectoryInfo(full).EnumerateFileSystemInfos("*", Visible).Take(MaxEntries + 1)
                .Select(entry => new FolderEntry(entry.Name, entry.FullName, entry is DirectoryInfo, entry is FileInfo file ? file.Length : 0))
                .OrderBy(entry => !entry.IsFolder).ThenBy(entry => entry.Name, StringComparer.OrdinalIgnoreCase).ToImmutableArray();
            var parent = roots.Any(root => Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)) == full) ? null : Path.GetDirectoryName(full);
            return new FolderView(full, parent, entries.Length > MaxEntries ? entries[..MaxEntries] : entries, entries.Length > MaxEntries);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TorrentEngineException("disk.read", "This folder cannot be read.", exception);
        }
    }
}

/// <summary>What lies in a folder.</summary>
/// <param name="Path">Absolute; null for the list of roots.</param>
/// <param name="Parent">The folder above; null for a root, whose parent is the list of roots.</param>
/// <param name="Entries">Folders first, by name.</param>
/// <param name="IsCut">There is more than is listed.</param>
internal sealed record FolderView(string? Path, string? Parent, ImmutableArray<FolderEntry> Entries, bool IsCut);

/// <summary>One entry of a folder.</summary>
/// <param name="Name">Its name; of a root, the whole path.</param>
/// <param name="Path">Absolute path.</param>
/// <param name="IsFolder">A folder.</param>
/// <param name="Size">Bytes of a file.</param>
internal sealed record FolderEntry(string Name, string Path, bool IsFolder, long Size);
