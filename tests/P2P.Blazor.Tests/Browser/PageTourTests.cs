using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>Every page at three widths in both themes: accessible, no sideways scroll, silent console, nothing asked of another origin.</summary>
/// <remarks>scripts/screenshots.sh makes docs/screenshots by it.</remarks>
public sealed class PageTourTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    private static readonly (string Name, string Path)[] Pages =
    [
        ("torrents", "/"), ("torrents failed", "/?f=error"), ("torrents none found", "/?q=nothing-is-called-so"), ("overview", "t"), ("files", "t/files"), ("peers", "t/peers"),
        ("choking", "t/choking"), ("pieces", "t/pieces"), ("trackers", "t/trackers"), ("speed", "t/speed"), ("log", "t/log"), ("magnet", "m"), ("magnet peers", "m/peers"),
        ("magnet trackers", "m/trackers"), ("create", "/create"), ("dht", "/dht"), ("tracker", "/tracker"), ("torrent gone", "/t/0000000000000000000000000000000000000000"),
        ("settings", "/settings"), ("insights", "/insights"), ("events", "/events"), ("about", "/about"), ("help", "/help"), ("welcome", "/welcome"), ("not found", "/not-found"),
    ];

    [Theory]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(768, ColorScheme.Dark)]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(1440, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Dark)]
    [InlineData(768, ColorScheme.Light)]
    public async Task Every_page_is_accessible_fits_and_is_silent(int width, ColorScheme theme)
    {
        fixture.RequireBrowser();
        var engine = new FakeEngine(torrents: 8, peers: 9);
        FakeHistory.Furnish(engine);
        using var host = BrowserFixture.Host(engine);
        await using var window = await fixture.OpenAsync(host, width, theme);
        var mistakes = new List<string>();
        foreach (var (name, path) in Pages)
        {
            // "t" is a download, "m" a magnet link whose metadata is on its way.
            var address = path[0] switch { 't' => $"/t/{host.Engine.Torrents[0].InfoHash}{path[1..]}", 'm' => $"/t/{host.Engine.Torrents[6].InfoHash}{path[1..]}", _ => path };
            await window.GoAsync(address);
            await CheckAsync(window, $"{name} {width} {theme}", mistakes);
        }

        mistakes.AddRange(window.Complaints.Where(complaint => !complaint.StartsWith("404", StringComparison.Ordinal) && !complaint.Contains("404", StringComparison.Ordinal)));
        Assert.True(mistakes.Count == 0, string.Join('\n', mistakes));
    }

    [Theory]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_empty_list_and_the_banners_are_accessible(int width, ColorScheme theme)
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 0));
        await using var window = await fixture.OpenAsync(host, width, theme);
        var mistakes = new List<string>();
        await window.GoAsync("/");
        await CheckAsync(window, $"torrents empty {width} {theme}", mistakes);
        host.Engine.Publish(session => session with
        {
            ListenPort = 0,
            ListenError = "Port 6881 is in use by another program; it is tried again every 10 s.",
            StateError = "The disk of the data folder is full: free some space.",
            RecoveryNotice = "The last stop was not clean: 12 pieces were checked again, nothing was lost.",
        });
        await window.Page.Locator(".banner").Nth(2).WaitForAsync();
        await CheckAsync(window, $"banners {width} {theme}", mistakes);
        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    internal static async Task CheckAsync(BrowserWindow window, string name, List<string> mistakes)
    {
        var page = window.Page;
        await page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        await Pictures.KeepAsync(page, name);
        var overflow = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (overflow > 0)
        {
            mistakes.Add($"{name}: scrolls sideways by {overflow} px");
        }

        var result = await page.RunAxe(new AxeRunOptions { ResultTypes = [ResultType.Violations] }); // What passes is not put into words: it is most of the work.
        mistakes.AddRange(result.Violations.Select(violation =>
            $"{name}: {violation.Id}: {violation.Help} at {string.Join(" | ", violation.Nodes.Take(3).Select(node => $"{node.Target} {node.Html[..Math.Min(160, node.Html.Length)]} {node.Any.FirstOrDefault()?.Message}"))}"));
    }
}
