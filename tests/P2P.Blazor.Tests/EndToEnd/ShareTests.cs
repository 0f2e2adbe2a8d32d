using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using P2P.Blazor.Tests.Browser;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Blazor.Tests.EndToEnd;

/// <summary>Two people and nobody else: one makes a torrent in the page, the other pastes its magnet link; no tracker, no bootstrap node.</summary>
/// <remarks>P2P_SHOTS=folder keeps pictures.</remarks>
[Collection(EndToEndGroup.Name)]
public sealed partial class ShareTests(BrowserFixture browser)
{
    private const int Length = 3_000_001;
    private static readonly string? Shots = Environment.GetEnvironmentVariable("P2P_SHOTS") is { Length: > 0 } folder ? folder : null;

    [Fact]
    public async Task One_creates_and_copies_the_link_the_other_pastes_it_chooses_files_and_has_them()
    {
        browser.RequireBrowser();
        using var loopback = new LoopbackFixture();
        await using var maker = await StartAsync(loopback);
        await using var taker = await StartAsync(loopback);
        await using var window = await browser.OpenAsync(maker.Address);
        await using var other = await browser.OpenAsync(taker.Address);
        var bytes = new byte[Length];
        new Random(11).NextBytes(bytes);

        var link = await CreateAsync(window, bytes);
        Assert.StartsWith("magnet:?xt=urn:btih:", link, StringComparison.Ordinal);
        Assert.DoesNotContain("tr=", link, StringComparison.Ordinal);

        await TakeAsync(other, link);

        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(taker.SharedDirectory, "talk.bin"), TestContext.Current.CancellationToken));
        var row = (await maker.GetAsync("torrents"))[0];
        Assert.Equal("seeding", row.GetProperty("state").GetString());
        Assert.Empty(window.Complaints);
        Assert.Empty(other.Complaints);
        Assert.Equal(0, await taker.StopAsync());
        Assert.Equal(0, await maker.StopAsync());
    }

    // As a person starts it, but for folders and ports, and for staying on loopback.
    private static Task<HostProcess> StartAsync(LoopbackFixture loopback)
    {
        var folder = loopback.NewDirectory("host");
        var url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LoopbackFixture.FreePort(IPAddress.Loopback)}"));
        var port = LoopbackFixture.FreePort(IPAddress.Loopback);
        return HostProcess.StartAsync(
            HostProcess.Start(loopback, [$"--Urls={url.GetLeftPart(UriPartial.Authority)}", $"--Data={folder}", "--Engine:ListenAddress=127.0.0.1", $"--Engine:ListenPort={port}", "--Engine:DhtBootstrap="]),
            folder,
            url);
    }

    private static async Task<string> CreateAsync(BrowserWindow window, byte[] bytes)
    {
        var page = window.Page;
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await window.GoAsync("/create");
        await page.Locator("#share-file").SetInputFilesAsync(new FilePayload { Name = "talk.bin", MimeType = "application/octet-stream", Buffer = bytes });
        await page.Locator(".preview").WaitForAsync();
        await ShootAsync(page, "share 1 create");
        await page.Locator("#create-start").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy magnet link" }).ClickAsync();
        await page.Locator(".copy[data-copied]").WaitForAsync();
        await ShootAsync(page, "share 2 made");
        return await page.EvaluateAsync<string>("() => navigator.clipboard.readText()");
    }

    private static async Task TakeAsync(BrowserWindow window, string link)
    {
        var page = window.Page;
        await window.GoAsync("/");
        await page.GetByText("No transfers yet").WaitForAsync();
        await page.EvaluateAsync(
            """
            text => {
              const data = new DataTransfer();
              data.setData('text/plain', text);
              document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
            }
            """,
            link);
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Fetch and choose files" }).ClickAsync();
        await dialog.GetByLabel("talk.bin").WaitForAsync();
        await ShootAsync(page, "share 3 choose");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Download chosen files" }).ClickAsync();
        var row = page.Locator("tr[data-hash]");
        await Assertions.Expect(row.Locator(".c-state")).ToHaveTextAsync("Seeding", new() { Timeout = (float)EndToEndGroup.Patience.TotalMilliseconds });
        await ShootAsync(page, "share 4 seeding");
        await row.Locator("a").First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Trackers", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".sources tr", new() { HasText = "Local network" })).ToContainTextAsync("Announced on 1 network");
        await Assertions.Expect(page.Locator(".sources .s-count").Filter(new() { HasTextRegex = OneKnown() })).ToHaveCountAsync(1); // By LAN or by DHT, whichever was first.
        await ShootAsync(page, "share 5 discovery");
        await window.GoAsync("/dht");
        await page.Locator(".bucket").First.WaitForAsync();
        await Assertions.Expect(page.Locator(".bucket")).ToHaveCountAsync(1); // The two are a DHT, met on the local network.
        await ShootAsync(page, "share 6 dht");
    }

    [GeneratedRegex("^1 known$")]
    private static partial Regex OneKnown();

    private static Task ShootAsync(IPage page, string name) =>
        Shots is null ? Task.CompletedTask : page.ScreenshotAsync(new() { Path = Path.Combine(Shots, $"{name}.png"), FullPage = true });
}
