using CsCheck;
using P2P.Blazor.Live;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Blazor.Tests.Live;

/// <summary>What of a list is shown, in what order, and what a person typed into its search field.</summary>
public sealed class TorrentListViewTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;
    private static readonly FakeEngine Engine = new(torrents: 12);

    [Theory]
    [InlineData(null, null, null, null, "./")]
    [InlineData("seeding", "a b", "-size", null, "./?f=seeding&q=a%20b&sort=-size")]
    [InlineData("99", "", "nonsense", null, "./")]
    [InlineData("Error", null, "name", null, "./?f=error&sort=name")]
    [InlineData("active", null, null, "tracker.example", "./?f=active&tracker=tracker.example")]
    [InlineData(null, null, null, "", "./?tracker=")]
    public void ToAddress_Parsed_KeepsThePlace(string? state, string? text, string? sort, string? tracker, string expected) =>
        Assert.Equal(expected, TorrentListView.Parse(state, text, sort, tracker).ToAddress());

    [Theory]
    [InlineData("debian -#6", "debian-13.1.0-amd64-netinst.iso,debian-13.1.0-amd64-netinst.iso")]
    [InlineData("\"open movie\" -#7", "Sintel (2010) open movie")]
    [InlineData("is:seeding", "Sintel (2010) open movie,age.txt #8")]
    [InlineData("is:seeding -sintel", "age.txt #8")]
    [InlineData("size:<12MiB is:downloading", "debian-13.1.0-amd64-netinst.iso")]
    [InlineData("done:>=100", "Sintel (2010) open movie,age.txt #8")]
    [InlineData("hash:zz", "")]
    [InlineData("tracker:nowhere", "")]
    public void Query_WordsAndFields_LeaveTheRest(string text, string names)
    {
        var order = Order(TorrentListView.Default with { Text = text });
        Assert.Equal(names, string.Join(',', order.Rows.Select(row => order.Find(row)!.Name)));
        Assert.Empty(order.Query.Problems);
    }

    [Theory]
    [InlineData("size:many")]
    [InlineData("is:purple")]
    [InlineData("colour:red")]
    [InlineData("ratio:>1.2.3")]
    [InlineData("size:>5XB")]
    public void Query_NotUnderstood_IsToldAndFiltersNothing(string text)
    {
        var order = Order(TorrentListView.Default with { Text = text });
        Assert.Single(order.Query.Problems);
        Assert.Equal(12, order.Rows.Count);
    }

    [Fact]
    public void Query_AnyText_NeverThrows() =>
        Gen.String[Gen.OneOf(Gen.Char["-:\"<>=. isze1GBtracker"], Gen.Char), 0, 60].Sample(text =>
        {
            var query = ListQuery.Parse(text);
            _ = Engine.Snapshot.Torrents.Count(query.Matches);
        });

    [Fact]
    public void Order_EveryColumn_SortsBothWaysAndLosesNothing()
    {
        foreach (var column in Enum.GetValues<TorrentColumn>())
        {
            var (up, down) = (Order(new TorrentListView(Sort: column)), Order(new TorrentListView(Sort: column, IsDescending: true)));
            Assert.Equal(12, up.Rows.Distinct().Count());
            Assert.Equal(up.Rows.Order(), down.Rows.Order());
            if (column != TorrentColumn.Added && TorrentColumns.Word(column, up.Find(up.Rows[0])!) is null)
            {
                var keys = up.Rows.Select(row => TorrentColumns.Key(column, up.Find(row)!)).ToList();
                Assert.Equal(keys.Order(), keys);
            }
        }

        Assert.True(new TorrentListView(Sort: TorrentColumn.Size).SortedBy(TorrentColumn.Size).IsDescending);
        Assert.True(TorrentListView.Default.SortedBy(TorrentColumn.Down).IsDescending);
        Assert.False(TorrentListView.Default.SortedBy(TorrentColumn.Name).IsDescending);
    }

    [Fact]
    public void Order_LiveColumn_WaitsThreeSecondsAndStandsStillWhileHeld()
    {
        var view = new TorrentListView(Sort: TorrentColumn.Down, IsDescending: true);
        var torrents = Engine.Snapshot.Torrents;
        var order = Order(view);
        var before = order.Rows.ToList();
        var last = before[^1];
        var faster = torrents.Replace(order.Find(last)!, order.Find(last)! with { DownloadRate = 1 << 30 });

        order.Update(faster, view, Now.AddSeconds(2));
        Assert.Equal(before, order.Rows);
        order.IsHeld = true;
        order.Update(faster, view, Now.AddSeconds(60));
        Assert.Equal(before, order.Rows);
        Assert.True(order.IsStale);
        Assert.Equal(1 << 30, order.Find(last)!.DownloadRate); // its figures are new all the same

        order.IsHeld = false;
        order.Update(faster, view, Now.AddSeconds(61));
        Assert.Equal(last, order.Rows[0]);
        Assert.False(order.IsStale);
    }

    [Fact]
    public void Order_RemovedWhileHeld_LeavesAndNothingElseMoves()
    {
        var view = new TorrentListView(Sort: TorrentColumn.Size);
        var order = Order(view);
        order.IsHeld = true;
        var expected = order.Rows.Where(row => row != order.Rows[3]).ToList();
        order.Update([.. Engine.Snapshot.Torrents.Where(torrent => torrent.InfoHash != order.Rows[3])], view, Now.AddSeconds(1));
        Assert.Equal(expected, order.Rows);
    }

    [Fact]
    public void Order_BeatWithoutNews_AllocatesNothing()
    {
        var torrents = new FakeEngine(torrents: 1_000, peers: 0).Snapshot.Torrents;
        var order = new TorrentOrder();
        order.Update(torrents, TorrentListView.Default, Now);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            order.Update(torrents, TorrentListView.Default, Now.AddMilliseconds(i));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Selection_ClickToggleAndSpan_AreThoseOfEveryList()
    {
        var rows = Order(TorrentListView.Default).Rows;
        var selection = new TorrentSelection();
        selection.Click(rows[2], rows, isToggle: false, isSpan: false);
        selection.Click(rows[5], rows, isToggle: false, isSpan: true);
        Assert.Equal(rows[2..6].Order(), selection.All.Order());
        selection.Click(rows[3], rows, isToggle: true, isSpan: false);
        Assert.False(selection.Has(rows[3]));
        selection.Click(rows[8], rows, isToggle: true, isSpan: true);
        Assert.Equal(9 - 2, selection.Count); // 2, 4, 5 stay; 3 to 8 come
        Assert.Equal(rows[9], Moved(selection, 1, rows, isSpan: false));
        Assert.Equal(7, selection.Count); // a move alone selects nothing
        Assert.Equal(rows[11], Moved(selection, 99, rows, isSpan: true));
        Assert.Equal(rows[9..12].Order(), selection.All.Order());
        selection.Prune(row => row != rows[11]);
        Assert.Null(selection.Cursor);
        Assert.Equal(2, selection.Count);
        Assert.Equal(-1, selection.Move(1, [], isSpan: true));
    }

    [Fact]
    public void Preferences_AnyStoredText_CanBeShown()
    {
        Assert.Equal(TorrentColumns.Default, PagePreferences.Parse(null).Columns);
        Assert.Equal(TorrentColumns.Default, PagePreferences.Parse("{\"columns\":[\"Size\"],\"density\":77}").Columns);
        Assert.Equal(RowDensity.Comfortable, PagePreferences.Parse("not json").Density);
        var kept = PagePreferences.Parse("{\"columns\":[\"Size\",\"Name\",\"Size\"],\"widths\":{\"Size\":99999},\"density\":\"Compact\",\"views\":[{\"name\":\"x\",\"address\":\"https://evil.example\"},{\"name\":\"y\",\"address\":\"./?f=error\"}]}");
        Assert.Equal([TorrentColumn.Size, TorrentColumn.Name], kept.Columns);
        Assert.Equal(TorrentColumns.Widths.Most, kept.Widths[TorrentColumn.Size]);
        Assert.Equal(["y"], kept.Views.Select(view => view.Name));
        Gen.String.Sample(text => PagePreferences.Parse(text).Columns.Contains(TorrentColumn.Name));
    }

    private static InfoHash? Moved(TorrentSelection selection, int by, List<InfoHash> rows, bool isSpan)
    {
        selection.Move(by, rows, isSpan);
        return selection.Cursor;
    }

    private static TorrentOrder Order(TorrentListView view)
    {
        var order = new TorrentOrder();
        order.Update(Engine.Snapshot.Torrents, view, Now);
        return order;
    }
}
