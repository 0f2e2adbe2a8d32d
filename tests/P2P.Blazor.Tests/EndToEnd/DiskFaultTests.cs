using Microsoft.Playwright;
using P2P.Blazor.Tests.Browser;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Blazor.Tests.EndToEnd;

/// <summary>A disk that takes nothing: told in page, API and log, harmless to other torrents, and over by itself when the disk is well.</summary>
[Collection(EndToEndGroup.Name)]
public sealed class DiskFaultTests(BrowserFixture browser)
{
    private const int Mebibyte = 1 << 20;
    private const int Length = 3 * Mebibyte;
    private const int PieceLength = 64 << 10;

    // Tried again every 30 s.
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(75);

    [Fact]
    public async Task A_full_disk_and_a_read_only_disk_hold_one_torrent_up_and_it_goes_on_by_itself()
    {
        browser.RequireBrowser();
        EndToEndGroup.Require(SmallDisk.WhyUnavailable, LibtorrentPeer.WhyUnavailable, Aria2Peer.WhyUnavailable);

        // At once, since both wait for the same half minute.
        await Task.WhenAll(FullAsync(), ReadOnlyAsync());
    }

    private async Task FullAsync()
    {
        using var loopback = new LoopbackFixture();
        await using var disk = await SmallDisk.StartAsync(loopback, 4 * Mebibyte, ballast: 3 * Mebibyte, isReadOnly: false);
        await FailAndRecoverAsync(
            loopback, disk.Host, @"^The disk is full: (0 bytes|\d+ KiB|0\.\d MiB) free, \d\.\d MiB needed\. Free some space; the download goes on by itself\.$", () =>
            {
                disk.Free();
                return Task.CompletedTask;
            });
    }

    private async Task ReadOnlyAsync()
    {
        using var loopback = new LoopbackFixture();
        await using var disk = await SmallDisk.StartAsync(loopback, 4 * Mebibyte, ballast: 1, isReadOnly: true);
        await FailAndRecoverAsync(
            loopback, disk.Host, @"^The disk is read-only, '/.+/incomplete/random-3145728-2\.bin\.part' cannot be written\. Make it writable; the download goes on by itself\.$", disk.MakeWritableAsync);
    }

    private async Task FailAndRecoverAsync(LoopbackFixture loopback, HostProcess host, string sentencePattern, Func<Task> repair)
    {
        await using var tracker = new TestTracker();
        var whole = TestTorrents.Single(loopback, 300_001, PieceLength, tracker.Url, seed: 1);
        var wanted = TestTorrents.Single(loopback, Length, PieceLength, tracker.Url, seed: 2);
        await using var seed = await LibtorrentPeer.StartAsync(loopback);
        await seed.AddAsync(wanted.TorrentPath, wanted.Directory, seed: true);
        await tracker.UntilAsync(announce => announce.Peer == seed.Endpoint, EndToEndGroup.Patience, "the seed did not announce itself");

        // The other torrent is whole already: found in the shared folder, verified, seeded.
        Directory.CreateDirectory(host.SharedDirectory);
        File.Copy(Path.Combine(whole.Directory, whole.Files[0].Path), Path.Combine(host.SharedDirectory, whole.Files[0].Path));
        await host.AddAsync(whole.TorrentPath);
        await host.UntilStateAsync(whole.InfoHash, "seeding", EndToEndGroup.Patience);
        await using var window = await browser.OpenAsync(host.Address);
        await window.GoAsync("/");

        await host.AddAsync(wanted.TorrentPath);
        var failed = await host.UntilStateAsync(wanted.InfoHash, "error", EndToEndGroup.Patience);
        var sentence = failed.GetProperty("error").GetString()!;
        Assert.Matches(sentencePattern, sentence);
        var row = window.Page.Locator($"tr[data-hash='{wanted.InfoHash}']");
        await Assertions.Expect(row.Locator(".c-state")).ToHaveTextAsync("Error");
        await Assertions.Expect(row.Locator(".t-why")).ToContainTextAsync(sentence);
        Assert.Contains(sentence, host.Log);

        await using (var leech = await Aria2Peer.StartAsync(loopback))
        {
            var copy = loopback.NewDirectory("aria2-download");
            await leech.AddAsync(whole.TorrentPath, copy, seed: false);
            await ((IReferencePeer)leech).UntilCompleteAsync(EndToEndGroup.Patience);
            whole.AssertCopiedTo(copy);
        }

        await repair();
        await host.UntilStateAsync(wanted.InfoHash, "seeding", Recovery);
        wanted.AssertCopiedTo(host.SharedDirectory);
        await Assertions.Expect(row.Locator(".c-state")).ToHaveTextAsync("Seeding");
        Assert.Empty(window.Complaints);
        Assert.Equal(0, await host.StopAsync());
    }
}
