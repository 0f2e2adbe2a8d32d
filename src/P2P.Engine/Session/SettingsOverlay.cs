using System.Collections.Immutable;
using System.Globalization;
using P2P.Engine.Discovery;

namespace P2P.Engine.Session;

/// <summary>Settings changed in the page: checked, kept as text, read back. Pure.</summary>
internal static class SettingsOverlay
{
    /// <summary>Every mistake of a patch as one sentence each; empty when it can be applied.</summary>
    public static ImmutableArray<string> Validate(EngineSettingsPatch patch)
    {
        var mistakes = ImmutableArray.CreateBuilder<string>();
        Check(patch.MaxDownloadRate, 0, long.MaxValue, nameof(patch.MaxDownloadRate), "bytes per second, 0 for no limit");
        Check(patch.MaxUploadRate, 0, long.MaxValue, nameof(patch.MaxUploadRate), "bytes per second, 0 for no limit");
        Check(patch.MaxConnections, 1, 100_000, nameof(patch.MaxConnections), "connections");
        Check(patch.MaxConnectionsPerTorrent, 1, 10_000, nameof(patch.MaxConnectionsPerTorrent), "connections");
        Check(patch.RegularSlots, 1, 100, nameof(patch.RegularSlots), "slots");
        Check(patch.OptimisticSlots, 0, 100, nameof(patch.OptimisticSlots), "slots");
        if (patch.ChokeInterval is { } interval && (interval < TimeSpan.FromSeconds(1) || interval > TimeSpan.FromHours(1)))
        {
            mistakes.Add("ChokeInterval must be between 00:00:01 and 01:00:00.");
        }

        Check(patch.TrackerHttpPort, 0, 65_535, nameof(patch.TrackerHttpPort), "a TCP port, 0 for any free one");
        Check(patch.TrackerUdpPort, 0, 65_535, nameof(patch.TrackerUdpPort), "a UDP port, 0 for any free one");
        foreach (var node in patch.DhtBootstrap ?? [])
        {
            if (!BootstrapNode.TryParse(node, out _, out _))
            {
                mistakes.Add($"DhtBootstrap: \"{BootstrapNode.Shown(node)}\" is no host and port, such as router.example.org:6881.");
            }
        }

        Check(patch.MaxActiveDownloads, 0, 10_000, nameof(patch.MaxActiveDownloads), "downloads, 0 for no limit");
        Check(patch.MaxActiveSeeds, 0, 10_000, nameof(patch.MaxActiveSeeds), "seeds, 0 for no limit");
        Check(patch.SlowTorrentRate, 0, long.MaxValue, nameof(patch.SlowTorrentRate), "bytes per second, 0 counts all");
        Check(patch.AlternativeMaxDownloadRate, 0, long.MaxValue, nameof(patch.AlternativeMaxDownloadRate), "bytes per second, 0 for no limit");
        Check(patch.AlternativeMaxUploadRate, 0, long.MaxValue, nameof(patch.AlternativeMaxUploadRate), "bytes per second, 0 for no limit");
        if (patch.ShareLimits is { } limits && limits.Mistake() is { } mistake)
        {
            mistakes.Add(mistake);
        }

        mistakes.AddRange(patch.Labels is { } labels ? Labels.Mistakes(labels) : []);
        CheckFolder(patch.IncompleteDirectory, nameof(patch.IncompleteDirectory));
        CheckFolder(patch.SharedDirectory, nameof(patch.SharedDirectory));
        return mistakes.ToImmutable();

        void Check(long? value, long least, long most, string name, string unit)
        {
            if (value is { } number && (number < least || number > most))
            {
                mistakes.Add(string.Create(CultureInfo.InvariantCulture, $"{name} must be {least} or more{(most == long.MaxValue ? "" : $" and at most {most}")} ({unit})."));
            }
        }

        void CheckFolder(string? path, string name)
        {
            if (path is not null && (path.Length == 0 || !Path.IsPathFullyQualified(path) || path.Contains('\0', StringComparison.Ordinal)))
            {
                mistakes.Add($"{name} must be an absolute path.");
            }
        }
    }

    /// <summary>The patch added to what is kept.</summary>
    public static ImmutableDictionary<string, string> Keep(ImmutableDictionary<string, string> kept, EngineSettingsPatch patch)
    {
        var builder = kept.ToBuilder();
        Put(nameof(patch.MaxDownloadRate), patch.MaxDownloadRate);
        Put(nameof(patch.MaxUploadRate), patch.MaxUploadRate);
        Put(nameof(patch.MaxConnections), patch.MaxConnections);
        Put(nameof(patch.MaxConnectionsPerTorrent), patch.MaxConnectionsPerTorrent);
        Put(nameof(patch.RegularSlots), patch.RegularSlots);
        Put(nameof(patch.OptimisticSlots), patch.OptimisticSlots);
        Put(nameof(patch.ChokeInterval), patch.ChokeInterval);
        Put(nameof(patch.StrictTitForTat), patch.StrictTitForTat);
        Put(nameof(patch.IncompleteDirectory), patch.IncompleteDirectory);
        Put(nameof(patch.SharedDirectory), patch.SharedDirectory);
        Put(nameof(patch.Dht), patch.Dht);
        Put(nameof(patch.DhtBootstrap), patch.DhtBootstrap is { } nodes ? string.Join(' ', nodes) : null);
        Put(nameof(patch.LocalDiscovery), patch.LocalDiscovery);
        Put(nameof(patch.PeerExchange), patch.PeerExchange);
        Put(nameof(patch.TrackerEnabled), patch.TrackerEnabled);
        Put(nameof(patch.TrackerHttpPort), patch.TrackerHttpPort);
        Put(nameof(patch.TrackerUdpPort), patch.TrackerUdpPort);
        Put(nameof(patch.TrackerServesAny), patch.TrackerServesAny);
        Put(nameof(patch.MaxActiveDownloads), patch.MaxActiveDownloads);
        Put(nameof(patch.MaxActiveSeeds), patch.MaxActiveSeeds);
        Put(nameof(patch.SlowTorrentRate), patch.SlowTorrentRate);
        Put(nameof(patch.ShareLimits), patch.ShareLimits is { } limits ? Labels.Write(limits) : null);
        Put(nameof(patch.Labels), patch.Labels is { } labels ? Labels.Write(labels.ToArray()) : null);
        Put(nameof(patch.AlternativeMaxDownloadRate), patch.AlternativeMaxDownloadRate);
        Put(nameof(patch.AlternativeMaxUploadRate), patch.AlternativeMaxUploadRate);
        Put(nameof(patch.UseAlternativeRates), patch.UseAlternativeRates);
        return builder.ToImmutable();

        void Put(string name, object? value)
        {
            if (value is not null)
            {
                builder[name] = Convert.ToString(value, CultureInfo.InvariantCulture)!;
            }
        }
    }

    /// <summary>What is kept, as a patch; values that no longer read are left out.</summary>
    public static EngineSettingsPatch Read(ImmutableDictionary<string, string> kept)
    {
        return new EngineSettingsPatch
        {
            MaxDownloadRate = Number(nameof(EngineSettingsPatch.MaxDownloadRate)),
            MaxUploadRate = Number(nameof(EngineSettingsPatch.MaxUploadRate)),
            MaxConnections = (int?)Number(nameof(EngineSettingsPatch.MaxConnections)),
            MaxConnectionsPerTorrent = (int?)Number(nameof(EngineSettingsPatch.MaxConnectionsPerTorrent)),
            RegularSlots = (int?)Number(nameof(EngineSettingsPatch.RegularSlots)),
            OptimisticSlots = (int?)Number(nameof(EngineSettingsPatch.OptimisticSlots)),
            ChokeInterval = TimeSpan.TryParse(kept.GetValueOrDefault(nameof(EngineSettingsPatch.ChokeInterval)), CultureInfo.InvariantCulture, out var interval) ? interval : null,
            StrictTitForTat = Switch(nameof(EngineSettingsPatch.StrictTitForTat)),
            IncompleteDirectory = kept.GetValueOrDefault(nameof(EngineSettingsPatch.IncompleteDirectory)),
            SharedDirectory = kept.GetValueOrDefault(nameof(EngineSettingsPatch.SharedDirectory)),
            Dht = Switch(nameof(EngineSettingsPatch.Dht)),
            DhtBootstrap = kept.GetValueOrDefault(nameof(EngineSettingsPatch.DhtBootstrap)) is { } nodes
                ? [.. nodes.Split(' ', StringSplitOptions.RemoveEmptyEntries)]
                : null,
            LocalDiscovery = Switch(nameof(EngineSettingsPatch.LocalDiscovery)),
            PeerExchange = Switch(nameof(EngineSettingsPatch.PeerExchange)),
            MaxActiveDownloads = (int?)Number(nameof(EngineSettingsPatch.MaxActiveDownloads)),
            MaxActiveSeeds = (int?)Number(nameof(EngineSettingsPatch.MaxActiveSeeds)),
            SlowTorrentRate = Number(nameof(EngineSettingsPatch.SlowTorrentRate)),
            ShareLimits = Labels.Read<ShareLimits>(kept.GetValueOrDefault(nameof(EngineSettingsPatch.ShareLimits))) is { } limits && limits.Mistake() is null ? limits : null,
            Labels = Labels.Read<TorrentLabel[]>(kept.GetValueOrDefault(nameof(EngineSettingsPatch.Labels))) is { } labels && !Labels.Mistakes([.. labels]).Any() ? [.. labels] : null,
            AlternativeMaxDownloadRate = Number(nameof(EngineSettingsPatch.AlternativeMaxDownloadRate)),
            AlternativeMaxUploadRate = Number(nameof(EngineSettingsPatch.AlternativeMaxUploadRate)),
            UseAlternativeRates = Switch(nameof(EngineSettingsPatch.UseAlternativeRates)),
            TrackerEnabled = Switch(nameof(EngineSettingsPatch.TrackerEnabled)),
            TrackerHttpPort = (int?)Number(nameof(EngineSettingsPatch.TrackerHttpPort)),
            TrackerUdpPort = (int?)Number(nameof(EngineSettingsPatch.TrackerUdpPort)),
            TrackerServesAny = Switch(nameof(EngineSettingsPatch.TrackerServesAny)),
        };

        bool? Switch(string name) => bool.TryParse(kept.GetValueOrDefault(name), out var isOn) ? isOn : null;

        long? Number(string name) =>
            long.TryParse(kept.GetValueOrDefault(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;
    }
}
