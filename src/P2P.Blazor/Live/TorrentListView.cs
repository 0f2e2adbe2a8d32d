using P2P.Engine;

namespace P2P.Blazor.Live;

/// <summary>Which torrents of a list are shown and in what order; all of it lives in the address, so a reload keeps the place. Immutable.</summary>
/// <param name="Group">Only these.</param>
/// <param name="Text">What was typed into the search field; see <see cref="ListQuery"/>.</param>
/// <param name="Sort">Column.</param>
/// <param name="IsDescending">Largest or last first.</param>
/// <param name="Tracker">Only torrents of this tracker's host; "" for torrents without one, null for all.</param>
/// <param name="Label">Only torrents with this label; "" for torrents without one, null for all.</param>
public sealed record TorrentListView(
    TorrentGroup Group = TorrentGroup.All, string Text = "", TorrentColumn Sort = TorrentColumn.Added, bool IsDescending = false, string? Tracker = null, string? Label = null)
{
    /// <summary>Everything, as added.</summary>
    public static readonly TorrentListView Default = new();

    /// <summary>Something is left out.</summary>
    public bool IsFiltered => Group != TorrentGroup.All || Text.Length > 0 || Tracker is not null || Label is not null;

    /// <summary>Reads the query values; anything unknown falls back to the default.</summary>
    public static TorrentListView Parse(string? group, string? text, string? sort, string? tracker = null, string? label = null)
    {
        var isDescending = sort is ['-', ..];
        return new TorrentListView(
            Enum.TryParse<TorrentGroup>(group, ignoreCase: true, out var one) && Enum.IsDefined(one) ? one : TorrentGroup.All,
            text ?? "",
            Enum.TryParse<TorrentColumn>(sort?.TrimStart('-'), ignoreCase: true, out var column) && Enum.IsDefined(column) ? column : TorrentColumn.Added,
            isDescending,
            tracker,
            label);
    }

    /// <summary>The address of the list seen this way, relative to the base.</summary>
    public string ToAddress()
    {
        List<string> parts = [];
        if (Group != TorrentGroup.All)
        {
            parts.Add($"f={Group.ToString().ToLowerInvariant()}");
        }

        Add("q", Text.Length > 0 ? Text : null);
        Add("tracker", Tracker);
        Add("label", Label);
        if (Sort != TorrentColumn.Added || IsDescending)
        {
            parts.Add($"sort={(IsDescending ? "-" : "")}{Sort.ToString().ToLowerInvariant()}");
        }

        return parts.Count == 0 ? "./" : $"./?{string.Join('&', parts)}";

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                parts.Add($"{name}={Uri.EscapeDataString(value)}");
            }
        }
    }

    /// <summary>The same list sorted by <paramref name="column"/>; again for the other direction.</summary>
    public TorrentListView SortedBy(TorrentColumn column) =>
        Sort == column ? this with { IsDescending = !IsDescending } : this with { Sort = column, IsDescending = !TorrentColumns.IsAscendingFirst(column) };

    /// <summary>Is this torrent shown? <paramref name="query"/> is <see cref="Text"/>, parsed.</summary>
    internal bool Shows(TorrentSnapshot torrent, ListQuery query) =>
        TorrentGroups.Has(Group, torrent)
        && (Tracker is null || string.Equals(torrent.Tracker ?? "", Tracker, StringComparison.OrdinalIgnoreCase))
        && (Label is null || string.Equals(torrent.Label ?? "", Label, StringComparison.OrdinalIgnoreCase))
        && query.Matches(torrent);
}
