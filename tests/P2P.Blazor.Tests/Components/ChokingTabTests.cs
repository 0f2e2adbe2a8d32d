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
        var torrent = context.Engine.Torrents[0];
        var journal = context.Render<RoundJournal>(parameters => parameters.Add(past => past.Torrent, torrent).Add(past => past.Last, 7));
        Assert.Contains("Round 7", journal.Find("h3").TextContent);
        await journal.FindAll(".rounds ol button")[2].ClickAsync(new());
        Assert.Contains("Round 5", journal.Find("h3").TextContent);
        torrent.Rounds = torrent.Rounds.Add(torrent.Rounds[^1] with { Round = 8 });
        journal.Render(parameters => parameters.Add(past => past.Last, 8));

        Assert.Contains("Round 5", journal.Find("h3").TextContent);
        Assert.Equal(7, journal.FindAll(".rounds ol button").Count);
        Assert.NotEmpty(journal.FindAll(".rounds.past"));
        await journal.Find("#ck-slider").InputAsync(new() { Value = "6" });
        Assert.Contains("Round 8", journal.Find("h3").TextContent);
        Assert.Empty(journal.FindAll("#journal-now"));
    }

    [Fact]
    public async Task Journal_AfterARestart_ShowsTheRoundsBeforeIt()
    {
        await using var context = new PageContext();
        var torrent = context.Engine.Torrents[0];
        torrent.Rounds = [.. Enumerable.Range(1, 300).Select(number => FakeHistory.Round(number, context.Engine.Now.AddSeconds(30 * number)) with { IsFirstOfRun = number == 280 })];
        var journal = context.Render<RoundJournal>(parameters => parameters.Add(past => past.Torrent, torrent).Add(past => past.Last, 300));
        Assert.Equal(20, journal.FindAll(".rounds ol button").Count);
        await journal.FindAll(".segments button")[3].ClickAsync(new());
        Assert.Equal("299", journal.Find("#ck-slider").GetAttribute("max"));
        Assert.Contains("after a pause", journal.Find(".rounds ol").TextContent, StringComparison.Ordinal);
        await journal.Find("#ck-slider").InputAsync(new() { Value = "0" });
        Assert.Contains("Round 1,", journal.Find("h3").TextContent, StringComparison.Ordinal);
        Assert.Contains("198.51.100.4:6881", journal.Find(".round-list").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_Pressed_ShowsACaptionForEachPart()
    {
        await using var context = new PageContext();
        context.Render<MudBlazor.MudPopoverProvider>();
        var torrent = context.Engine.Torrents[0];
        var tab = context.Render<ChokingTab>(parameters => parameters.Add(page => page.Details, torrent.Details).Add(page => page.Torrent, torrent));
        Assert.Empty(tab.FindAll(".explain-cap"));
        await tab.Find("#explain").ClickAsync(new());
        Assert.Equal(5, tab.FindAll(".explain-cap").Count);
    }

    [Fact]
    public async Task Ranking_FiguresWithinFiveSeconds_WaitAndADecisionDoesNot()
    {
        await using var context = new PageContext();
        var details = Details(context);
        var table = context.Render<Ranking>(parameters => parameters.Add(rank => rank.Choking, details.Choking).Add(rank => rank.Peers, details.Peers).Add(rank => rank.At, context.Engine.Now));
        var faster = details.Choking with { Decisions = [.. details.Choking.Decisions.Select(decision => decision with { RateUsed = 999 << 20 })] };
        table.Render(parameters => parameters.Add(rank => rank.Choking, faster).Add(rank => rank.At, context.Engine.Now.AddSeconds(1)));
        Assert.DoesNotContain("999 MiB/s", table.Markup, StringComparison.Ordinal);
        table.Render(parameters => parameters.Add(rank => rank.Choking, faster).Add(rank => rank.At, context.Engine.Now.AddSeconds(5)));
        Assert.Contains("999 MiB/s", table.Markup, StringComparison.Ordinal);
        var round = faster with { Round = faster.Round + 1, Decisions = [.. faster.Decisions.Select(decision => decision with { RateUsed = 888 << 20 })] };
        table.Render(parameters => parameters.Add(rank => rank.Choking, round).Add(rank => rank.At, context.Engine.Now.AddSeconds(6)));
        Assert.Contains("888 MiB/s", table.Markup, StringComparison.Ordinal);
        var decided = round with { Decisions = [.. faster.Decisions.Select(decision => decision with { Slot = SlotKind.None, Reason = ChokeReason.NotUploading })] };
        table.Render(parameters => parameters.Add(rank => rank.Choking, decided).Add(rank => rank.At, context.Engine.Now.AddSeconds(7)));
        Assert.Contains("This torrent uploads nothing now.", table.Markup, StringComparison.Ordinal);
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
