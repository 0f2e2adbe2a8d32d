using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using P2P.Blazor.Components.TorrentDetail;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

/// <summary>What the map and its script say to each other, the script being ours to play.</summary>
public sealed class PieceExplorerTests
{
    [Fact]
    public async Task Map_ABeat_SendsOnlyWhatChangedSinceTheMapThatWasFetched()
    {
        await using var context = new PageContext();
        var map = Script(context);
        var load = map.Setup<long>("load", _ => true).SetResult(1);
        var patch = map.Setup<bool>("patch", _ => true).SetResult(true);
        var explorer = Render(context);
        Assert.EndsWith("/pieces/map?version=1", (string)load.Invocations.Single().Arguments[0]!, StringComparison.Ordinal);
        Assert.Empty(patch.Invocations);

        Beat(context, explorer, version: 2);
        Assert.Empty(patch.Invocations); // Nothing changed, so nothing is said.
        Beat(context, explorer, version: 3, have: 15);
        Beat(context, explorer, version: 4, have: 16);

        // Pieces 12 to 14 were in progress; 15 was not.
        Assert.Equal([1L, 3L, Hex(0, 0, 12, 3, 0, 0, 13, 3, 0, 0, 14, 3)], Said(patch, 0));
        Assert.Equal([3L, 4L, Hex(0, 0, 15, 3)], Said(patch, 1));
        Assert.Single(load.Invocations);
    }

    [Fact]
    public async Task Map_TheScriptMissedABeat_IsFetchedAgain()
    {
        await using var context = new PageContext();
        var map = Script(context);
        var load = map.Setup<long>("load", _ => true).SetResult(1);
        map.Setup<bool>("patch", _ => true).SetResult(false);
        var explorer = Render(context);
        Beat(context, explorer, version: 2, have: 20);

        Assert.Equal(["1", "2"], load.Invocations.Select(call => ((string)call.Arguments[0]!).Split('=')[1]));
    }

    [Fact]
    public async Task Map_OfABeatStillToCome_WaitsForIt()
    {
        await using var context = new PageContext();
        var map = Script(context);
        var load = map.Setup<long>("load", _ => true).SetResult(2);
        var patch = map.Setup<bool>("patch", _ => true).SetResult(true);
        var explorer = Render(context);
        Beat(context, explorer, version: 2, have: 20);
        Assert.Empty(patch.Invocations);
        Beat(context, explorer, version: 3, have: 21);

        Assert.Equal([2L, 3L, Hex(0, 0, 20, 3)], Said(patch, 0));
        Assert.Single(load.Invocations);
    }

    [Fact]
    public async Task Map_NoAnswer_IsAskedForWithTheNextBeat()
    {
        await using var context = new PageContext();
        var load = Script(context).Setup<long>("load", _ => true).SetResult(-1);
        var explorer = Render(context);
        Assert.Single(load.Invocations);
        Beat(context, explorer, version: 2);

        Assert.Equal(2, load.Invocations.Count);
    }

    [Fact]
    public async Task Map_ABeat_DoesNotDrawTheComponentAgain()
    {
        await using var context = new PageContext();
        var explorer = Render(context);
        var before = explorer.RenderCount;
        for (var version = 2; version < 6; version++)
        {
            Beat(context, explorer, version, have: 12 + version);
        }

        Assert.Equal(before, explorer.RenderCount);
    }

    [Theory]
    [InlineData("Next missing", 15)]
    [InlineData("Next rarest", 12)]
    [InlineData("Next asked for", 12)]
    public async Task Buttons_Next_GoToThatPiece(string name, int piece)
    {
        await using var context = new PageContext();
        var go = Script(context).SetupVoid("go", _ => true).SetVoidResult();
        var explorer = Render(context);
        await explorer.FindAll("button").Single(button => button.TextContent == name).ClickAsync(new());

        Assert.Equal(piece, go.Invocations.Single().Arguments[0]);
    }

    [Fact]
    public async Task Buttons_NothingIsMissing_SaysSo()
    {
        await using var context = new PageContext();
        var explorer = Render(context, torrent: 1);
        await explorer.FindAll("button").Single(button => button.TextContent == "Next missing").ClickAsync(new());

        Assert.Equal("No piece you want is missing.", explorer.Find("[role=status]").TextContent);
    }

    [Theory]
    [InlineData("7", null)]
    [InlineData("40", "Write a number from 0 to 39.")]
    [InlineData("-1", "Write a number from 0 to 39.")]
    [InlineData("", "Write a number from 0 to 39.")]
    public async Task GoTo_ANumber_IsWithinTheTorrent(string number, string? message)
    {
        await using var context = new PageContext();
        var explorer = Render(context);
        await explorer.Find("#piece-number").InputAsync(new ChangeEventArgs { Value = number });
        await explorer.Find(".piece-go").SubmitAsync();

        Assert.Equal(message ?? "", explorer.Find("[role=status]").TextContent);
    }

    [Fact]
    public async Task Failed_APieceFailedItsCheck_HasAButtonUntilItIsHere()
    {
        await using var context = new PageContext();
        var torrent = context.Engine.Torrents[0];
        context.Engine.Events = [new(context.Engine.Now, EngineEventKind.BadData, torrent.InfoHash, ".") { Arguments = [new("piece", DiagnosisArgumentKind.Number, 30)] }];
        torrent.Snapshot = torrent.Snapshot with { FailedHashes = 1 };
        var explorer = Render(context);
        Assert.Contains(explorer.FindAll("button"), button => button.TextContent == "Next failed");
        Assert.StartsWith("Piece 30: failed its check", explorer.Instance.OnCursor(30, 30), StringComparison.Ordinal);

        Beat(context, explorer, version: 2, have: 31);
        Assert.DoesNotContain(explorer.FindAll("button"), button => button.TextContent == "Next failed");
    }

    [Theory]
    [InlineData(-1, 3)]
    [InlineData(3, 2)]
    [InlineData(0, 40)]
    public async Task OnCursor_NoSuchCell_TellsNothing(int first, int last)
    {
        await using var context = new PageContext();
        Assert.Null(Render(context).Instance.OnCursor(first, last));
    }

    [Fact]
    public async Task Table_Asked_ListsRanges()
    {
        await using var context = new PageContext();
        var explorer = Render(context);
        Assert.Empty(explorer.FindAll("table"));
        await explorer.Find("[aria-expanded]").ClickAsync(new());

        Assert.Equal(["0 – 11verified1 to 6", "12 – 14asked for1 to 3", "15 – 39missing1 to 6"], explorer.FindAll("tbody tr").Select(row => row.TextContent));
    }

    [Fact]
    public async Task Who_APeerIsChosen_ShowsWhatItHas()
    {
        await using var context = new PageContext();
        var layer = Script(context).SetupVoid("layer", _ => true).SetVoidResult();
        var torrent = context.Engine.Torrents[0];
        var peer = torrent.Details!.Peers[0].Endpoint.ToString();
        var explorer = Render(context, layer: "who");
        await explorer.Find("select").ChangeAsync(new ChangeEventArgs { Value = peer });
        Assert.EndsWith($"?layer=who&peer={Uri.EscapeDataString(peer)}", context.Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal);

        explorer.Render(parameters => parameters.Add(page => page.Peer, peer));
        Assert.Equal(["who", $"api/v1/torrents/{torrent.InfoHash}/pieces/map?peer={Uri.EscapeDataString(peer)}", null], layer.Invocations.Last().Arguments);
    }

    [Fact]
    public async Task Files_TheLayer_NamesThemAndTheirPieces()
    {
        await using var context = new PageContext();
        Assert.Equal(["film.mkv pieces 0 to 29", "poster.jpg pieces 29 to 37", "read me.txt pieces 37 to 39"], Render(context, layer: "files").FindAll(".piece-files li").Select(file => file.TextContent));
    }

    private static BunitJSModuleInterop Script(PageContext context)
    {
        var module = context.JSInterop.SetupModule("./js/pieces.js");
        module.Mode = JSRuntimeMode.Loose;
        var map = module.SetupModule("map", _ => true);
        map.Mode = JSRuntimeMode.Loose;
        return map;
    }

    private static IRenderedComponent<PieceExplorer> Render(PageContext context, int torrent = 0, string? layer = null) =>
        context.Render<PieceExplorer>(parameters => parameters.Add(page => page.Details, context.Engine.Torrents[torrent].Details!).Add(page => page.Layer, layer));

    private static void Beat(PageContext context, IRenderedComponent<PieceExplorer> explorer, long version, int have = 12)
    {
        var details = context.Engine.Torrents[0].Details!;
        var bits = new byte[5];
        for (var piece = 0; piece < have; piece++)
        {
            bits[piece / 8] |= (byte)(0x80 >> (piece % 8));
        }

        explorer.Render(parameters => parameters.Add(page => page.Details, details with { Version = version, Pieces = details.Pieces with { Have = [.. bits] } }));
    }

    private static object[] Said(JSRuntimeInvocationHandlerBase<bool> patch, int call) =>
        [.. patch.Invocations.ElementAt(call).Arguments.Select(argument => argument is byte[] bytes ? Hex(bytes) : argument!)];

    private static string Hex(params byte[] bytes) => Convert.ToHexString(bytes);
}
