using System.Text;

namespace P2P.Engine.Storage;

/// <summary>Joins a root and a torrent's relative path, component by component; the last guard behind the metainfo's sanitiser (R-F01).</summary>
internal static class SafePath
{
    /// <summary>NAME_MAX of every usual file system, in bytes.</summary>
    public const int LongestName = 255;

    /// <summary>The path's components; throws path.not_allowed for anything that could leave the root, path.too_long for what no disk takes.</summary>
    public static string[] Split(string path)
    {
        var parts = path.Split('/');
        foreach (var part in parts)
        {
            if (part is "" or "." or ".." || part.Contains('\0', StringComparison.Ordinal)
                || (OperatingSystem.IsWindows() && part.AsSpan().ContainsAny('\\', ':')))
            {
                throw new StorageException(DiskFaults.NotAllowed(path));
            }

            if (Encoding.UTF8.GetByteCount(part) > LongestName)
            {
                throw new StorageException(DiskFaults.TooLong(path));
            }
        }

        return parts;
    }

    /// <summary>The absolute path, for messages and for managed calls.</summary>
    public static string Join(string root, string path)
    {
        var trimmed = root.Length > 1 ? root.TrimEnd('/') : root;
        return path.Length == 0 ? trimmed : trimmed.EndsWith('/') ? trimmed + path : trimmed + "/" + path;
    }

    /// <summary>The folder part of a path, "" when the file lies in the root.</summary>
    public static string FolderOf(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash < 0 ? "" : path[..slash];
    }
}
