using Microsoft.Playwright;

namespace P2P.Blazor.Tests.Browser;

/// <summary>Keeps pictures of pages when a folder is named by environment: P2P_SHOTS for looking at (PNG, all of the page), P2P_PICTURES for docs (WebP, its upper part).</summary>
internal static class Pictures
{
    private const int MostHigh = 2_000;

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
            var width = page.ViewportSize!.Width;
            var height = Math.Clamp(await page.EvaluateAsync<int>("() => document.documentElement.scrollHeight"), page.ViewportSize.Height, MostHigh);
            var browser = await page.Context.NewCDPSessionAsync(page);
            var answer = await browser.SendAsync("Page.captureScreenshot", new Dictionary<string, object>
            {
                ["format"] = "webp",
                ["quality"] = 80,
                ["captureBeyondViewport"] = true,
                ["clip"] = new Dictionary<string, object> { ["x"] = 0, ["y"] = 0, ["width"] = width, ["height"] = height, ["scale"] = 1 },
            });
            await File.WriteAllBytesAsync(Path.Combine(pictures, $"{file}.webp"), answer!.Value.GetProperty("data").GetBytesFromBase64());
            await browser.DetachAsync();
        }
    }
}
