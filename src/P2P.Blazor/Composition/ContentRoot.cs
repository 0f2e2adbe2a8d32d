namespace P2P.Blazor.Composition;

/// <summary>Finds the folder that holds appsettings.json and wwwroot, so that the program starts from any working directory.</summary>
internal static class ContentRoot
{
    /// <summary>The working directory if it is one; else the nearest folder at or above <paramref name="programFolder"/>; else the working directory.</summary>
    /// <remarks>Published, both lie beside the program; in the repository they lie at its root, above the build output.</remarks>
    public static string Find(string workingDirectory, string programFolder)
    {
        if (IsRoot(workingDirectory))
        {
            return workingDirectory;
        }

        for (var folder = new DirectoryInfo(programFolder); folder is not null; folder = folder.Parent)
        {
            if (IsRoot(folder.FullName))
            {
                return folder.FullName;
            }
        }

        return workingDirectory;
    }

    private static bool IsRoot(string folder) => File.Exists(Path.Combine(folder, "appsettings.json")) && Directory.Exists(Path.Combine(folder, "wwwroot"));
}
