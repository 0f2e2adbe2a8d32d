using Bunit;
using P2P.Blazor.Components.Pages;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

/// <summary>Making a torrent in the page: preview, the own tracker, progress, the result to share.</summary>
public sealed class CreatePageTests
{
    [Fact]
    public async Task APath_IsPreviewedThenMadeThenShared()
    {
        await using var context = new PageContext();
        var page = Show(context);
        Assert.True(page.Find("#create-start").HasAttribute("disabled"));
        await page.Find("#create-path").ChangeAsync(new() { Value = "/srv/p2p/shared/film" });
        Assert.Contains("3 files, 40.0 MiB: 640 pieces of 64.0 KiB", page.Find(".preview").TextContent);
        Assert.Contains("1 hidden file is left out.", page.Find(".preview").TextContent);

        await page.Find("#create-start").ClickAsync(new());
        Assert.Equal("create /srv/p2p/shared/film", context.Engine.Commands[^1]);
        Assert.Equal("37", page.Find(".creation [role=progressbar]").GetAttribute("aria-valuenow"));

        context.Engine.FinishCreation("c1");
        context.Clock.Advance(TimeSpan.FromSeconds(1));
        page.WaitForAssertion(() => Assert.Contains("film", page.Find(".share code").TextContent));
        Assert.Contains("seeding", page.Find(".banner").TextContent);
        Assert.Equal($"api/v1/torrents/{context.Engine.Torrents[^1].InfoHash}/metainfo", page.Find(".share a[download]").GetAttribute("href"));
        Assert.NotNull(page.Find(".qr path").GetAttribute("d"));
    }

    [Theory]
    [InlineData("/etc/passwd", "Files may be shared only under")]
    [InlineData("/srv/p2p/shared/missing", "There is no such file or folder.")]
    public async Task APath_ThatCannotBe_SaysWhyAndStartsNothing(string path, string sentence)
    {
        await using var context = new PageContext();
        var page = Show(context);
        await page.Find("#create-path").ChangeAsync(new() { Value = path });

        Assert.Contains(sentence, page.Find(".banner.bad").TextContent);
        Assert.True(page.Find("#create-start").HasAttribute("disabled"));
    }

    [Fact]
    public async Task TheOwnTracker_SwitchedOnHere_IsOneClickAway()
    {
        await using var context = new PageContext();
        var page = Show(context);
        await page.FindAll("button").Single(button => button.TextContent.Contains("Switch it on", StringComparison.Ordinal)).ClickAsync(new());
        Assert.Equal(new EngineSettingsPatch { TrackerEnabled = true }, context.Engine.LastPatch);
        await page.FindAll("button").Single(button => button.TextContent.Contains("udp://192.168.1.20:6969", StringComparison.Ordinal)).ClickAsync(new());

        Assert.Equal("udp://192.168.1.20:6969/announce", page.Find("#create-trackers").GetAttribute("value"));
    }

    [Fact]
    public async Task Cancel_WhileHashing_GivesUp()
    {
        await using var context = new PageContext();
        context.Engine.StartCreation(new CreateTorrentRequest { Path = "/srv/p2p/shared/film" });
        var page = Show(context);
        await page.Find(".creation button").ClickAsync(new());

        Assert.Equal("cancel c1", context.Engine.Commands[^1]);
        page.WaitForAssertion(() => Assert.Contains("Cancelled", page.Find(".creation").TextContent));
    }

    [Fact]
    public void ToRequest_Lines_AreTiersAndTrimmed()
    {
        var form = new CreateForm { Path = "/x", Trackers = " http://a/ \r\nhttp://b/\r\n\r\n\r\nudp://c:1", WebSeeds = "http://w/\n", PieceLength = 0, Comment = " " };
        var request = form.ToRequest();

        Assert.Null(form.Mistake);
        Assert.Equal([["http://a/", "http://b/"], ["udp://c:1"]], request.Trackers.Select(tier => tier.ToArray()));
        Assert.Equal(["http://w/"], request.WebSeeds);
        Assert.Null(request.PieceLength);
        Assert.Null(request.Comment);
        form.AddTracker("udp://c:1");
        Assert.Equal(2, form.Tiers.Length);
        form.AddTracker("udp://d:1");
        Assert.Equal(3, form.Tiers.Length);
    }

    [Theory]
    [InlineData("nonsense", "")]
    [InlineData("ftp://a/", "")]
    [InlineData("", "udp://a:1")]
    public void Mistake_NoUrl_IsASentence(string trackers, string seeds) =>
        Assert.EndsWith(".", new CreateForm { Trackers = trackers, WebSeeds = seeds }.Mistake);

    private static IRenderedComponent<CreatePage> Show(PageContext context) =>
        context.Render<CreatePage>(parameters => parameters.AddCascadingValue(context.Engine.Snapshot));
}
