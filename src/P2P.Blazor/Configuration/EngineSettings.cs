using System.Collections.Immutable;
using P2P.Engine;

namespace P2P.Blazor.Configuration;

/// <summary>The section "Engine" as read and checked: the engine's options and what only the host needs. Immutable.</summary>
internal sealed record EngineSettings
{
    /// <summary>Name of the section in appsettings.json, environment ("Engine__ListenPort") and command line ("--Engine:ListenPort").</summary>
    public const string Section = "Engine";

    /// <summary>What the engine starts with; folders are absolute.</summary>
    public required TorrentEngineOptions Options { get; init; }

    /// <summary>Absolute folders that finished files may be saved under besides the shared folder.</summary>
    public ImmutableArray<string> AllowedSaveRoots { get; init; } = [];

    /// <summary>Reads and checks the section; folders are taken relative to <paramref name="root"/>.</summary>
    /// <remarks>Throws <see cref="InvalidSettingsException"/> with every mistake at once, unknown keys included.</remarks>
    public static EngineSettings Read(IConfigurationSection section, string root)
    {
        var reader = new SettingsReader(section, root);
        var standard = new TorrentEngineOptions();
        _ = reader.Folder(DataFolder.Key, root); // Has become the three folders already; here it is only known and checked.
        var settings = new EngineSettings
        {
            Options = standard with
            {
                DataDirectory = reader.Folder(nameof(standard.DataDirectory), standard.DataDirectory),
                IncompleteDirectory = reader.Folder(nameof(standard.IncompleteDirectory), standard.IncompleteDirectory),
                SharedDirectory = reader.Folder(nameof(standard.SharedDirectory), standard.SharedDirectory),
                ListenAddress = reader.Address(nameof(standard.ListenAddress)),
                ListenPort = reader.Integer(nameof(standard.ListenPort), standard.ListenPort),
                MaxDownloadRate = reader.Number(nameof(standard.MaxDownloadRate), standard.MaxDownloadRate),
                MaxUploadRate = reader.Number(nameof(standard.MaxUploadRate), standard.MaxUploadRate),
                MaxConnections = reader.Integer(nameof(standard.MaxConnections), standard.MaxConnections),
                MaxConnectionsPerTorrent = reader.Integer(nameof(standard.MaxConnectionsPerTorrent), standard.MaxConnectionsPerTorrent),
                MaxHalfOpen = reader.Integer(nameof(standard.MaxHalfOpen), standard.MaxHalfOpen),
                RegularSlots = reader.Integer(nameof(standard.RegularSlots), standard.RegularSlots),
                OptimisticSlots = reader.Integer(nameof(standard.OptimisticSlots), standard.OptimisticSlots),
                ChokeInterval = reader.Time(nameof(standard.ChokeInterval), standard.ChokeInterval),
                StrictTitForTat = reader.Switch(nameof(standard.StrictTitForTat), standard.StrictTitForTat),
                MaxActiveDownloads = reader.Integer(nameof(standard.MaxActiveDownloads), standard.MaxActiveDownloads),
                MaxActiveSeeds = reader.Integer(nameof(standard.MaxActiveSeeds), standard.MaxActiveSeeds),
                SlowTorrentRate = reader.Number(nameof(standard.SlowTorrentRate), standard.SlowTorrentRate),
                AlternativeMaxDownloadRate = reader.Number(nameof(standard.AlternativeMaxDownloadRate), standard.AlternativeMaxDownloadRate),
                AlternativeMaxUploadRate = reader.Number(nameof(standard.AlternativeMaxUploadRate), standard.AlternativeMaxUploadRate),
                ShareLimits = new ShareLimits
                {
                    MaxRatio = reader.Ratio("ShareLimits:MaxRatio"),
                    MaxSeedingTime = reader.OptionalTime("ShareLimits:MaxSeedingTime"),
                    MaxIdleTime = reader.OptionalTime("ShareLimits:MaxIdleTime"),
                    Action = reader.Word("ShareLimits:Action", ShareLimitAction.Stop),
                },
                UseAlternativeRates = reader.Switch(nameof(standard.UseAlternativeRates), standard.UseAlternativeRates),
                BlockMemory = reader.Number(nameof(standard.BlockMemory), standard.BlockMemory),
                DiskThreads = reader.Integer(nameof(standard.DiskThreads), standard.DiskThreads),
                MinTrackerInterval = reader.Time(nameof(standard.MinTrackerInterval), standard.MinTrackerInterval),
                FlushInterval = reader.Time(nameof(standard.FlushInterval), standard.FlushInterval),
                FlushBytes = reader.Number(nameof(standard.FlushBytes), standard.FlushBytes),
                Dht = reader.Switch(nameof(standard.Dht), standard.Dht),
                DhtBootstrap = reader.Words(nameof(standard.DhtBootstrap)),
                LocalDiscovery = reader.Switch(nameof(standard.LocalDiscovery), standard.LocalDiscovery),
                PeerExchange = reader.Switch(nameof(standard.PeerExchange), standard.PeerExchange),
                Tracker = standard.Tracker with
                {
                    Enabled = reader.Switch("Tracker:Enabled", standard.Tracker.Enabled),
                    HttpPort = reader.Integer("Tracker:HttpPort", standard.Tracker.HttpPort),
                    UdpPort = reader.Integer("Tracker:UdpPort", standard.Tracker.UdpPort),
                    ServesAny = reader.Switch("Tracker:ServesAny", standard.Tracker.ServesAny),
                    Interval = reader.Time("Tracker:Interval", standard.Tracker.Interval),
                },
            },
            AllowedSaveRoots = reader.Folders(nameof(AllowedSaveRoots)),
        };
        var mistakes = reader.Mistakes().AddRange(EngineSettingsValidator.Check(settings.Options).Select(mistake => $"{Section}:{mistake.Key} {mistake.Sentence}"));
        return mistakes.IsEmpty ? settings : throw new InvalidSettingsException(mistakes);
    }
}

/// <summary>The settings cannot be used; every mistake is one sentence.</summary>
internal sealed class InvalidSettingsException(ImmutableArray<string> mistakes) : Exception(string.Join(Environment.NewLine, mistakes))
{
    /// <summary>One sentence for each mistake, naming its key.</summary>
    public ImmutableArray<string> Mistakes { get; } = mistakes;
}
