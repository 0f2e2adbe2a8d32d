using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>Every page at three widths in both themes: accessible, no sideways scroll, silent console, nothing asked of another origin.</summary>
/// <remarks>P2P_SHOTS=folder keeps a picture of each.</remarks>
public sealed class PageTourTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    private static readonly string[] Paths = ["/", "/?f=error", "/?q=nothing-is-called-so", "t", "t/files", "t/peers", "t/choking", "t/pieces", "t/trackers", "t/speed", "t/log", "m", "m/peers", "m/trackers", "/create", "/dht", "/tracker", "/t/0000000000000000000000000000000000000000", "/settings", "/insights", "/events", "/about", "/help", "/welcome", "/not-found"];

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
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 8, peers: 9));
        await using var window = await fixture.OpenAsync(host, width, theme);
        var mistakes = new List<string>();
        foreach (var path in Paths)
        {
            // "t" is a download, "m" a magnet link whose metadata is on its way.
            var address = path[0] switch { 't' => $"/t/{host.Engine.Torrents[0].InfoHash}{path[1..]}", 'm' => $"/t/{host.Engine.Torrents[6].InfoHash}{path[1..]}", _ => path };
            await window.GoAsync(address);
            await CheckAsync(window, $"{path} {width} {theme}", mistakes);
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
        await CheckAsync(window, $"empty {width} {theme}", mistakes);
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
        if (Environment.GetEnvironmentVariable("P2P_SHOTS") is { Length: > 0 } folder)
        {
            var file = string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')).Trim('-');
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{file}.png"), FullPage = true });
        }

        var overflow = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (overflow > 0)
        {
            mistakes.Add($"{name}: scrolls sideways by {overflow} px");
        }

        var result = await page.RunAxe();
        mistakes.AddRange(result.Violations.Select(violation =>
            $"{name}: {violation.Id}: {violation.Help} at {string.Join(" | ", violation.Nodes.Take(3).Select(node => $"{node.Target} {node.Html[..Math.Min(160, node.Html.Length)]} {node.Any.FirstOrDefault()?.Message}"))}"));
    }
}
