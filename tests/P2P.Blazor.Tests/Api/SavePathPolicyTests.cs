using P2P.Blazor.Api;
using P2P.Blazor.Configuration;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>Rows P35, P36 and A25: where files may be saved.</summary>
public sealed class SavePathPolicyTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("p2p-paths-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string Shared => Path.Combine(_root, "dl");

    private SavePathPolicy Policy(params string[] roots) => new(new EngineSettings
    {
        Options = new TorrentEngineOptions
        {
            DataDirectory = Path.Combine(_root, "state"),
            IncompleteDirectory = Path.Combine(_root, "incomplete"),
            SharedDirectory = Shared,
        },
        AllowedSaveRoots = [.. roots],
    });

    [Theory]
    [InlineData("dl")]
    [InlineData("dl/")]
    [InlineData("dl/films")]
    [InlineData("dl/films/new one")]
    [InlineData("dl/..films")]
    [InlineData("more/x")]
    public void Check_UnderARoot_IsAllowed(string path) =>
        Assert.Equal(Path.Combine(_root, path).TrimEnd('/'), Policy(Path.Combine(_root, "more")).Check(Path.Combine(_root, path), Shared));

    [Theory]
    [InlineData("")]
    [InlineData("dl2")]
    [InlineData("dl2/films")]
    [InlineData("d")]
    [InlineData("incomplete")]
    [InlineData("state")]
    [InlineData("state/logs")]
    [InlineData("dl/../state")]
    [InlineData("dl/../../etc")]
    [InlineData("dl/./x/../..")]
    [InlineData("dl/.")]
    [InlineData("dl/a\0b")]
    [InlineData("dl/a\nb")]
    public void Check_Elsewhere_IsRefused(string path) =>
        Assert.Equal("path.not_allowed", Assert.Throws<TorrentEngineException>(() => Policy().Check(_root + "/" + path, Shared)).Code);

    [Theory]
    [InlineData("/")]
    [InlineData("/proc")]
    [InlineData("/dev/shm")]
    [InlineData("/etc")]
    [InlineData("dl")]
    [InlineData("./dl")]
    [InlineData("~/dl")]
    public void Check_SystemOrRelative_IsRefusedEvenUnderARootOfSlash(string path) =>
        Assert.Equal("path.not_allowed", Assert.Throws<TorrentEngineException>(() => Policy("/").Check(path, Shared)).Code);

    [Theory]
    [InlineData("state")]
    [InlineData("state/x")]
    [InlineData("")]
    public void Check_TheStateOrAroundIt_IsRefusedEvenUnderARoot(string path) =>
        Assert.Equal("path.not_allowed", Assert.Throws<TorrentEngineException>(() => Policy(_root).Check(Path.Combine(_root, path), Shared)).Code);

    [Fact]
    public void Check_LinkOutOfTheRoot_IsRefused()
    {
        Directory.CreateDirectory(Shared);
        Directory.CreateDirectory(Path.Combine(_root, "outside"));
        Directory.CreateSymbolicLink(Path.Combine(Shared, "direct"), Path.Combine(_root, "outside"));
        Directory.CreateSymbolicLink(Path.Combine(Shared, "relative"), "../outside");
        Directory.CreateSymbolicLink(Path.Combine(Shared, "chain"), Path.Combine(Shared, "direct"));
        Directory.CreateSymbolicLink(Path.Combine(Shared, "loop"), Path.Combine(Shared, "loop"));
        Directory.CreateSymbolicLink(Path.Combine(Shared, "slash"), "/");
        foreach (var path in new[] { "direct", "direct/x", "relative/x", "chain/x", "loop/x", "slash", "slash/tmp/x" })
        {
            Assert.Equal("path.not_allowed", Assert.Throws<TorrentEngineException>(() => Policy().Check(Path.Combine(Shared, path), Shared)).Code);
        }
    }

    [Fact]
    public void Check_LinkInsideTheRoot_IsAllowed()
    {
        Directory.CreateDirectory(Path.Combine(Shared, "real"));
        Directory.CreateSymbolicLink(Path.Combine(Shared, "link"), Path.Combine(Shared, "real"));
        Assert.Equal(Path.Combine(Shared, "link/x"), Policy().Check(Path.Combine(Shared, "link/x"), Shared));
    }

    [Fact]
    public void Check_RootIsALink_IsAllowed()
    {
        Directory.CreateDirectory(Path.Combine(_root, "big disk"));
        Directory.CreateSymbolicLink(Shared, Path.Combine(_root, "big disk"));
        Assert.Equal(Path.Combine(Shared, "x"), Policy().Check(Path.Combine(Shared, "x"), Shared));
    }

    [Fact]
    public void CheckFolder_ConfiguredFolders_AreRoots()
    {
        Assert.Equal(Path.Combine(_root, "incomplete"), Policy().CheckFolder(Path.Combine(_root, "incomplete")));
        Assert.Throws<TorrentEngineException>(() => Policy().CheckFolder(Path.Combine(_root, "other")));
    }
}
