using P2P.Engine.Tests.TestVectors;
using Xunit;

namespace P2P.Engine.Tests.Architecture;

/// <summary>Sockets are opened in one file: the analyzer lets a second one use them, so the opening itself is looked for here.</summary>
public sealed class SocketTests
{
    [Fact]
    public void Engine_OpensSockets_InSystemNetworkOnly()
    {
        var root = Path.Combine(RepositoryRoot.Find(), "src", "P2P.Engine");
        var openers = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal))
            .Where(path => File.ReadAllText(path).Contains("SocketType.", StringComparison.Ordinal)) // which every opening names
            .Select(Path.GetFileName);

        Assert.Equal(["SystemNetwork.cs"], openers);
    }
}
