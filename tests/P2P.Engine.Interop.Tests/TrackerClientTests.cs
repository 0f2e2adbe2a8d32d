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
        Assert.Equal("told that we left", first.Row?.Message);

        using var third = new Client(loopback, infoHash, url, seed: 3);
        third.Announcer.Start();
        await third.UntilAsync(row => row.State == TrackerState.Working, "the third announce did not work");
        Assert.Equal([third.Endpoint], third.Found.Append(third.Endpoint).Distinct());
        await third.Announcer.StopAsync().WaitAsync(Timeout);
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
