using System.Net;
using System.Text.Json;
using Microsoft.Playwright;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>The frame around the pages: first questions, keys, the reconnect notice, installation.</summary>
public sealed class ShellTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task A_new_person_is_asked_for_umax_and_dmax_once_and_lands_on_the_empty_list()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 0));
        await using var window = await fixture.OpenAsync(host.Address, isNew: true);
        var page = window.Page;
        await window.GoAsync("/");
        await page.Locator("#w-umax").FillAsync("much");
        await page.Locator("#welcome-done").ClickAsync();
        await page.GetByText("Write a whole number of KiB/s").WaitForAsync();
        await page.Locator("#w-umax").FillAsync("1000");
        await page.Locator("#w-dmax").FillAsync("5000");
        await page.Locator("#welcome-done").ClickAsync();
        await page.GetByText("No transfers yet").WaitForAsync();
        await Assertions.Expect(page.Locator(".empty .btn")).ToHaveCountAsync(3);
        Assert.Equal((1000L << 10, 5000L << 10), (host.Engine.Options.MaxUploadRate, host.Engine.Options.MaxDownloadRate));
        await window.GoAsync("/");
        await page.GetByText("No transfers yet").WaitForAsync();
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task Letters_go_places_outside_of_fields_and_rest_when_switched_off()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 3));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync($"/t/{host.Engine.Torrents[0].InfoHash}");
        await page.Keyboard.PressAsync("3");
        await page.Locator("#explain").WaitForAsync();
        await page.Keyboard.PressAsync("e");
        await Assertions.Expect(page.Locator(".explain-cap")).ToHaveCountAsync(5);
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("s");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Settings");
        await page.Locator("input[type=search]").First.FillAsync("?a");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Settings");
        await page.Locator("h1").FocusAsync();
        await page.Keyboard.PressAsync("?");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Help");
        await page.EvaluateAsync("() => p2pPreferences.save(JSON.stringify({ welcomed: true, shortcuts: false }))");
        await page.Keyboard.PressAsync("a");
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("t");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Help");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task Tabs_that_are_left_before_they_are_drawn_break_nothing()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 3));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync($"/t/{host.Engine.Torrents[0].InfoHash}");
        for (var i = 0; i < 6; i++)
        {
            foreach (var tab in "342371")
            {
                await page.Keyboard.PressAsync(tab.ToString());
                await page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(done))");
            }
        }

        await page.Keyboard.PressAsync("3");
        await page.Locator("canvas.lanes-canvas").WaitForAsync();
        await Assertions.Expect(page.GetByText("could not be drawn")).ToHaveCountAsync(0);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task A_blip_shows_nothing_and_a_longer_silence_says_so_and_keeps_the_place()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 60));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        // The notice alone is tried: the link's own states are told to it as the framework tells them.
        await window.GoAsync("/");
        await page.Locator("tr.t").First.WaitForAsync();
        await page.Locator("tr.t").Nth(3).ClickAsync();
        await page.Mouse.WheelAsync(0, 900);
        await page.WaitForFunctionAsync("() => scrollY > 0");
        await page.Clock.InstallAsync();
        await StateAsync(page, "show");
        await page.Clock.RunForAsync(1_500);
        Assert.False(await page.Locator("#components-reconnect-modal").IsVisibleAsync());
        await StateAsync(page, "hide");
        await page.Clock.RunForAsync(3_000);
        Assert.False(await page.Locator("#components-reconnect-modal").IsVisibleAsync());

        await StateAsync(page, "show");
        await page.Clock.RunForAsync(6_000);
        await page.GetByText("Reconnecting").WaitForAsync();
        Assert.Contains("stale", await page.Locator("html").GetAttributeAsync("class") ?? "", StringComparison.Ordinal);
        await page.Clock.RunForAsync(6_000);
        await page.GetByText("The client is running, downloads continue").WaitForAsync();
        await StateAsync(page, "hide");
        Assert.False(await page.Locator("#components-reconnect-modal").IsVisibleAsync());
        await Assertions.Expect(page.Locator("tr.t[aria-selected=true]")).ToHaveCountAsync(1);
        Assert.True(await page.EvaluateAsync<int>("() => scrollY") > 0);
    }

    [Fact]
    public async Task The_page_can_be_installed()
    {
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 0));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = host.Address };
        using var answer = await http.GetAsync("manifest.webmanifest", TestContext.Current.CancellationToken);
        Assert.Equal("application/manifest+json", answer.Content.Headers.ContentType?.MediaType);
        var manifest = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal("standalone", manifest.GetProperty("display").GetString());
        foreach (var icon in manifest.GetProperty("icons").EnumerateArray())
        {
            using var picture = await http.GetAsync(icon.GetProperty("src").GetString(), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, picture.StatusCode);
            Assert.Equal(icon.GetProperty("type").GetString(), picture.Content.Headers.ContentType?.MediaType);
            Assert.NotEqual(0, picture.Content.Headers.ContentLength);
        }

        Assert.Contains("manifest.webmanifest", await http.GetStringAsync("/", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static Task StateAsync(IPage page, string state) => page.EvaluateAsync(
        "state => document.getElementById('components-reconnect-modal').dispatchEvent(new CustomEvent('components-reconnect-state-changed', { detail: { state } }))", state);
}
