using Bunit;
using Microsoft.Extensions.DependencyInjection;
using P2P.Blazor.Components.Pages;
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
        var torrents = context.Engine.Snapshot.Torrents.ToDictionary(torrent => torrent.InfoHash);
        var rows = torrents.Keys.ToList();
        var selection = new TorrentSelection();
        var grid = context.Render<TorrentGrid>(parameters => parameters
            .Add(list => list.Rows, rows).Add(list => list.Find, hash => torrents.GetValueOrDefault(hash)).Add(list => list.Selection, selection));
        var before = Draws(grid);
        torrents[rows[3]] = torrents[rows[3]] with { Progress = 0.5 };
        grid.Render();

        var again = Draws(grid).Zip(before, (now, then) => now - then).ToList();
        Assert.Equal(12, again.Count);
        Assert.Equal(1, again[3]);
        Assert.Equal(1, again.Sum());
        Assert.Contains("50.0", grid.FindAll("tr.t .pct")[3].TextContent);
    }

    [Fact]
    public async Task Page_StartAndStopOfARow_ObeyAndSelectNothing()
    {
        await using var context = new PageContext(new FakeEngine(torrents: 6));
        var page = context.Render<TorrentsPage>(parameters => parameters.AddCascadingValue(context.Engine.Snapshot));
        var grid = page.FindComponent<TorrentGrid>().Instance;
        foreach (var torrent in context.Engine.Torrents)
        {
            var isStopped = torrent.Snapshot.State is TorrentState.Stopped or TorrentState.Error;
            var button = page.Find($"#r-{torrent.InfoHash} .acts button").GetAttribute("data-act")!;
            Assert.Equal(isStopped ? "start" : "stop", button);
            await page.InvokeAsync(() => grid.OnGrid(button, torrent.InfoHash.ToString(), false, false, 0, 0));
            Assert.Equal($"{button} {torrent.InfoHash}", context.Engine.Commands[^1]);
        }

        Assert.Empty(page.FindAll("tr[aria-selected=true]"));
    }

    [Fact]
    public async Task Page_KeysOnly_SelectStopAndRemoveWithUndo()
    {
        await using var context = new PageContext(new FakeEngine(torrents: 6));
        var page = context.Render<TorrentsPage>(parameters => parameters.AddCascadingValue(context.Engine.Snapshot));
        await KeyAsync("ArrowDown");
        await KeyAsync("ArrowDown");
        await KeyAsync("ArrowDown", isSpan: true);
        Assert.Equal(2, page.FindAll("tr[aria-selected=true]").Count);
        Assert.Contains("2 selected", page.Find(".bulk").TextContent);
        await KeyAsync("p");
        Assert.Equal($"stop {context.Engine.Torrents[1].InfoHash}", context.Engine.Commands[^1]); // the other one is stopped already
        await KeyAsync("Delete");
        Assert.Equal(4, page.FindAll("tr.t").Count);
        Assert.Equal(6, context.Engine.Torrents.Count); // still there for ten seconds
        var removals = context.Services.GetRequiredService<PendingRemovals>();
        await removals.UndoAsync([context.Engine.Torrents[1].InfoHash]);
        page.WaitForState(() => page.FindAll("tr.t").Count == 5);
        context.Clock.Advance(PendingRemovals.Grace);
        Assert.Equal(5, context.Engine.Torrents.Count);
        await KeyAsync("a");
        Assert.Equal(5, page.FindAll("tr[aria-selected=true]").Count);
        await KeyAsync("Escape");
        Assert.Empty(page.FindAll("tr[aria-selected=true]"));

        Task KeyAsync(string key, bool isSpan = false) => page.InvokeAsync(() => page.FindComponent<TorrentGrid>().Instance.OnGrid($"key:{key}", "", false, isSpan, 0, 0));
    }

    [Fact]
    public async Task Menu_OfSeveral_OffersWhatAnyOfThemCanDo()
    {
        await using var context = new PageContext(new FakeEngine(torrents: 7));
        var all = context.Engine.Snapshot.Torrents;
        Assert.DoesNotContain("recheck", Names(all[6]));
        Assert.Contains("open", Names(all[0]));
        Assert.DoesNotContain("open", Names([.. all]));
        Assert.Contains("start", Names([.. all]));
        Assert.Contains("stop", Names([.. all]));
        var menu = context.Render<RowMenu>(parameters => parameters.Add(list => list.Torrents, [.. all]));
        Assert.All(menu.FindAll("[role=menuitem]"), item => Assert.DoesNotContain("command.", item.TextContent));

        static IEnumerable<string> Names(params IReadOnlyList<TorrentSnapshot> torrents) => TorrentCommandItem.For(torrents).Select(item => item.Name);
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
