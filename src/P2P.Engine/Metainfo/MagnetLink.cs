using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using P2P.Engine.Primitives;

namespace P2P.Engine.Metainfo;

/// <summary>A magnet link, checked and sanitised (BEP 9, 53). Immutable.</summary>
/// <remarks>Nothing a link names is fetched but announces to its trackers and its peers: web sources ("xs", "as", "ws") are ignored (R-M01).</remarks>
internal sealed record MagnetLink
{
    /// <summary>The torrent it names.</summary>
    public required InfoHash InfoHash { get; init; }

    /// <summary>Sanitised display name; null when none is told.</summary>
    public string? Name { get; init; }

    /// <summary>Announce URLs, unusable ones dropped, at most 100.</summary>
    public ImmutableArray<string> Trackers { get; init; } = [];

    /// <summary>The trackers as tiers: each its own, because a link tells no order of trust between them.</summary>
    public ImmutableArray<ImmutableArray<string>> Tiers => [.. Trackers.Select(url => ImmutableArray.Create(url))];

    /// <summary>Peers it names ("x.pe"), at most 50.</summary>
    public ImmutableArray<PeerEndpoint> Peers { get; init; } = [];

    /// <summary>Files to select ("so", BEP 53): inclusive ranges; empty for all.</summary>
    public ImmutableArray<(int First, int Last)> SelectedFiles { get; init; } = [];

    /// <summary>What was ignored, as sentences for the user.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <summary>Reads a magnet link, or an infohash of 40 hex or 32 base32 digits. Throws <see cref="MetainfoException"/> "magnet.*".</summary>
    public static MagnetLink Parse(string text) => MagnetReader.Read(text);

    /// <summary>The link that names a torrent with its trackers.</summary>
    public static MagnetLink Of(TorrentMetainfo metainfo) => new()
    {
        InfoHash = metainfo.InfoHash,
        Name = metainfo.Name,
        Trackers = [.. metainfo.Trackers.SelectMany(tier => tier).Distinct().Take(MagnetReader.MaxTrackers)],
    };

    /// <summary>The files it selects as priorities, pads not counted; empty when it selects none or all.</summary>
    public ImmutableArray<FilePriority> PrioritiesOf(TorrentMetainfo metainfo)
    {
        if (SelectedFiles.IsDefaultOrEmpty)
        {
            return [];
        }

        // The indices of BEP 53 count pads, ours do not.
        var priorities = metainfo.Files
            .Select((file, index) => (file.IsPad, IsSelected: SelectedFiles.Any(range => index >= range.First && index <= range.Last)))
            .Where(file => !file.IsPad)
            .Select(file => file.IsSelected ? FilePriority.Normal : FilePriority.Skip)
            .ToImmutableArray();
        return priorities.Contains(FilePriority.Normal) ? priorities : [];
    }

    /// <summary>The text, "magnet:?xt=urn:btih:...": read again it is the same link.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("magnet:?xt=urn:btih:").Append(InfoHash);
        if (Name is not null)
        {
            text.Append("&dn=").Append(Uri.EscapeDataString(Name));
        }

        foreach (var tracker in Trackers)
        {
            text.Append("&tr=").Append(Uri.EscapeDataString(tracker));
        }

        foreach (var peer in Peers)
        {
            text.Append("&x.pe=").Append(peer);
        }

        if (!SelectedFiles.IsDefaultOrEmpty)
        {
            text.Append("&so=").AppendJoin(',', SelectedFiles.Select(range => range.First == range.Last
                ? range.First.ToString(CultureInfo.InvariantCulture)
                : string.Create(CultureInfo.InvariantCulture, $"{range.First}-{range.Last}")));
        }

        return text.ToString();
    }
}
