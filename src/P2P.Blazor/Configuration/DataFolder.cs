using System.Collections.Immutable;

namespace P2P.Blazor.Configuration;

/// <summary>One folder for everything: "--Data=folder" (or the setting "Engine:Data") puts state, incomplete and shared below it.</summary>
/// <remarks>
/// Each of the three can still be set by itself: it wins when it is given in the same place as Data or in a later one. The short switch is
/// for the command line only, since an environment variable named DATA may well be somebody else's.
/// </remarks>
internal static class DataFolder
{
    /// <summary>Name of the setting in the section "Engine".</summary>
    public const string Key = "Data";

    private const string FullKey = $"{EngineSettings.Section}:{Key}";
    private static readonly ImmutableDictionary<string, string> Switches = ImmutableDictionary<string, string>.Empty.Add("--" + Key, FullKey);

    private static readonly ImmutableArray<(string Key, string Folder)> Below =
    [
        ($"{EngineSettings.Section}:{nameof(Engine.TorrentEngineOptions.DataDirectory)}", "state"),
        ($"{EngineSettings.Section}:{nameof(Engine.TorrentEngineOptions.IncompleteDirectory)}", "incomplete"),
        ($"{EngineSettings.Section}:{nameof(Engine.TorrentEngineOptions.SharedDirectory)}", "shared"),
    ];

    /// <summary>Reads the short switch of the command line and sets the three folders that follow from Data. Call once, after all sources.</summary>
    public static void AddDataFolder(this ConfigurationManager configuration, string[] args)
    {
        configuration.AddCommandLine(args, Switches);
        var providers = ((IConfigurationRoot)configuration).Providers.ToArray();
        var rank = Rank(providers, FullKey);
        if (rank < 0)
        {
            return;
        }

        var data = configuration[FullKey]!.Trim();
        configuration.AddInMemoryCollection(Below
            .Where(folder => Rank(providers, folder.Key) < rank)
            .Select(folder => KeyValuePair.Create<string, string?>(folder.Key, Path.Combine(data, folder.Folder))));
    }

    // Place of the last source that says something about the key; -1 when none does.
    private static int Rank(IConfigurationProvider[] providers, string key) =>
        Array.FindLastIndex(providers, provider => provider.TryGet(key, out var value) && !string.IsNullOrWhiteSpace(value));
}
