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
                    "incompleteDirectory" => patch with { IncompleteDirectory = paths.CheckFolder(Text(value)) },
                    "sharedDirectory" => patch with { SharedDirectory = paths.CheckFolder(Text(value)) },
                    "dht" => patch with { Dht = Switch(value) },
                    "dhtBootstrap" => patch with { DhtBootstrap = Words(value) },
                    "localDiscovery" => patch with { LocalDiscovery = Switch(value) },
                    "peerExchange" => patch with { PeerExchange = Switch(value) },
                    "tracker" => Tracker(patch, value),
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

        foreach (var (key, sentence) in EngineSettingsValidator.Check(patch.ApplyTo(now)))
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(key);
            if (body.TryGetProperty(name, out _))
            {
                mistakes.TryAdd(name, $"{name} {sentence}");
            }
        }

        return new SettingsChange(patch, mistakes.ToImmutable(), isConfigOnly);
    }

    private static long Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : throw new FormatException("must be a whole number.");

    private static int Integer(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : throw new FormatException("must be a whole number.");

    private static bool Switch(JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw new FormatException("must be true or false.");

    private static ImmutableArray<string> Words(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(Text)]
        : throw new FormatException("must be a list of texts, each a host and port.");

    private static EngineSettingsPatch Tracker(EngineSettingsPatch patch, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("must be an object with enabled, httpPort, udpPort, servesAny.");
        }

        foreach (var member in value.EnumerateObject())
        {
            patch = member.Name switch
            {
                "enabled" => patch with { TrackerEnabled = Switch(member.Value) },
                "httpPort" => patch with { TrackerHttpPort = Integer(member.Value) },
                "udpPort" => patch with { TrackerUdpPort = Integer(member.Value) },
                "servesAny" => patch with { TrackerServesAny = Switch(member.Value) },
                _ => throw new FormatException($"has the members enabled, httpPort, udpPort and servesAny."),
            };
        }

        return patch;
    }

    private static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new FormatException("must be a text.");

    private static TimeSpan Time(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && TimeSpan.TryParseExact(value.GetString(), "c", CultureInfo.InvariantCulture, out var time)
            ? time
            : throw new FormatException("must be a time such as 00:00:30.");
}
