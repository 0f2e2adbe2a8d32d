using System.Text.Json.Nodes;
using Microsoft.Playwright;
using P2P.Blazor.Tests.Browser;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Blazor.Tests.EndToEnd;

/// <summary>The program is killed in the middle of a download while somebody looks at it: the page comes back by itself, nothing verified is lost.</summary>
[Collection(EndToEndGroup.Name)]
public sealed class KillPageTests(BrowserFixture browser)
{
    private const int PieceLength = 32 << 10;
    private const int Length = 4_000_001;

    [Fact]
    public async Task A_killed_program_comes_back_to_the_same_page_with_all_that_was_verified_and_its_past_rounds()
    {
        browser.RequireBrowser();
        EndToEndGroup.Require(LibtorrentPeer.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        var torrent = TestTorrents.Single(loopback, Length, PieceLength, tracker.Url);
        await using var seed = await LibtorrentPeer.StartAsync(loopback, new JsonObject { ["upload_rate_limit"] = 300_000 });
        await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
        var folder = loopback.NewDirectory("host");
        var address = loopback.NextAddress();
        string[] arguments =
        [
            .. HostProcess.Standard(folder, out var url), $"--Engine:ListenAddress={address}", $"--Engine:ListenPort={LoopbackFixture.FreePort(address)}", "--Engine:ChokeInterval=00:00:02",
        ];
        await using var first = await HostProcess.StartAsync(HostProcess.Start(loopback, arguments), folder, url);
        await first.AddAsync(torrent.TorrentPath);
        await using var window = await browser.OpenAsync(url);
        var page = window.Page;
        await window.GoAsync($"/t/{torrent.InfoHash}/choking");
        await first.UntilAsync(() => first.TorrentAsync(torrent.InfoHash), row => row.GetProperty("progress").GetDouble() is > 0.4 and < 0.9, EndToEndGroup.Patience, "half of it");
        await page.Locator("canvas.lanes-canvas[data-rounds]").WaitForAsync();
        var rounds = await RoundsAsync(page);
        await page.EvaluateAsync("() => { window.sameDocument = true; }");
        var before = (await first.TorrentAsync(torrent.InfoHash)).GetProperty("haveBytes").GetInt64();
        await first.KillAsync();
        await page.GetByText("Reconnecting").WaitForAsync();
        Assert.True(await page.Locator("main h1").IsVisibleAsync());

        await using var second = await HostProcess.StartAsync(HostProcess.Start(loopback, arguments), folder, url);
        await page.WaitForFunctionAsync("() => !window.sameDocument && document.querySelector('main h1')", null, new() { Timeout = 30_000 });
        Assert.EndsWith($"/t/{torrent.InfoHash}/choking", page.Url, StringComparison.Ordinal);
        var after = (await second.TorrentAsync(torrent.InfoHash)).GetProperty("haveBytes").GetInt64();
        Assert.True(after >= before - (2 * PieceLength), $"{before:N0} bytes were verified before the kill and {after:N0} after it.");
        await page.GetByText("Recovered.").WaitForAsync();
        await page.Locator("canvas.lanes-canvas[data-rounds]").WaitForAsync();
        Assert.True(await RoundsAsync(page) >= Math.Min(rounds, 1), "The past rounds are gone.");
        await Assertions.Expect(page.Locator(".t-head")).ToContainTextAsync("Seeding", new() { Timeout = (float)EndToEndGroup.Patience.TotalMilliseconds });
        torrent.AssertCopiedTo(second.SharedDirectory);
    }

    private static async Task<int> RoundsAsync(IPage page) =>
        int.Parse((await page.Locator("canvas.lanes-canvas").GetAttributeAsync("data-rounds"))!, System.Globalization.CultureInfo.InvariantCulture);
}
