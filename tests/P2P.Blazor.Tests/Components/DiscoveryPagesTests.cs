using Bunit;
using Microsoft.AspNetCore.Components;
using P2P.Blazor.Components.Discovery;
using P2P.Blazor.Components.Pages;
using P2P.Blazor.Components.TorrentDetail;
using P2P.Blazor.Components.Words;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Components;

/// <summary>Where peers come from, the DHT's page, the tracker's page, and a torrent that is only a magnet link.</summary>
public sealed class DiscoveryPagesTests
{
    public static TheoryData<DiscoverySource, DiscoveryState> EverySourceAndState
    {
        get
        {
            var all = new TheoryData<DiscoverySource, DiscoveryState>();
            foreach (var source in Enum.GetValues<DiscoverySource>())
            {
                foreach (var state in Enum.GetValues<DiscoveryState>())
                {
                    all.Add(source, state);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(EverySourceAndState))]
    public void Message_EverySourceAndState_IsASentence(DiscoverySource source, DiscoveryState state)
    {
        var message = DiscoveryWords.Message(new DiscoverySnapshot { Source = source, State = state });

        Assert.EndsWith(".", message);
        Assert.True(char.IsUpper(message[0]));
        Assert.NotEmpty(DiscoveryWords.Of(source).Name);
        Assert.NotEmpty(DiscoveryWords.Of(state).Word);
    }

    [Theory]
    [InlineData(32 << 10, 48 << 10, 5, 0, "Fetching 32 of 48 KiB from 5 peers.")]
    [InlineData(0, 400, 1, 0, "Fetching 0 of 400 B from 1 peer.")]
    [InlineData(0, null, 0, 0, "Looking for a peer that has the metadata.")]
    [InlineData(0, null, 2, 1, "Asking 2 peers how large the metadata is. 1 answer was thrown away because the hash was wrong.")]
    [InlineData(16 << 10, 48 << 10, 0, 0, "16 of 48 KiB here; looking for a peer that has the rest.")]
    public void Sentence_OfMetadata_TellsBytesAndPeers(int received, int? size, int peers, int refused, string expected) =>
        Assert.Equal(expected, MetadataWords.Sentence(new MetadataProgress(received, size, peers, refused), TorrentState.Metadata));

    [Fact]
    public async Task DiscoveryTab_APrivateTorrent_SaysWhyOthersAreForbidden()
    {
        await using var context = new PageContext();
        var torrent = context.Engine.Torrents[0];
        var details = torrent.Details! with { Summary = torrent.Snapshot with { IsPrivate = true }, Discovery = FakeDiscovery.Sources(context.Engine.Now, isPrivate: true) };
        var tab = context.Render<DiscoveryTab>(parameters => parameters.Add(page => page.Details, details).Add(page => page.Torrent, torrent));

        var rows = tab.FindAll(".sources tbody tr");
        Assert.Equal(6, rows.Count);
        Assert.Equal(3, rows.Count(row => row.TextContent.Contains("Not allowed", StringComparison.Ordinal) && row.TextContent.Contains("private", StringComparison.Ordinal)));
        Assert.Contains("This torrent is private.", tab.Find(".banner").TextContent);
        await tab.Find(".page-head button").ClickAsync(new());
        Assert.Equal($"announce {torrent.InfoHash}", context.Engine.Commands[^1]);
    }

    [Fact]
    public async Task BucketChart_ATable_HasOneColumnPerBucketFilledByItsNodes()
    {
        await using var context = new PageContext();
        var table = FakeDiscovery.Dht(context.Engine.Now).Tables[0];
        var chart = context.Render<BucketChart>(parameters => parameters.Add(drawn => drawn.Table, table));

        var columns = chart.FindAll(".bucket");
        Assert.Equal(table.Buckets.Select(bucket => (bucket.Good, bucket.Questionable)), columns.Select(column => (column.QuerySelectorAll("i.g").Length, column.QuerySelectorAll("i.q").Length)));
        Assert.All(columns, column => Assert.Equal(8, column.QuerySelectorAll("i").Length));
    }

    [Fact]
    public async Task DhtPage_OffEmptyAndFull_SaysEach()
    {
        await using var context = new PageContext();
        var page = Show<DhtPage>(context);
        Assert.Equal(50, page.FindAll(".nodes tbody tr").Count);
        Assert.Equal(3, page.FindAll(".lookups tbody tr").Count);

        context.Engine.Dht = FakeDiscovery.Dht(context.Engine.Now, nodes: 0);
        context.Clock.Advance(TimeSpan.FromSeconds(1));
        page.WaitForAssertion(() => Assert.Contains("No node is known", page.Find(".banner").TextContent));

        context.Engine.Dht = new DhtSnapshot { IsRunning = false, Error = "Port 6881 is in use by another program." };
        context.Clock.Advance(TimeSpan.FromSeconds(1));
        page.WaitForAssertion(() => Assert.Contains("Port 6881 is in use", page.Find(".empty").TextContent));

        context.Engine.Dht = null;
        await page.Find("input[type=checkbox]").ChangeAsync(new() { Value = false });
        Assert.Equal(new EngineSettingsPatch { Dht = false }, context.Engine.LastPatch);
        page.WaitForAssertion(() => Assert.Contains("The DHT is off", page.Find(".empty").TextContent));
    }

    [Fact]
    public async Task DhtPage_Hidden_AsksNothing()
    {
        await using var context = new PageContext();
        var page = Show<DhtPage>(context);
        ((P2P.Blazor.Live.PageVisibility)context.Services.GetService(typeof(P2P.Blazor.Live.PageVisibility))!).IsVisible = false;
        context.Engine.Dht = new DhtSnapshot { IsRunning = false };
        context.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Empty(page.FindAll(".empty"));
    }

    [Fact]
    public async Task TrackerPage_SwitchedOn_ShowsUrlsToCopyAndSwarms()
    {
        await using var context = new PageContext();
        var page = Show<TrackerPage>(context);
        await page.Find(".empty button").ClickAsync(new());
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll(".url-list [data-copy]").Count));

        Assert.Equal(new EngineSettingsPatch { TrackerEnabled = true }, context.Engine.LastPatch);
        Assert.Equal("http://192.168.1.20:6969/announce", page.Find(".url-list [data-copy]").GetAttribute("data-copy"));
        Assert.Contains(context.Engine.Torrents[0].Snapshot.Name, page.Find(".swarms tbody tr").TextContent);
        Assert.Equal(2, page.FindAll(".swarms tbody tr").Count);
    }

    [Fact]
    public async Task TorrentPage_OfAMagnet_ShowsProgressAndNoFilesThenTheChoice()
    {
        await using var context = new PageContext(new FakeEngine(torrents: 7));
        var torrent = context.Engine.Torrents[6];
        var page = Show<TorrentPage>(context, torrent.InfoHash.ToString(), "files");

        Assert.Equal(["Overview", "Peers", "Trackers", "Log"], page.FindAll(".tabs a").Select(tab => tab.TextContent));
        Assert.Contains("Fetching 32 of 48 KiB from 2 peers.", page.Find("#meta-head + p").TextContent);
        Assert.Contains(torrent.Details!.Magnet, page.Find(".share code").TextContent);
        Assert.Empty(page.FindAll(".share a[download]"));

        torrent.ReceiveMetadata(isWaiting: true);
        page.Render(parameters => parameters.Add(shown => shown.Tab, null));
        await page.FindAll(".add-files input")[^1].ChangeAsync(new() { Value = false });
        await page.Find("section[aria-labelledby=choose-head] .btn.p").ClickAsync(new());
        Assert.Equal([$"priorities 2=Skip {torrent.InfoHash}", $"start {torrent.InfoHash}"], context.Engine.Commands);
    }

    private static IRenderedComponent<TPage> Show<TPage>(PageContext context, string? hash = null, string? tab = null)
        where TPage : IComponent
    {
        context.Render<MudBlazor.MudPopoverProvider>();
        return context.Render<TPage>(parameters =>
        {
            parameters.AddCascadingValue(context.Engine.Snapshot);
            if (hash is not null)
            {
                parameters.TryAdd("Hash", hash);
                parameters.TryAdd("Tab", tab);
            }
        });
    }
}
