using System.Text;
using P2P.Engine.Bencode;

namespace P2P.Engine.Metainfo;

/// <summary>Reads the v2 layout: "file tree", dictionaries named by path components with a file under the empty key (BEP 52).</summary>
internal static class FileTreeReader
{
    /// <summary>The files in the order of the tree.</summary>
    /// <param name="file">The whole .torrent.</param>
    /// <param name="tree">Value of "file tree".</param>
    /// <param name="name">Sanitised name of the torrent.</param>
    /// <param name="isFolder">Do the paths begin with the name? Else the only file has it.</param>
    /// <param name="names">Cleans components.</param>
    public static List<ListedFile> Read(ReadOnlyMemory<byte> file, RawValue tree, string name, bool isFolder, NameSanitiser names)
    {
        if (tree.Kind != BencodeKind.Dictionary)
        {
            throw Bad(tree.Offset);
        }

        var files = new List<ListedFile>();
        var empty = 0;
        var path = new StringBuilder(isFolder ? name : "");
        var open = new Stack<Folder>();
        var folder = new Folder(path.Length);
        var reader = new BencodeReader(tree.Bytes.Span, BencodeLimits.File);
        reader.Read();
        while (reader.Read())
        {
            var offset = tree.Offset + reader.Offset;
            if (reader.Kind == BencodeKind.End)
            {
                if (folder.Children == 0)
                {
                    throw Bad(offset);
                }

                if (open.TryPop(out var parent))
                {
                    folder = parent;
                    path.Length = folder.PathLength;
                }

                continue;
            }

            var key = reader.Text;
            folder.Children++;
            if (folder.IsFile || (key.IsEmpty && (folder.Children > 1 || open.Count == 0)))
            {
                throw Bad(offset);
            }

            reader.Read();
            if (reader.Kind != BencodeKind.Dictionary)
            {
                throw Bad(offset);
            }

            if (key.IsEmpty)
            {
                var entry = RawValue.At(file, tree.Offset + reader.Offset);
                reader.Skip();
                folder.IsFile = true;
                files.Add(ReadEntry(entry, path.ToString()));
                FileCounts.CheckFiles(files.Count);
                empty += files[^1].Length == 0 ? 1 : 0;
                FileCounts.CheckEmpty(empty);
                continue;
            }

            if (open.Count >= MetainfoLimits.PathDepth)
            {
                throw FileCounts.TooDeep(offset);
            }

            open.Push(folder);
            if (path.Length > 0)
            {
                path.Append('/');
            }

            names.AppendTo(path, key);
            folder = new Folder(path.Length);
        }

        return files;
    }

    /// <summary>Is the tree one file of the torrent's own name (raw bytes), which then stands alone and not in a folder?</summary>
    public static bool IsSingleFile(RawValue tree, ReadOnlySpan<byte> rawName)
    {
        var count = 0;
        var isFile = false;
        foreach (var (key, value) in tree.Entries)
        {
            count++;
            foreach (var (inner, _) in value.Entries)
            {
                isFile = inner.IsEmpty && key.SequenceEqual(rawName);
                break;
            }
        }

        return count == 1 && isFile;
    }

    private static ListedFile ReadEntry(RawValue entry, string path)
    {
        var fields = new RawValue[3];
        entry.Pick(["length", "pieces root", "attr"], fields);
        if (fields[2].Text is { } attributes && attributes.Span.Contains((byte)'p'))
        {
            throw new MetainfoException("torrent.v2_pad", "The torrent lists a pad file where none may be; ask its author for a corrected one.", entry.Offset);
        }

        var length = FileListReader.FileLength(fields[0], entry.Offset);
        if (length == 0)
        {
            return new ListedFile(path, length);
        }

        return fields[1].Text is { Length: MerkleTree.HashLength } root && root.Span.ContainsAnyExcept((byte)0)
            ? new ListedFile(path, length, root)
            : throw new MetainfoException("torrent.v2_root", "The torrent has a file without a proper hash; ask its author for a corrected one.", entry.Offset);
    }

    private static MetainfoException Bad(int offset) =>
        new("torrent.v2_tree", "The torrent's file tree is damaged; ask its author for a corrected one.", offset);

    /// <summary>A dictionary not closed yet: a folder, or the wrapper of a file.</summary>
    private struct Folder(int pathLength)
    {
        public readonly int PathLength = pathLength;
        public int Children;
        public bool IsFile;
    }
}
