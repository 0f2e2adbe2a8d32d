using P2P.Blazor.Live;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Live;

public sealed class TorrentListViewTests
{
    private static readonly FakeEngine Engine = new(torrents: 12);

    [Theory]
    [InlineData(null, null, null, "./")]
    [InlineData("seeding", "a b", "-size", "./?f=seeding&q=a%20b&sort=-size")]
    [InlineData("99", "", "nonsense", "./")]
    [InlineData("Error", null, "name", "./?f=error&sort=name")]
    public void ToAddress_Parsed_KeepsThePlace(string? state, string? text, string? sort, string expected) =>
        Assert.Equal(expected, TorrentListView.Parse(state, text, sort).ToAddress());

    [Fact]
    public void Apply_FilterAndWords_LeaveTheRest()
    {
        var torrents = Engine.Snapshot.Torrents;

        Assert.Equal(torrents.AsEnumerable(), new TorrentListView().Apply(torrents));
        Assert.All(new TorrentListView(TorrentState.Seeding).Apply(torrents), row => Assert.Equal(TorrentState.Seeding, row.State));
        Assert.All(new TorrentListView(Text: "debian -#6").Apply(torrents), row => Assert.DoesNotContain("#6", row.Name));
        Assert.NotEmpty(new TorrentListView(Text: "DEBIAN").Apply(torrents));
    }

    [Fact]
    public void SortedBy_EveryColumn_OrdersBothWays()
    {
        var torrents = Engine.Snapshot.Torrents;
        foreach (var column in Enum.GetValues<TorrentSort>())
        {
            var up = new TorrentListView(Sort: column).Apply(torrents);
            Assert.Equal(torrents.Length, up.Distinct().Count());
        }

        Assert.Equal(torrents.Max(row => row.Size), new TorrentListView().SortedBy(TorrentSort.Size).Apply(torrents)[0].Size);
        Assert.True(new TorrentListView(Sort: TorrentSort.Size).SortedBy(TorrentSort.Size).IsDescending);
    }
}
