using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using P2P.Blazor.Tests.Browser;
using P2P.Engine.Interop.Tests.Drivers;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Blazor.Tests.EndToEnd;

/// <summary>Every tab while a real transfer runs: what the page says is what the API says, and it moves.</summary>
/// <remarks>P2P_SHOTS=folder keeps a picture of each, and lets the transfer last a minute.</remarks>
[Collection(EndToEndGroup.Name)]
public sealed class LivePageTests(BrowserFixture browser)
{
    private const int PieceLength = 64 << 10;
    private static readonly string? Shots = Environment.GetEnvironmentVariable("P2P_SHOTS") is { Length: > 0 } folder ? folder : null;

    [Fact]
    public async Task The_page_tells_a_running_transfer_as_it_is()
    {
        browser.RequireBrowser();
        EndToEndGroup.Require(LibtorrentPeer.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        await using var tracker = new TestTracker();
        var torrent = TestTorrents.Single(loopback, 6_000_001, PieceLength, tracker.Url);
        var slow = new JsonObject { ["upload_rate_limit"] = 90_000 };
        await using var seed = await LibtorrentPeer.StartAsync(loopback, slow);
        await using var leech = await LibtorrentPeer.StartAsync(loopback, new JsonObject { ["upload_rate_limit"] = 40_000, ["download_rate_limit"] = 60_000 });
        await seed.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
        await leech.AddAsync(torrent.TorrentPath, loopback.NewDirectory("leech"), seed: false);
        await tracker.UntilAsync(announce => announce.Peer == leech.Endpoint, EndToEndGroup.Patience, "the leech did not announce itself");
        await using var host = await HostProcess.StartAsync(loopback, null, "--Engine:MaxUploadRate=50000", "--Engine:ChokeInterval=00:00:10");
        await host.AddAsync(torrent.TorrentPath);
        await host.UntilAsync(() => host.TorrentAsync(torrent.InfoHash), row => row.GetProperty("downloadRate").GetInt64() > 0 && row.GetProperty("uploadRate").GetInt64() > 0, EndToEndGroup.Patience, "nothing moves");

        foreach (var width in new[] { 1440, 390 })
        {
            await using var window = await browser.OpenAsync(host.Address, width);
            await TourAsync(window, host, torrent.InfoHash, width);
            Assert.Empty(window.Complaints);
        }

        await seed.SetAsync(new JsonObject { ["upload_rate_limit"] = 0 });
        await host.UntilStateAsync(torrent.InfoHash, "seeding", EndToEndGroup.Patience);
        await using var last = await browser.OpenAsync(host.Address);
        await last.GoAsync($"/t/{torrent.InfoHash}/choking");
        await ShotAsync(last.Page, "choking-seeding-1440");
        await last.Page.GetByText("Who may download from you now (you seed: by what you give them)").WaitForAsync();
        Assert.Empty(last.Complaints);
    }

    private static async Task TourAsync(BrowserWindow window, HostProcess host, InfoHash infoHash, int width)
    {
        var page = window.Page;
        await window.GoAsync("/");
        await MovesAsync(page.Locator("tr.t .pct").First);
        await ShotAsync(page, $"list-{width}");
        foreach (var tab in new[] { "overview", "files", "peers", "pieces", "trackers" })
        {
            await window.GoAsync($"/t/{infoHash}/{tab}");
            await MovesAsync(page.Locator(".t-head b").First);
            await ShotAsync(page, $"{tab}-{width}");
        }

        await window.GoAsync($"/t/{infoHash}/choking");
        await page.Locator(".slot").First.WaitForAsync();
        await MovesAsync(page.Locator("time[data-deadline]").First);
        var choking = await host.GetAsync($"torrents/{infoHash}/choking");
        var holder = choking.GetProperty("decisions").EnumerateArray().First(decision => decision.GetProperty("slot").GetString() != "none");
        await Assertions.Expect(page.Locator(".slot").Filter(new() { HasText = holder.GetProperty("peer").GetString()! })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".slot")).ToHaveCountAsync(4);
        await Assertions.Expect(page.GetByText("U = 48.8 KiB/s ÷ 1 = 48.8 KiB/s")).ToBeVisibleAsync();
        await ShotAsync(page, $"choking-{width}");
        if (Shots is not null)
        {
            await Task.Delay(TimeSpan.FromSeconds(12));
            await ShotAsync(page, $"choking-later-{width}");
        }
    }

    private static async Task MovesAsync(ILocator number)
    {
        var before = await number.TextContentAsync();
        await Assertions.Expect(number).Not.ToHaveTextAsync(before!, new() { Timeout = 15_000 });
    }

    private static async Task ShotAsync(IPage page, string name)
    {
        if (Shots is not null)
        {
            Directory.CreateDirectory(Shots);
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Shots, string.Create(CultureInfo.InvariantCulture, $"{name}.png")), FullPage = true });
        }
    }
}
