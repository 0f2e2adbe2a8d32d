using Bunit;
using MudBlazor;
using P2P.Blazor.Components.Dialogs;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

/// <summary>The Add dialog's box for magnet links: looks, never adds by itself, then fetches and lets choose.</summary>
public sealed class AddSourceDialogTests
{
    private const string Hash = "0123456789abcdef0123456789abcdef01234567";
    private const string Magnet = $"magnet:?xt=urn:btih:{Hash}&dn=a+film&tr=http%3A%2F%2F127.0.0.1%3A6969%2Fannounce";

    [Fact]
    public async Task Typing_ALink_ShowsWhatItSaysAndAddsNothing()
    {
        await using var context = new PageContext();
        var dialog = await OpenAsync(context, "");
        Assert.True(Button(dialog, "Fetch and choose files").HasAttribute("disabled"));
        await dialog.Find("#magnet").InputAsync(new() { Value = Magnet });

        Assert.Contains("a film", dialog.Find("section.card h3").TextContent);
        Assert.Contains("http://127.0.0.1:6969/announce", dialog.Find(".urls").TextContent);
        Assert.False(Button(dialog, "Fetch and choose files").HasAttribute("disabled"));
        Assert.Empty(context.Engine.Commands);
    }

    [Fact]
    public async Task Typing_Nonsense_SaysWhy()
    {
        await using var context = new PageContext();
        var dialog = await OpenAsync(context, "magnet:?xt=nothing");

        Assert.Contains("neither a magnet link", dialog.Find("#magnet-error").TextContent);
        Assert.True(Button(dialog, "Add and start").HasAttribute("disabled"));
    }

    [Fact]
    public async Task ALink_OfATorrentInTheList_CannotBeAddedAgain()
    {
        await using var context = new PageContext();
        var dialog = await OpenAsync(context, context.Engine.Torrents[1].InfoHash.ToString());

        Assert.Contains("in the list already", dialog.Find(".banner").TextContent);
        Assert.True(Button(dialog, "Add and start").HasAttribute("disabled"));
    }

    [Fact]
    public async Task FetchAndChoose_ShowsProgressThenFilesThenStartsTheChosen()
    {
        await using var context = new PageContext();
        var dialog = await OpenAsync(context, Magnet);
        await Button(dialog, "Fetch and choose files").ClickAsync(new());
        Assert.True(context.Engine.LastAdd!.ChooseFiles);
        Assert.Contains("Fetching 32 of 48 KiB from 2 peers.", dialog.Find("#meta-head + p").TextContent);
        Assert.True(Button(dialog, "Download chosen files").HasAttribute("disabled"));

        context.Engine.Torrents[^1].ReceiveMetadata(isWaiting: true);
        context.Clock.Advance(TimeSpan.FromSeconds(1));
        dialog.WaitForElement(".add-files");
        dialog.WaitForAssertion(() => Assert.False(Button(dialog, "Download chosen files").HasAttribute("disabled")));
        await dialog.FindAll(".add-files input")[^1].ChangeAsync(new() { Value = false });
        await Button(dialog, "Download chosen files").ClickAsync(new());

        Assert.Equal([$"add {Hash}", $"priorities 2=Skip {Hash}", $"start {Hash}"], context.Engine.Commands);
    }

    [Fact]
    public async Task AddAndStart_AFolderThatIsNotAllowed_KeepsTheDialogAndSaysWhy()
    {
        await using var context = new PageContext();
        var dialog = await OpenAsync(context, Magnet);
        await dialog.Find("input[type=text]").InputAsync(new() { Value = "/etc" });
        await Button(dialog, "Add and start").ClickAsync(new());

        Assert.Contains("Files may be saved only under", dialog.Find("#magnet-error").TextContent);
        Assert.Null(context.Engine.LastAdd);
    }

    private static async Task<IRenderedComponent<MudDialogProvider>> OpenAsync(PageContext context, string text)
    {
        context.Render<MudPopoverProvider>();
        var provider = context.Render<MudDialogProvider>();
        var dialogs = (IDialogService)context.Services.GetService(typeof(IDialogService))!;
        await provider.InvokeAsync(() => dialogs.ShowAsync<AddSourceDialog>("Add", new DialogParameters<AddSourceDialog> { { dialog => dialog.Text, text } }));
        return provider;
    }

    private static AngleSharp.Dom.IElement Button(IRenderedComponent<MudDialogProvider> dialog, string words) =>
        dialog.FindAll("button").Single(button => button.TextContent.Trim() == words);
}
