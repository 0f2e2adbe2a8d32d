using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using P2P.Engine.Metainfo;

namespace P2P.Engine.Session.Creation;

/// <summary>One file that goes into a new torrent.</summary>
/// <param name="FullPath">Where it is.</param>
/// <param name="Names">Names below the torrent's folder; empty for a single file.</param>
/// <param name="Length">Bytes when it was listed.</param>
/// <param name="ModifiedAt">When it was last written, as listed.</param>
internal sealed record SourceFile(string FullPath, ImmutableArray<string> Names, long Length, DateTime ModifiedAt);

/// <summary>The files of a new torrent, in the order they are hashed. Immutable.</summary>
/// <remarks>
/// Hidden files (a leading dot), links, and whatever is no regular file stay out, with a warning each kind. The order is that of the bytes of
/// the paths, each folder's names together, as libtorrent's creator has it, so that both make the same info dictionary.
/// </remarks>
internal sealed record SourceListing
{
    /// <summary>Name of the torrent: the file's or folder's own.</summary>
    public required string Name { get; init; }

    /// <summary>Folder that holds the file or folder.</summary>
    public required string Root { get; init; }

    /// <summary>A folder was given, even if it holds one file.</summary>
    public required bool IsFolder { get; init; }

    /// <summary>What goes in.</summary>
    public required ImmutableArray<SourceFile> Files { get; init; }

    /// <summary>What stays out, as sentences.</summary>
    public required ImmutableArray<string> Warnings { get; init; }

    /// <summary>Bytes of all.</summary>
    public long TotalLength => Files.Sum(file => file.Length);

    /// <summary>Lists a file or a folder. Throws <see cref="TorrentEngineException"/> "create.*", "disk.*".</summary>
    public static SourceListing Of(string path, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(path) || !System.IO.Path.IsPathFullyQualified(path) || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new TorrentEngineException("create.path", "Give the whole path of a file or a folder on this machine.");
        }

        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        try
        {
            var skipped = new Skipped();
            var isFolder = Directory.Exists(full);
            var files = new List<SourceFile>();
            if (isFolder)
            {
                Walk(new DirectoryInfo(full), [], files, skipped, cancellationToken);
            }
            else if (new FileInfo(full) is { Exists: true } file)
            {
                files.Add(new SourceFile(full, [], file.Length, file.LastWriteTimeUtc));
            }
            else
            {
                throw new TorrentEngineException("create.not_found", $"There is no file or folder {full}.");
            }

            var listing = new SourceListing
            {
                Name = System.IO.Path.GetFileName(full),
                Root = System.IO.Path.GetDirectoryName(full) ?? full,
                IsFolder = isFolder,
                Files = [.. files],
                Warnings = skipped.Sentences(),
            };
            Check(listing);
            return listing;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new TorrentEngineException("disk.denied", $"{full} cannot be read ({exception.Message}); mend its rights and try again.", exception);
        }
        catch (IOException exception)
        {
            throw new TorrentEngineException("disk.failed", $"{full} cannot be read: {exception.Message}", exception);
        }
    }

    private static void Check(SourceListing listing)
    {
        if (listing.Files.IsEmpty || listing.TotalLength == 0)
        {
            throw new TorrentEngineException("create.empty", $"There is nothing to share in {listing.Name}: no file with content that is not hidden.");
        }

        if (listing.TotalLength > MetainfoLimits.TotalLength)
        {
            throw new TorrentEngineException("create.too_large", "A torrent holds one pebibyte at most.");
        }

        // Whoever gets the torrent must get these very names: one that any client would have to change is refused here, where it can be mended.
        var names = new NameSanitiser(NamePlatform.Unix);
        var bad = listing.Files.SelectMany(file => file.Names).Append(listing.Name)
            .FirstOrDefault(name => name.Contains('\uFFFD', StringComparison.Ordinal) || names.Clean(Encoding.UTF8.GetBytes(name)) != name);
        if (bad is not null)
        {
            throw new TorrentEngineException("create.name", $"The name \"{bad.Replace('\uFFFD', '?')}\" cannot be in a torrent (it is not valid text, or other programs would change it); rename it.");
        }
    }

    private static void Walk(DirectoryInfo folder, ImmutableArray<string> names, List<SourceFile> files, Skipped skipped, CancellationToken cancellationToken)
    {
        if (names.Length >= MetainfoLimits.PathDepth)
        {
            throw new TorrentEngineException("create.depth", $"Folders are nested more than {MetainfoLimits.PathDepth} deep in {folder.FullName}.");
        }

        foreach (var item in folder.EnumerateFileSystemInfos().OrderBy(item => item.Name, ByBytes.Instance))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (item.Name.StartsWith('.'))
            {
                skipped.Hidden++;
            }
            else if (item.LinkTarget is not null)
            {
                skipped.Links++;
            }
            else if (item is DirectoryInfo below)
            {
                Walk(below, names.Add(item.Name), files, skipped, cancellationToken);
            }
            else if (item is FileInfo file && (file.Attributes & FileAttributes.Device) == 0 && IsRegular(file))
            {
                if (files.Count == MetainfoLimits.Files)
                {
                    throw new TorrentEngineException("create.too_many_files", $"A torrent holds {MetainfoLimits.Files:N0} files at most; share a part of the folder, or an archive of it.");
                }

                files.Add(new SourceFile(file.FullName, names.Add(item.Name), file.Length, file.LastWriteTimeUtc));
            }
            else
            {
                skipped.Special++;
            }
        }
    }

    // A pipe or a socket looks like an empty file to .NET; opening one would wait for ever.
    private static bool IsRegular(FileInfo file) => !OperatingSystem.IsLinux() || Storage.LinuxFileSystem.IsRegularFile(file.FullName);

    private sealed class Skipped
    {
        public int Hidden { get; set; }

        public int Links { get; set; }

        public int Special { get; set; }

        public ImmutableArray<string> Sentences() =>
        [
            .. Sentence(Hidden, "hidden file or folder is", "hidden files or folders are"),
            .. Sentence(Links, "link is", "links are"),
            .. Sentence(Special, "entry that is no regular file is", "entries that are no regular files are"),
        ];

        private static string[] Sentence(int count, string one, string many) =>
            count == 0 ? [] : [string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many)} left out.")];
    }

    /// <summary>Orders names by their UTF-8 bytes.</summary>
    private sealed class ByBytes : IComparer<string>
    {
        public static ByBytes Instance { get; } = new();

        public int Compare(string? x, string? y) => Encoding.UTF8.GetBytes(x!).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y!));
    }
}
