using System.Collections.Immutable;
using P2P.Engine.Bencode;

namespace P2P.Engine.Metainfo;

/// <summary>Reads "announce" and "announce-list" (BEP 12) and "url-list" (BEP 19); bad entries are left out and counted.</summary>
internal static class AnnounceListReader
{
    /// <summary>Tiers in order, each URL once, at most 1,000 in all. "announce" counts only when the list gives nothing.</summary>
    public static ImmutableArray<ImmutableArray<string>> Trackers(RawValue announce, RawValue list, out int ignored)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var tiers = ImmutableArray.CreateBuilder<ImmutableArray<string>>();
        ignored = 0;
        foreach (var (_, tier) in list.Items)
        {
            var urls = ImmutableArray.CreateBuilder<string>();
            if (tier.Kind == BencodeKind.List)
            {
                foreach (var (_, url) in tier.Items)
                {
                    ignored += Add(url, seen, urls);
                }
            }
            else
            {
                ignored += Add(tier, seen, urls); // a flat list of URLs, a common mistake: each its own tier
            }

            if (urls.Count > 0)
            {
                tiers.Add(urls.ToImmutable());
            }
        }

        if (tiers.Count == 0 && announce.IsPresent)
        {
            var urls = ImmutableArray.CreateBuilder<string>();
            ignored += Add(announce, seen, urls);
            if (urls.Count > 0)
            {
                tiers.Add(urls.ToImmutable());
            }
        }

        return tiers.ToImmutable();
    }

    /// <summary>Web seeds in order, each once, at most 100; one string or a list.</summary>
    public static ImmutableArray<string> WebSeeds(RawValue value, out int ignored)
    {
        var urls = ImmutableArray.CreateBuilder<string>();
        ignored = 0;
        if (value.Kind == BencodeKind.List)
        {
            foreach (var (_, item) in value.Items)
            {
                ignored += AddWebSeed(item, urls);
            }
        }
        else if (value.Text is not { Length: 0 })
        {
            ignored += value.IsPresent ? AddWebSeed(value, urls) : 0;
        }

        return urls.ToImmutable();
    }

    private static int Add(RawValue value, HashSet<string> seen, ImmutableArray<string>.Builder urls)
    {
        if (seen.Count >= MetainfoLimits.Trackers || UrlRules.Tracker(value) is not { } url)
        {
            return value.Text is { Length: 0 } ? 0 : 1;
        }

        if (seen.Add(url))
        {
            urls.Add(url);
        }

        return 0;
    }

    private static int AddWebSeed(RawValue value, ImmutableArray<string>.Builder urls)
    {
        if (urls.Count >= MetainfoLimits.WebSeeds || UrlRules.WebSeed(value) is not { } url)
        {
            return 1;
        }

        if (!urls.Contains(url))
        {
            urls.Add(url);
        }

        return 0;
    }
}
