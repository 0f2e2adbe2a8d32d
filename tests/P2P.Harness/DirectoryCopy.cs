namespace P2P.Harness;

/// <summary>A copy of a directory in the temporary folder, removed when disposed: what is looked at stays as the cut left it.</summary>
internal sealed class DirectoryCopy : IDisposable
{
    public DirectoryCopy(string source)
    {
        Path = Directory.CreateTempSubdirectory("p2p-copy-").FullName;
        foreach (var file in Directory.Exists(source) ? Directory.GetFiles(source, "*", SearchOption.AllDirectories) : [])
        {
            var target = System.IO.Path.Combine(Path, System.IO.Path.GetRelativePath(source, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
