using System.Collections.Immutable;
using System.Globalization;

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
            StrictTitForTat = bool.TryParse(kept.GetValueOrDefault(nameof(EngineSettingsPatch.StrictTitForTat)), out var isStrict) ? isStrict : null,
            IncompleteDirectory = kept.GetValueOrDefault(nameof(EngineSettingsPatch.IncompleteDirectory)),
            SharedDirectory = kept.GetValueOrDefault(nameof(EngineSettingsPatch.SharedDirectory)),
        };

        long? Number(string name) =>
            long.TryParse(kept.GetValueOrDefault(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;
    }
}
