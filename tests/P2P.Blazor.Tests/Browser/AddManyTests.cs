using Microsoft.Playwright;
using P2P.Blazor.Localization;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>Many files at once, what is here already, and files that are none.</summary>
public sealed class AddManyTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    private const string Drop =
        """
        contents => {
          const data = new DataTransfer();
          contents.forEach((text, i) => data.items.add(new File([text], `drop${i}.torrent`)));
          document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
        }
        """;

    [Fact]
    public async Task Three_hundred_files_are_200_taken_and_100_refused_and_nothing_disconnects()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 0));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync("/");
        await page.EvaluateAsync("() => { window.sameDocument = true; }");
        await page.EvaluateAsync(Drop, Enumerable.Range(0, 300).Select(i => Text($"torrent {i:000}")).ToArray());
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("100 files were refused: at most 200 are taken at a time.").WaitForAsync();
        await dialog.GetByText("200 ready, 0 here already, 0 refused, 0 being read").WaitForAsync();
        Assert.Null(host.Engine.LastAdd);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add 200 torrents" }).ClickAsync();
        await page.GetByText("200 torrents added").WaitForAsync();

        Assert.Equal(200, host.Engine.Torrents.Count);
        Assert.True(await page.EvaluateAsync<bool>("() => window.sameDocument"));
        Assert.Empty(window.Complaints);
    }

    [Theory]
    [InlineData(390, ColorScheme.Dark)]
    [InlineData(768, ColorScheme.Light)]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(1440, ColorScheme.Dark)]
    public async Task A_list_says_of_each_what_it_is_and_takes_one_choice_for_all(int width, ColorScheme theme)
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 0));
        await host.Engine.AddAsync(new AddTorrentRequest { TorrentFile = FakeEngine.TorrentFile("here before") }, TestContext.Current.CancellationToken);
        await using var window = await fixture.OpenAsync(host, width, theme);
        var page = window.Page;
        await window.GoAsync("/");
        await page.EvaluateAsync(Drop, new[] { Text("a holiday in the mountains, with a name that is longer than the place there is for it"), Text("here before"), "not a torrent", "", Text("second"), Text("second") });
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("2 ready, 2 here already, 2 refused, 0 being read").WaitForAsync();
        await dialog.GetByText("The file is empty (0 bytes).").WaitForAsync();
        await dialog.GetByText("This is not a .torrent file").WaitForAsync();
        var mistakes = new List<string>();
        await PageTourTests.CheckAsync(window, $"add many {width} {theme}", mistakes);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Files of second" }).First.ClickAsync();
        await dialog.GetByLabel("poster.jpg").UncheckAsync();
        await PageTourTests.CheckAsync(window, $"add many files {width} {theme}", mistakes);
        await dialog.GetByLabel("Add a holiday").UncheckAsync();
        await dialog.GetByLabel("Start now").UncheckAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add 1 torrent" }).ClickAsync();
        await page.GetByText("1 torrent added").WaitForAsync();

        Assert.Equal(["here before", "second"], host.Engine.Snapshot.Torrents.Select(torrent => torrent.Name));
        Assert.False(host.Engine.LastAdd!.Start);
        Assert.Equal([FilePriority.Normal, FilePriority.Skip, FilePriority.Normal], host.Engine.LastAdd.FilePriorities);
        Assert.Empty(mistakes);
        Assert.All(window.Complaints, complaint => Assert.Contains("400", complaint)); // The file that is none; nothing else.
    }

    [Theory]
    [InlineData(390, ColorScheme.Dark)]
    [InlineData(1440, ColorScheme.Light)]
    public async Task What_is_here_already_is_told_and_opened(int width, ColorScheme theme)
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 0));
        var here = await host.Engine.AddAsync(new AddTorrentRequest { TorrentFile = FakeEngine.TorrentFile("here before") }, TestContext.Current.CancellationToken);
        var details = await here.GetDetailsAsync(TestContext.Current.CancellationToken);
        var link = $"magnet:?xt=urn:btih:{here.InfoHash}&tr={Uri.EscapeDataString(details.Trackers[0].Url)}&tr=http%3A%2F%2Fnew.example%2Fannounce";
        await using var window = await fixture.OpenAsync(host, width, theme);
        var page = window.Page;
        var mistakes = new List<string>();
        await window.GoAsync($"/add?uri={Uri.EscapeDataString(link)}");
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add 1 new tracker" }).WaitForAsync();
        await PageTourTests.CheckAsync(window, $"add here already {width} {theme}", mistakes);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add 1 new tracker" }).ClickAsync();
        await dialog.GetByText("1 tracker added").WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Open it" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "here before", Level = 1 }).WaitForAsync();

        Assert.Equal("add trackers http://new.example/announce", string.Join(' ', host.Engine.Commands[^1].Split(' ')[..3]));
        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    [Theory]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(1440, ColorScheme.Dark)]
    public async Task A_folder_is_browsed_to_a_file_left_out_and_the_torrent_added_stopped(int width, ColorScheme theme)
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 0));
        var films = Directory.CreateDirectory(Path.Combine(host.Engine.Options.SharedDirectory, "films")).FullName;
        host.Engine.Options = host.Engine.Options with { Labels = [new TorrentLabel("Films") { SavePath = films }, new TorrentLabel("Music")] };
        await using var window = await fixture.OpenAsync(host, width, theme);
        var page = window.Page;
        await window.GoAsync("/");
        await page.EvaluateAsync(Drop, new[] { Text("a film") });
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Label").SelectOptionAsync("Music");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Browse" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "films" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Take this folder" }).ClickAsync();
        await dialog.GetByText("after this download").WaitForAsync();
        var mistakes = new List<string>();
        await PageTourTests.CheckAsync(window, $"add folder {width} {theme}", mistakes);
        await dialog.GetByLabel("poster.jpg").UncheckAsync();
        await dialog.GetByLabel("Start now").UncheckAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add stopped" }).ClickAsync();
        await page.Locator("tr.t", new() { HasText = "a film" }).WaitForAsync();

        Assert.Equal((films, "Music", false), (host.Engine.LastAdd!.SavePath, host.Engine.LastAdd.Label, host.Engine.LastAdd.Start));
        Assert.Equal([FilePriority.Normal, FilePriority.Skip, FilePriority.Normal], host.Engine.LastAdd.FilePriorities);
        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task In_German_the_dialogs_are_German()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 1));
        await using var window = await fixture.OpenAsync(host, 390);
        var page = window.Page;
        await page.Context.AddCookiesAsync([new Microsoft.Playwright.Cookie { Name = PageCulture.Cookie, Value = "de", Url = host.Address.ToString() }]);
        await window.GoAsync("/");
        await page.EvaluateAsync(Drop, new[] { Text("urlaub"), "" });
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Hinzufügen und starten" }).WaitForAsync();
        await page.GetByText("drop1.torrent: Die Datei ist leer (0 Byte).").WaitForAsync();
        var mistakes = new List<string>();
        await PageTourTests.CheckAsync(window, "add German 390", mistakes);
        Assert.True(await page.Locator("#add-button").EvaluateAsync<bool>("button => button.getBoundingClientRect().right <= innerWidth"));
        await window.GoAsync("/create");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Torrent erstellen" }).WaitForAsync();
        await PageTourTests.CheckAsync(window, "create German 390", mistakes);

        Assert.Empty(mistakes);
        Assert.Empty(window.Complaints);
    }

    private static string Text(string name) => System.Text.Encoding.UTF8.GetString(FakeEngine.TorrentFile(name));
}
