using System.Collections.Immutable;
using System.Net;
using CsCheck;
using P2P.Engine.Discovery;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery.Dht;

/// <summary>The small policies of the node: when to search, whom to bootstrap from, what to keep, how much to send.</summary>
public sealed class DhtPolicyTests
{
    private static readonly InfoHash First = InfoHash.Parse("0102030405060708090a0b0c0d0e0f1011121314");
    private static readonly InfoHash Second = InfoHash.Parse("ff02030405060708090a0b0c0d0e0f1011121314");
    private readonly DhtSchedule _schedule = new(new Random(1));
    private readonly DhtBootstrap _bootstrap = new();

    [Fact]
    public void Next_Followed_DueAtOnceThenEveryQuarterOfAnHourSpread()
    {
        var torrent = Follow(First, isSeed: true, 1_000);
        Assert.Same(torrent, _schedule.Next(1_000));
        Assert.Null(_schedule.Next(1_000));

        _schedule.Ended(torrent, peers: 0, replies: 8, 3_000);

        Assert.InRange(torrent.DueMs - 1_000, DhtSchedule.IntervalMs - 60_000, DhtSchedule.IntervalMs + 60_000);
        Assert.Null(_schedule.Next(torrent.DueMs - 1));
        Assert.Same(torrent, _schedule.Next(torrent.DueMs));
    }

    [Fact]
    public void Ended_WantsPeersAndFoundNone_EveryFiveMinutes()
    {
        var torrent = Follow(First, isSeed: false, 0);
        _schedule.Next(0);
        _schedule.Ended(torrent, peers: 0, replies: 8, 3_000);

        Assert.Equal(DhtSchedule.HungryMs, torrent.DueMs);
    }

    [Fact]
    public void SetWantsPeers_SeedThatFoundNone_TheNextSearchComesSooner()
    {
        var torrent = Follow(First, isSeed: true, 0);
        _schedule.Next(0);
        _schedule.Ended(torrent, peers: 0, replies: 8, 3_000);
        _schedule.SetWantsPeers(First, wantsPeers: true);

        Assert.Equal(DhtSchedule.HungryMs, torrent.DueMs);
    }

    [Fact]
    public void Ended_NobodyAnswered_AgainInHalfAMinute()
    {
        var torrent = Follow(First, isSeed: true, 0);
        _schedule.Next(0);
        _schedule.Ended(torrent, peers: 0, replies: 0, 10_000);

        Assert.Equal(10_000 + DhtSchedule.RetryMs, torrent.DueMs);
    }

    [Fact]
    public void AskNow_ClickedAgainAndAgain_NotSoonerThanTwentySeconds()
    {
        var torrent = Follow(First, isSeed: true, 0);
        _schedule.Next(0);
        _schedule.AskNow(First, 1_000); // during the search
        _schedule.Ended(torrent, peers: 3, replies: 8, 3_000);
        Assert.Equal(DhtSchedule.ClickMs, torrent.DueMs);

        Assert.Same(torrent, _schedule.Next(DhtSchedule.ClickMs));
        _schedule.Ended(torrent, peers: 3, replies: 8, 25_000);
        _schedule.AskNow(First, 500_000);
        Assert.Same(torrent, _schedule.Next(500_000));
    }

    [Fact]
    public void Next_SeveralDue_TheLongestWaitingFirst()
    {
        var late = Follow(First, isSeed: true, 10);
        var early = Follow(Second, isSeed: true, 5);

        Assert.Same(early, _schedule.Next(20));
        _schedule.Unfollow(First);
        Assert.Null(_schedule.Next(20));
        Assert.NotSame(early, late);
    }

    [Fact] // D22
    public void Bootstrap_NameUnknown_TriedAgainAfterHalfAMinuteDoublingToAnHour()
    {
        _bootstrap.Set(["nobody.invalid:6881"]);
        var pauses = new List<long>();
        long now = 0, last = 0;
        for (var tries = 0; tries < 12; now += 1_000)
        {
            if (_bootstrap.Next(now) is not { } due)
            {
                continue;
            }

            Assert.Equal(("nobody.invalid", 6_881), (due.Host, due.Port));
            _bootstrap.OnUnknown(due.Text, "nobody.invalid is unknown.");
            pauses.Add((now - last) / 1_000);
            (last, tries) = (now, tries + 1);
        }

        Assert.Equal([0, 30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600], pauses);
        Assert.Equal("nobody.invalid is unknown.", Assert.Single(_bootstrap.ToSnapshot()).Message);
    }

    [Fact]
    public void Bootstrap_NodesKnownMeanwhile_PausesBeginAnewButNoSoonerThanHalfAMinute()
    {
        _bootstrap.Set(["127.0.0.1:6881"]);
        foreach (var now in new long[] { 0, 30_000, 90_000 })
        {
            Assert.NotNull(_bootstrap.Next(now));
        }

        _bootstrap.OnRich();
        _bootstrap.OnRich();
        Assert.Null(_bootstrap.Next(90_000 + DhtBootstrap.FirstMs - 1));
        Assert.NotNull(_bootstrap.Next(90_000 + DhtBootstrap.FirstMs));
        Assert.NotNull(_bootstrap.Next(90_000 + (2 * DhtBootstrap.FirstMs)));
    }

    [Theory] // D22
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("http://host:80")]
    [InlineData(":6881")]
    public void Bootstrap_Garbage_NeverTriedAndSaidSo(string text)
    {
        _bootstrap.Set([text]);

        Assert.Null(_bootstrap.Next(0));
        Assert.Equal("is not written as host:port", Assert.Single(_bootstrap.ToSnapshot()).Message);
    }

    [Fact] // D22
    public void Bootstrap_Resolved_HostsOnlyAndAtMostEight()
    {
        _bootstrap.Set(["127.0.0.1:6881"]);
        Assert.Equal([IPAddress.Loopback], _bootstrap.OnResolved("127.0.0.1:6881", [IPAddress.Loopback, IPAddress.Any, IPAddress.Parse("224.0.0.1")]));
        Assert.Equal(8, _bootstrap.OnResolved("127.0.0.1:6881", [.. Enumerable.Range(1, 100).Select(i => new IPAddress([9, 9, 9, (byte)i]))]).Length);
        _bootstrap.OnOutcome("127.0.0.1:6881", hasAnswered: true);
        _bootstrap.OnOutcome("127.0.0.1:6881", hasAnswered: false);
        Assert.Equal("1 of 8 addresses answered", _bootstrap.ToSnapshot()[0].Message);
    }

    [Fact]
    public void State_WrittenAndRead_IsTheSame()
    {
        var state = new DhtState(DhtFacts.Id(1), DhtFacts.Id(2), [DhtFacts.Node("50.0.0.1:1", 3), DhtFacts.Node("192.168.0.1:2", 4), DhtFacts.Node("[2001:db8::1]:3", 5)]);

        var read = DhtState.Read(state.Write());

        Assert.Equal((state.Id, state.Id6), (read.Id, read.Id6));
        Assert.Equal(state.Nodes, read.Nodes);
    }

    [Theory] // D23
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("le")]
    [InlineData("de")]
    [InlineData("d2:id3:abc5:nodesi5ee")]
    [InlineData("d2:id20:abcdefghij01234567895:nodes3:abce")]
    public void State_Odd_OnlyWhatIsSoundIsRead(string text)
    {
        var read = DhtState.Read(System.Text.Encoding.ASCII.GetBytes(text));

        Assert.Empty(read.Nodes);
        Assert.Equal(text.Contains("id20:", StringComparison.Ordinal), read.Id is not null);
    }

    [Fact] // D23
    public void State_AHundredMegabytes_IsIgnored() => Assert.Equal(DhtState.Empty, DhtState.Read(new byte[100_000_000]));

    [Fact] // D23
    public void State_AnyBytes_NeverAnExceptionAndBoundedNodes()
    {
        var sound = new DhtState(DhtFacts.Id(1), null, [DhtFacts.Node("50.0.0.1:1", 3), DhtFacts.Node("[2001:db8::1]:3", 5)]).Write();
        Gen.Byte.Array[0, 300].Sample(bytes => DhtState.Read(bytes).Nodes.Length <= 2 * DhtState.MaxNodes);
        Gen.Select(Gen.Int[0, sound.Length - 1], Gen.Byte, Gen.Int[0, sound.Length]).Sample((at, value, length) =>
        {
            var bytes = (byte[])sound.Clone();
            bytes[at] = value;
            return DhtState.Read(bytes.AsMemory(0, length)).Nodes.All(node => node.Endpoint.IsConnectable);
        });
    }

    [Fact]
    public void QueryBudget_AskedAllTheTime_TheBurstThenTheRate()
    {
        var budget = new QueryBudget(perSecond: 25, burst: 50);
        var taken = 0;
        for (long now = 5; now <= 60_005; now += 10)
        {
            while (budget.TryTake(now))
            {
                taken++;
            }
        }

        Assert.Equal(50 + (60 * 25), taken);
        Assert.False(budget.CanTake(60_005));
    }

    [Fact]
    public void QueryDesk_AnswerFromElsewhereOrOtherTransaction_IsNotTaken() // R-D01, D05
    {
        var desk = new QueryDesk(bytes => new Random(1).NextBytes(bytes));
        var query = new PendingQuery(DhtFacts.At("50.0.0.1:1"), null, _ => { });
        var transaction = desk.TryBook(query, 0)!;

        Assert.False(desk.TryTake(transaction, DhtFacts.At("50.0.0.2:1"), out _));
        Assert.False(desk.TryTake(transaction, DhtFacts.At("50.0.0.1:2"), out _));
        Assert.False(desk.TryTake(new byte[4], DhtFacts.At("50.0.0.1:1"), out _));
        Assert.False(desk.TryTake(transaction.AsSpan(1), DhtFacts.At("50.0.0.1:1"), out _));
        Assert.True(desk.TryTake(transaction, DhtFacts.At("50.0.0.1:1"), out var taken));
        Assert.Same(query, taken);
        Assert.False(desk.TryTake(transaction, DhtFacts.At("50.0.0.1:1"), out _));
        Assert.Null(desk.TakeExpired(1_000_000));
    }

    [Fact]
    public void QueryDesk_NoAnswer_ExpiresAfterTenSecondsInOrder()
    {
        var desk = new QueryDesk(bytes => bytes[0]++);
        var (first, second) = (new PendingQuery(DhtFacts.At("50.0.0.1:1"), null, _ => { }), new PendingQuery(DhtFacts.At("50.0.0.1:1"), null, _ => { }));
        desk.TryBook(first, 0);
        desk.TryBook(second, 1_000);

        Assert.Null(desk.TakeExpired(QueryDesk.FullMs - 1));
        Assert.Same(first, desk.TakeExpired(QueryDesk.FullMs));
        Assert.Null(desk.TakeExpired(QueryDesk.FullMs));
        Assert.Same(second, desk.TakeExpired(QueryDesk.FullMs + 1_000));
        Assert.Equal(0, desk.Count);
    }

    [Fact]
    public void ProbeQueue_StrangersFlood_FewPingsAndBoundedMemory()
    {
        var queue = new ProbeQueue();
        var pinged = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var now = (long)i * 60_000 / 100_000;
            queue.Add(new PeerEndpoint(new IPAddress(i + 0x01000000), 1), isStranger: true, now);
            while (queue.TryNext(now, out _))
            {
                pinged++;
            }
        }

        Assert.InRange(pinged, 100, ProbeQueue.StrangersBurst + (60 * ProbeQueue.StrangersPerSecond));
    }

    [Fact]
    public void ProbeQueue_SameEndpointWithinAMinute_PingedOnce()
    {
        var queue = new ProbeQueue();
        var endpoint = DhtFacts.At("50.0.0.1:1");
        queue.Add(endpoint, isStranger: false, 0);
        queue.Add(endpoint, isStranger: false, 0);
        Assert.True(queue.TryNext(0, out var next));
        Assert.Equal(endpoint, next);
        queue.Add(endpoint, isStranger: true, 59_999);
        Assert.True(queue.IsEmpty);
        queue.Add(endpoint, isStranger: true, 60_000);
        Assert.False(queue.IsEmpty);
    }

    private FollowedTorrent Follow(InfoHash infoHash, bool isSeed, long nowMs) => _schedule.Follow(infoHash, "t", isSeed, new Nobody(), nowMs);

    private sealed class Nobody : IDiscoverySink
    {
        public void OnPeersFound(DiscoverySource source, ImmutableArray<PeerEndpoint> peers)
        {
        }

        public void OnStatus(DiscoverySnapshot status)
        {
        }
    }
}
