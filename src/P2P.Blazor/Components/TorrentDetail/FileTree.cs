namespace P2P.Blazor.Components.TorrentDetail;

/// <summary>One row of a file tree: depth is padding, rows are data, so thousands of files cost no nesting.</summary>
/// <param name="Name">Last part of the path.</param>
/// <param name="Path">Whole path, '/'-separated; a folder's ends with '/'.</param>
/// <param name="Depth">0 at the top.</param>
/// <param name="IsFolder">A folder.</param>
/// <param name="Files">Positions, in the list the tree was built of, of the files under it (one for a file).</param>
public sealed record FileNode(string Name, string Path, int Depth, bool IsFolder, IReadOnlyList<int> Files);

/// <summary>Paths as rows: folders first seen keep their place, each followed by what is in it. Immutable after <see cref="Build"/>.</summary>
public sealed class FileTree
{
    private FileTree(IReadOnlyList<FileNode> rows) => Rows = rows;

    /// <summary>All rows, parents before children.</summary>
    public IReadOnlyList<FileNode> Rows { get; }

    /// <summary>Builds the rows; a torrent of a single file has one row and no folder.</summary>
    public static FileTree Build(IReadOnlyList<string> paths)
    {
        var root = new Folder("", "");
        for (var i = 0; i < paths.Count; i++)
        {
            var parts = paths[i].Split('/');
            var at = root;
            at.Files.Add(i);
            foreach (var part in parts.AsSpan(0, parts.Length - 1))
            {
                at = at.Open(part);
                at.Files.Add(i);
            }

            at.Children.Add((null, parts[^1], i));
        }

        var rows = new List<FileNode>(paths.Count);
        Flatten(root, rows);
        return new FileTree(rows);
    }

    /// <summary>The rows left when the folders named in <paramref name="closed"/> show nothing of theirs.</summary>
    public List<FileNode> Visible(IReadOnlySet<string> closed)
    {
        var visible = new List<FileNode>(Rows.Count);
        var hiddenBelow = int.MaxValue;
        foreach (var row in Rows)
        {
            if (row.Depth > hiddenBelow)
            {
                continue;
            }

            hiddenBelow = row.IsFolder && closed.Contains(row.Path) ? row.Depth : int.MaxValue;
            visible.Add(row);
        }

        return visible;
    }

    // An own stack: a hostile torrent may nest folders deeper than a thread's stack likes.
    private static void Flatten(Folder root, List<FileNode> rows)
    {
        var open = new Stack<(Folder Folder, int Next, int Depth)>();
        open.Push((root, 0, 0));
        while (open.TryPop(out var at))
        {
            if (at.Next == at.Folder.Children.Count)
            {
                continue;
            }

            open.Push(at with { Next = at.Next + 1 });
            var (folder, name, file) = at.Folder.Children[at.Next];
            if (folder is null)
            {
                rows.Add(new FileNode(name, at.Folder.Path + name, at.Depth, IsFolder: false, [file]));
                continue;
            }

            rows.Add(new FileNode(name, folder.Path, at.Depth, IsFolder: true, folder.Files));
            open.Push((folder, 0, at.Depth + 1));
        }
    }

    private sealed class Folder(string name, string parentPath)
    {
        private readonly Dictionary<string, Folder> _folders = [];

        public string Path { get; } = name.Length == 0 ? "" : $"{parentPath}{name}/";

        public List<(Folder? Folder, string Name, int File)> Children { get; } = [];

        public List<int> Files { get; } = [];

        public Folder Open(string child)
        {
            if (!_folders.TryGetValue(child, out var folder))
            {
                folder = new Folder(child, Path);
                _folders.Add(child, folder);
                Children.Add((folder, child, -1));
            }

            return folder;
        }
    }
}
