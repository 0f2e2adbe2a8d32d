using Microsoft.Playwright;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>The peers of a torrent as a person meets them: list, all known, one peer's details.</summary>
public sealed class PeersTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    [Theory]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    [InlineData(768, ColorScheme.Light)]
    [InlineData(768, ColorScheme.Dark)]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(1440, ColorScheme.Dark)]
    public async Task Every_view_of_peers_is_accessible_and_fits(int width, ColorScheme theme)
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 2, peers: 40));
        await using var window = await fixture.OpenAsync(host, width, theme);
        var mistakes = new List<string>();
        var (page, torrent) = (window.Page, host.Engine.Torrents[0]);
        var peer = torrent.Details!.Peers[0].Endpoint;
        await window.GoAsync($"/t/{torrent.InfoHash}/peers");
        await page.Locator(".p-wall[data-cells='40']").WaitForAsync();
        await PageTourTests.CheckAsync(window, $"peers wall {width} {theme}", mistakes);
        await window.GoAsync($"/t/{torrent.InfoHash}/peers?view=known");
        await page.Locator("table.known td.k-who").First.WaitForAsync();
        await PageTourTests.CheckAsync(window, $"peers known {width} {theme}", mistakes);
        await window.GoAsync($"/t/{torrent.InfoHash}/peers?peer={peer}");
        await page.Locator(".p-drawer .gates").WaitForAsync();
        await PageTourTests.CheckAsync(window, $"peers drawer {width} {theme}", mistakes);
        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }
}
