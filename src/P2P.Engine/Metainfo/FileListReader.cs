using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using P2P.Engine.Bencode;

namespace P2P.Engine.Metainfo;

/// <summary>One file as the info dictionary lists it: path sanitised, not yet unique.</summary>
/// <param name="Path">'/'-separated; null for a pad.</param>
/// <param name="Length">Bytes, 0 or more.</param>
/// <param name="Root">v2: the 32 bytes of "pieces root"; absent in v1 and for empty files.</param>
internal readonly record struct ListedFile(string? Path, long Length, ReadOnlyMemory<byte>? Root = null)
{
    /// <summary>A pad file (BEP 47)?</summary>
    public bool IsPad => Path is null;
}

/// <summary>Reads the v1 layout: "length", or "files" with "path" lists (BEP 3, 47).</summary>
internal static class FileListReader
{
    /// <summary>The files in order; <paramref name="name"/> is the sanitised name of the torrent.</summary>
    public static ListedFile[] Read(RawValue length, RawValue files, string name, NameSanitiser names)
    {
        if (length.IsPresent && files.IsPresent)
        {
            throw new MetainfoException(
                "torrent.ambiguous_layout", "The torrent claims to be one file and a folder at once; ask its author for a corrected one.", files.Offset);
        }

        if (!files.IsPresent)
        {
            return [new ListedFile(name, FileLength(length, length.Offset))];
        }

        var count = 0;
        foreach (var _ in files.Items)
        {
            count++;
        }

        if (count == 0)
        {
            throw new MetainfoException("torrent.no_files", "The torrent lists no files, so there is nothing to download.", files.Offset);
        }

        FileCounts.CheckFiles(count);
        var list = new ListedFile[count];
        var empty = 0;
        var at = 0;
        var path = new StringBuilder();
        foreach (var (_, entry) in files.Items)
        {
            var file = ReadEntry(entry, name, path, names);
            empty += file.Length == 0 ? 1 : 0;
            FileCounts.CheckEmpty(empty);
            list[at++] = file;
        }

        return list;
    }

    /// <summary>A file's length, 0 or more.</summary>
    public static long FileLength(RawValue length, int offset) =>
        length.Number is >= 0 and var value
            ? value
            : throw new MetainfoException("torrent.length", "The torrent does not say properly how long its files are; ask its author for a corrected one.", offset);

    private static ListedFile ReadEntry(RawValue entry, string name, StringBuilder path, NameSanitiser names)
    {
        ReadOnlySpan<string> keys = ["length", "path", "path.utf-8", "attr"];
        var fields = new FileFields();
        entry.Pick(keys, fields);
        var length = FileLength(fields[0], entry.Offset);
        if (fields[3].Text is { } attributes && attributes.Span.Contains((byte)'p'))
        {
            return new ListedFile(null, length);
        }

        var source = IsUtf8Path(fields[2]) ? fields[2] : fields[1];
        path.Clear().Append(name);
        var depth = 0;
        foreach (var (_, component) in source.Items)
        {
            if (component.Text is not { } text)
            {
                throw BadPath(entry);
            }

            if (++depth > MetainfoLimits.PathDepth)
            {
                throw FileCounts.TooDeep(entry.Offset);
            }

            path.Append('/');
            names.AppendTo(path, text.Span);
        }

        return depth > 0 ? new ListedFile(path.ToString(), length) : throw BadPath(entry);
    }

    /// <summary>Is the older "path.utf-8" there and good, so that it goes before a path of some other encoding?</summary>
    private static bool IsUtf8Path(RawValue path)
    {
        var count = 0;
        foreach (var (_, component) in path.Items)
        {
            if (component.Text is not { } text || !Utf8.IsValid(text.Span))
            {
                return false;
            }

            count++;
        }

        return count > 0;
    }

    private static MetainfoException BadPath(RawValue entry) =>
        new("torrent.path", "The torrent has a file without a proper path; ask its author for a corrected one.", entry.Offset);

    /// <summary>The values of one entry's known keys.</summary>
    [InlineArray(4)]
    private struct FileFields
    {
        private RawValue _first;
    }
}

/// <summary>The limits on how many files there are, and how deep.</summary>
internal static class FileCounts
{
    /// <summary>Throws torrent.too_many_files.</summary>
    public static void CheckFiles(int count)
    {
        if (count > MetainfoLimits.Files)
        {
            throw new MetainfoException("torrent.too_many_files", $"The torrent has more than {MetainfoLimits.Files:N0} files; this is not supported.");
        }
    }

    /// <summary>Throws torrent.too_many_empty_files.</summary>
    public static void CheckEmpty(int count)
    {
        if (count > MetainfoLimits.EmptyFiles)
        {
            throw new MetainfoException(
                "torrent.too_many_empty_files", $"The torrent has more than {MetainfoLimits.EmptyFiles:N0} empty files; this is not supported.");
        }
    }

    /// <summary>path.depth, to be thrown.</summary>
    public static MetainfoException TooDeep(long offset) => new(
        "path.depth", $"The torrent has folders nested more than {MetainfoLimits.PathDepth} deep; this is not supported.", offset);
}
