using System.Net;
using Microsoft.Extensions.Configuration;
using P2P.Blazor.Configuration;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Configuration;

/// <summary>What the section "Engine" may hold, and that every mistake is told at once.</summary>
public sealed class EngineSettingsTests
{
    private static EngineSettings Read(params (string Key, string? Value)[] values) => EngineSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(value => $"Engine:{value.Key}", value => value.Value)).Build().GetSection("Engine"), "/srv/p2p");

    [Fact]
    public void Read_Nothing_IsTheEnginesDefaultsUnderTheRoot()
    {
        var standard = new TorrentEngineOptions();
        Assert.Equal(
            standard with { DataDirectory = "/srv/p2p/data/state", IncompleteDirectory = "/srv/p2p/data/incomplete", SharedDirectory = "/srv/p2p/data/shared" },
            Read().Options with { DhtBootstrap = [] }); // Equal arrays are not the same array.
        Assert.Empty(Read().Options.DhtBootstrap);
    }

    [Fact]
    public void Read_AppSettingsOfTheRepository_AreTheDefaults()
    {
        var file = new ConfigurationBuilder().AddJsonFile(Path.Combine(FakeHost.RepositoryRoot(), "appsettings.json")).Build();
        var ofTheFile = EngineSettings.Read(file.GetSection("Engine"), "/srv/p2p").Options;

        // The one exception: a library calls nobody by itself, while the program that a person starts asks the public routers.
        Assert.Empty(Read().Options.DhtBootstrap);
        Assert.Equal(["router.bittorrent.com:6881", "dht.transmissionbt.com:6881", "router.utorrent.com:6881", "dht.libtorrent.org:25401"], ofTheFile.DhtBootstrap);
        Assert.Equal(Read().Options with { DhtBootstrap = [] }, ofTheFile with { DhtBootstrap = [] });
        Assert.Equal([HostSettings.StandardUrl], HostSettings.Read(file).Urls);
        var keys = file.GetSection("Engine").GetChildren().Select(child => child.Key).Append("AllowedSaveRoots").Distinct().Order();
        Assert.Equal(
            typeof(TrackerServerOptions).GetProperties().Select(property => property.Name).Order(),
            file.GetSection("Engine:Tracker").GetChildren().Select(child => child.Key).Order());
        // Labels are a list of objects, made in the page or by the API and kept there.
        string[] ofThePage = [nameof(TorrentEngineOptions.Labels)];
        Assert.Equal(typeof(TorrentEngineOptions).GetProperties().Select(property => property.Name).Except(ofThePage).Append("AllowedSaveRoots").Append("Data").Order(), keys);
    }

    [Fact]
    public void Read_BlankBootstrap_EmptiesTheListOfTheFile()
    {
        var settings = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(FakeHost.RepositoryRoot(), "appsettings.json")).AddCommandLine(["--Engine:DhtBootstrap=", "--Engine:Tracker:HttpPort=7000"]).Build();
        var options = EngineSettings.Read(settings.GetSection("Engine"), "/srv/p2p").Options;
        Assert.Empty(options.DhtBootstrap);
        Assert.Equal(7000, options.Tracker.HttpPort);
    }

    [Fact]
    public void Read_EveryKey_IsTaken()
    {
        var settings = Read(
            ("DataDirectory", "/a"), ("IncompleteDirectory", "b"), ("SharedDirectory", "/c/"), ("ListenAddress", "127.0.0.1"), ("ListenPort", "0"),
            ("MaxDownloadRate", "1"), ("MaxUploadRate", "9223372036854775807"), ("MaxConnections", "2"), ("MaxConnectionsPerTorrent", "3"),
            ("MaxHalfOpen", "4"), ("RegularSlots", "5"), ("OptimisticSlots", "0"), ("ChokeInterval", "00:00:10"), ("StrictTitForTat", "True"),
            ("BlockMemory", "8388608"), ("DiskThreads", "6"), ("MinTrackerInterval", "00:00:01"), ("FlushInterval", "00:00:00.5"), ("FlushBytes", "65536"),
            ("Dht", "false"), ("DhtBootstrap:0", "a.example:1"), ("LocalDiscovery", "false"), ("PeerExchange", "false"), ("Tracker:Enabled", "true"),
            ("Tracker:HttpPort", "7000"), ("Tracker:UdpPort", "0"), ("Tracker:ServesAny", "true"), ("Tracker:Interval", "00:05:00"), ("ShareLimits:MaxRatio", "2.5"), ("ShareLimits:MaxSeedingTime", "7.00:00:00"), ("ShareLimits:MaxIdleTime", "01:00:00"), ("ShareLimits:Action", "remove"), ("AllowedSaveRoots:0", "/m"), ("AllowedSaveRoots:1", "n"));
        Assert.Equal(["a.example:1"], settings.Options.DhtBootstrap);
        Assert.Equal(
            new TorrentEngineOptions
            {
                Dht = false,
                LocalDiscovery = false,
                PeerExchange = false,
                Tracker = new TrackerServerOptions { Enabled = true, HttpPort = 7_000, UdpPort = 0, ServesAny = true, Interval = TimeSpan.FromMinutes(5) },
                DataDirectory = "/a",
                IncompleteDirectory = "/srv/p2p/b",
                SharedDirectory = "/c",
                ListenAddress = IPAddress.Loopback,
                ListenPort = 0,
                MaxDownloadRate = 1,
                MaxUploadRate = long.MaxValue,
                MaxConnections = 2,
                MaxConnectionsPerTorrent = 3,
                MaxHalfOpen = 4,
                RegularSlots = 5,
                OptimisticSlots = 0,
                ChokeInterval = TimeSpan.FromSeconds(10),
                StrictTitForTat = true,
                BlockMemory = 8 << 20,
                DiskThreads = 6,
                MinTrackerInterval = TimeSpan.FromSeconds(1),
                FlushInterval = TimeSpan.FromSeconds(0.5),
                FlushBytes = 65_536,
                ShareLimits = new ShareLimits { MaxRatio = 2.5, MaxSeedingTime = TimeSpan.FromDays(7), MaxIdleTime = TimeSpan.FromHours(1), Action = ShareLimitAction.Remove },
            },
            settings.Options with { DhtBootstrap = [] });
        Assert.Equal(["/m", "/srv/p2p/n"], settings.AllowedSaveRoots);
    }

    [Theory]
    [InlineData("ListenPort", "-1")]
    [InlineData("ListenPort", "70000")]
    [InlineData("ListenPort", "six")]
    [InlineData("ListenPort", "99999999999")]
    [InlineData("ListenAddress", "localhost")]
    [InlineData("ListenAddress", "1.2.3.4.5")]
    [InlineData("MaxDownloadRate", "-1")]
    [InlineData("MaxDownloadRate", "9223372036854775808")]
    [InlineData("MaxUploadRate", "1.5")]
    [InlineData("MaxUploadRate", "1 MiB")]
    [InlineData("MaxConnections", "0")]
    [InlineData("MaxConnectionsPerTorrent", "10001")]
    [InlineData("MaxHalfOpen", "0")]
    [InlineData("RegularSlots", "0")]
    [InlineData("OptimisticSlots", "-1")]
    [InlineData("ChokeInterval", "30")]
    [InlineData("ChokeInterval", "00:00:00.9")]
    [InlineData("ChokeInterval", "01:00:01")]
    [InlineData("StrictTitForTat", "yes")]
    [InlineData("BlockMemory", "16384")]
    [InlineData("DiskThreads", "65")]
    [InlineData("MinTrackerInterval", "00:00:00")]
    [InlineData("FlushInterval", "-00:00:05")]
    [InlineData("FlushBytes", "1")]
    [InlineData("DataDirectory", "data\0")]
    [InlineData("Data", "data\0")]
    [InlineData("SharedDirectory", "data/state/shared")]
    [InlineData("SharedDirectory", "data")]
    [InlineData("IncompleteDirectory", "data/state")]
    [InlineData("SharedDirectory", "data/incomplete")]
    [InlineData("Dht", "yes")]
    [InlineData("Tracker:HttpPort", "65536")]
    [InlineData("Tracker:UdpPort", "-1")]
    [InlineData("Tracker:Interval", "00:00:00")]
    [InlineData("ShareLimits:MaxRatio", "-1")]
    [InlineData("ShareLimits:MaxSeedingTime", "60")]
    [InlineData("ShareLimits:Action", "1")]
    [InlineData("ListenPrt", "6881")]
    public void Read_OneMistake_IsOneSentenceNamingTheKey(string key, string value)
    {
        var mistake = Assert.Single(Assert.Throws<InvalidSettingsException>(() => Read((key, value))).Mistakes);
        Assert.StartsWith($"Engine:{key} is ", mistake);
        Assert.EndsWith(".", mistake);
    }

    [Theory]
    [InlineData("ShareLimits:MaxRatio", "10001")]
    [InlineData("ShareLimits:MaxIdleTime", "00:00:59")]
    public void Read_ShareLimitOutOfRange_SaysTheRange(string key, string value) =>
        Assert.Contains("between", Assert.Single(Assert.Throws<InvalidSettingsException>(() => Read((key, value))).Mistakes), StringComparison.Ordinal);

    [Fact]
    public void Read_SeveralMistakes_TellsAllAtOnce()
    {
        var mistakes = Assert.Throws<InvalidSettingsException>(() => Read(("ListenPort", "x"), ("RegularSlots", "0"), ("Colour", "red"), ("ChokeInterval", "30"))).Mistakes;
        Assert.Equal(["Engine:ChokeInterval", "Engine:Colour", "Engine:ListenPort", "Engine:RegularSlots"], mistakes.Select(mistake => mistake.Split(' ')[0]).Order());
    }

    [Theory]
    [InlineData("/dl", "/dl", true)]
    [InlineData("/dl/", "/dl", true)]
    [InlineData("/dl/x", "/dl/", true)]
    [InlineData("/dl2", "/dl", false)]
    [InlineData("/dl/../etc", "/dl", false)]
    [InlineData("/d", "/dl", false)]
    [InlineData("/dl", "/", true)]
    public void IsSameOrUnder_Folders_AreComparedByComponents(string path, string root, bool expected) =>
        Assert.Equal(expected, FolderTree.IsSameOrUnder(path, root));
}
