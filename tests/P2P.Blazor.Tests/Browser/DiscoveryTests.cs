using Microsoft.Playwright;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>Finding and sharing as a person does it: a link pasted or clicked elsewhere, files chosen, a torrent made and copied.</summary>
public sealed class DiscoveryTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    private const string Hash = "0123456789abcdef0123456789abcdef01234567";
    private const string Magnet = $"magnet:?xt=urn:btih:{Hash}&dn=a+film&tr=http%3A%2F%2F127.0.0.1%3A6969%2Fannounce&tr=udp%3A%2F%2F127.0.0.1%3A6969";

    [Theory]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task A_link_from_elsewhere_opens_the_dialog_and_its_files_are_chosen(int width, ColorScheme theme)
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 1));
        await using var window = await fixture.OpenAsync(host, width, theme);
        var page = window.Page;
        var mistakes = new List<string>();
        await window.GoAsync($"/add?uri={Uri.EscapeDataString(Magnet)}");
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Heading, new() { Name = "a film" }).WaitForAsync();
        await PageTourTests.CheckAsync(window, $"dialog magnet {width} {theme}", mistakes);
        Assert.Null(host.Engine.LastAdd);

        await dialog.GetByRole(AriaRole.Button, new() { Name = "Fetch and choose files" }).ClickAsync();
        await dialog.GetByText("Fetching 32 of 48 KiB from 2 peers.").WaitForAsync();
        await PageTourTests.CheckAsync(window, $"dialog fetching {width} {theme}", mistakes);
        host.Engine.Torrents[^1].ReceiveMetadata(isWaiting: true);
        host.Tick();
        await dialog.GetByLabel("poster.jpg").UncheckAsync();
        await PageTourTests.CheckAsync(window, $"dialog choosing {width} {theme}", mistakes);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Download chosen files" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await Assertions.Expect(page).ToHaveURLAsync(host.Address.ToString());

        Assert.Equal([$"add {Hash}", $"priorities 1=Skip {Hash}", $"start {Hash}"], host.Engine.Commands);
        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task A_pasted_link_opens_the_dialog_but_not_from_inside_a_field()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 2));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync("/");
        await PasteAsync(page, "#search", Magnet);
        await PasteAsync(page, "body", "just words");
        await PasteAsync(page, "body", Hash);
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("It names no tracker and no peer").WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await page.Locator("body").PressAsync("a");
        await Assertions.Expect(page.Locator("#magnet")).ToBeFocusedAsync(); // Key A, then paste, is all it takes.

        Assert.Empty(host.Engine.Commands);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task Leaving_the_choice_for_later_ends_on_the_torrents_own_page()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 1));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync($"/add?uri={Hash}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Fetch and choose files" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Choose later" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Uri(host.Address, $"t/{Hash}").ToString()); // WaitForURL waits for a load that a navigation within the page never has.
        host.Engine.Torrents[^1].ReceiveMetadata(isWaiting: true);
        host.Tick();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Choose what to download" }).WaitForAsync();
        var mistakes = new List<string>();
        await PageTourTests.CheckAsync(window, "torrent waiting for the choice 1440 Light", mistakes);
        await page.GetByRole(AriaRole.Button, new() { Name = "Download chosen files" }).ClickAsync();
        for (var i = 0; i < 500 && host.Engine.Commands.Count < 2; i++)
        {
            await page.WaitForTimeoutAsync(20);
        }

        host.Tick();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Choose what to download" }).WaitForAsync(new() { State = WaitForSelectorState.Hidden });

        Assert.Equal([$"add {Hash}", $"start {Hash}"], host.Engine.Commands);
        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task The_page_offers_itself_for_magnet_links()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 1));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await page.AddInitScriptAsync("navigator.registerProtocolHandler = (scheme, url) => { window.registered = `${scheme} ${url}`; }");
        await window.GoAsync("/settings");
        await page.GetByRole(AriaRole.Button, new() { Name = "Open magnet links with this page" }).ClickAsync();
        await page.GetByText("Now answer the browser").WaitForAsync();

        Assert.Equal($"magnet {host.Address}add?uri=%s", await page.EvaluateAsync<string>("() => window.registered"));
        Assert.Empty(window.Complaints);
    }

    [Theory]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task A_file_is_uploaded_made_into_a_torrent_and_its_link_copied(int width, ColorScheme theme)
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 1));
        var shared = Directory.CreateDirectory(host.Engine.Options.SharedDirectory).FullName;
        Directory.CreateDirectory(Path.Combine(shared, "series"));
        await using var window = await fixture.OpenAsync(host, width, theme);
        var page = window.Page;
        var mistakes = new List<string>();
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await window.GoAsync("/create");
        await page.Locator("#share-file").SetInputFilesAsync(new FilePayload { Name = "talk.txt", MimeType = "text/plain", Buffer = "some words"u8.ToArray() });
        await page.Locator(".preview").WaitForAsync();
        Assert.Equal("some words", await File.ReadAllTextAsync(Path.Combine(shared, "talk.txt"), TestContext.Current.CancellationToken));
        await page.GetByRole(AriaRole.Button, new() { Name = "talk.txt" }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Switch it on" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "http://192.168.1.20:6969/announce" }).ClickAsync();
        await PageTourTests.CheckAsync(window, $"create filled {width} {theme}", mistakes);
        await page.Locator("#create-start").ClickAsync();
        await page.GetByText("37.5").WaitForAsync();
        await PageTourTests.CheckAsync(window, $"create hashing {width} {theme}", mistakes);
        host.Engine.FinishCreation("c1");
        host.Tick();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy magnet link" }).ClickAsync();
        await page.Locator(".copy[data-copied]").WaitForAsync();
        await PageTourTests.CheckAsync(window, $"create made {width} {theme}", mistakes);

        Assert.Equal(host.Engine.Torrents[^1].Details!.Magnet, await page.EvaluateAsync<string>("() => navigator.clipboard.readText()"));
        Assert.Equal(["http://192.168.1.20:6969/announce"], host.Engine.LastCreation!.Trackers.Single());
        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    [Theory]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_tracker_and_an_empty_dht_are_accessible(int width, ColorScheme theme)
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 1));
        host.Engine.Options = host.Engine.Options with { Tracker = new TrackerServerOptions { Enabled = true } };
        host.Engine.Dht = FakeDiscovery.Dht(host.Engine.Now, nodes: 0);
        await using var window = await fixture.OpenAsync(host, width, theme);
        var mistakes = new List<string>();
        await window.GoAsync("/tracker");
        await window.Page.Locator(".swarms").WaitForAsync();
        await PageTourTests.CheckAsync(window, $"tracker on {width} {theme}", mistakes);
        await window.GoAsync("/dht");
        await window.Page.GetByText("No node is known").WaitForAsync();
        await PageTourTests.CheckAsync(window, $"dht empty {width} {theme}", mistakes);
        host.Engine.Dht = null;
        host.Tick();
        await window.Page.Locator(".bucket").First.WaitForAsync();
        await window.Page.GetByText("How to read this").ClickAsync();
        await PageTourTests.CheckAsync(window, $"dht explained {width} {theme}", mistakes);

        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    private static Task PasteAsync(IPage page, string selector, string text) => page.Locator(selector).First.EvaluateAsync(
        """
        (element, text) => {
          const data = new DataTransfer();
          data.setData('text/plain', text);
          element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
        }
        """,
        text);
}
