using P2P.Blazor.Tests.Fakes;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>A long list stays light: few rows in the page, few bytes a beat, one render a beat.</summary>
public sealed class ScaleTests(BrowserFixture fixture, ITestOutputHelper output) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task A_thousand_torrents_keep_the_page_small()
    {
        const int Beats = 5;
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 1_000, peers: 2));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        var (frames, bytes) = (0, 0L);
        page.WebSocket += (_, socket) => socket.FrameReceived += (_, frame) =>
        {
            Interlocked.Increment(ref frames);
            Interlocked.Add(ref bytes, frame.Binary?.Length ?? frame.Text?.Length ?? 0);
        };
        await window.GoAsync("/");
        await page.Locator("tr.t").First.WaitForAsync();
        await page.WaitForFunctionAsync("() => document.querySelectorAll('tr.t').length > 5");
        var rows = await page.Locator("tr.t").CountAsync();
        (frames, bytes) = (0, 0);
        for (var i = 0; i < Beats; i++)
        {
            var percent = await page.Locator("tr.t .pct").First.TextContentAsync();
            host.Tick();
            await page.WaitForFunctionAsync("before => document.querySelector('tr.t .pct').textContent !== before", percent);
        }

        output.WriteLine($"{rows} rows in the page; {bytes / Beats} bytes and {(double)frames / Beats:0.0} frames a beat (uncompressed)");
        Assert.InRange(rows, 8, 60);
        Assert.InRange(bytes / Beats, 1, 8 << 10);
        Assert.Empty(window.Complaints);
    }
}
