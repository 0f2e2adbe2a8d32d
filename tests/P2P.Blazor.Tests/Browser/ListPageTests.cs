using Microsoft.Playwright;
using P2P.Blazor.Components.Words;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>The list while it lives: figures move and nothing else does, a hidden tab is told nothing, and it fits a width of 320.</summary>
public sealed class ListPageTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    private const string Places = "() => [...document.querySelectorAll('tr.t')].slice(-1).flatMap(row => [row, ...row.children].map(cell => { const box = cell.getBoundingClientRect(); return `${box.x} ${box.y} ${box.width} ${box.height}`; })).join('|')";

    [Theory]
    [InlineData(1440)]
    [InlineData(390)]
    public async Task Ten_seconds_of_a_transfer_change_figures_and_move_nothing(int width)
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 8, peers: 3));
        await using var window = await fixture.OpenAsync(host, width);
        var page = window.Page;
        await window.GoAsync("/");
        var row = page.Locator("tr.t").Last;
        await row.WaitForAsync();
        host.Tick();
        await page.GetByText("12:00:01").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        var places = await page.EvaluateAsync<string>(Places);
        var percents = new HashSet<string>();
        long[] rates = [999, 1_000, 9_999_999, 123_456_789, 54];
        for (var second = 2; second <= 11; second++)
        {
            host.Engine.Torrents[^1].Snapshot = host.Engine.Torrents[^1].Snapshot with { UploadRate = rates[second % rates.Length] };
            host.Tick();
            await page.GetByText($"12:00:{second:00}").WaitForAsync(new() { State = WaitForSelectorState.Attached });
            percents.Add((await row.Locator(".pct").TextContentAsync())!);
            Assert.Equal(places, await page.EvaluateAsync<string>(Places));
        }

        Assert.InRange(percents.Count, 8, 10);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task A_hidden_tab_is_told_nothing_and_is_right_when_it_is_shown()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 50, peers: 3));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        long bytes = 0;
        page.WebSocket += (_, socket) => socket.FrameReceived += (_, frame) => Interlocked.Add(ref bytes, frame.Binary?.Length ?? 0);
        await window.GoAsync("/");
        await page.Locator("tr.t").First.WaitForAsync();
        await HideAsync(page, isHidden: true);
        // The circuit says when it knows: from then on nothing comes.
        await page.WaitForFunctionAsync("() => document.documentElement.dataset.hidden === 'true'");
        Interlocked.Exchange(ref bytes, 0);
        for (var second = 0; second < 60; second++)
        {
            host.Tick();
        }

        await HideAsync(page, isHidden: false);
        await page.GetByText("12:01:00").WaitForAsync();
        var hash = await page.Locator("tr.t").First.GetAttributeAsync("data-hash");
        var percent = await page.Locator("tr.t .pct").First.TextContentAsync();
        Assert.Equal(Show.Percent(host.Engine.Torrents.Single(torrent => torrent.InfoHash.ToString() == hash).Snapshot.Progress), percent);
        Assert.InRange(Interlocked.Read(ref bytes), 1, 64 << 10); // one beat of all rows in sight, not sixty
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task At_320_pixels_nothing_scrolls_sideways()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 8, peers: 9));
        await using var window = await fixture.OpenAsync(host, 320);
        var hash = host.Engine.Torrents[0].InfoHash;
        List<string> wide = [];
        foreach (var path in (string[])["/", "/create", "/dht", "/tracker", "/settings", "/insights", "/events", "/about", .. new[] { "", "/files", "/peers", "/choking", "/pieces", "/trackers", "/speed", "/log" }.Select(tab => $"/t/{hash}{tab}")])
        {
            await window.GoAsync(path);
            var overflow = await window.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
            if (overflow > 0)
            {
                wide.Add($"{path} by {overflow} px: {await window.Page.EvaluateAsync<string>("() => [...document.querySelectorAll('main *')].filter(element => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.filters, .tabs')).slice(0, 4).map(element => `${element.tagName}.${element.className}`).join(' ')")}");
            }
        }

        Assert.True(wide.Count == 0, string.Join('\n', wide));
        Assert.Empty(window.Complaints);
    }

    private static Task HideAsync(IPage page, bool isHidden) => page.EvaluateAsync(
        """
        hidden => {
          Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
          Object.defineProperty(document, 'visibilityState', { value: hidden ? 'hidden' : 'visible', configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        }
        """,
        isHidden);
}
