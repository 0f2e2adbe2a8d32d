using System.Collections.Immutable;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Live;

/// <summary>The rows of one list, in order, kept from beat to beat: filtered and sorted again only when it must be. One per page, its circuit's thread only.</summary>
/// <remarks>
/// A beat that adds and removes nothing costs a walk over references and allocates nothing. What depends on live figures is done again every
/// <see cref="Patience"/>; not at all while the order is held, so that no row moves under a pointer.
/// </remarks>
internal sealed class TorrentOrder
{
    /// <summary>Longest time a live order may be out of date.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Dictionary<InfoHash, int> _places = [];
    private ImmutableArray<TorrentSnapshot> _torrents = [];
    private TorrentListView _view = TorrentListView.Default;
    private DateTimeOffset _sortedAt;

    /// <summary>The rows to show, in order; the same list object always.</summary>
    public List<InfoHash> Rows { get; } = [];

    /// <summary>The search text of the view, understood.</summary>
    public ListQuery Query { get; private set; } = ListQuery.Everything;

    /// <summary>The order is kept though it may be out of date.</summary>
    public bool IsHeld { get; set; }

    /// <summary>The held order is out of date by now: somebody should be told how to renew it.</summary>
    public bool IsStale { get; private set; }

    /// <summary>A torrent as of the last update, or null when it is gone.</summary>
    public TorrentSnapshot? Find(InfoHash infoHash) => _places.TryGetValue(infoHash, out var place) ? _torrents[place] : null;

    /// <summary>Takes the next beat. <paramref name="hidden"/> are left out whatever the view says.</summary>
    public void Update(ImmutableArray<TorrentSnapshot> torrents, TorrentListView view, DateTimeOffset now, ICollection<InfoHash>? hidden = null)
    {
        var isSameSet = IsSameSet(_torrents, torrents);
        _torrents = torrents;
        if (!isSameSet)
        {
            _places.Clear();
            for (var i = 0; i < torrents.Length; i++)
            {
                _places[torrents[i].InfoHash] = i;
            }
        }

        if (_view != view)
        {
            Query = _view.Text == view.Text ? Query : ListQuery.Parse(view.Text);
            _view = view;
            Arrange(now, hidden);
        }
        else if (!isSameSet && !IsHeld)
        {
            Arrange(now, hidden);
        }
        else
        {
            if (!isSameSet || hidden is { Count: > 0 })
            {
                Drop(hidden);
            }

            IsStale = now - _sortedAt >= Patience && IsLive;
            if (IsStale && !IsHeld)
            {
                Arrange(now, hidden);
            }
        }
    }

    /// <summary>Filters and sorts now, held or not.</summary>
    public void Arrange(DateTimeOffset now, ICollection<InfoHash>? hidden = null)
    {
        (_sortedAt, IsStale) = (now, false);
        Rows.Clear();
        foreach (var torrent in _torrents)
        {
            if (_view.Shows(torrent, Query) && !(hidden?.Contains(torrent.InfoHash) ?? false))
            {
                Rows.Add(torrent.InfoHash);
            }
        }

        if (_view.Sort != TorrentColumn.Added || _view.IsDescending)
        {
            Rows.Sort(Compare);
        }
    }

    // Apart, so that a beat without news does not pay for the closure.
    private void Drop(ICollection<InfoHash>? hidden) => Rows.RemoveAll(row => !_places.ContainsKey(row) || (hidden?.Contains(row) ?? false));

    private bool IsLive => TorrentColumns.IsLive(_view.Sort) || _view.Group != TorrentGroup.All || !Query.IsEmpty;

    // Ends with the order of adding, so that equal rows never swap.
    private int Compare(InfoHash left, InfoHash right)
    {
        var (leftPlace, rightPlace) = (_places[left], _places[right]);
        var (one, other) = (_torrents[leftPlace], _torrents[rightPlace]);
        var order = _view.Sort == TorrentColumn.Added ? 0 : TorrentColumns.Word(_view.Sort, one) is { } word
            ? string.Compare(word, TorrentColumns.Word(_view.Sort, other), StringComparison.CurrentCultureIgnoreCase)
            : TorrentColumns.Key(_view.Sort, one).CompareTo(TorrentColumns.Key(_view.Sort, other));
        order = order == 0 && _view.Sort == TorrentColumn.Added ? leftPlace.CompareTo(rightPlace) : order;
        return order == 0 ? leftPlace.CompareTo(rightPlace) : _view.IsDescending ? -order : order;
    }

    private static bool IsSameSet(ImmutableArray<TorrentSnapshot> before, ImmutableArray<TorrentSnapshot> now)
    {
        if (before.Length != now.Length)
        {
            return false;
        }

        for (var i = 0; i < now.Length; i++)
        {
            if (!ReferenceEquals(before[i], now[i]) && before[i].InfoHash != now[i].InfoHash)
            {
                return false;
            }
        }

        return true;
    }
}
