using Microsoft.Playwright;
using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>What a person sees when the link or the client goes away.</summary>
public sealed class ReconnectTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task A_restarted_client_reloads_the_same_address_and_a_stopped_one_leaves_the_page_readable()
    {
        fixture.RequireBrowser();
        var host = BrowserFixture.Host(new FakeEngine(torrents: 3));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        var path = $"/t/{host.Engine.Torrents[0].InfoHash}/choking";
        await window.GoAsync(path);
        await page.EvaluateAsync("() => { window.sameDocument = true; }");
        Assert.False(await page.Locator("#components-reconnect-modal").IsVisibleAsync());

        host.Dispose();
        await page.GetByText("Reconnecting").WaitForAsync();
        Assert.True(await page.Locator("main h1").IsVisibleAsync());

        using var restarted = BrowserFixture.Host(new FakeEngine(torrents: 3), host.Address.Port);
        await page.WaitForFunctionAsync("() => !window.sameDocument && document.querySelector('main h1')", null, new PageWaitForFunctionOptions { Timeout = 60_000 });

        Assert.EndsWith(path, page.Url);
        Assert.Equal("debian-13.1.0-amd64-netinst.iso", await page.Locator("main h1").TextContentAsync());
    }
}
