using Microsoft.Playwright;

namespace P2P.Blazor.Tests.Browser;

/// <summary>Keeps pictures of pages when a folder is named by environment: P2P_SHOTS for looking at (PNG, all of the page), P2P_PICTURES for docs (WebP, its upper part).</summary>
internal static class Pictures
{
    private const int MostHigh = 2_000;

    private const string Settle = """
        async () => {
          const own = /\/tmp\/p2p-host-\w+/g;
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            if (own.test(node.data)) node.data = node.data.replace(own, '/srv/p2p');
          }
          for (const field of document.querySelectorAll('input')) {
            field.value = field.type === 'file' ? '' : field.value.replace(own, '/srv/p2p');
            field.placeholder = field.placeholder.replace(own, '/srv/p2p');
          }
          await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        }
        """;

    /// <summary>Keeps one, if asked to; <paramref name="name"/> becomes the file's name.</summary>
    public static async Task KeepAsync(IPage page, string name)
    {
        var file = string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : '-')).Trim('-');
        if (Environment.GetEnvironmentVariable("P2P_SHOTS") is { Length: > 0 } shots)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(shots, $"{file}.png"), FullPage = true });
        }

        if (Environment.GetEnvironmentVariable("P2P_PICTURES") is { Length: > 0 } pictures)
        {
            // All of it fits into the window while it is taken, so what is fixed to its lower edge covers nothing; folders of this run are not shown.
            var (width, high) = (page.ViewportSize!.Width, page.ViewportSize.Height);
            var height = Math.Clamp(await page.EvaluateAsync<int>("() => document.documentElement.scrollHeight"), high, MostHigh);
            await page.SetViewportSizeAsync(width, height);
            await page.EvaluateAsync(Settle);
            var browser = await page.Context.NewCDPSessionAsync(page);
            var answer = await browser.SendAsync("Page.captureScreenshot", new Dictionary<string, object> { ["format"] = "webp", ["quality"] = 80 });
            await File.WriteAllBytesAsync(Path.Combine(pictures, $"{file}.webp"), answer!.Value.GetProperty("data").GetBytesFromBase64());
            await browser.DetachAsync();
            await page.SetViewportSizeAsync(width, high);
        }
    }
}
