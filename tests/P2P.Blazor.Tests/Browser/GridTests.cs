using Microsoft.Playwright;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>The list by pointer and by keyboard alone: select, menu, columns, order, languages.</summary>
public sealed class GridTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Keyboard_alone_selects_stops_opens_the_menu_and_removes_with_undo()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 8, peers: 3));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync("/");
        await page.Locator("tr.t").First.WaitForAsync();
        await page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(page.Locator("tr.cursor")).ToHaveAttributeAsync("aria-rowindex", "2");
        await page.Keyboard.PressAsync("Shift+ArrowDown");
        await page.Keyboard.PressAsync("Shift+ArrowDown");
        await Assertions.Expect(page.Locator("tr[aria-selected=true]")).ToHaveCountAsync(3);
        var mistakes = new List<string>();
        await PageTourTests.CheckAsync(window, "grid selected 1440 Light", mistakes);
        await page.Keyboard.PressAsync("p");
        await page.GetByText("Stopped 2 torrents").WaitForAsync(); // the third is stopped already
        await page.Keyboard.PressAsync("Shift+F10");
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Re-check" }).WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Menuitem).First).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".menu")).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("table.torrents")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Delete");
        await Assertions.Expect(page.Locator("tr.t")).ToHaveCountAsync(5);
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Assertions.Expect(page.Locator("tr.t")).ToHaveCountAsync(8);
        Assert.Equal(8, host.Engine.Torrents.Count);
        // Last: the picture of a whole page changes the window's size, and that closes a menu.
        await page.Locator("tr.t").Nth(4).ClickAsync(new() { Button = MouseButton.Right });
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Re-check" }).WaitForAsync();
        await PageTourTests.CheckAsync(window, "grid menu 1440 Light", mistakes);
        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task Keyboard_alone_adds_a_torrent_opens_its_choking_and_changes_its_limit()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 3, peers: 3));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync("/");
        await page.Locator("tr.t").First.WaitForAsync();
        await page.Keyboard.PressAsync("a");
        await Assertions.Expect(page.Locator("#magnet")).ToBeVisibleAsync();
        await TabToAsync("#magnet");
        await page.Keyboard.TypeAsync("magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=by+keys");
        await page.GetByRole(AriaRole.Heading, new() { Name = "by keys" }).WaitForAsync();
        await TabToAsync(".mud-dialog-actions button:nth-of-type(2)");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("tr.t")).ToHaveCountAsync(4);
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);

        await TabToAsync("table.torrents");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Home");
        await Assertions.Expect(page.Locator("tr.cursor")).ToHaveAttributeAsync("aria-rowindex", "2");
        var first = await page.Locator("tr.cursor").GetAttributeAsync("data-hash");
        await page.Keyboard.PressAsync("Shift+F10");
        await MenuAsync("Limits…");
        await Assertions.Expect(page.Locator("#limit-down")).ToBeVisibleAsync();
        await TabToAsync("#limit-down");
        await page.Keyboard.TypeAsync("500");
        await TabToAsync(".mud-dialog-actions button.p");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        Assert.Equal(500 << 10, host.Engine.Torrents.Single(torrent => torrent.InfoHash.ToString() == first).Snapshot.MaxDownloadRate);

        await TabToAsync("table.torrents");
        await page.Keyboard.PressAsync("Shift+F10");
        await MenuAsync("Choking");
        await page.Locator("#explain").WaitForAsync();
        Assert.Contains(first!, page.Url, StringComparison.Ordinal);
        Assert.Empty(window.Complaints);

        // Focus is seen wherever it comes to on the way.
        async Task TabToAsync(string target)
        {
            for (var i = 0; i < 60 && !await page.EvaluateAsync<bool>("target => document.activeElement.matches(target)", target); i++)
            {
                await page.Keyboard.PressAsync("Tab");
                Assert.True(await page.EvaluateAsync<bool>("""
                    () => {
                      const one = document.activeElement; // The list is framed by what scrolls around it.
                      return one === document.body || [one, one.closest('.tbl-wrap')].some(framed => framed && getComputedStyle(framed).outlineStyle !== 'none');
                    }
                    """), await page.EvaluateAsync<string>("() => 'focus is not seen on ' + document.activeElement.outerHTML.slice(0, 200)"));
            }

            await Assertions.Expect(page.Locator(target)).ToBeFocusedAsync();
        }

        async Task MenuAsync(string name)
        {
            await Assertions.Expect(page.GetByRole(AriaRole.Menuitem).First).ToBeFocusedAsync();
            for (var i = 0; i < 40 && !(await page.EvaluateAsync<string>("() => document.activeElement.textContent")).Contains(name, StringComparison.Ordinal); i++)
            {
                await page.Keyboard.PressAsync("ArrowDown");
            }

            await page.Keyboard.PressAsync("Enter");
        }
    }

    [Fact]
    public async Task Columns_heights_and_saved_views_stay_in_this_browser()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 8, peers: 3));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync("/?f=seeding");
        await page.Locator("#view-button").ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Compact").CheckAsync();
        await dialog.GetByLabel("Tracker", new() { Exact = true }).CheckAsync();
        await dialog.GetByPlaceholder("Name for the present view").FillAsync("<b>mine</b>");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save view" }).ClickAsync();
        var mistakes = new List<string>();
        await PageTourTests.CheckAsync(window, "dialog view 1440 Light", mistakes);
        await window.GoAsync("/");
        await page.Locator("table.d-compact th.c-tracker").WaitForAsync();
        await page.Locator("#view-button").ClickAsync();
        await dialog.GetByRole(AriaRole.Link, new() { Name = "<b>mine</b>" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("f=seeding$"));
        await PageTourTests.CheckAsync(window, "grid compact 1440 Light", mistakes);
        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task Order_stands_still_under_the_pointer_and_says_so()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 8, peers: 3));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync("/?sort=-down");
        await page.Locator("tr.t").Nth(3).HoverAsync();
        var before = await OrderAsync();
        var last = host.Engine.Torrents.Single(torrent => torrent.InfoHash.ToString() == before[^1]);
        last.Snapshot = last.Snapshot with { DownloadRate = 900 << 20 };
        for (var i = 0; i < 5; i++)
        {
            host.Tick();
            last.Snapshot = last.Snapshot with { DownloadRate = 900 << 20 };
            host.Engine.Publish();
            await page.GetByText($"as of 12:00:0{i + 1}").WaitForAsync();
        }

        await page.GetByText("The order is held").WaitForAsync();
        Assert.Equal(before, await OrderAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Sort now" }).ClickAsync();
        await Assertions.Expect(page.Locator("tr.t").First).ToHaveAttributeAsync("data-hash", before[^1]);
        Assert.Empty(window.Complaints);

        Task<string[]> OrderAsync() => page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('tr.t')].map(row => row.dataset.hash)");
    }

    [Fact]
    public async Task A_german_browser_reads_the_list_in_german()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 8, peers: 3));
        await using var context = await fixture.Browser.NewContextAsync(new() { BaseURL = host.Address.ToString(), Locale = "de-DE" });
        var page = await context.NewPageAsync();
        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Columnheader, new() { Name = "Größe" }).WaitForAsync();
        host.Tick(); // a beat comes from another thread: its render keeps the language
        await page.GetByText("12:00:01").WaitForAsync();
        await Assertions.Expect(page.Locator("tr.t").Nth(1).Locator(".chip")).ToHaveTextAsync("Seedet");
        await Assertions.Expect(page.Locator("tr.t").Nth(1).Locator(".c-size")).ToHaveTextAsync("19,2 MiB");
    }
}
