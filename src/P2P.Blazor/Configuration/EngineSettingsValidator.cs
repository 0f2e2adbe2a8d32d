using System.Globalization;
using P2P.Engine;

namespace P2P.Blazor.Configuration;

/// <summary>Finds every setting that is out of range, each as one sentence. Pure; used at the start and for changes from the page.</summary>
internal static class EngineSettingsValidator
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Mistakes as the key's name (as in <see cref="TorrentEngineOptions"/>) and the rest of the sentence: "is 0; it must be ...".</summary>
    public static IEnumerable<(string Key, string Sentence)> Check(TorrentEngineOptions options)
    {
        (string Key, long Value, long Min, long Max)[] numbers =
        [
            (nameof(options.ListenPort), options.ListenPort, 0, 65_535),
            (nameof(options.MaxDownloadRate), options.MaxDownloadRate, 0, long.MaxValue),
            (nameof(options.MaxUploadRate), options.MaxUploadRate, 0, long.MaxValue),
            (nameof(options.MaxConnections), options.MaxConnections, 1, 100_000),
            (nameof(options.MaxConnectionsPerTorrent), options.MaxConnectionsPerTorrent, 1, 10_000),
            (nameof(options.MaxHalfOpen), options.MaxHalfOpen, 1, 10_000),
            (nameof(options.RegularSlots), options.RegularSlots, 1, 100),
            (nameof(options.OptimisticSlots), options.OptimisticSlots, 0, 100),
            (nameof(options.MaxActiveDownloads), options.MaxActiveDownloads, 0, 10_000),
            (nameof(options.MaxActiveSeeds), options.MaxActiveSeeds, 0, 10_000),
            (nameof(options.SlowTorrentRate), options.SlowTorrentRate, 0, long.MaxValue),
            (nameof(options.AlternativeMaxDownloadRate), options.AlternativeMaxDownloadRate, 0, long.MaxValue),
            (nameof(options.AlternativeMaxUploadRate), options.AlternativeMaxUploadRate, 0, long.MaxValue),
            (nameof(options.BlockMemory), options.BlockMemory, 4 << 20, 1L << 40),
            (nameof(options.DiskThreads), options.DiskThreads, 0, 64),
            (nameof(options.FlushBytes), options.FlushBytes, 16_384, 1L << 40),
            ("Tracker:HttpPort", options.Tracker.HttpPort, 0, 65_535),
            ("Tracker:UdpPort", options.Tracker.UdpPort, 0, 65_535),
        ];
        (string Key, TimeSpan Value, TimeSpan Min, TimeSpan Max)[] times =
        [
            (nameof(options.ChokeInterval), options.ChokeInterval, TimeSpan.FromSeconds(1), Hour),
            (nameof(options.MinTrackerInterval), options.MinTrackerInterval, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            (nameof(options.FlushInterval), options.FlushInterval, TimeSpan.FromMilliseconds(100), Hour),
            ("Tracker:Interval", options.Tracker.Interval, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
        ];
        return numbers.Where(number => number.Value < number.Min || number.Value > number.Max)
            .Select(number => (number.Key, $"is {Text(number.Value)}; it must be {Range(number.Min, number.Max)}."))
            .Concat(times.Where(time => time.Value < time.Min || time.Value > time.Max)
                .Select(time => (time.Key, $"is {time.Value:c}; it must be between {time.Min:c} and {time.Max:c}.")))
            .Concat(options.ShareLimits.Mistake() is { } mistake ? [("ShareLimits", $"is out of range. {mistake}")] : [])
            .Concat(Folders(options));
    }

    // The engine's own state must not lie where a torrent's files are written or removed.
    private static IEnumerable<(string Key, string Sentence)> Folders(TorrentEngineOptions options)
    {
        (string Key, string Path)[] payload =
            [(nameof(options.IncompleteDirectory), options.IncompleteDirectory), (nameof(options.SharedDirectory), options.SharedDirectory)];
        foreach (var (key, path) in payload)
        {
            if (FolderTree.IsSameOrUnder(path, options.DataDirectory) || FolderTree.IsSameOrUnder(options.DataDirectory, path))
            {
                yield return (key, $"is \"{path}\"; it must be neither inside DataDirectory nor around it.");
            }
        }

        if (FolderTree.IsSameOrUnder(options.IncompleteDirectory, options.SharedDirectory) && FolderTree.IsSameOrUnder(options.SharedDirectory, options.IncompleteDirectory))
        {
            yield return (nameof(options.SharedDirectory), $"is \"{options.SharedDirectory}\"; it must not be the same folder as IncompleteDirectory.");
        }
    }

    private static string Range(long min, long max) => max == long.MaxValue ? $"{Text(min)} or more" : $"between {Text(min)} and {Text(max)}";

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
