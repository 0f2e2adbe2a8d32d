namespace P2P.Engine.Metainfo;

/// <summary>Gives every file of a torrent a path of its own: twice the same name, or a file where a folder must be, becomes "name (2)".</summary>
/// <remarks>
/// Sorts instead of keeping sets of folders: a path a hundred deep would cost a hundred entries. Among paths sorted with '/' lowest,
/// equal paths are neighbours and what lies in a folder follows a file of the folder's name at once.
/// </remarks>
internal sealed class PathClashes : IComparer<int>
{
    private readonly string?[] _paths;
    private readonly bool _ignoresCase;

    private PathClashes(string?[] paths, NamePlatform platform)
    {
        _paths = paths;
        _ignoresCase = platform == NamePlatform.Windows;
    }

    /// <summary>Renames in place and returns how many were renamed; null entries (pads) are left out.</summary>
    /// <exception cref="MetainfoException">torrent.too_many_duplicates when 500 or more would need another name.</exception>
    public static int Resolve(string?[] paths, NamePlatform platform) => new PathClashes(paths, platform).Run();

    /// <summary>Order of two files by path, then by position.</summary>
    public int Compare(int x, int y)
    {
        var order = Compare(_paths[x]!, _paths[y]!);
        return order != 0 ? order : x.CompareTo(y);
    }

    private int Run()
    {
        var count = _paths.Count(path => path is not null);
        var order = new int[count];
        for (int i = 0, at = 0; i < _paths.Length; i++)
        {
            if (_paths[i] is not null)
            {
                order[at++] = i;
            }
        }

        Array.Sort(order, this);
        var clashing = Find(order);
        clashing.Sort();
        var taken = new HashSet<string>(_ignoresCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        var nextNumber = new Dictionary<string, int>(taken.Comparer);
        var renamed = new List<(int File, string Path)>();
        foreach (var file in clashing)
        {
            var path = _paths[file]!;
            var slash = path.LastIndexOf('/') + 1;
            var number = nextNumber.GetValueOrDefault(path, 2);
            string candidate;
            do
            {
                candidate = string.Concat(path.AsSpan(0, slash), NameSanitiser.Numbered(path.AsSpan(slash), number++));
            }
            while (IsTaken(order, candidate) || !taken.Add(candidate));
            nextNumber[path] = number; // so that the search for the next one does not begin at 2 again
            renamed.Add((file, candidate));
        }

        foreach (var (file, path) in renamed)
        {
            _paths[file] = path;
        }

        return renamed.Count;
    }

    private List<int> Find(int[] order)
    {
        var clashing = new List<int>();
        for (var i = 0; i < order.Length; i++)
        {
            var path = _paths[order[i]]!;
            var end = i + 1;
            while (end < order.Length && Compare(path, _paths[order[end]]!) == 0)
            {
                end++;
            }

            var isFolder = end < order.Length && IsInFolder(_paths[order[end]]!, path);
            for (var j = isFolder ? i : i + 1; j < end; j++)
            {
                clashing.Add(order[j]);
            }

            if (clashing.Count >= MetainfoLimits.SameNames)
            {
                throw new MetainfoException(
                    "torrent.too_many_duplicates", "Hundreds of files of this torrent have the same name; ask its author for a corrected one.");
            }

            i = end - 1;
        }

        return clashing;
    }

    /// <summary>Is there a file of this path, or a folder?</summary>
    private bool IsTaken(int[] order, string candidate)
    {
        var (low, high) = (0, order.Length);
        while (low < high)
        {
            var middle = (low + high) >> 1;
            (low, high) = Compare(_paths[order[middle]]!, candidate) < 0 ? (middle + 1, high) : (low, middle);
        }

        return low < order.Length && _paths[order[low]]! is var path && (Compare(path, candidate) == 0 || IsInFolder(path, candidate));
    }

    private bool IsInFolder(string path, string folder) =>
        path.Length > folder.Length && path[folder.Length] == '/' && Compare(path.AsSpan(0, folder.Length), folder) == 0;

    private int Compare(ReadOnlySpan<char> x, ReadOnlySpan<char> y)
    {
        while (true)
        {
            var same = x.CommonPrefixLength(y);
            if (same == x.Length || same == y.Length)
            {
                return x.Length - y.Length;
            }

            var (a, b) = (Rank(x[same]), Rank(y[same]));
            if (a != b)
            {
                return a - b;
            }

            x = x[(same + 1)..];
            y = y[(same + 1)..];
        }
    }

    private int Rank(char value) => value == '/' ? 0 : _ignoresCase ? char.ToUpperInvariant(value) : value;
}
