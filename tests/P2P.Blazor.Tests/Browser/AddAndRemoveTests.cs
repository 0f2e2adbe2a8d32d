using Microsoft.Playwright;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>What a person does: look inside and add, by button and by drop; remove; choose a theme; change a setting; watch it move.</summary>
public sealed class AddAndRemoveTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    private static readonly FilePayload File = new() { Name = "holiday.torrent", MimeType = "application/x-bittorrent", Buffer = FakeEngine.TorrentFile("holiday") };

    [Fact]
    public async Task Adding_by_the_button_shows_the_inside_and_sends_the_choice()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 1));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync("/");
        var chooser = await page.RunAndWaitForFileChooserAsync(window.ChooseFilesAsync);
        await chooser.SetFilesAsync(File);

        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("holiday", new() { Exact = true }).First.WaitForAsync();
        Assert.Null(host.Engine.LastAdd);
        var mistakes = new List<string>();
        await PageTourTests.CheckAsync(window, "dialog add 1440 Light", mistakes);
        await dialog.GetByLabel("poster.jpg").UncheckAsync();
        await dialog.GetByLabel("Start now").UncheckAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add stopped" }).ClickAsync();
        await page.Locator("tr.t", new() { HasText = "holiday" }).WaitForAsync();

        Assert.False(host.Engine.LastAdd!.Start);
        Assert.Equal([FilePriority.Normal, FilePriority.Skip, FilePriority.Normal], host.Engine.LastAdd.FilePriorities);
        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task Dropping_files_anywhere_shows_one_inside_after_the_other_and_says_what_is_no_torrent()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 1));
        await using var window = await fixture.OpenAsync(host, 390, ColorScheme.Dark);
        var page = window.Page;
        await window.GoAsync($"/t/{host.Engine.Torrents[0].InfoHash}/files");
        await page.Locator(".files tbody tr").First.WaitForAsync();
        await page.EvaluateAsync(
            """
            contents => {
              const data = new DataTransfer();
              contents.forEach((text, i) => data.items.add(new File([text], `drop${i}.torrent`)));
              document.body.dispatchEvent(new DragEvent('dragenter', { dataTransfer: data, bubbles: true }));
              window.overlayShown = document.getElementById('drop-target').classList.contains('on');
              document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
            }
            """,
            new[] { Text("first"), Text("second"), "not a torrent" });

        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("first", new() { Exact = true }).First.WaitForAsync();
        await page.GetByText("drop2.torrent: This is not a .torrent file").WaitForAsync();
        Assert.True(await page.EvaluateAsync<bool>("() => window.overlayShown"));
        var mistakes = new List<string>();
        await PageTourTests.CheckAsync(window, "dialog add 390 Dark", mistakes);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add and start" }).ClickAsync();
        await dialog.GetByText("second", new() { Exact = true }).First.WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });

        Assert.Equal(["debian-13.1.0-amd64-netinst.iso", "first"], host.Engine.Snapshot.Torrents.Select(torrent => torrent.Name));
        Assert.Empty(mistakes);
    }

    [Fact]
    public async Task Removing_asks_first_and_names_the_bytes()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 2));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        var torrent = host.Engine.Torrents[0];
        await window.GoAsync("/");
        await page.Locator($"tr[data-hash='{torrent.InfoHash}']").ClickAsync(new() { Button = MouseButton.Right });
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Remove…" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Delete the files too").CheckAsync();
        var mistakes = new List<string>();
        await PageTourTests.CheckAsync(window, "dialog remove 1440 Light", mistakes);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Delete 3.00 MiB" }).ClickAsync();
        await page.Locator($"tr[data-hash='{torrent.InfoHash}']").WaitForAsync(new() { State = WaitForSelectorState.Detached });

        Assert.Equal([$"remove {torrent.InfoHash} deleteData=true"], host.Engine.Commands);
        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task The_list_moves_by_itself_and_nothing_shifts()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 6));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync("/");
        var percent = page.Locator("tr.t .pct").First;
        var before = await percent.TextContentAsync();
        var place = await page.Locator("tr.t").Nth(1).BoundingBoxAsync();
        host.Tick();
        await Assertions.Expect(percent).Not.ToHaveTextAsync(before!);
        var after = await page.Locator("tr.t").Nth(1).BoundingBoxAsync();

        Assert.Equal((place!.X, place.Y, place.Width, place.Height), (after!.X, after.Y, after.Width, after.Height));
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task A_setting_is_saved_and_the_theme_is_kept()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 1));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync("/settings");
        await page.GetByLabel("Umax, upload limit, KiB/s").FillAsync("500");
        await page.Locator("#settings-save").ClickAsync();
        await page.GetByText("Settings saved").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Appearance" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Appearance: light" }).ClickAsync();
        await page.Locator("html[data-theme=dark]").WaitForAsync();
        await page.ReloadAsync();
        await page.Locator("html[data-theme=dark] main h1").WaitForAsync();

        Assert.Equal(new EngineSettingsPatch { MaxUploadRate = 512_000 }, host.Engine.LastPatch);
        Assert.Empty(window.Complaints);
    }

    private static string Text(string name) => System.Text.Encoding.UTF8.GetString(FakeEngine.TorrentFile(name));
}
