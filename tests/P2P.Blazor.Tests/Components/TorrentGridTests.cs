using Bunit;
using P2P.Blazor.Components.TorrentList;
using P2P.Blazor.Live;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

public sealed class TorrentGridTests
{
    [Fact]
    public async Task Grid_OneRowChanged_DrawsOnlyThatRowAgain()
    {
        await using var context = new PageContext(new FakeEngine(torrents: 12));
        var rows = context.Engine.Snapshot.Torrents.ToList();
        var grid = context.Render<TorrentGrid>(parameters => parameters.Add(list => list.Rows, rows).Add(list => list.View, new TorrentListView()));
        var before = Draws(grid);
        var next = rows.ToList();
        next[3] = next[3] with { Progress = 0.5 };
        grid.Render(parameters => parameters.Add(list => list.Rows, next));

        var again = Draws(grid).Zip(before, (now, then) => now - then).ToList();
        Assert.Equal(12, again.Count);
        Assert.Equal(1, again[3]);
        Assert.Equal(1, again.Sum());
        Assert.Contains("50.0", grid.FindAll("tr.t .pct")[3].TextContent);
    }

    [Fact]
    public async Task Row_StoppedOrRunning_OffersTheOppositeAndObeys()
    {
        await using var context = new PageContext(new FakeEngine(torrents: 6));
        foreach (var torrent in context.Engine.Torrents)
        {
            var row = context.Render<TorrentRow>(parameters => parameters.Add(cell => cell.Torrent, torrent.Snapshot));
            var isStopped = torrent.Snapshot.State is TorrentState.Stopped or TorrentState.Error;
            await row.Find(".acts button").ClickAsync(new());
            Assert.Equal($"{(isStopped ? "start" : "stop")} {torrent.InfoHash}", context.Engine.Commands[^1]);
        }
    }

    [Fact]
    public async Task Row_EveryState_SaysItInWordsBesideTheColour()
    {
        await using var context = new PageContext();
        var torrent = context.Engine.Torrents[0].Snapshot;
        var words = Enum.GetValues<TorrentState>().Select(state =>
            context.Render<StateChip>(parameters => parameters.Add(chip => chip.Torrent, torrent with { State = state })).Find(".chip").TextContent);

        Assert.Equal(["Checking", "Downloading", "Seeding", "Stopped", "Queued", "Error", "Metadata"], words);
    }

    private static List<int> Draws(IRenderedComponent<TorrentGrid> grid) => [.. grid.FindComponents<TorrentRow>().Select(row => row.Instance.Draws)];
}
