using System.Text;

namespace P2P.Engine.Metainfo;

/// <summary>Joins a folder of ours and a torrent's sanitised path; the only way such a path becomes absolute.</summary>
/// <remarks>
/// Not <see cref="Path.Combine(string, string)"/>, where a rooted second part replaces the first. What the sanitiser promises is checked
/// again here, because a stored record or a rename may be the source.
/// </remarks>
internal static class TorrentPath
{
    /// <summary>Absolute path of <paramref name="relative"/> ('/'-separated) under <paramref name="root"/> (absolute, no "." or "..").</summary>
    /// <exception cref="MetainfoException">path.escape when a component could leave the folder; path.too_long past 4,095 bytes.</exception>
    public static string Join(string root, string relative)
    {
        var path = new StringBuilder(Path.TrimEndingDirectorySeparator(root));
        foreach (var range in relative.AsSpan().Split('/'))
        {
            var name = relative.AsSpan(range);
            if (name is "" or "." or ".." || name.ContainsAny('\\', '\0') || (OperatingSystem.IsWindows() && name.Contains(':')))
            {
                throw new MetainfoException("path.escape", $"The file name '{relative}' is not safe; remove the torrent and add it again.");
            }

            if (path.Length == 0 || path[^1] != Path.DirectorySeparatorChar)
            {
                path.Append(Path.DirectorySeparatorChar);
            }

            path.Append(name);
        }

        var joined = path.ToString();
        if (Encoding.UTF8.GetByteCount(joined) > MetainfoLimits.PathBytes)
        {
            throw new MetainfoException("path.too_long", $"A path under '{root}' would be longer than {MetainfoLimits.PathBytes} bytes; choose a folder nearer to the root.");
        }

        return IsInside(root, joined)
            ? joined
            : throw new MetainfoException("path.escape", $"The file name '{relative}' leaves the folder '{root}'; remove the torrent and add it again.");
    }

    /// <summary>Does <paramref name="path"/> lie below <paramref name="root"/>? Both absolute; "/dl2" is not inside "/dl".</summary>
    public static bool IsInside(string root, string path)
    {
        var (outer, inner) = (Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)), Path.GetFullPath(path));
        var comparison = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return inner.StartsWith(Path.EndsInDirectorySeparator(outer) ? outer : outer + Path.DirectorySeparatorChar, comparison);
    }
}
