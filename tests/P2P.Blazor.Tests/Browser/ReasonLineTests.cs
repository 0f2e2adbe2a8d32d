using Microsoft.Playwright;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Browser;

/// <summary>The reason line: each of the specification's conditions says its sentence in the list and on the torrent's page, with the button that helps.</summary>
/// <remarks>That the engine finds the condition is the business of its own table's tests.</remarks>
public sealed class ReasonLineTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    private static readonly (DiagnosisCode Code, TorrentState State, string Sentence, DiagnosisRemedy Remedy, string? Button)[] Conditions =
    [
        (DiagnosisCode.DiskFull, TorrentState.Error, "Stopped: the disk is full (needs 1.20 GiB, 310 MiB free).", DiagnosisRemedy.ChooseFolder, "Choose another folder"),
        (DiagnosisCode.FilesMissing, TorrentState.Error, "Files are not where they were: /srv/dl/x.", DiagnosisRemedy.Recheck, "Re-check"),
        (DiagnosisCode.TrackerErrorNoPeers, TorrentState.Downloading, "No peers: the tracker says \"not registered\". Next try in 4 min.", DiagnosisRemedy.AnnounceNow, "Ask now"),
        (DiagnosisCode.NoMetadata, TorrentState.Metadata, "Asking 6 peers for the file list.", DiagnosisRemedy.SeePeers, "See the peers"),
        (DiagnosisCode.Checking, TorrentState.Checking, "Checking files: 34 %, 210 MiB/s.", DiagnosisRemedy.None, null),
        (DiagnosisCode.Resuming, TorrentState.Checking, "Restoring: trusting 1,204 checked pieces.", DiagnosisRemedy.Recheck, "Re-check"),
        (DiagnosisCode.AllChoked, TorrentState.Downloading, "Waiting: 12 peers connected, none lets you download yet.", DiagnosisRemedy.SeeChoking, "See why"),
        (DiagnosisCode.NotAvailable, TorrentState.Downloading, "1,204 of 1,206 pieces exist in the swarm; 2 are on no connected peer.", DiagnosisRemedy.SeePieces, "See the pieces"),
        (DiagnosisCode.NoInterest, TorrentState.Seeding, "Seeding, nobody is asking at the moment.", DiagnosisRemedy.None, null),
        (DiagnosisCode.RateLimited, TorrentState.Downloading, "Held at your 500 KiB/s limit.", DiagnosisRemedy.ChangeLimit, "Change the limit"),
        (DiagnosisCode.Queued, TorrentState.Queued, "Third in the queue (2 of 2 running).", DiagnosisRemedy.StartNow, "Start now"),
        (DiagnosisCode.Stopped, TorrentState.Stopped, "Stopped by you at 13:10.", DiagnosisRemedy.Start, "Start"),
        (DiagnosisCode.Normal, TorrentState.Downloading, "Downloading from 7 of 23 peers, 4 served.", DiagnosisRemedy.None, null),
    ];

    [Fact]
    public async Task Every_condition_says_its_sentence_and_offers_what_helps()
    {
        fixture.RequireBrowser();
        using var host = BrowserFixture.Host(new FakeEngine(torrents: Conditions.Length));
        var torrents = host.Engine.Torrents;
        foreach (var (condition, torrent) in Conditions.Zip(torrents))
        {
            torrent.Snapshot = torrent.Snapshot with
            {
                State = condition.State,
                Error = condition.State == TorrentState.Error ? condition.Sentence : null,
                Diagnosis = new Diagnosis(condition.Code, [], condition.Sentence, condition.Remedy),
            };
        }

        host.Engine.Publish();
        await using var window = await fixture.OpenAsync(host);
        var page = window.Page;
        await window.GoAsync("/");
        foreach (var (condition, torrent) in Conditions.Zip(torrents))
        {
            await Assertions.Expect(page.Locator($"#r-{torrent.InfoHash} .t-why [data-raw]")).ToHaveTextAsync(condition.Sentence);
        }

        List<string> said = [];
        foreach (var (condition, torrent) in Conditions.Zip(torrents))
        {
            await window.GoAsync($"/t/{torrent.InfoHash}");
            await Assertions.Expect(page.Locator(".t-head .line")).ToContainTextAsync(condition.Sentence);
            var buttons = page.Locator(".t-head [data-remedy]");
            said.Add(await buttons.CountAsync() == 0 ? "" : await buttons.InnerTextAsync());
        }

        Assert.Equal(Conditions.Select(condition => condition.Button ?? ""), said);

        // Three of three kinds: a command at once, a page, a dialog.
        await window.GoAsync($"/t/{torrents[10].InfoHash}");
        await page.Locator("[data-remedy=StartNow]").ClickAsync();
        await page.Locator(".mud-snackbar").WaitForAsync(); // Said when it is done.
        Assert.Equal([$"forced True {torrents[10].InfoHash}"], host.Engine.Commands);
        await window.GoAsync($"/t/{torrents[7].InfoHash}");
        await page.Locator("[data-remedy=SeePieces]").ClickAsync();
        await page.Locator(".piece-map").First.WaitForAsync();
        await window.GoAsync($"/t/{torrents[0].InfoHash}");
        await page.Locator("[data-remedy=ChooseFolder]").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).WaitForAsync();
        Assert.Empty(window.Complaints);
    }
}
