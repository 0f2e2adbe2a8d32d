using System.Collections.Immutable;
using System.Net;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using P2P.Blazor.Components.TorrentDetail;
using P2P.Blazor.Components.Words;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Blazor.Tests.Components;

public sealed class PeersTabTests
{
    private static readonly PeerSnapshot Peer = new()
    {
        Endpoint = new(new IPAddress([203, 0, 113, 7]), 6881),
        Client = "Transmission 4.0.6",
        AmInterested = true,
        IsInterested = true,
        IsChoking = true,
        AmChoking = true,
        Progress = 0.345,
        WeWantPieces = 88,
        TheyLackPieces = 312,
        RequestsOut = 4,
    };

    [Fact]
    public void Line_TheSamePeerAgain_ChangesNothing()
    {
        var line = Line(Peer, out var choking);
        Assert.True(line.Refresh());
        for (var beat = 0; beat < 4; beat++)
        {
            line.Give(Peer with { }, null, choking, isOpen: false);
            Assert.False(line.Refresh());
        }
    }

    [Fact]
    public void Line_AGateOpens_IsToldAtOnce()
    {
        var line = Line(Peer, out var choking);
        line.Refresh();
        line.Give(Peer with { IsChoking = false, DownloadRate = 2048 }, null, choking, isOpen: false);

        Assert.True(line.Refresh());
        Assert.Equal(("open", "closed", "2.00 KiB/s"), (line.They, line.You, line.From));
    }

    [Fact]
    public void Line_SumsThatRise_AreToldWithinThreeBeats()
    {
        var line = Line(Peer, out var choking);
        line.Refresh();
        var told = 0;
        for (var beat = 1; beat <= 6; beat++)
        {
            line.Give(Peer with { Downloaded = beat * 1024 }, null, choking, isOpen: false);
            told += line.Refresh() ? 1 : 0;
        }

        Assert.Equal(2, told);
    }

    [Fact]
    public void Line_Figures_AreInWords()
    {
        var line = Line(Peer, out _);
        line.Refresh();

        Assert.Equal(("34\u00A0%", "wants 312 of yours", "you want 88 of theirs", "4 asked", "–"), (line.Has, line.TheyWant, line.WeWant, line.Asked, line.ToAnswer));
        Assert.Equal("t/x/peers?peer=203.0.113.7%3A6881", line.Link);
    }

    [Theory]
    [InlineData(ChokeReason.TopRate, "Rank 5: it earned a slot.")]
    [InlineData(ChokeReason.OutRanked, "Rank 5, 3.00 KiB/s short of a slot.")]
    [InlineData(ChokeReason.WaitsForRound, "New: the next round decides.")]
    [InlineData(ChokeReason.Snubbing, "Snubs you, so only the lot can give it a slot.")]
    public void Why_ADecision_IsOneSentence(ChokeReason reason, string expected) =>
        Assert.Equal(expected, PeerWords.Why(Peer, new ChokeDecision { Peer = Peer.Endpoint, Rank = 5, Reason = reason, RateUsed = 1024, RateToBeat = 4096 }));

    [Fact]
    public void Why_EveryReason_HasWordsOfItsOwn() =>
        Assert.All(Enum.GetValues<ChokeReason>(), reason => Assert.DoesNotContain("peers.", PeerWords.Why(Peer, new ChokeDecision { Peer = Peer.Endpoint, Reason = reason }), StringComparison.Ordinal));

    [Theory]
    [InlineData(KnownPeerCondition.Connected, null, 0, "")]
    [InlineData(KnownPeerCondition.Waiting, null, 0, "Waits for its turn, or for a connection to become free.")]
    [InlineData(KnownPeerCondition.Failed, "203.0.113.7:6881 refused the connection.", 1, "It refused the connection.")]
    [InlineData(KnownPeerCondition.Failed, "It did not answer within 10 s.", 3, "It did not answer in time. Tried 3 times in a row.")]
    [InlineData(KnownPeerCondition.Waiting, "As many peers of its address are connected as may be.", 0, "Its address is connected already.")]
    [InlineData(KnownPeerCondition.Failed, "Something new.", 0, "Something new.")]
    public void Reason_AKnownPeer_IsInOurWordsWhenWeHaveThem(KnownPeerCondition condition, string? reason, int failures, string expected) =>
        Assert.Equal(expected, PeerWords.Reason(new KnownPeerSnapshot(Peer.Endpoint, "dht", condition, reason, failures, null)));

    [Fact]
    public async Task Tab_Connected_HasARowForEachInTheOrderTheyCame()
    {
        await using var context = new PageContext();
        var tab = Render(context);
        var peers = context.Engine.Torrents[0].Details!.Peers;

        Assert.Equal(peers.OrderBy(peer => peer.ConnectedAt).Select(peer => peer.Endpoint.ToString()), tab.FindAll(".p-who a").Select(link => link.TextContent));
        Assert.Empty(tab.FindAll(".p-wall, .p-drawer"));
    }

    [Fact]
    public async Task Tab_ABeatWithoutChange_DrawsNoRowAgain()
    {
        await using var context = new PageContext();
        var tab = Render(context);
        var rows = tab.FindComponents<PeerRow>();
        var before = rows.Select(row => row.RenderCount).ToArray();
        var details = context.Engine.Torrents[0].Details!;
        tab.Render(parameters => parameters.Add(page => page.Details, details with { Version = 2, Peers = [.. details.Peers.Select(peer => peer with { })] }));

        Assert.Equal(before, rows.Select(row => row.RenderCount));
    }

    [Fact]
    public async Task Tab_ManyPeers_HasAWallOverTheTable()
    {
        await using var context = new PageContext(new FakeEngine(torrents: 1, peers: 40));
        Assert.Contains("40 peers", Render(context).Find(".p-wall").GetAttribute("aria-label"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tab_AllKnown_CountsConditionsAndShowsOnlyTheChosen()
    {
        await using var context = new PageContext();
        var tab = Render(context, "?view=known");
        var known = context.Engine.Torrents[0].Details!.KnownPeers;
        Assert.Equal(known.Length, tab.FindAll(".k-who a").Count);

        var failed = tab.FindAll(".p-conditions button").Single(button => button.TextContent.Contains("failed", StringComparison.Ordinal));
        Assert.EndsWith("2", failed.TextContent, StringComparison.Ordinal);
        await failed.ClickAsync(new());
        Assert.Equal(["It refused the connection.", "It did not answer in time. Tried 3 times in a row."], tab.FindAll("td.k-why").Select(cell => cell.TextContent));
    }

    [Fact]
    public async Task Drawer_APeer_TellsTheFourBooleansAndDropsIt()
    {
        await using var context = new PageContext();
        var torrent = context.Engine.Torrents[0];
        var peer = torrent.Details!.Peers[0];
        var tab = Render(context, $"?peer={Uri.EscapeDataString(peer.Endpoint.ToString())}");

        Assert.Equal(["peer_choking = 0", "am_interested = 1", "am_choking = 0", "peer_interested = 1"], tab.FindAll(".gates code").Select(code => code.TextContent));
        Assert.Contains("pieces you lack", tab.Find(".p-strip").GetAttribute("aria-label"), StringComparison.Ordinal);
        await tab.Find("#peer-ban").ClickAsync(new());
        Assert.Empty(context.Engine.Commands);
        await tab.Find("#ban-yes").ClickAsync(new());
        Assert.Equal($"ban {peer.Endpoint} {torrent.InfoHash}", Assert.Single(context.Engine.Commands));
        Assert.EndsWith("/peers", context.Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drawer_Escape_ClosesIt()
    {
        await using var context = new PageContext();
        var tab = Render(context, "?view=known&peer=203.0.113.3%3A6881");
        Assert.Contains("Tried 3 times in a row.", tab.Find(".p-drawer").TextContent, StringComparison.Ordinal);
        await tab.Find(".p-drawer").KeyDownAsync(new Microsoft.AspNetCore.Components.Web.KeyboardEventArgs { Key = "Escape" });
        Assert.EndsWith("/peers?view=known", context.Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drawer_NotAnAddress_IsNotOpened()
    {
        await using var context = new PageContext();
        Assert.Empty(Render(context, "?peer=<script>").FindAll(".p-drawer"));
    }

    private static PeerLine Line(PeerSnapshot peer, out ChokingSnapshot choking)
    {
        choking = new ChokingSnapshot();
        var line = new PeerLine(peer, "t/x/peers");
        line.Give(peer, null, choking, isOpen: false);
        return line;
    }

    private static IRenderedComponent<PeersTab> Render(PageContext context, string query = "")
    {
        var torrent = context.Engine.Torrents[0];
        context.Services.GetRequiredService<NavigationManager>().NavigateTo($"t/{torrent.InfoHash}/peers{query}");
        return context.Render<PeersTab>(parameters => parameters.Add(page => page.Details, torrent.Details!).Add(page => page.Torrent, torrent));
    }
}
