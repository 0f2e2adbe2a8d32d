using System.Collections.Immutable;
using P2P.Engine.Discovery.Trackers;

namespace P2P.Engine.Session;

/// <summary>Lists of trackers as a person edits them: checked, cleaned, merged. Pure.</summary>
internal static class TrackerList
{
    /// <summary>Most trackers of a torrent.</summary>
    public const int Most = 100;

    /// <summary>Tiers without blanks, doubles and empty tiers. Throws "tracker.invalid" naming the first that cannot be used.</summary>
    public static ImmutableArray<ImmutableArray<string>> Clean(ImmutableArray<ImmutableArray<string>> tiers)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        ImmutableArray<ImmutableArray<string>> clean = [.. tiers.Select(tier => tier.Select(Check).Where(seen.Add).ToImmutableArray()).Where(tier => tier.Length > 0)];
        return seen.Count <= Most ? clean : throw new TorrentEngineException("tracker.invalid", $"A torrent can have {Most} trackers at most.");
    }

    /// <summary>URLs without blanks and doubles. Throws "tracker.invalid" naming the first that cannot be used.</summary>
    public static ImmutableArray<string> Clean(ImmutableArray<string> urls) => [.. urls.Select(Check).Distinct(StringComparer.Ordinal)];

    /// <summary>The tiers as they are with those that are not in them yet, each as a tier of its own; and how many those are.</summary>
    public static (ImmutableArray<ImmutableArray<string>> Tiers, int Added) Merge(ImmutableArray<ImmutableArray<string>> tiers, ImmutableArray<string> urls)
    {
        var known = tiers.SelectMany(tier => tier).ToHashSet(StringComparer.Ordinal);
        ImmutableArray<ImmutableArray<string>> fresh = [.. urls.Where(known.Add).Select(url => ImmutableArray.Create(url))];
        return (tiers.AddRange(fresh), fresh.Length);
    }

    private static string Check(string text)
    {
        var url = text.Trim();
        return TrackerUrl.TryParse(url, out _, out var problem)
            ? url
            : throw new TorrentEngineException("tracker.invalid", $"\"{(url.Length <= 80 ? url : url[..80] + "…")}\" cannot be used as a tracker: {problem.Message}");
    }
}
