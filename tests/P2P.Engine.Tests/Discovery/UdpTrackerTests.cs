using System.Buffers.Binary;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery;

public sealed class UdpTrackerTests
{
    private static readonly AnnounceRequest Request = new(
        new InfoHash(new byte[20]), new PeerId(new byte[20]), 6881, 0, 0, 1, AnnounceEvent.Started, 50, 1, null);

    private readonly FakeTimeProvider _time = new();
    private readonly FakeTrackerNetwork _network = new();
    private readonly List<double> _sentAt = [];
    private readonly DateTimeOffset _begin;

    public UdpTrackerTests()
    {
        SynchronizationContext.SetSynchronizationContext(null);
        _begin = _time.GetUtcNow();
    }

    [Fact]
    public async Task AnnounceAsync_TrackerAnswers_GivesPeers()
    {
        _network.Udp = (packet, _) => [(Answer(packet), null)];

        var response = await Tracker("udp://127.0.0.1:6969").AnnounceAsync(Request, default);

        Assert.Null(response.Failure);
        Assert.Equal("127.0.0.9:7000", Assert.Single(response.Peers).ToString());
        Assert.Equal([16, 98], _network.Sent.Select(sent => sent.Packet.Length));
        Assert.Equal(0, _network.OpenSockets);
    }

    [Theory] // row V07
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnnounceAsync_Silence_ResendsAt15_45_105_225AndFails(bool failsWhenCancelled)
    {
        _network.FailsWhenCancelled = failsWhenCancelled;
        Record((_, _) => []);
        var announce = Tracker("udp://127.0.0.1:6969").AnnounceAsync(Request, default);

        Advance(300);

        Assert.Equal([0, 15, 45, 105, 225], _sentAt);
        Assert.True(announce.IsCompletedSuccessfully);
        Assert.Equal(("tracker.timeout", "timed out after 240 s"), (await announce).Failure);
        Assert.Equal(0, _network.OpenSockets);
    }

    [Fact] // the example of BEP 15: the id got at 0 is too old at 105, so the tracker is connected to again
    public void AnnounceAsync_IdOlderThan60Seconds_ConnectsAgain()
    {
        Record((packet, _) => packet.Length == 16 ? [(Answer(packet), null)] : []);
        var announce = Tracker("udp://127.0.0.1:6969").AnnounceAsync(Request, default);

        Advance(110);

        Assert.Equal([0, 0, 15, 45, 105, 105], _sentAt);
        Assert.Equal([16, 98, 98, 98, 16, 98], _network.Sent.Select(sent => sent.Packet.Length));
        Assert.Equal(6, _network.Sent.Select(sent => BinaryPrimitives.ReadUInt32BigEndian(sent.Packet.AsSpan(12))).Distinct().Count());
        Assert.False(announce.IsCompleted);
    }

    [Fact] // rows V01, V02, V10
    public void AnnounceAsync_ForeignAndBrokenAnswers_AreDropped()
    {
        var stranger = new PeerEndpoint(IPAddress.Parse("127.0.0.2"), 6969);
        var otherPort = new PeerEndpoint(IPAddress.Loopback, 6970);
        Record((packet, _) =>
        {
            var good = Answer(packet);
            var otherTransaction = good.ToArray();
            otherTransaction[7] ^= 1;
            var otherAction = good.ToArray();
            otherAction[3] = 2;
            return [(good, stranger), (good, otherPort), (otherTransaction, null), (otherAction, null), (good[..15], null), ([], null), (new byte[60_000], null)];
        });

        var announce = Tracker("udp://127.0.0.1:6969").AnnounceAsync(Request, default);
        Advance(239);

        Assert.False(announce.IsCompleted);
        Assert.All(_network.Sent, sent => Assert.Equal(16, sent.Packet.Length));
    }

    [Fact]
    public async Task AnnounceAsync_TrackerRefuses_SaysItsWords()
    {
        _network.Udp = (packet, _) => [(packet.Length == 16 ? Answer(packet) : [0, 0, 0, 3, .. packet.AsSpan(12, 4), .. "go away"u8], null)];

        var response = await Tracker("udp://127.0.0.1:6969").AnnounceAsync(Request, default);

        Assert.Equal(("tracker.failure", "go away"), response.Failure);
    }

    [Theory] // row V09
    [InlineData("127.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("224.0.0.1")]
    [InlineData("10.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("::1")]
    [InlineData("::ffff:192.168.0.1")]
    public async Task AnnounceAsync_PublicNameOfLocalAddress_IsRefused(string address)
    {
        _network.Names["t.example.org"] = [IPAddress.Parse(address)];

        var response = await Tracker("udp://t.example.org:6969").AnnounceAsync(Request, default);

        Assert.Equal("tracker.ssrf", response.Failure?.Code);
        Assert.Empty(_network.Sent);
    }

    [Fact]
    public async Task AnnounceAsync_UnknownName_IsAFailure()
    {
        var response = await Tracker("udp://t.example.org:6969").AnnounceAsync(Request, default);

        Assert.Equal("net.dns", response.Failure?.Code);
    }

    [Fact]
    public async Task AnnounceAsync_NameOfIPv6Only_ReadsGroupsOf18()
    {
        _network.Names["t.example.org"] = [IPAddress.Parse("2606:2800:220:1::1")];
        var peer = new PeerEndpoint(IPAddress.Parse("2606:2800:220:1::2"), 7001);
        var compact = new byte[18];
        peer.WriteCompact(compact);
        _network.Udp = (packet, _) => [(packet.Length == 16 ? Answer(packet) : [.. Answer(packet).AsSpan(0, 20), .. compact], null)];

        var response = await Tracker("udp://t.example.org:6969").AnnounceAsync(Request, default);

        Assert.Equal([peer], response.Peers.AsEnumerable());
    }

    [Fact]
    public async Task AnnounceAsync_Cancelled_ThrowsAndClosesItsSocket()
    {
        using var cancel = new CancellationTokenSource();
        var announce = Tracker("udp://127.0.0.1:6969").AnnounceAsync(Request, cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await announce);
        Assert.Equal(0, _network.OpenSockets);
    }

    [Fact]
    public async Task ScrapeAsync_TrackerAnswers_GivesCounts()
    {
        var infoHash = new InfoHash([.. Enumerable.Range(1, 20).Select(i => (byte)i)]);
        _network.Udp = (packet, _) => [(packet.Length == 16 ? Answer(packet) : [0, 0, 0, 2, .. packet.AsSpan(12, 4), 0, 0, 0, 7, 0, 0, 1, 0, 255, 255, 255, 255], null)];

        var response = await Tracker("udp://127.0.0.1:6969/announce").ScrapeAsync(infoHash, default);

        Assert.Equal((null, 7, 256, 0), (response.Failure?.Code, response.Seeds, response.Downloads, response.Leechers));
        var request = _network.Sent[1].Packet;
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 2], request[..12]);
        Assert.Equal(infoHash.ToArray(), request[16..]);
        Assert.Equal(0, _network.OpenSockets);
    }

    [Fact]
    public void ScrapeAsync_ShortOrForeignAnswers_AreDropped()
    {
        _network.Udp = (packet, _) => packet.Length == 16
            ? [(Answer(packet), null)]
            : [([0, 0, 0, 2, .. packet.AsSpan(12, 4), 0, 0, 0, 7, 0, 0, 1, 0, 0, 0, 0], null), (Answer(packet), null)];
        var scrape = Tracker("udp://127.0.0.1:6969").ScrapeAsync(default, default);

        Advance(30);

        Assert.False(scrape.IsCompleted);
    }

    [Fact]
    public async Task ScrapeAsync_TrackerRefuses_SaysItsWords()
    {
        _network.Udp = (packet, _) => [(packet.Length == 16 ? Answer(packet) : [0, 0, 0, 3, .. packet.AsSpan(12, 4), .. "no scrape"u8], null)];

        Assert.Equal(("tracker.failure", "no scrape"), (await Tracker("udp://127.0.0.1:6969").ScrapeAsync(default, default)).Failure);
    }

    /// <summary>What a well-behaved tracker answers: an id, or one peer on loopback.</summary>
    internal static byte[] Answer(byte[] packet)
    {
        var transaction = packet.AsSpan(12, 4);
        return packet.Length == 16
            ? [0, 0, 0, 0, .. transaction, 1, 2, 3, 4, 5, 6, 7, 8]
            : [0, 0, 0, 1, .. transaction, 0, 0, 7, 8, 0, 0, 0, 1, 0, 0, 0, 2, 127, 0, 0, 9, 0x1b, 0x58];
    }

    private void Record(Func<byte[], PeerEndpoint, IEnumerable<(byte[], PeerEndpoint?)>> answer) =>
        _network.Udp = (packet, to) =>
        {
            _sentAt.Add((_time.GetUtcNow() - _begin).TotalSeconds);
            return answer(packet, to);
        };

    private void Advance(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private UdpTracker Tracker(string text)
    {
        Assert.True(TrackerUrl.TryParse(text, out var url, out _));
        return new UdpTracker(url, _network, _time, new Random(1), TimeSpan.FromSeconds(300));
    }
}
