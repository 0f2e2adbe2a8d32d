using Microsoft.Extensions.Configuration;
using P2P.Blazor.Configuration;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Configuration;

/// <summary>Where the three folders lie when one folder is given for everything.</summary>
public sealed class DataFolderTests
{
    [Theory]
    [InlineData("--Data=/d")]
    [InlineData("--data=/d")]
    [InlineData("--Engine:Data=/d")]
    [InlineData("--Data", "/d")]
    public void AddDataFolder_OnTheCommandLine_PutsAllThreeBelow(params string[] args) => Assert.Equal(("/d/state", "/d/incomplete", "/d/shared"), Folders([], args));

    [Fact]
    public void AddDataFolder_Relative_IsTakenFromTheRoot() => Assert.Equal(("/srv/p2p/data/two/state", "/srv/p2p/data/two/incomplete", "/srv/p2p/data/two/shared"), Folders([], "--Data=data/two"));

    [Fact]
    public void AddDataFolder_Nothing_IsTheDefault() => Assert.Equal(("/srv/p2p/data/state", "/srv/p2p/data/incomplete", "/srv/p2p/data/shared"), Folders([]));

    [Fact]
    public void AddDataFolder_OneSetBesideIt_WinsForThatOne()
    {
        Assert.Equal(("/d/state", "/d/incomplete", "/music"), Folders([], "--Data=/d", "--Engine:SharedDirectory=/music"));
        Assert.Equal(("/d/state", "/fast", "/d/shared"), Folders([("Engine:Data", "/d"), ("Engine:IncompleteDirectory", "/fast")]));
    }

    [Fact]
    public void AddDataFolder_OneSetLater_WinsForThatOne() =>
        Assert.Equal(("/d/state", "/d/incomplete", "/music"), Folders([("Engine:Data", "/d")], "--Engine:SharedDirectory=/music"));

    [Fact]
    public void AddDataFolder_OneSetEarlier_GivesWay() =>
        Assert.Equal(("/d/state", "/d/incomplete", "/d/shared"), Folders([("Engine:SharedDirectory", "/music")], "--Data=/d"));

    [Fact]
    public void AddDataFolder_VariableNamedData_IsSomebodyElses() => Assert.Equal("/srv/p2p/data/state", Folders([("DATA", "/elsewhere")]).State);

    private static (string State, string Incomplete, string Shared) Folders((string Key, string Value)[] earlier, params string[] args)
    {
        using var configuration = new ConfigurationManager();
        configuration.AddJsonFile(Path.Combine(FakeHost.RepositoryRoot(), "appsettings.json"));
        configuration.AddInMemoryCollection(earlier.Select(pair => KeyValuePair.Create<string, string?>(pair.Key, pair.Value)));
        configuration.AddCommandLine(args);
        configuration.AddDataFolder(args);
        TorrentEngineOptions options = EngineSettings.Read(configuration.GetSection(EngineSettings.Section), "/srv/p2p").Options;
        return (options.DataDirectory, options.IncompleteDirectory, options.SharedDirectory);
    }
}
