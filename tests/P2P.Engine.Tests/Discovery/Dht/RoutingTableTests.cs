using System.Net;
using CsCheck;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery.Dht;

public sealed class RoutingTableTests
{
    private const long Quarter = RoutingTable.FreshMs;
    private readonly RoutingTable _table = new(DhtFacts.Id());

    private IEnumerable<string> Endpoints => _table.Nodes.Select(node => node.Endpoint.ToString());

    [Fact]
    public void OnAnswer_FarBucketFull_OnlyTheOwnBucketIsSplit()
    {
        for (var i = 0; i < 20; i++)
        {
            Answer($"50.0.{i}.1:1", 0, 0x80, (byte)i);
        }

        Assert.Equal(RoutingTable.BucketSize, _table.Count);
        Assert.Equal(2, _table.BucketCount);
        for (var i = 0; i < 8; i++)
        {
            Assert.True(Answer($"51.0.{i}.1:1", 0, 0x40, (byte)i));
        }

        Assert.Equal(16, _table.Count);
        var shown = _table.ToSnapshot(isIPv6: false, 0, DateTimeOffset.UnixEpoch);
        Assert.Equal([(0, 8, 8), (1, 8, 0)], shown.Buckets.Select(bucket => (bucket.SharedBits, bucket.Good, bucket.Replacements)));
    }

    [Fact] // D12
    public void OnAnswer_OneAddressWithEightPorts_OneNodeIsKept()
    {
        for (var i = 0; i < 8; i++)
        {
            Answer($"50.0.0.1:{i + 1}", 0, (byte)((i << 5) | 1));
        }

        Assert.Equal(["50.0.0.1:1"], Endpoints);
    }

    [Fact] // D20
    public void OnAnswer_AThousandIdsOfOneNetworkNearUs_AtMostTwoInABucket()
    {
        for (var i = 0; i < 1_000; i++)
        {
            Answer($"50.0.0.{(i % 250) + 1}:{i + 1}", 0, 0, 0, (byte)(i >> 8), (byte)i);
        }

        for (var i = 0; i < 30; i++)
        {
            Answer($"51.0.{i}.1:1", 0, (byte)(i * 8), 1);
        }

        var crowd = _table.Nodes.Where(node => node.Endpoint.ToString().StartsWith("50.0.0.", StringComparison.Ordinal)).ToArray();
        Assert.InRange(crowd.Length, 1, 2 * _table.BucketCount);
        Assert.All(crowd.GroupBy(node => Math.Min(_table.OurId.SharedBits(node.Id), _table.BucketCount - 1)), bucket => Assert.InRange(bucket.Count(), 1, 2));
    }

    [Fact] // D20: who would find no place is not pinged either
    public void HasRoomFor_ThirdOfItsNetworkOrSecondOfItsAddress_No()
    {
        Answer("50.0.0.1:1", 0, 0x80);
        Assert.True(_table.HasRoomFor(DhtFacts.Node("50.0.0.2:1", 0x40), 0));
        Answer("50.0.0.2:1", 0, 0x40);

        Assert.False(_table.HasRoomFor(DhtFacts.Node("50.0.0.3:1", 0x20), 0));
        Assert.False(_table.HasRoomFor(DhtFacts.Node("50.0.0.1:2", 0x20), 0));
        Assert.True(_table.HasRoomFor(DhtFacts.Node("50.0.1.1:1", 0x20), 0));
        Assert.False(_table.HasRoomFor(DhtFacts.Node("50.0.1.1:1"), 0));
    }

    [Fact]
    public void HasRoomFor_FarBucketFullOfGoodNodes_NoUntilOneIsDoubtful()
    {
        FillFarBucket();
        Answer("51.0.0.1:1", 0, 0x40);

        Assert.False(_table.HasRoomFor(DhtFacts.Node("60.0.0.1:1", 0x80, 99), Quarter - 1));
        Assert.True(_table.HasRoomFor(DhtFacts.Node("60.0.0.1:1", 0x80, 99), Quarter));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("192.168.0.9")]
    public void OnAnswer_ManyNodesOfOneLocalAddress_AllAreKept(string address)
    {
        for (var i = 0; i < 8; i++)
        {
            Assert.True(Answer($"{address}:{i + 1}", 0, (byte)((i << 5) | 1)));
        }

        Assert.Equal(8, _table.Count);
    }

    [Fact]
    public void OnAnswer_OurOwnId_IsNotKept()
    {
        Assert.False(_table.OnAnswer(DhtFacts.Node("50.0.0.1:1"), 1, "", fits: true, 0));
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void OnAnswer_SameIdFromElsewhereWhileTheFirstIsGood_TheFirstStays()
    {
        Answer("50.0.0.1:1", 0, 0x80);
        Assert.False(Answer("51.0.0.1:1", 0, 0x80));
        Assert.Equal(["50.0.0.1:1"], Endpoints);

        Assert.True(Answer("51.0.0.1:1", Quarter, 0x80));
        Assert.Equal(["51.0.0.1:1"], Endpoints);
    }

    [Fact]
    public void OnAnswer_AddressHasAnotherIdNow_TakesTheOldOnesPlace()
    {
        Answer("50.0.0.1:1", 0, 0x80);
        Assert.True(_table.HasRoomFor(DhtFacts.Node("50.0.0.1:1", 0x40), 0));
        Assert.False(_table.HasRoomFor(DhtFacts.Node("50.0.0.1:1", 0x80), 0));
        Assert.True(Answer("50.0.0.1:1", 0, 0x40));

        Assert.Equal(DhtFacts.Id(0x40), Assert.Single(_table.Nodes).Id);
    }

    [Fact]
    public void OnFailed_Twice_ReplacedByWhoWaitedAndAnsweredLast()
    {
        FillFarBucket();
        Answer("60.0.0.1:1", 5, 0x80, 100);
        Answer("60.0.1.1:1", 6, 0x80, 101);
        var victim = DhtFacts.Node("50.0.3.1:1", 0x80, 3);

        _table.OnFailed(victim, 10);
        Assert.Contains("50.0.3.1:1", Endpoints);
        _table.OnFailed(victim, 20);

        Assert.DoesNotContain("50.0.3.1:1", Endpoints);
        Assert.Contains("60.0.1.1:1", Endpoints);
        Assert.DoesNotContain("60.0.0.1:1", Endpoints);
    }

    [Fact]
    public void OnFailed_NobodyWaits_KeptButNotToldUntilSomebodyTakesItsPlace()
    {
        FillFarBucket();
        var victim = DhtFacts.Node("50.0.3.1:1", 0x80, 3);
        _table.OnFailed(victim, 10);
        _table.OnFailed(victim, 20);

        Assert.Equal(8, _table.Count);
        Assert.Equal(7, _table.GoodCount(20));
        Assert.DoesNotContain(victim, _table.Closest(DhtFacts.Id(0x80), 8));
        Assert.Contains(victim, _table.Closest(DhtFacts.Id(0x80), 8, includesBad: true));
        Assert.True(Answer("60.0.0.1:1", 30, 0x80, 100));
        Assert.DoesNotContain("50.0.3.1:1", Endpoints);
    }

    [Fact] // our own line is down: everybody is silent, and forgotten nodes would leave us with nothing
    public void OnFailed_NobodyAnswersAtAll_NodesAreNotForgotten()
    {
        FillFarBucket();
        for (var round = 0; round < 10; round++)
        {
            for (var i = 0; i < 8; i++)
            {
                _table.OnFailed(DhtFacts.Node($"50.0.{i}.1:1", 0x80, (byte)i), 3_600_000 + round);
            }
        }

        Assert.Equal(8, _table.Count);
    }

    [Fact]
    public void OnFailed_FiveTimesWhileOthersAnswer_Forgotten()
    {
        FillFarBucket();
        for (var i = 0; i < 5; i++)
        {
            _table.OnFailed(DhtFacts.Node("50.0.3.1:1", 0x80, 3), 10 + (10 * i));
            Answer("50.0.4.1:1", 15 + (10 * i), 0x80, 4);
        }

        Assert.Equal(7, _table.Count);
    }

    [Fact]
    public void OnAnswer_FullBucketHoldsANodeThatDoesNotFit_AFittingOneTakesItsPlace()
    {
        for (var i = 0; i < 8; i++)
        {
            _table.OnAnswer(DhtFacts.Node($"50.0.{i}.1:1", 0x80, (byte)i), 1, "", fits: i != 5, 0);
        }

        Answer("51.0.0.1:1", 0, 0x40);
        Assert.True(Answer("60.0.0.1:1", 1, 0x80, 100));
        Assert.DoesNotContain("50.0.5.1:1", Endpoints);
        Assert.False(_table.OnAnswer(DhtFacts.Node("61.0.0.1:1", 0x80, 101), 1, "", fits: false, 1));
    }

    [Fact]
    public void NextToPing_AllGood_None()
    {
        FillFarBucket();

        Assert.Null(_table.NextToPing(Quarter - 1));
    }

    [Fact]
    public void NextToPing_AfterFifteenMinutes_TheOldestFirstAndNotTwiceInHalfAMinute()
    {
        Answer("50.0.0.1:1", 5, 0x80);
        Answer("50.0.1.1:1", 1, 0x40);
        var now = Quarter + 10;

        var first = _table.NextToPing(now)!;
        Assert.Equal("50.0.1.1:1", first.Endpoint.ToString());
        _table.OnAsked(first.Endpoint, now);
        _table.OnAsked(_table.NextToPing(now)!.Endpoint, now);
        Assert.Null(_table.NextToPing(now + RoutingTable.DoubtMs - 1));
        Assert.NotNull(_table.NextToPing(now + RoutingTable.DoubtMs));
    }

    [Fact]
    public void NextToPing_FailedOnce_AskedAgainSoonThenRarely()
    {
        Answer("50.0.0.1:1", 0, 0x80);
        var node = DhtFacts.Node("50.0.0.1:1", 0x80);
        _table.OnAsked(node.Endpoint, 100);
        _table.OnFailed(node, 10_100);

        Assert.NotNull(_table.NextToPing(30_100));
        _table.OnAsked(node.Endpoint, 30_100);
        _table.OnFailed(node, 40_100);
        Assert.Null(_table.NextToPing(30_100 + Quarter - 1));
        Assert.NotNull(_table.NextToPing(30_100 + Quarter));
    }

    [Fact]
    public void NextToRefresh_IdleBuckets_EveryFifteenMinutesWithAnIdOfTheBucket()
    {
        FillFarBucket();
        Answer("51.0.0.1:1", 0, 0x40);
        Answer("51.0.1.1:1", 0, 0x20);
        var random = new Random(1);

        Assert.Null(_table.NextToRefresh(random, Quarter - 1));
        var seen = new List<(int Bucket, NodeId Target)>();
        while (_table.NextToRefresh(random, Quarter) is { } due)
        {
            seen.Add(due);
        }

        Assert.Equal(Enumerable.Range(0, _table.BucketCount), seen.Select(due => due.Bucket));
        Assert.All(seen.SkipLast(1), due => Assert.Equal(due.Bucket, _table.OurId.SharedBits(due.Target)));
        Assert.True(_table.OurId.SharedBits(seen[^1].Target) >= seen[^1].Bucket);
        Assert.Null(_table.NextToRefresh(random, Quarter + Quarter - 1));
    }

    [Fact]
    public void NextToRefresh_FullBucketWhoseNodesAnswer_IsLeftAlone()
    {
        FillFarBucket();
        Answer("51.0.0.1:1", 0, 0x40);
        Answer("50.0.3.1:1", Quarter, 0x80, 3);

        Assert.Equal(1, _table.NextToRefresh(new Random(1), Quarter)!.Value.Bucket);
    }

    [Fact]
    public void NextToRefresh_EmptyTable_None() => Assert.Null(_table.NextToRefresh(new Random(1), 10 * Quarter));

    [Fact]
    public void Closest_LocalNodes_AreNotToldToTheInternet()
    {
        Answer("50.0.0.1:1", 0, 0x80);
        Answer("192.168.0.1:1", 0, 0x40);

        Assert.Equal(["50.0.0.1:1"], _table.Closest(_table.OurId, 8, includesLocal: false).Select(node => node.Endpoint.ToString()));
        Assert.Equal(2, _table.Closest(_table.OurId, 8).Length);
    }

    [Fact]
    public void MovedTo_AnotherId_KeepsTheNodesAndTheirHistory()
    {
        FillFarBucket();
        Answer("51.0.0.1:1", 0, 0x40);

        var moved = _table.MovedTo(DhtFacts.Id(0xFF), 1);

        Assert.Equal(_table.Nodes.Select(node => node.Contact).Order(Comparer<DhtContact>.Create((a, b) => a.Id.CompareTo(b.Id))), moved.Nodes.Select(node => node.Contact).Order(Comparer<DhtContact>.Create((a, b) => a.Id.CompareTo(b.Id))));
        Assert.Equal(9, moved.GoodCount(1));
    }

    [Fact] // whatever happens: no bucket too full, no address twice, no network thrice, every node in its bucket, the nearest told in order
    public void Table_AnySequenceOfEvents_KeepsItsPromises() => Gen.Select(Gen.Int[0, 5], Gen.Byte, Gen.Byte, Gen.Int[0, 40], Gen.Int[0, 5], Gen.Bool).Array[0, 400].Sample(events =>
    {
        var table = new RoutingTable(DhtFacts.Id(0x55));
        var now = 0L;
        foreach (var (kind, first, second, network, host, fits) in events)
        {
            now += 60_000;
            var contact = DhtFacts.Node($"50.0.{network}.{host + 1}:{(second % 3) + 1}", (byte)(kind == 0 ? 0x55 : first), second);
            switch (kind)
            {
                case 4:
                    table.OnFailed(contact, now);
                    break;
                case 5:
                    table.OnGone(contact, now);
                    break;
                default:
                    table.OnAnswer(contact, 1, "", fits, now);
                    break;
            }
        }

        var nodes = table.Nodes.ToArray();
        var buckets = nodes.GroupBy(node => Math.Min(table.OurId.SharedBits(node.Id), table.BucketCount - 1)).ToArray();
        Assert.All(buckets, bucket => Assert.InRange(bucket.Count(), 1, RoutingTable.BucketSize));
        Assert.All(buckets, bucket => Assert.All(bucket.GroupBy(node => node.Network), crowd => Assert.InRange(crowd.Count(), 1, 2)));
        Assert.Equal(nodes.Length, nodes.Select(node => node.Address).Distinct().Count());
        Assert.Equal(nodes.Length, nodes.Select(node => node.Id).Distinct().Count());
        var target = DhtFacts.Id(0x12, 0x34);
        var expected = nodes.Where(node => !node.IsBad).Select(node => node.Contact).OrderBy(contact => contact.Id.Xor(target)).Take(8);
        Assert.Equal(expected, table.Closest(target, 8));
        Assert.Equal(nodes.Length, table.ToSnapshot(isIPv6: false, now, DateTimeOffset.UnixEpoch).Buckets.Sum(bucket => bucket.Good + bucket.Questionable));
    });

    private void FillFarBucket()
    {
        for (var i = 0; i < 8; i++)
        {
            Answer($"50.0.{i}.1:1", 0, 0x80, (byte)i);
        }
    }

    private bool Answer(string endpoint, long nowMs, params byte[] id) => _table.OnAnswer(DhtFacts.Node(endpoint, id), 10, "", fits: true, nowMs);
}
