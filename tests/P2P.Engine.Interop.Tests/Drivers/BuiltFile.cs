namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>Programs of this repository that tests run as processes.</summary>
public static class BuiltFile
{
    /// <summary>The harness, which ends when its standard input does.</summary>
    public static string Harness => Path("tests/P2P.Harness", "P2P.Harness");

    /// <summary>The web host, for <c>dotnet</c>.</summary>
    public static string Host => Path("src/P2P.Blazor", "P2P.Blazor.dll");

    /// <summary>A file of a project that is built with this one, in the same configuration: bin/Debug/net10.0 or bin/Release/net10.0.</summary>
    private static string Path(string project, string name)
    {
        var build = AppContext.BaseDirectory.TrimEnd('/').Split('/')[^2..];
        return System.IO.Path.GetFullPath(System.IO.Path.Combine([AppContext.BaseDirectory, "../../../../..", project, "bin", .. build, name]));
    }
}
