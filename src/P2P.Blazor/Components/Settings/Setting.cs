using System.Collections.Immutable;
using P2P.Blazor.Components.Pages;
using P2P.Blazor.Localization;
using P2P.Engine;

namespace P2P.Blazor.Components.Settings;

/// <summary>How a setting is edited.</summary>
public enum SettingKind
{
    /// <summary>A whole number.</summary>
    Number,

    /// <summary>On or off.</summary>
    Switch,

    /// <summary>An absolute folder.</summary>
    Folder,

    /// <summary>One value a line.</summary>
    Lines,
}

/// <summary>One setting as the page shows and searches it. Texts are "setting.key" and "setting.key-help". Immutable.</summary>
/// <param name="Key">End of its texts' keys, lower case.</param>
/// <param name="Member">Its name in <see cref="EngineSettingsPatch"/>, the API and appsettings.json.</param>
/// <param name="Section">Section of the page: end of "settings.section-".</param>
/// <param name="Kind">How it is edited.</param>
/// <param name="Read">Its value in a form: a long, a bool or a text.</param>
/// <param name="Write">Puts another one in.</param>
public sealed record Setting(string Key, string Member, string Section, SettingKind Kind, Func<SettingsForm, object> Read, Action<SettingsForm, object> Write)
{
    private static readonly SettingsForm Standard = SettingsForm.Of(new TorrentEngineOptions());

    /// <summary>Unit of a number: end of "settings.unit-"; "" for none.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Smallest and largest number.</summary>
    public (long Least, long Most) Range { get; init; } = (0, 100_000_000);

    /// <summary>0 says "no limit".</summary>
    public bool IsLimit { get; init; }

    /// <summary>Its name.</summary>
    public string Label => Text.T($"setting.{Key}");

    /// <summary>What it does, in a sentence.</summary>
    public string Help => Text.T($"setting.{Key}-help");

    /// <summary>Its default, as a person reads it; null when it has none of its own.</summary>
    public string? Default => Kind switch
    {
        SettingKind.Switch => Text.T((bool)Read(Standard) ? "settings.on" : "settings.off"),
        SettingKind.Number when IsLimit && (long)Read(Standard) == 0 => Text.T("settings.no-limit"),
        SettingKind.Number => $"{Words.Show.Count((long)Read(Standard))}{(Unit.Length > 0 ? $" {Text.T($"settings.unit-{Unit}")}" : "")}",
        _ => null,
    };

    /// <summary>Is it found by this search text?</summary>
    public bool Matches(string text) =>
        Label.Contains(text, StringComparison.CurrentCultureIgnoreCase) || Help.Contains(text, StringComparison.CurrentCultureIgnoreCase) || Member.Contains(text, StringComparison.OrdinalIgnoreCase);

    /// <summary>Sections, in order.</summary>
    public static readonly ImmutableArray<string> Sections = ["limits", "choking", "queue", "sharing", "labels", "connections", "discovery", "tracker", "folders", "page"];

    /// <summary>Every setting that can be changed while the client runs, but for share limits and labels, which have forms of their own.</summary>
    public static readonly ImmutableArray<Setting> All =
    [
        Rate("umax", nameof(EngineSettingsPatch.MaxUploadRate), form => form.MaxUpload, (form, value) => form.MaxUpload = value),
        Rate("dmax", nameof(EngineSettingsPatch.MaxDownloadRate), form => form.MaxDownload, (form, value) => form.MaxDownload = value),
        OnOff("limits", "alternative", nameof(EngineSettingsPatch.UseAlternativeRates), form => form.UseAlternative, (form, value) => form.UseAlternative = value),
        Rate("alternative-up", nameof(EngineSettingsPatch.AlternativeMaxUploadRate), form => form.AlternativeUpload, (form, value) => form.AlternativeUpload = value),
        Rate("alternative-down", nameof(EngineSettingsPatch.AlternativeMaxDownloadRate), form => form.AlternativeDownload, (form, value) => form.AlternativeDownload = value),
        Number("choking", "slots", nameof(EngineSettingsPatch.RegularSlots), "per-torrent", (1, 100), form => form.RegularSlots, (form, value) => form.RegularSlots = (int)value),
        Number("choking", "optimistic", nameof(EngineSettingsPatch.OptimisticSlots), "per-torrent", (0, 100), form => form.OptimisticSlots, (form, value) => form.OptimisticSlots = (int)value),
        Number("choking", "round", nameof(EngineSettingsPatch.ChokeInterval), "seconds", (1, 3600), form => form.ChokeSeconds, (form, value) => form.ChokeSeconds = (int)value),
        OnOff("choking", "strict", nameof(EngineSettingsPatch.StrictTitForTat), form => form.Strict, (form, value) => form.Strict = value),
        Number("queue", "downloads", nameof(EngineSettingsPatch.MaxActiveDownloads), "torrents", (0, 10_000), form => form.MaxActiveDownloads, (form, value) => form.MaxActiveDownloads = (int)value) with { IsLimit = true },
        Number("queue", "seeds", nameof(EngineSettingsPatch.MaxActiveSeeds), "torrents", (0, 10_000), form => form.MaxActiveSeeds, (form, value) => form.MaxActiveSeeds = (int)value) with { IsLimit = true },
        Number("queue", "slow", nameof(EngineSettingsPatch.SlowTorrentRate), "kib", (0, 100_000_000), form => form.SlowTorrent, (form, value) => form.SlowTorrent = value),
        Number("connections", "connections", nameof(EngineSettingsPatch.MaxConnections), "peers", (1, 100_000), form => form.MaxConnections, (form, value) => form.MaxConnections = (int)value),
        Number("connections", "per-torrent", nameof(EngineSettingsPatch.MaxConnectionsPerTorrent), "peers", (1, 10_000), form => form.MaxConnectionsPerTorrent, (form, value) => form.MaxConnectionsPerTorrent = (int)value),
        OnOff("discovery", "dht", nameof(EngineSettingsPatch.Dht), form => form.Dht, (form, value) => form.Dht = value),
        new("bootstrap", nameof(EngineSettingsPatch.DhtBootstrap), "discovery", SettingKind.Lines, form => form.DhtBootstrap, (form, value) => form.DhtBootstrap = (string)value),
        OnOff("discovery", "lan", nameof(EngineSettingsPatch.LocalDiscovery), form => form.LocalDiscovery, (form, value) => form.LocalDiscovery = value),
        OnOff("discovery", "exchange", nameof(EngineSettingsPatch.PeerExchange), form => form.PeerExchange, (form, value) => form.PeerExchange = value),
        OnOff("tracker", "tracker", nameof(EngineSettingsPatch.TrackerEnabled), form => form.TrackerEnabled, (form, value) => form.TrackerEnabled = value),
        Number("tracker", "tracker-http", nameof(EngineSettingsPatch.TrackerHttpPort), "tcp", (0, 65_535), form => form.TrackerHttpPort, (form, value) => form.TrackerHttpPort = (int)value),
        Number("tracker", "tracker-udp", nameof(EngineSettingsPatch.TrackerUdpPort), "udp", (0, 65_535), form => form.TrackerUdpPort, (form, value) => form.TrackerUdpPort = (int)value),
        OnOff("tracker", "tracker-any", nameof(EngineSettingsPatch.TrackerServesAny), form => form.TrackerServesAny, (form, value) => form.TrackerServesAny = value),
        new("incomplete", nameof(EngineSettingsPatch.IncompleteDirectory), "folders", SettingKind.Folder, form => form.IncompleteDirectory, (form, value) => form.IncompleteDirectory = (string)value),
        new("shared", nameof(EngineSettingsPatch.SharedDirectory), "folders", SettingKind.Folder, form => form.SharedDirectory, (form, value) => form.SharedDirectory = (string)value),
    ];

    /// <summary>What only the configuration changes, followed by a restart: key in appsettings.json, and its value now.</summary>
    public static IEnumerable<(string Key, string Section, Func<TorrentEngineOptions, string> Value)> ConfigurationOnly =>
    [
        ("ListenPort", "connections", options => options.ListenPort.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ("ListenAddress", "connections", options => options.ListenAddress?.ToString() ?? Text.T("settings.all-addresses")),
        ("MaxHalfOpen", "connections", options => Words.Show.Count(options.MaxHalfOpen)),
        ("Tracker:Interval", "tracker", options => Words.Show.Duration((long)options.Tracker.Interval.TotalSeconds)),
        ("DataDirectory", "folders", options => options.DataDirectory),
        ("FlushInterval", "folders", options => Words.Show.Duration((long)options.FlushInterval.TotalSeconds)),
        ("FlushBytes", "folders", options => Words.Show.Bytes(options.FlushBytes)),
    ];

    private static Setting Rate(string key, string member, Func<SettingsForm, long> read, Action<SettingsForm, long> write) =>
        Number("limits", key, member, "kib", (0, 100_000_000), read, write) with { IsLimit = true };

    private static Setting Number(string section, string key, string member, string unit, (long, long) range, Func<SettingsForm, long> read, Action<SettingsForm, long> write) =>
        new(key, member, section, SettingKind.Number, form => read(form), (form, value) => write(form, (long)value)) { Unit = unit, Range = range };

    private static Setting OnOff(string section, string key, string member, Func<SettingsForm, bool> read, Action<SettingsForm, bool> write) =>
        new(key, member, section, SettingKind.Switch, form => read(form), (form, value) => write(form, (bool)value));
}
