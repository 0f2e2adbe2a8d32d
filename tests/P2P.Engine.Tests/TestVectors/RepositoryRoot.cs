namespace P2P.Engine.Tests.TestVectors;

/// <summary>Where the sources and the shared data are.</summary>
internal static class RepositoryRoot
{
    /// <summary>The folder that holds P2P.Blazor.sln, found upwards from the test's binary.</summary>
    public static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "P2P.Blazor.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside their repository: no folder above holds P2P.Blazor.sln.");
    }

    /// <summary>A file of the client's shared data beside the repository; null when it is not there, as in a bare clone.</summary>
    public static string? SharedData(string name)
    {
        var path = Path.Combine(Find(), "..", "shared", "data", name);
        return File.Exists(path) ? path : null;
    }
}
