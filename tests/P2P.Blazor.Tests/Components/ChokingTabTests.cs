using Bunit;
using P2P.Blazor.Components.TorrentDetail;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

public sealed class ChokingTabTests
{
    [Fact]
    public async Task SlotBoard_AnySnapshot_HasOneCardPerSlotAndTheUnchokedPeersOnThem()
    {
        await using var context = new PageContext();
        var choking = Details(context).Choking;
        var board = context.Render<SlotBoard>(parameters => parameters.Add(slots => slots.Choking, choking));

        Assert.Equal(choking.RegularSlots + choking.OptimisticSlots, board.FindAll(".slot").Count);
        Assert.Equal(
            choking.Decisions.Where(decision => decision.Slot != SlotKind.None).Select(decision => decision.Peer.ToString()),
            board.FindAll(".slot:not(.free) .who").Select(who => who.TextContent));
        Assert.Single(board.FindAll(".slot.opt"));
    }

    [Fact]
    public async Task SlotBoard_NobodyUnchoked_ShowsFreeSlotsWithTheirReason()
    {
        await using var context = new PageContext();
        var board = context.Render<SlotBoard>(parameters => parameters.Add(slots => slots.Choking, new ChokingSnapshot { RegularSlots = 3, OptimisticSlots = 1 }));

        Assert.Equal(4, board.FindAll(".slot.free").Count);
        Assert.All(board.FindAll(".why"), why => Assert.Equal("Nobody without a slot wants something from you.", why.TextContent));
    }

    [Theory]
    [InlineData(1_000 << 10, 4, 250 << 10, "U = 1000 KiB/s ÷ 4 = 250 KiB/s")]
    [InlineData(1_000 << 10, 5, 200 << 10, "U = 1000 KiB/s ÷ 5 = 200 KiB/s")]
    [InlineData(0, 4, 0, "U = no limit")]
    public async Task RateCards_Budget_ShowsUmaxOverF(long max, int torrents, long share, string expected)
    {
        await using var context = new PageContext();
        var rates = new RateTerms { MaxUploadRate = max, UploadingTorrents = torrents, UploadShare = share };
        var cards = context.Render<RateCards>(parameters => parameters.Add(card => card.Choking, new ChokingSnapshot { Rates = rates, RegularSlots = 3, OptimisticSlots = 1 }));

        Assert.Equal(expected, cards.Find(".formula").TextContent);
    }

    [Fact]
    public async Task Ranking_ADownload_DrawsTheCutAfterTheLastEarnedSlot()
    {
        await using var context = new PageContext();
        var details = Details(context);
        var table = context.Render<Ranking>(parameters => parameters.Add(rank => rank.Choking, details.Choking).Add(rank => rank.Peers, details.Peers));

        var rows = table.FindAll("tbody tr");
        Assert.Equal(details.Choking.Decisions.Length, rows.Count);
        var last = rows.ToList().FindLastIndex(row => row.QuerySelector(".you")!.TextContent.Contains("open", StringComparison.Ordinal));
        Assert.Equal("cut", rows[last].ClassName);
        Assert.Single(table.FindAll("tr.cut"));
    }

    [Fact]
    public async Task Journal_AnOlderRoundIsChosen_StaysWhileNewerOnesArrive()
    {
        await using var context = new PageContext();
        var history = Details(context).Choking.History;
        var journal = context.Render<RoundJournal>(parameters => parameters.Add(past => past.History, history));
        Assert.Contains("Round 7", journal.Find("h3").TextContent);
        await journal.FindAll(".rounds ol button")[2].ClickAsync(new());
        Assert.Contains("Round 5", journal.Find("h3").TextContent);
        journal.Render(parameters => parameters.Add(past => past.History, history.Insert(0, history[0] with { Round = 8 })));

        Assert.Contains("Round 5", journal.Find("h3").TextContent);
        await journal.Find("#ck-slider").InputAsync(new() { Value = "6" });
        Assert.Contains("Round 8", journal.Find("h3").TextContent);
    }

    [Fact]
    public async Task StrictSwitch_Turned_ChangesThisTorrent()
    {
        await using var context = new PageContext();
        context.Render<MudBlazor.MudPopoverProvider>();
        var torrent = context.Engine.Torrents[0];
        var tab = context.Render<ChokingTab>(parameters => parameters.Add(page => page.Details, torrent.Details).Add(page => page.Torrent, torrent));
        await tab.Find("input[type=checkbox]").ChangeAsync(new() { Value = true });

        Assert.Equal($"strict True {torrent.InfoHash}", context.Engine.Commands[^1]);
    }

    private static TorrentDetails Details(PageContext context) => context.Engine.Torrents[0].Details!;
}
