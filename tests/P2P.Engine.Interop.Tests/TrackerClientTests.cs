using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Interop.Tests.Drivers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>Our tracker clients against opentracker, over HTTP and UDP.</summary>
public sealed class TrackerClientTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_announcers_meet_complete_and_leave(bool isUdp)
    {
        Assert.SkipWhen(OpenTracker.WhyUnavailable is not null, OpenTracker.WhyUnavailable ?? "");
        using var loopback = new LoopbackFixture();
        var infoHash = new InfoHash([.. Enumerable.Range(1, 20).Select(i => (byte)(i * 12))]);
        await using var tracker = await OpenTracker.StartAsync(loopback, infoHash);
        var url = isUdp ? tracker.UdpUrl : tracker.HttpUrl;
        using var first = new Client(loopback, infoHash, url, seed: 1);
        using var second = new Client(loopback, infoHash, url, seed: 2);

        first.Announcer.Start();
        await first.UntilAsync(row => row.State == TrackerState.Working, "the first announce did not work");
        second.Announcer.Start();
        await LoopbackFixture.UntilAsync(() => Task.FromResult(second.Found.Contains(first.Endpoint)), Timeout, "the second did not find the first");

        second.Totals = new TransferTotals(0, 1000, 0);
        second.Announcer.Completed();
        await second.UntilAsync(row => row is { State: TrackerState.Working, Seeds: 1 }, "the tracker does not count the new seed");
        await tracker.UntilSeededAsync(infoHash, Timeout);

        await second.Announcer.StopAsync().WaitAsync(Timeout);
        await first.Announcer.StopAsync().WaitAsync(Timeout);
        await first.UntilAsync(row => row.Message == "told that we left", "the first does not say that it left");

        using var third = new Client(loopback, infoHash, url, seed: 3);
        third.Announcer.Start();
        await third.UntilAsync(row => row.State == TrackerState.Working, "the third announce did not work");
        await third.UntilAsync(row => row.Downloads == 1, "nobody told of the download: UDP announces do not, so it is scraped (BEP 15)");
        Assert.Equal([third.Endpoint], third.Found.Append(third.Endpoint).Distinct());
        await third.Announcer.StopAsync().WaitAsync(Timeout);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_scrape_counts_seeds_leechers_and_downloads(bool isUdp)
    {
        Assert.SkipWhen(OpenTracker.WhyUnavailable is not null, OpenTracker.WhyUnavailable ?? "");
        using var loopback = new LoopbackFixture();
        var infoHash = new InfoHash([.. Enumerable.Range(1, 20).Select(i => (byte)(i * 11))]);
        await using var opentracker = await OpenTracker.StartAsync(loopback, infoHash);
        using var network = new SystemNetwork(loopback.NextAddress(), TimeProvider.System);
        var factory = new TrackerFactory(network, TimeProvider.System, new Random(1), TimeSpan.FromSeconds(300));
        var tracker = factory.Create(isUdp ? opentracker.UdpUrl : opentracker.HttpUrl, out _)!;
        var announce = new AnnounceRequest(infoHash, PeerId.Create(new Random(1)), 20_001, 0, 0, 1000, AnnounceEvent.Started, 50, 1, null);
        Assert.Null((await tracker.AnnounceAsync(announce, default)).Failure);
        using var other = new SystemNetwork(loopback.NextAddress(), TimeProvider.System);
        var second = new TrackerFactory(other, TimeProvider.System, new Random(2), TimeSpan.FromSeconds(300)).Create(tracker.Url, out _)!;
        var done = announce with { PeerId = PeerId.Create(new Random(2)), Port = 20_002, Left = 0, Event = AnnounceEvent.Completed };
        Assert.Null((await second.AnnounceAsync(done, default)).Failure);

        var counts = await tracker.ScrapeAsync(infoHash, default);

        Assert.Equal(new ScrapeResponse { Seeds = 1, Leechers = 1, Downloads = 1 }, counts);
    }

    /// <summary>One of ours, on an address of its own, that keeps what the announcer says.</summary>
    private sealed class Client : IAnnounceSink, IDisposable
    {
        private readonly SystemNetwork _network;
        private ImmutableArray<TrackerSnapshot> _rows = [];

        public Client(LoopbackFixture loopback, InfoHash infoHash, string url, int seed)
        {
            var random = new Random(seed);
            Endpoint = new PeerEndpoint(loopback.NextAddress(), 20_000 + seed);
            _network = new SystemNetwork(Endpoint.Address, TimeProvider.System);
            Announcer = new TorrentAnnouncer(
                infoHash, PeerId.Create(random), () => Endpoint.Port, [[url]], _network, TimeProvider.System, new ThreadPoolLoopScheduler(),
                random, TimeSpan.FromSeconds(300), this, NullLogger.Instance);
        }

        public PeerEndpoint Endpoint { get; }

        public TorrentAnnouncer Announcer { get; }

        public ConcurrentBag<PeerEndpoint> Found { get; } = [];

        public TransferTotals Totals { get; set; } = new(0, 0, 1000);

        public TrackerSnapshot? Row => _rows.IsEmpty ? null : _rows[0];

        public void OnPeersFound(ImmutableArray<PeerEndpoint> peers)
        {
            foreach (var peer in peers)
            {
                Found.Add(peer);
            }
        }

        public void OnTrackersChanged(ImmutableArray<TrackerSnapshot> trackers) => ImmutableInterlocked.InterlockedExchange(ref _rows, trackers);

        public Task UntilAsync(Func<TrackerSnapshot, bool> isIt, string what) => LoopbackFixture.UntilAsync(
            () => Task.FromResult(Row is { } row && isIt(row)), Timeout, what);

        public void Dispose() => _network.Dispose();
    }
}
