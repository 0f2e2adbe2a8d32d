using System.Globalization;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;
using P2P.Blazor.Api;
using P2P.Blazor.Components.Dialogs;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

/// <summary>The look inside of one file and of many: what is sent, what is refused, what is here already.</summary>
public sealed class AddTorrentDialogTests
{
    private readonly List<IReadOnlyDictionary<string, string>> _sent = [];
    private UploadAnswer _answer = new(true, null, null);

    [Fact]
    public async Task Choices_AreSentAsTheFormOfTheApi()
    {
        await using var context = new PageContext();
        context.Engine.Options = context.Engine.Options with { Labels = [new TorrentLabel("Films") { SavePath = "/srv/p2p/shared/films" }] };
        var dialog = await OpenAsync(context, Inside(context, "new"));
        await dialog.Find("#add-label").ChangeAsync(new() { Value = "Films" });
        Assert.Contains("/srv/p2p/shared/films", dialog.Find("#add-folder-help").TextContent);
        Assert.Contains("after this download", dialog.Find("#add-free").TextContent);
        await dialog.Find("#add-folder").InputAsync(new() { Value = " /srv/p2p/shared/own " });
        await dialog.FindAll(".add-files input")[^1].ChangeAsync(new() { Value = false });
        await dialog.FindAll(".checks input")[0].ChangeAsync(new() { Value = false });
        await Button(dialog, "Add stopped").ClickAsync(new());

        var fields = Assert.Single(_sent);
        Assert.Equal(
            [("label", "Films"), ("priorities", "normal,normal,skip"), ("savePath", "/srv/p2p/shared/own"), ("sequential", "false"), ("start", "false"), ("uploadId", "upload")],
            fields.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => (field.Key, field.Value)));
    }

    [Fact]
    public async Task AFolderThatIsNotAllowed_TellsNothingOfItsDisk()
    {
        await using var context = new PageContext();
        var dialog = await OpenAsync(context, Inside(context, "new"));
        await dialog.Find("#add-folder").InputAsync(new() { Value = "/etc" });

        Assert.Equal("", dialog.Find("#add-free").TextContent);
    }

    [Fact]
    public async Task MoreThanIsFree_IsSaidInBytes()
    {
        await using var context = new PageContext();
        var dialog = await OpenAsync(context, Inside(context, "new") with { Files = [new(0, "huge", long.MaxValue / 2)] });

        Assert.Contains("are missing for this download", dialog.Find("#add-free.bad").TextContent);
    }

    [Fact]
    public async Task ARefusal_KeepsTheDialogAndItsInput()
    {
        await using var context = new PageContext();
        _answer = new UploadAnswer(false, "The disk says no.", null, "disk.full");
        var dialog = await OpenAsync(context, Inside(context, "new"));
        await dialog.Find("#add-folder").InputAsync(new() { Value = "/srv/p2p/shared/own" });
        await Button(dialog, "Add and start").ClickAsync(new());

        Assert.Contains("The disk says no.", dialog.Find(".banner.bad").TextContent);
        Assert.Equal("/srv/p2p/shared/own", dialog.Find("#add-folder").GetAttribute("value"));
    }

    [Fact]
    public async Task WhatIsHereAlready_TakesTheNewTrackersOnly()
    {
        await using var context = new PageContext();
        var here = context.Engine.Torrents[0];
        var known = (await here.GetDetailsAsync(Xunit.TestContext.Current.CancellationToken)).Trackers[0].Url;
        var inside = Inside(context, "x") with { InfoHash = here.InfoHash.ToString(), IsPresent = true, Trackers = [[known], ["http://new.example/announce"]] };
        var dialog = await OpenAsync(context, inside);
        await Button(dialog, "Add 1 new tracker").ClickAsync(new());

        Assert.Contains("1 tracker added", dialog.Find(".banner").TextContent);
        Assert.StartsWith("add trackers http://new.example/announce", context.Engine.Commands[^1], StringComparison.Ordinal);
        Assert.True(Button(dialog, "Add and start").HasAttribute("disabled"));
    }

    [Fact]
    public async Task APrivateOne_GetsNoTrackersOfOthers()
    {
        await using var context = new PageContext();
        var inside = Inside(context, "x") with { InfoHash = context.Engine.Torrents[0].InfoHash.ToString(), IsPresent = true, IsPrivate = true, Trackers = [["http://new.example/announce"]] };
        var dialog = await OpenAsync(context, inside);

        Assert.Contains("It is private", dialog.Find(".banner").TextContent);
        Assert.DoesNotContain(dialog.FindAll("button"), button => button.TextContent.Contains("new tracker", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_WhatFailsKeepsItsRowAndTheOthersAreAdded()
    {
        await using var context = new PageContext();
        var drafts = new UploadDrafts(context.Clock);
        context.Services.AddSingleton(drafts);
        var batch = new AddBatch();
        batch.Expect(3, refused: 7);
        foreach (var name in new[] { "one", "two" })
        {
            batch.Take($"{name}.torrent", Answer(Inside(context, name) with { UploadId = drafts.Keep(FakeEngine.TorrentFile(name)) }));
        }

        var dialog = await OpenAsync<AddManyDialog>(context, new DialogParameters<AddManyDialog> { { one => one.Batch, batch }, { one => one.Add, SendAsync } });
        Assert.Contains("7 files were refused: at most 200", dialog.Find(".banner").TextContent);
        Assert.Contains("2 ready, 0 here already, 0 refused, 1 being read", dialog.Find("#add-many-sum").TextContent);
        await dialog.InvokeAsync(() => batch.Take("two again.torrent", Answer(Inside(context, "two"))));
        Assert.Contains("2 ready, 1 here already, 0 refused, 0 being read", dialog.Find("#add-many-sum").TextContent);
        await dialog.FindAll(".add-many .one button")[0].ClickAsync(new());
        await dialog.FindAll(".add-files input")[^1].ChangeAsync(new() { Value = false });
        _answer = new UploadAnswer(false, "The disk says no.", null, "disk.full");
        await Button(dialog, "Add 2 torrents").ClickAsync(new());

        Assert.Equal(["normal,normal,skip", null], _sent.Select(fields => fields.GetValueOrDefault("priorities")));
        Assert.Equal(2, dialog.FindAll(".add-many .why").Count);
        Assert.All(batch.Items.Take(2), item => Assert.False(item.IsAdded));
    }

    [Fact]
    public void Refusals_InGerman_GoByTheirCode()
    {
        var before = CultureInfo.CurrentUICulture;
        try
        {
            CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("de");
            Assert.Equal("Die Datei ist leer (0 Byte).", new UploadAnswer(false, null, null, "upload.empty").Sentence);
            Assert.Equal("Das ist keine .torrent-Datei.", new UploadAnswer(false, "This is not a .torrent file: it begins with 'x'.", null, "bencode.syntax").Sentence);
            Assert.Equal("Something new.", new UploadAnswer(false, "Something new.", null, "code.of_tomorrow").Sentence);
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }

    private static Inspected Inside(PageContext context, string name)
    {
        var preview = context.Engine.Inspect(FakeEngine.TorrentFile(name));
        return new Inspected
        {
            UploadId = "upload",
            InfoHash = preview.InfoHash.ToString(),
            Name = preview.Name,
            Size = preview.Size,
            Files = [.. preview.Files.Select(file => new InspectedFile(file.Index, file.Path, file.Length))],
        };
    }

    private static UploadAnswer Answer(Inspected inside) => new(true, null, System.Text.Json.JsonSerializer.SerializeToElement(inside, System.Text.Json.JsonSerializerOptions.Web));

    private Task<IRenderedComponent<MudDialogProvider>> OpenAsync(PageContext context, Inspected inside) =>
        OpenAsync<AddTorrentDialog>(context, new DialogParameters<AddTorrentDialog> { { one => one.Inside, inside }, { one => one.Add, SendAsync } });

    private static async Task<IRenderedComponent<MudDialogProvider>> OpenAsync<T>(PageContext context, DialogParameters parameters)
        where T : Microsoft.AspNetCore.Components.IComponent
    {
        context.Render<MudPopoverProvider>();
        var provider = context.Render<MudDialogProvider>();
        var dialogs = context.Services.GetRequiredService<IDialogService>();
        await provider.InvokeAsync(() => dialogs.ShowAsync<T>("Add", parameters));
        return provider;
    }

    private Task<UploadAnswer> SendAsync(IReadOnlyDictionary<string, string> fields)
    {
        _sent.Add(fields);
        return Task.FromResult(_answer);
    }

    private static AngleSharp.Dom.IElement Button(IRenderedComponent<MudDialogProvider> dialog, string words) =>
        dialog.FindAll("button").Single(button => button.TextContent.Trim() == words);
}
