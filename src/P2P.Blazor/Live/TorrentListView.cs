using System.Collections.Immutable;
using P2P.Engine;

namespace P2P.Blazor.Live;

/// <summary>Which torrents of a list are shown and in what order; all of it lives in the address, so a reload keeps the place. Immutable.</summary>
/// <param name="State">Only this state; null for all.</param>
/// <param name="Text">Words that must all be in the name; "-word" must not be.</param>
/// <param name="Sort">Column.</param>
/// <param name="IsDescending">Largest or last first.</param>
public sealed record TorrentListView(TorrentState? State = null, string Text = "", TorrentSort Sort = TorrentSort.Added, bool IsDescending = false)
{
    /// <summary>Reads the query values; anything unknown falls back to the default.</summary>
    public static TorrentListView Parse(string? state, string? text, string? sort)
    {
        var isDescending = sort is ['-', ..];
        return new TorrentListView(
            Enum.TryParse<TorrentState>(state, ignoreCase: true, out var one) && Enum.IsDefined(one) ? one : null,
            text ?? "",
            Enum.TryParse<TorrentSort>(sort?.TrimStart('-'), ignoreCase: true, out var column) && Enum.IsDefined(column) ? column : TorrentSort.Added,
            isDescending);
    }

    /// <summary>The address of the list seen this way, relative to the base.</summary>
    public string ToAddress()
    {
        List<string> parts = [];
        if (State is { } state)
        {
            parts.Add($"f={state.ToString().ToLowerInvariant()}");
        }

        if (Text.Length > 0)
        {
            parts.Add($"q={Uri.EscapeDataString(Text)}");
        }

        if (Sort != TorrentSort.Added || IsDescending)
        {
            parts.Add($"sort={(IsDescending ? "-" : "")}{Sort.ToString().ToLowerInvariant()}");
        }

        return parts.Count == 0 ? "./" : $"./?{string.Join('&', parts)}";
    }

    /// <summary>The same list sorted by <paramref name="column"/>; again for the other direction.</summary>
    public TorrentListView SortedBy(TorrentSort column) =>
        Sort == column ? this with { IsDescending = !IsDescending } : this with { Sort = column, IsDescending = column is not (TorrentSort.Name or TorrentSort.Added) };

    /// <summary>The rows to show, in order; the same instances as given.</summary>
    public List<TorrentSnapshot> Apply(ImmutableArray<TorrentSnapshot> torrents)
    {
        var words = Text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var rows = new List<TorrentSnapshot>(torrents.Length);
        foreach (var torrent in torrents)
        {
            if ((State is null || torrent.State == State) && Array.TrueForAll(words, word => IsMatch(torrent.Name, word)))
            {
                rows.Add(torrent);
            }
        }

        return Sort == TorrentSort.Added && !IsDescending ? rows : Sorted(rows);
    }

    private static bool IsMatch(string name, string word) => word is ['-', _, ..]
        ? !name.Contains(word[1..], StringComparison.OrdinalIgnoreCase)
        : name.Contains(word, StringComparison.OrdinalIgnoreCase);

    // A stable sort: rows that compare equal keep the order they were added in, so nothing jumps without a cause.
    private List<TorrentSnapshot> Sorted(List<TorrentSnapshot> rows)
    {
        if (Sort == TorrentSort.Name)
        {
            return [.. IsDescending ? rows.OrderByDescending(row => row.Name, StringComparer.OrdinalIgnoreCase) : rows.OrderBy(row => row.Name, StringComparer.OrdinalIgnoreCase)];
        }

        Func<TorrentSnapshot, double> key = Sort switch
        {
            TorrentSort.State => row => (int)row.State,
            TorrentSort.Progress => row => row.Progress,
            TorrentSort.Size => row => row.Size,
            TorrentSort.Down => row => row.DownloadRate,
            TorrentSort.Up => row => row.UploadRate,
            TorrentSort.Left => row => row.EtaSeconds ?? double.MaxValue,
            TorrentSort.Peers => row => row.ConnectedPeers,
            _ => row => row.AddedAt.UtcTicks,
        };
        return [.. IsDescending ? rows.OrderByDescending(key) : rows.OrderBy(key)];
    }
}

/// <summary>What a list of torrents can be sorted by.</summary>
public enum TorrentSort
{
    /// <summary>When it was added.</summary>
    Added,

    /// <summary>Name, ignoring case.</summary>
    Name,

    /// <summary>State, in the order of <see cref="TorrentState"/>.</summary>
    State,

    /// <summary>Progress.</summary>
    Progress,

    /// <summary>Bytes of all files.</summary>
    Size,

    /// <summary>Download rate.</summary>
    Down,

    /// <summary>Upload rate.</summary>
    Up,

    /// <summary>Time left; unknown last.</summary>
    Left,

    /// <summary>Connected peers.</summary>
    Peers,
}
