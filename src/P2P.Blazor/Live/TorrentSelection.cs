using P2P.Engine.Primitives;

namespace P2P.Blazor.Live;

/// <summary>Which rows are selected and which one has the cursor: by infohash, so nothing slips when rows move. One per page.</summary>
public sealed class TorrentSelection
{
    private readonly HashSet<InfoHash> _selected = [];
    private InfoHash? _anchor;

    /// <summary>Rises with every change.</summary>
    public int Version { get; private set; }

    /// <summary>Number of selected rows.</summary>
    public int Count => _selected.Count;

    /// <summary>The row with the cursor; null before the first key or click.</summary>
    public InfoHash? Cursor { get; private set; }

    /// <summary>All selected rows, in no order.</summary>
    public IReadOnlyCollection<InfoHash> All => _selected;

    /// <summary>Is it selected?</summary>
    public bool Has(InfoHash row) => _selected.Contains(row);

    /// <summary>A click: alone it selects one row; with Ctrl it toggles it; with Shift it selects from the anchor to it.</summary>
    public void Click(InfoHash row, List<InfoHash> rows, bool isToggle, bool isSpan)
    {
        if (isSpan && _anchor is { } anchor)
        {
            Span(anchor, row, rows, isAdding: isToggle);
        }
        else if (isToggle)
        {
            if (!_selected.Remove(row))
            {
                _selected.Add(row);
            }

            _anchor = row;
        }
        else
        {
            _selected.Clear();
            _selected.Add(row);
            _anchor = row;
        }

        Cursor = row;
        Version++;
    }

    /// <summary>Moves the cursor by rows; with Shift the selection grows from the anchor to it. Answers the new place, or -1 when there are no rows.</summary>
    public int Move(int by, List<InfoHash> rows, bool isSpan)
    {
        if (rows.Count == 0)
        {
            return -1;
        }

        var from = Cursor is { } at ? rows.IndexOf(at) : -1;
        var to = from < 0 ? (by < 0 ? rows.Count - 1 : 0) : Math.Clamp(from + by, 0, rows.Count - 1);
        Cursor = rows[to];
        if (isSpan)
        {
            _anchor ??= rows[Math.Max(0, from)];
            Span(_anchor.Value, rows[to], rows, isAdding: false);
        }
        else
        {
            _anchor = rows[to];
        }

        Version++;
        return to;
    }

    /// <summary>Puts the cursor on a row and leaves the selection.</summary>
    public void PointAt(InfoHash row)
    {
        Cursor = row;
        Version++;
    }

    /// <summary>Selects every row given.</summary>
    public void SelectAll(List<InfoHash> rows)
    {
        _selected.Clear();
        _selected.UnionWith(rows);
        Version++;
    }

    /// <summary>Selects nothing.</summary>
    public void Clear()
    {
        _selected.Clear();
        Version++;
    }

    /// <summary>Forgets rows that are gone.</summary>
    public void Prune(Func<InfoHash, bool> isThere)
    {
        if (_selected.RemoveWhere(row => !isThere(row)) > 0)
        {
            Version++;
        }

        if (Cursor is { } cursor && !isThere(cursor))
        {
            Cursor = null;
        }

        if (_anchor is { } anchor && !isThere(anchor))
        {
            _anchor = null;
        }
    }

    private void Span(InfoHash from, InfoHash to, List<InfoHash> rows, bool isAdding)
    {
        var (first, last) = (rows.IndexOf(from), rows.IndexOf(to));
        first = first < 0 ? last : first;
        if (!isAdding)
        {
            _selected.Clear();
        }

        for (var i = Math.Min(first, last); i >= 0 && i <= Math.Max(first, last); i++)
        {
            _selected.Add(rows[i]);
        }
    }
}
