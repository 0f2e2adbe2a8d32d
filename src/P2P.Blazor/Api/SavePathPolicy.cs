using System.Collections.Immutable;
using P2P.Blazor.Configuration;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>Says where a request may have files written: only at or under the allowed roots, symbolic links followed.</summary>
/// <remarks>
/// The roots are the shared folder in force and "Engine:AllowedSaveRoots". Refused besides: relative paths, "." and "..", the engine's state
/// and anything around it, and the system's own folders even if a root holds them. A link made after the check is not seen: who can make
/// links there can write there already. Source: rules R-W13, rows P35, P36, A25.
/// </remarks>
internal sealed class SavePathPolicy(EngineSettings settings)
{
    private static readonly ImmutableArray<string> SystemFolders =
        OperatingSystem.IsWindows()
            ? [Environment.GetFolderPath(Environment.SpecialFolder.Windows), Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles)]
            : ["/proc", "/sys", "/dev", "/etc", "/boot", "/bin", "/sbin", "/lib", "/usr"];

    private const int MaxPathLength = 4095;
    private const int MaxLinks = 40; // as Linux

    /// <summary>The path as it may be used, without a trailing separator; throws "path.not_allowed".</summary>
    /// <param name="path">As the request gives it.</param>
    /// <param name="sharedDirectory">The shared folder in force.</param>
    public string Check(string path, string sharedDirectory) => Check(path, Roots(sharedDirectory), "Files may be saved");

    /// <summary>Like <see cref="Check(string, string)"/>, for a file or folder that is read: a torrent shows it to strangers.</summary>
    public string CheckSource(string path, string sharedDirectory) => Check(path, Roots(sharedDirectory), "Files may be shared");

    /// <summary>The folders that both go by, the shared one first.</summary>
    public ImmutableArray<string> Roots(string sharedDirectory) => [sharedDirectory, .. settings.AllowedSaveRoots];

    /// <summary>Like <see cref="Check(string, string)"/>, for a change of the engine's own folders: those of the configuration are roots too.</summary>
    public string CheckFolder(string path) => Check(path, [settings.Options.SharedDirectory, settings.Options.IncompleteDirectory, .. settings.AllowedSaveRoots], "Files may be saved");

    private string Check(string path, ImmutableArray<string> roots, string act)
    {
        if (path.Length > MaxPathLength || path.Any(char.IsControl) || !Path.IsPathFullyQualified(path))
        {
            throw Refuse("The path must be absolute.");
        }

        // A path with dots is refused rather than resolved: the engine must get exactly what was checked.
        if (path.Split('/', Path.DirectorySeparatorChar).Any(component => component is "." or ".."))
        {
            throw Refuse("The path must not contain \".\" or \"..\".");
        }

        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var real = Resolve(full);
        if (!roots.Any(root => FolderTree.IsSameOrUnder(full, root) && FolderTree.IsSameOrUnder(real, Resolve(root))))
        {
            throw Refuse($"{act} only under {string.Join(" or ", roots.Distinct())}; add further folders to Engine:AllowedSaveRoots.");
        }

        var state = Resolve(settings.Options.DataDirectory);
        if (FolderTree.IsSameOrUnder(real, state) || FolderTree.IsSameOrUnder(state, real))
        {
            throw Refuse($"{act} neither inside nor around the folder of the client's own state.");
        }

        return real == Path.GetPathRoot(real) || SystemFolders.Any(folder => FolderTree.IsSameOrUnder(real, folder))
            ? throw Refuse($"{act} in no folder of the operating system.")
            : full;
    }

    // The path with every link on the way followed; parts that do not exist yet stay as they are.
    private static string Resolve(string path, int links = 0)
    {
        var full = Path.GetFullPath(path);
        var real = Path.GetPathRoot(full)!;
        foreach (var component in full[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, component);
            if (new DirectoryInfo(real).LinkTarget is { } target)
            {
                real = links < MaxLinks
                    ? Resolve(Path.Combine(Path.GetDirectoryName(real)!, target), links + 1)
                    : throw Refuse("The path leads through too many symbolic links.");
            }
        }

        return real;
    }

    private static TorrentEngineException Refuse(string sentence) => new("path.not_allowed", sentence);
}
