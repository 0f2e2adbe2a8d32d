using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Playwright;
using P2P.Blazor.Tests.Browser;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Blazor.Tests.EndToEnd;

/// <summary>The main job as a person does it: the page in a browser, the real program behind it, clients we did not write around it.</summary>
/// <remarks>P2P_SHOTS=folder keeps pictures.</remarks>
[Collection(EndToEndGroup.Name)]
public sealed class ExampleTests(BrowserFixture browser)
{
    // Half a minute for the whole file: Transmission thinks about whom to serve every 10 s. Lifted when both clients have given.
    private const int DownloadLimit = 100_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_example_is_uploaded_in_the_page_downloaded_from_two_clients_seeded_and_fetched_from_us_alone(bool isReal)
    {
        browser.RequireBrowser();
        EndToEndGroup.Require(isReal ? ExampleTorrent.WhyNotReal : null, LibtorrentPeer.WhyUnavailable, TransmissionPeer.WhyUnavailable, Aria2Peer.WhyUnavailable, OpenTracker.WhyUnavailable);
        using var loopback = new LoopbackFixture();
        await using var tracker = await OpenTracker.StartAsync(loopback);
        var torrent = isReal ? ExampleTorrent.Real(loopback, tracker.HttpUrl) : ExampleTorrent.Generated(loopback, tracker.HttpUrl);
        await tracker.AllowAsync(torrent.InfoHash);
        await using var host = await HostProcess.StartAsync(loopback, null, string.Create(CultureInfo.InvariantCulture, $"--Engine:MaxDownloadRate={DownloadLimit}"));
        await using var window = await browser.OpenAsync(host.Address);
        var finished = Path.Combine(host.SharedDirectory, ExampleTorrent.FileName);

        await using (var transmission = await TransmissionPeer.StartAsync(loopback))
        await using (var libtorrent = await LibtorrentPeer.StartAsync(loopback))
        {
            await libtorrent.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
            await transmission.AddAsync(torrent.TorrentPath, torrent.Directory, seed: true);
            await tracker.UntilSeededAsync(torrent.InfoHash, EndToEndGroup.Patience, seeds: 2);

            await UploadAsync(window, torrent);
            var givers = await WatchAsync(window, host, torrent);
            Assert.True(givers.Count == 2, host.Log + await host.GetAsync($"torrents/{torrent.InfoHash}/peers"));
            Assert.Equal(new[] { libtorrent.Endpoint.ToString(), transmission.Endpoint.ToString() }.Order(), givers.Order());
        }

        await host.UntilStateAsync(torrent.InfoHash, "seeding", EndToEndGroup.Patience);
        Assert.Equal(torrent.Sha1, ExampleTorrent.Sha1Of(finished));
        Assert.Empty(Directory.GetFiles(Path.Combine(host.Folder, "incomplete"), "*.txt*", SearchOption.AllDirectories));

        await using var aria2 = await Aria2Peer.StartAsync(loopback);
        var copy = loopback.NewDirectory("aria2-download");
        await aria2.AddAsync(torrent.TorrentPath, copy, seed: false);
        await ((IReferencePeer)aria2).UntilCompleteAsync(EndToEndGroup.Patience);
        Assert.Equal(torrent.Sha1, ExampleTorrent.Sha1Of(Path.Combine(copy, ExampleTorrent.FileName)));
        var row = await host.UntilAsync(() => host.TorrentAsync(torrent.InfoHash), answer => answer.GetProperty("uploaded").GetInt64() >= ExampleTorrent.Length, EndToEndGroup.Patience, "all of it was uploaded by us");
        Assert.Equal((ExampleTorrent.Length, 1d), (row.GetProperty("haveBytes").GetInt64(), row.GetProperty("progress").GetDouble()));
        Assert.Empty(window.Complaints);
        Assert.Equal(0, await host.StopAsync());
    }

    private static async Task UploadAsync(BrowserWindow window, ExampleTorrent torrent)
    {
        var page = window.Page;
        await window.GoAsync("/");
        await page.GetByText("No transfers yet").WaitForAsync();
        var chooser = await page.RunAndWaitForFileChooserAsync(window.ChooseFilesAsync);
        await chooser.SetFilesAsync(torrent.TorrentPath);
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("2.78 MiB in 1 file · 179 pieces of 16.0 KiB").WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add and start" }).ClickAsync();
    }

    // Follows the row in the page, without reloading, from "downloading" to "seeding"; returns who gave us anything.
    private static async Task<IReadOnlyCollection<string>> WatchAsync(BrowserWindow window, HostProcess host, ExampleTorrent torrent)
    {
        var row = window.Page.Locator($"tr[data-hash='{torrent.InfoHash}']");
        await Assertions.Expect(row.Locator(".c-state")).ToHaveTextAsync("Downloading", new() { Timeout = 30_000 });
        var (givers, percents) = (new ConcurrentDictionary<string, bool>(), new HashSet<string>());
        await LoopbackFixture.UntilAsync(
            async () =>
            {
                var wasAlone = givers.Count < 2;
                foreach (var peer in (await host.GetAsync($"torrents/{torrent.InfoHash}/peers")).EnumerateArray().Where(peer => peer.GetProperty("downloaded").GetInt64() > 0))
                {
                    givers.TryAdd(peer.GetProperty("endpoint").GetString()!, true);
                }

                if (wasAlone && givers.Count == 2)
                {
                    await host.PatchSettingsAsync(new { maxDownloadRate = 2_000_000 });
                }

                percents.Add(await row.Locator(".pct").TextContentAsync() ?? "");
                return await row.Locator(".c-state").TextContentAsync() == "Seeding";
            },
            EndToEndGroup.Patience,
            "the page does not say that it seeds");
        Assert.True(percents.Count >= 3, $"The page showed only: {string.Join(", ", percents)}");
        await Assertions.Expect(row.Locator(".pct")).ToHaveTextAsync("100\u00A0%");
        return [.. givers.Keys];
    }
}
