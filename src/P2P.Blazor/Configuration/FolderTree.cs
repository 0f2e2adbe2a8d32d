namespace P2P.Blazor.Configuration;

/// <summary>Compares absolute folders component by component, so that "/dl2" is not under "/dl". Pure: looks at text only.</summary>
internal static class FolderTree
{
    private static readonly StringComparison Comparison =
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>Is <paramref name="path"/> the folder <paramref name="root"/> or below it? Both absolute; "." and ".." are resolved first.</summary>
    public static bool IsSameOrUnder(string path, string root)
    {
        var inner = WithSeparator(path);
        return inner.StartsWith(WithSeparator(root), Comparison);
    }

    private static string WithSeparator(string path)
    {
        var full = Path.GetFullPath(path);
        return Path.EndsInDirectorySeparator(full) ? full : full + Path.DirectorySeparatorChar;
    }
}
