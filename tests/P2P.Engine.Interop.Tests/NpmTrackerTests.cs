using System.Text.Json.Nodes;
using P2P.Engine.Interop.Tests.Drivers;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>The tracker that our client is itself, before the client of npm's "bittorrent-tracker".</summary>
public sealed class NpmTrackerTests
{
    // Letters and digits when read as ASCII: its HTTP scrape takes dictionary keys for text and garbles any others.
    private const string Hash = "6162636465666768696a6b6c6d6e6f7071727374";
    private const string Unknown = "3031323334353637383930313233343536373839";

    [Theory]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task Two_clients_start_update_complete_scrape_and_stop_by(string scheme)
    {
        Assert.SkipWhen(NpmTrackerClient.WhyUnavailable is not null, NpmTrackerClient.WhyUnavailable ?? "");
        using var loopback = new LoopbackFixture();
        await using var ours = await OurPeer.StartAsync(loopback, Serving(any: true));
        var url = await UrlAsync(ours, scheme);
        await using var npm = NpmTrackerClient.Start(loopback);
        await npm.OpenAsync("seed", url, Hash, 7001);
        await npm.OpenAsync("leech", url, Hash, 7002);

        var seed = await npm.AnnounceAsync("seed", "start", left: 0);
        Assert.Equal((1, 0), Counts(seed));
        Assert.Empty(Peers(seed));

        var leech = await npm.AnnounceAsync("leech", "start", left: 1_000);
        Assert.Equal((1, 1), Counts(leech));
        Assert.EndsWith(":7001", Assert.Single(Peers(leech)), StringComparison.Ordinal);

        // A seed has no use for seeds, and nobody for more peers than they asked for.
        Assert.EndsWith(":7002", Assert.Single(Peers(await npm.AnnounceAsync("seed", "update", left: 0))), StringComparison.Ordinal);
        Assert.Empty(Peers(await npm.AnnounceAsync("leech", "update", left: 500, numwant: 0)));

        Assert.Equal((2, 0), Counts(await npm.AnnounceAsync("leech", "complete", left: 0)));
        var scraped = await npm.ScrapeAsync("leech");
        Assert.Equal((2, 0), Counts(scraped));
        Assert.Equal(1, scraped["downloaded"]!.GetValue<int>());

        Assert.Equal((1, 0), Counts(await npm.AnnounceAsync("seed", "stop", left: 0)));
        var many = await npm.ScrapeAsync(url, Hash, Unknown);
        Assert.Equal((1, 0), Counts(many[Hash]!));
        Assert.Equal((0, 0), Counts(many[Unknown]!));
        var state = await ours.Engine.GetTrackerServerAsync();
        Assert.Equal((6, 3, 0), (state.Announces, state.Scrapes, state.Refused));
    }

    [Theory]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task A_torrent_that_is_not_served_is_refused_with_a_sentence_by(string scheme)
    {
        Assert.SkipWhen(NpmTrackerClient.WhyUnavailable is not null, NpmTrackerClient.WhyUnavailable ?? "");
        using var loopback = new LoopbackFixture();
        await using var ours = await OurPeer.StartAsync(loopback, Serving(any: false));
        await using var npm = NpmTrackerClient.Start(loopback);
        await npm.OpenAsync("leech", await UrlAsync(ours, scheme), Hash, 7001);

        var answer = await npm.AnnounceAsync("leech", "start", left: 1);

        Assert.Contains("torrent", answer["warning"]?.GetValue<string>() ?? answer.ToJsonString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, (await ours.Engine.GetTrackerServerAsync()).Peers);
    }

    private static Func<TorrentEngineOptions, TorrentEngineOptions> Serving(bool any) =>
        options => options with { Tracker = new TrackerServerOptions { Enabled = true, HttpPort = 0, UdpPort = 0, ServesAny = any } };

    private static async Task<string> UrlAsync(OurPeer ours, string scheme)
    {
        await LoopbackFixture.UntilAsync(async () => (await ours.Engine.GetTrackerServerAsync()).IsRunning, TimeSpan.FromSeconds(20), "the tracker does not run");
        return (await ours.Engine.GetTrackerServerAsync()).AnnounceUrls.Single(url => url.StartsWith($"{scheme}:", StringComparison.Ordinal));
    }

    private static (int Complete, int Incomplete) Counts(JsonNode answer) =>
        (answer["complete"]?.GetValue<int>() ?? throw new InvalidOperationException(answer.ToJsonString()), answer["incomplete"]!.GetValue<int>());

    private static string[] Peers(JsonNode answer) => [.. answer["peers"]!.AsArray().Select(peer => peer!.GetValue<string>())];
}
