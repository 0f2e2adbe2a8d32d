using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Playwright;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>The Choking page in a browser: its board is the engine's, its parts agree with each other, its countdown needs no traffic.</summary>
public sealed class ChokingPageTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task A_swap_is_told_alike_by_card_cut_line_lanes_and_log()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 2, peers: 9));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        var torrent = host.Engine.Torrents[0];
        await window.GoAsync($"/t/{torrent.InfoHash}/choking");
        await BoardIsEnginesAsync(page, torrent);
        await Assertions.Expect(page.Locator("canvas.lanes-canvas")).ToHaveAttributeAsync("data-rounds", "6");

        var choking = torrent.Details!.Choking;
        var loser = choking.Decisions.Last(decision => decision.Slot == SlotKind.Regular);
        var winner = choking.Decisions.First(decision => decision is { Slot: SlotKind.None, Reason: ChokeReason.OutRanked });
        Decide(host, torrent, winner, loser);
        await BoardIsEnginesAsync(page, torrent);
        await Assertions.Expect(page.Locator(".slot").Nth(2)).ToContainTextAsync(winner.Peer.ToString());
        await Assertions.Expect(page.Locator("tr.cut .c-peer")).ToContainTextAsync(winner.Peer.ToString());
        await Assertions.Expect(page.Locator("canvas.lanes-canvas")).ToHaveAttributeAsync("data-rounds", "7");
        await Assertions.Expect(page.Locator("[role=log] li").First).ToContainTextAsync("1 in, 1 out");
        var told = page.Locator(".rounds h3 + p");
        await Assertions.Expect(told).ToContainTextAsync($"In: {winner.Peer} (208");
        await Assertions.Expect(told).ToContainTextAsync($"Out: {loser.Peer} (");
        await page.Locator(".chart-table summary").ClickAsync();
        await Assertions.Expect(page.Locator(".journal-table tbody tr")).ToHaveCountAsync(7);
        await Assertions.Expect(page.Locator(".journal-table tbody tr").First).ToContainTextAsync(winner.Peer.ToString());
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task The_countdown_reaches_the_round_with_no_word_from_the_server()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 2, peers: 9));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await page.Clock.InstallAsync();
        var frames = 0;
        page.WebSocket += (_, socket) => socket.FrameReceived += (_, _) => Interlocked.Increment(ref frames);
        await window.GoAsync($"/t/{host.Engine.Torrents[0].InfoHash}/choking");
        var left = page.Locator("time[data-deadline]").First;
        await page.Clock.PauseAtAsync(DateTime.UtcNow.AddSeconds(1));
        await page.Locator("canvas.lanes-canvas[data-rounds]").WaitForAsync();
        await page.Clock.RunForAsync(300);
        var begin = await SecondsAsync();
        Assert.InRange(begin, 1, 12);
        var before = Volatile.Read(ref frames);
        await page.Clock.RunForAsync(1000);
        Assert.Equal(begin - 1, await SecondsAsync());
        await page.Clock.RunForAsync(1000 * (begin - 2));
        Assert.Equal(1, await SecondsAsync());
        await page.Clock.RunForAsync(1000);
        await Assertions.Expect(left).ToHaveTextAsync("now");
        Assert.Equal(before, Volatile.Read(ref frames));
        Assert.Empty(window.Complaints);

        async Task<int> SecondsAsync() => int.Parse((await left.TextContentAsync())!.Split(' ')[0], CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_peer_that_stops_sending_falls_to_nothing_within_the_window_second_by_second()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 2, peers: 9));
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        var torrent = host.Engine.Torrents[0];
        await window.GoAsync($"/t/{torrent.InfoHash}/choking");
        var first = page.Locator(".slot .recip").First.Locator("span:not(.bar):not(.down):not(.up):not([style])").First;
        for (var second = 0; second <= 20; second++)
        {
            // What 20 s of 102,400 B/s leave of their mean, so many seconds after the last byte; that the engine's window does this is its own test.
            var rate = 102_400L * (20 - second) / 20;
            Change(host, torrent, choking => choking with { Decisions = [choking.Decisions[0] with { DownloadRate = rate }, .. choking.Decisions[1..]] });
            await Assertions.Expect(first).ToHaveTextAsync(rate >= 102_400 ? "100 KiB/s" : rate == 0 ? "0 B/s" : $"{(rate < 10_235 ? $"{rate / 1024.0:0.00}" : $"{rate / 1024.0:0.0}")} KiB/s");
        }

        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task Settings_that_change_the_slots_change_the_board_in_a_beat()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: 2, peers: 9));
        await using var window = await fixture.OpenAsync(host, 390);
        var page = window.Page;
        var torrent = host.Engine.Torrents[0];
        await window.GoAsync($"/t/{torrent.InfoHash}/choking");
        await Assertions.Expect(page.Locator(".slot")).ToHaveCountAsync(4);
        await Assertions.Expect(page.Locator(".slot.opt .why")).ToContainTextAsync("at random");
        Change(host, torrent, choking => choking with { RegularSlots = 6, Rates = choking.Rates with { UploadingTorrents = 5, UploadShare = (4 << 20) / 5 } });
        await Assertions.Expect(page.Locator(".slot")).ToHaveCountAsync(7);
        await Assertions.Expect(page.Locator(".slot.free")).ToHaveCountAsync(3);
        await Assertions.Expect(page.GetByText("U = 4.00 MiB/s ÷ 5 = 819 KiB/s")).ToBeVisibleAsync();
        Change(host, torrent, choking => choking with { Rates = choking.Rates with { MaxUploadRate = 0 } });
        await Assertions.Expect(page.GetByText("U = no limit")).ToBeVisibleAsync();
        Assert.Empty(window.Complaints);
    }

    private static async Task BoardIsEnginesAsync(IPage page, FakeTorrent torrent)
    {
        var choking = torrent.Details!.Choking;
        string[] holders = [.. choking.Decisions.Where(decision => decision.Slot != SlotKind.None).Select(decision => decision.Peer.ToString())];
        await Assertions.Expect(page.Locator(".slot")).ToHaveCountAsync(choking.RegularSlots + choking.OptimisticSlots);
        await Assertions.Expect(page.Locator(".slot:not(.free) .who")).ToHaveTextAsync(holders);
    }

    private static void Change(LiveHost host, FakeTorrent torrent, Func<ChokingSnapshot, ChokingSnapshot> change)
    {
        torrent.Details = torrent.Details! with { Version = torrent.Details.Version + 1, Choking = change(torrent.Details.Choking) };
        host.Tick(_ => false);
    }

    // What the choker does when the round ends and one has overtaken another.
    private static void Decide(LiveHost host, FakeTorrent torrent, ChokeDecision winner, ChokeDecision loser)
    {
        const long Rate = 213_100;
        ImmutableArray<ChokeDecision> Decisions(ImmutableArray<ChokeDecision> before) =>
        [
            .. before.Select(decision => decision.Peer == winner.Peer ? winner with { Slot = SlotKind.Regular, Reason = ChokeReason.TopRate, Rank = loser.Rank, RateUsed = Rate }
                : decision.Peer == loser.Peer ? loser with { Slot = SlotKind.None, Reason = ChokeReason.OutRanked, Rank = loser.Rank + 1 } : decision)
                .OrderBy(decision => decision.Slot switch { SlotKind.Regular => 0, SlotKind.Optimistic => 1, _ => 2 }).ThenBy(decision => decision.Rank),
        ];
        var last = torrent.Rounds[^1];
        torrent.Rounds = torrent.Rounds.Add(last with
        {
            Round = last.Round + 1,
            At = last.At.AddSeconds(30),
            Entries =
            [
                .. last.Entries.Select(entry => entry.Peer == winner.Peer ? entry with { Slot = SlotKind.Regular, Reason = ChokeReason.TopRate, Change = ChokeChange.In, RateUsed = Rate }
                    : entry.Peer == loser.Peer ? entry with { Slot = SlotKind.None, Reason = ChokeReason.OutRanked, Change = ChokeChange.Out } : entry),
            ],
        });
        Change(host, torrent, choking => choking with { Round = choking.Round + 1, Decisions = Decisions(choking.Decisions) });
    }
}
