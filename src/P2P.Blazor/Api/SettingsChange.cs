using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using P2P.Blazor.Configuration;
using P2P.Engine;

namespace P2P.Blazor.Api;

/// <summary>A change of settings read from JSON: the patch, or every mistake at once by member name.</summary>
/// <param name="Patch">What to change; only to be used when there is no mistake.</param>
/// <param name="Mistakes">One sentence per wrong member.</param>
/// <param name="IsConfigOnly">Some member may be changed in the configuration only: it opens the client to others or moves its state.</param>
internal sealed record SettingsChange(EngineSettingsPatch Patch, ImmutableSortedDictionary<string, string> Mistakes, bool IsConfigOnly)
{
    private static readonly ImmutableHashSet<string> ConfigOnly = ImmutableHashSet.Create(
        StringComparer.OrdinalIgnoreCase,
        nameof(TorrentEngineOptions.DataDirectory), nameof(TorrentEngineOptions.ListenAddress), nameof(TorrentEngineOptions.ListenPort),
        nameof(TorrentEngineOptions.MaxHalfOpen), nameof(TorrentEngineOptions.BlockMemory), nameof(TorrentEngineOptions.DiskThreads),
        nameof(TorrentEngineOptions.MinTrackerInterval), nameof(TorrentEngineOptions.FlushInterval), nameof(TorrentEngineOptions.FlushBytes),
        nameof(EngineSettings.AllowedSaveRoots), nameof(HostSettings.AllowedNames), nameof(HostSettings.Urls), "url");

    private const int MaxNodes = 50;
    private const int MaxNodeLength = 261; // A name of 253 characters, a colon, a port, and room for brackets.

    /// <summary>Reads a JSON object whose members are settings in force <paramref name="now"/>; null members change nothing.</summary>
    public static SettingsChange Read(JsonElement body, TorrentEngineOptions now, SavePathPolicy paths)
    {
        var patch = new EngineSettingsPatch();
        var mistakes = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var isConfigOnly = false;
        foreach (var member in body.EnumerateObject())
        {
            var (name, value) = (member.Name, member.Value);
            if (value.ValueKind == JsonValueKind.Null && !ConfigOnly.Contains(name))
            {
                continue;
            }

            try
            {
                patch = name switch
                {
                    "maxDownloadRate" => patch with { MaxDownloadRate = Number(value) },
                    "maxUploadRate" => patch with { MaxUploadRate = Number(value) },
                    "maxConnections" => patch with { MaxConnections = Integer(value) },
                    "maxConnectionsPerTorrent" => patch with { MaxConnectionsPerTorrent = Integer(value) },
                    "regularSlots" => patch with { RegularSlots = Integer(value) },
                    "optimisticSlots" => patch with { OptimisticSlots = Integer(value) },
                    "chokeInterval" => patch with { ChokeInterval = Time(value) },
                    "strictTitForTat" => patch with { StrictTitForTat = Switch(value) },
                    "maxActiveDownloads" => patch with { MaxActiveDownloads = Integer(value) },
                    "maxActiveSeeds" => patch with { MaxActiveSeeds = Integer(value) },
                    "slowTorrentRate" => patch with { SlowTorrentRate = Number(value) },
                    "alternativeMaxDownloadRate" => patch with { AlternativeMaxDownloadRate = Number(value) },
                    "alternativeMaxUploadRate" => patch with { AlternativeMaxUploadRate = Number(value) },
                    "useAlternativeRates" => patch with { UseAlternativeRates = Switch(value) },
                    "shareLimits" => patch with { ShareLimits = ShareLimitsBody.Read(value) },
                    "labels" => patch with { Labels = LabelBody.Read(value, paths) },
                    "incompleteDirectory" => patch with { IncompleteDirectory = paths.CheckFolder(Text(value)) },
                    "sharedDirectory" => patch with { SharedDirectory = paths.CheckFolder(Text(value)) },
                    "dht" => patch with { Dht = Switch(value) },
                    "dhtBootstrap" => patch with { DhtBootstrap = Nodes(value) },
                    "localDiscovery" => patch with { LocalDiscovery = Switch(value) },
                    "peerExchange" => patch with { PeerExchange = Switch(value) },
                    "tracker" => value.ValueKind == JsonValueKind.Object ? patch : throw new FormatException("must be an object."),
                    _ => throw new FormatException(ConfigOnly.Contains(name)
                        ? "can be changed in the configuration only, followed by a restart."
                        : "is not a setting that can be changed here."),
                };
            }
            catch (Exception exception) when (exception is FormatException or TorrentEngineException)
            {
                mistakes[name] = exception is TorrentEngineException ? exception.Message : $"{name} {exception.Message}";
                isConfigOnly |= ConfigOnly.Contains(name);
            }
        }

        if (body.TryGetProperty("tracker", out var tracker) && tracker.ValueKind == JsonValueKind.Object)
        {
            patch = TrackerPatch(tracker, patch, mistakes, ref isConfigOnly);
        }

        foreach (var (key, sentence) in EngineSettingsValidator.Check(patch.ApplyTo(now)))
        {
            // "Tracker:HttpPort" is the member "httpPort" of the member "tracker".
            var path = Array.ConvertAll(key.Split(':'), JsonNamingPolicy.CamelCase.ConvertName);
            var name = string.Join('.', path);
            if (body.TryGetProperty(path[0], out var member) && (path.Length == 1 || (member.ValueKind == JsonValueKind.Object && member.TryGetProperty(path[1], out _))))
            {
                mistakes.TryAdd(name, $"{name} {sentence}");
            }
        }

        return new SettingsChange(patch, mistakes.ToImmutable(), isConfigOnly);
    }

    private static EngineSettingsPatch TrackerPatch(
        JsonElement tracker, EngineSettingsPatch patch, ImmutableSortedDictionary<string, string>.Builder mistakes, ref bool isConfigOnly)
    {
        foreach (var member in tracker.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null))
        {
            var (name, value) = ($"tracker.{member.Name}", member.Value);
            try
            {
                patch = member.Name switch
                {
                    "enabled" => patch with { TrackerEnabled = Switch(value) },
                    "httpPort" => patch with { TrackerHttpPort = Integer(value) },
                    "udpPort" => patch with { TrackerUdpPort = Integer(value) },
                    "servesAny" => patch with { TrackerServesAny = Switch(value) },
                    "interval" => throw new FormatException("can be changed in the configuration only, followed by a restart."),
                    _ => throw new FormatException("is not a setting that can be changed here."),
                };
            }
            catch (FormatException exception)
            {
                mistakes[name] = $"{name} {exception.Message}";
                isConfigOnly |= member.Name == "interval";
            }
        }

        return patch;
    }

    private static ImmutableArray<string> Nodes(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= MaxNodes
        && value.EnumerateArray().All(node => node.ValueKind == JsonValueKind.String && node.GetString()!.Length <= MaxNodeLength)
            ? [.. value.EnumerateArray().Select(node => node.GetString()!.Trim())]
            : throw new FormatException($"must be a list of at most {MaxNodes} texts such as \"router.example:6881\".");

    private static long Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : throw new FormatException("must be a whole number.");

    private static int Integer(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : throw new FormatException("must be a whole number.");

    private static bool Switch(JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw new FormatException("must be true or false.");

    private static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new FormatException("must be a text.");

    private static TimeSpan Time(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && TimeSpan.TryParseExact(value.GetString(), "c", CultureInfo.InvariantCulture, out var time)
            ? time
            : throw new FormatException("must be a time such as 00:00:30.");
}

/// <summary>Body of PATCH settings, for the document only; a member that is not there changes nothing.</summary>
internal sealed record SettingsBody(
    long? MaxDownloadRate = null, long? MaxUploadRate = null, int? MaxConnections = null, int? MaxConnectionsPerTorrent = null, int? RegularSlots = null,
    int? OptimisticSlots = null, TimeSpan? ChokeInterval = null, bool? StrictTitForTat = null, string? IncompleteDirectory = null,
    string? SharedDirectory = null, int? MaxActiveDownloads = null, int? MaxActiveSeeds = null, long? SlowTorrentRate = null,
    ShareLimitsBody? ShareLimits = null, ImmutableArray<LabelBody>? Labels = null, long? AlternativeMaxDownloadRate = null,
    long? AlternativeMaxUploadRate = null, bool? UseAlternativeRates = null, bool? Dht = null, ImmutableArray<string>? DhtBootstrap = null, bool? LocalDiscovery = null,
    bool? PeerExchange = null, TrackerBody? Tracker = null);

/// <summary>Member "tracker" of <see cref="SettingsBody"/>.</summary>
internal sealed record TrackerBody(bool? Enabled = null, int? HttpPort = null, int? UdpPort = null, bool? ServesAny = null);
