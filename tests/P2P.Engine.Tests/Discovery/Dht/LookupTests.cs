using System.Net;
using P2P.Engine.Discovery.Dht;
using Xunit;

namespace P2P.Engine.Tests.Discovery.Dht;

public sealed class LookupTests
{
    private static readonly NodeId Target = DhtFacts.Id();
    private readonly Lookup _lookup = new(Target, isIPv6: false, DhtFacts.Id(0xEE, 0xEE), IPAddress.Parse("99.0.0.1"));

    [Fact]
    public void Next_ManyKnown_FourNearestAtOnceThenOneForEachAnswer()
    {
        _lookup.Begin(Locals(1, 20));

        var asked = TakeAll(0);

        Assert.Equal([1, 2, 3, 4], asked.Select(Number));
        _lookup.OnAnswer(asked[0], [], default);
        Assert.Equal([5], TakeAll(0).Select(Number));
    }

    [Fact]
    public void Next_NodeSlow_AnotherIsAskedBesideIt()
    {
        _lookup.Begin(Locals(1, 20));
        TakeAll(0);

        Assert.Empty(TakeAll(Lookup.ShortMs - 1));
        Assert.Equal([5, 6, 7, 8], TakeAll(Lookup.ShortMs).Select(Number));
    }

    [Fact]
    public void IsDone_EightNearestAnswered_TheFartherAreNotAsked()
    {
        _lookup.Begin(Locals(1, 20));
        for (var i = 0; i < 8; i++)
        {
            Assert.False(_lookup.IsDone(0));
            _lookup.OnAnswer(Take(0), [], new byte[] { (byte)i });
        }

        Assert.True(_lookup.IsDone(0));
        Assert.Null(_lookup.Next(0));
        Assert.Equal(Enumerable.Range(1, 8), _lookup.Closest().Select(Number));
        Assert.Equal(8, _lookup.Queries);
        Assert.Equal([7], _lookup.Closest()[7].Token.ToArray());
    }

    [Fact]
    public void OnAnswer_NearerNodesTold_AreAskedFirstAndHopsCounted()
    {
        _lookup.Begin(Locals(100, 1));
        _lookup.OnAnswer(Take(0), Locals(50, 2), default);
        var next = Take(0);
        Assert.Equal((50, 1), (Number(next), next.Hop));
        _lookup.OnAnswer(next, Locals(10, 1), default);

        Assert.Equal(10, Number(Take(0)));
        Assert.Equal(2, _lookup.Hops);
    }

    [Fact]
    public void IsDone_SlowNodeAndFewerThanEight_WaitsThreeSecondsForIt()
    {
        _lookup.Begin(Locals(1, 2));
        var (first, second) = (Take(0), Take(0));
        _lookup.OnAnswer(first, [], default);

        Assert.False(_lookup.IsDone(Lookup.SlowWaitMs - 1));
        Assert.True(_lookup.IsDone(Lookup.SlowWaitMs));
        _lookup.OnAnswer(second, [], default);
        Assert.Equal(2, _lookup.Closest().Length); // Late is better than never.
    }

    [Fact]
    public void IsDone_NobodyAnswered_WaitsForTheFullTime()
    {
        _lookup.Begin(Locals(1, 1));
        var only = Take(0);

        Assert.False(_lookup.IsDone(QueryDesk.FullMs - 1));
        _lookup.OnFailed(only);
        Assert.True(_lookup.IsDone(QueryDesk.FullMs));
        Assert.Empty(_lookup.Closest());
    }

    [Fact]
    public void IsDone_NobodyKnown_AtOnce() => Assert.True(_lookup.IsDone(0));

    [Fact]
    public void OnFailed_NodeFails_TheNextNearestTakesItsPlaceAmongTheEight()
    {
        _lookup.Begin(Locals(1, 9));
        _lookup.OnFailed(Take(0));
        for (var i = 0; i < 8; i++)
        {
            _lookup.OnAnswer(Take(0), [], new byte[1]);
        }

        Assert.True(_lookup.IsDone(0));
        Assert.Equal(Enumerable.Range(2, 8), _lookup.Closest().Select(Number));
        Assert.Equal((9, 8, 1), (_lookup.Queries, _lookup.Replies, _lookup.Failures));
    }

    [Fact]
    public void TakeBack_NoBudget_MayBeAskedLater()
    {
        _lookup.Begin(Locals(1, 1));
        _lookup.TakeBack(Take(0));

        Assert.Equal(0, _lookup.Queries);
        Assert.False(_lookup.IsDone(0));
        Assert.Equal(1, Number(Take(0)));
    }

    [Fact] // D11
    public void OnAnswer_AThousandNodes_SixteenAreRead()
    {
        _lookup.Begin(Locals(200, 1));
        _lookup.OnAnswer(Take(0), Locals(1, 199).Concat(Locals(1, 199)).Concat(Locals(1, 199)), default);

        Assert.Equal(Enumerable.Range(1, Lookup.MaxRead), AskEverybody().Select(Number));
    }

    [Theory] // D12
    [InlineData("50.0.0.9:1", "127.0.0.1:7", false)]
    [InlineData("50.0.0.9:1", "10.0.0.1:7", false)]
    [InlineData("50.0.0.9:1", "192.168.0.1:7", false)]
    [InlineData("50.0.0.9:1", "224.0.0.1:7", false)]
    [InlineData("50.0.0.9:1", "255.255.255.255:7", false)]
    [InlineData("50.0.0.9:1", "0.0.0.0:7", false)]
    [InlineData("50.0.0.9:1", "51.0.0.1:0", false)]
    [InlineData("50.0.0.9:1", "50.0.0.9:1", false)]
    [InlineData("50.0.0.9:1", "50.0.0.9:2", false)]
    [InlineData("50.0.0.9:1", "51.0.0.1:7", true)]
    [InlineData("192.168.0.9:1", "192.168.0.9:2", true)]
    [InlineData("192.168.0.9:1", "127.0.0.1:7", false)]
    [InlineData("192.168.0.9:1", "50.0.0.1:7", true)]
    [InlineData("127.0.0.1:1", "127.0.0.1:7", true)]
    [InlineData("127.0.0.1:1", "10.0.0.1:7", true)]
    public void OnAnswer_NodeToldByATeller_IsAskedOnlyWhereTheTellerMaySendUs(string teller, string told, bool isAsked)
    {
        _lookup.Begin([DhtFacts.Node(teller, 0x80)]);
        _lookup.OnAnswer(Take(0), [DhtFacts.Node(told, 0x40)], default);

        Assert.Equal(isAsked ? [told] : [], AskEverybody().Select(node => node.Contact.Endpoint.ToString()));
    }

    [Fact] // D12
    public void OnAnswer_OneAddressEightTimes_AskedOnce()
    {
        _lookup.Begin([DhtFacts.Node("50.0.0.9:1", 0x80)]);
        _lookup.OnAnswer(Take(0), Enumerable.Range(1, 8).Select(i => DhtFacts.Node($"51.0.0.1:{i}", 0, (byte)i)), default);

        Assert.Single(AskEverybody());
    }

    [Fact] // D20
    public void OnAnswer_NodesOfOneNetwork_TwoAreAsked()
    {
        _lookup.Begin([DhtFacts.Node("50.0.0.9:1", 0x80)]);
        _lookup.OnAnswer(Take(0), Enumerable.Range(1, 16).Select(i => DhtFacts.Node($"51.0.0.{i}:1", 0, (byte)i)), default);

        Assert.Equal(RoutingTable.MaxPerNetwork, AskEverybody().Count);
    }

    [Fact] // D19, R-D04
    public void IsDone_NodesThatDoNotFitTheirAddress_AskedButNeverCountedNorAnnouncedTo()
    {
        // Eight liars at the target, and one node that fits its address far away.
        var honest = DhtFacts.Fit("60.0.0.1:1", 1);
        _lookup.Begin([.. Enumerable.Range(1, 8).Select(i => DhtFacts.Node($"50.0.{i}.1:1", 0, 0, (byte)i)), honest]);
        for (var i = 0; i < 8; i++)
        {
            _lookup.OnAnswer(Take(0), [], new byte[] { 1 });
            Assert.False(_lookup.IsDone(0));
        }

        var last = Take(0);
        Assert.Equal(honest, last.Contact);
        _lookup.OnAnswer(last, [], new byte[] { 1 });
        Assert.True(_lookup.IsDone(0));
        Assert.Equal([honest], _lookup.Closest().Select(node => node.Contact));
    }

    [Fact]
    public void Next_EverNearerInventions_EndsAfterTheLimit()
    {
        var random = new Random(1);
        _lookup.Begin([DhtFacts.Node("10.0.0.1:1", 0xFF)]);
        var queries = 0;
        for (long now = 0; !_lookup.IsDone(now); now += Lookup.ShortMs)
        {
            while (_lookup.Next(now) is { } node)
            {
                queries++;
                var bytes = node.Contact.Id.ToArray();
                var first = Array.FindIndex(bytes, value => value != 0);
                bytes[first]--;
                _lookup.OnAnswer(node, [new DhtContact(new NodeId(bytes), DhtFacts.At($"10.{random.Next(256)}.{random.Next(256)}.{random.Next(1, 255)}:{random.Next(1, 65_536)}"))], default);
            }
        }

        Assert.Equal(Lookup.MaxQueries, queries);
    }

    [Fact] // D12
    public void Begin_OurselvesById_OrByAddress_AreNotAsked()
    {
        _lookup.Begin([DhtFacts.Node("50.0.0.1:1", 0xEE, 0xEE), DhtFacts.Node("99.0.0.1:1", 1)]);

        Assert.Null(_lookup.Next(0));
    }

    [Fact]
    public void Begin_IPv6Nodes_StayOutOfAnIPv4Lookup()
    {
        _lookup.Begin([DhtFacts.Node("[2001:db8::1]:1", 1)]);

        Assert.Null(_lookup.Next(0));
    }

    private static IEnumerable<DhtContact> Locals(int from, int count) =>
        Enumerable.Range(from, count).Select(i => DhtFacts.Node($"10.0.0.1:{i}", 0, (byte)i));

    private static int Number(LookupNode node) => node.Contact.Endpoint.Port;

    private LookupNode Take(long nowMs) => Assert.IsType<LookupNode>(_lookup.Next(nowMs));

    private List<LookupNode> TakeAll(long nowMs)
    {
        var taken = new List<LookupNode>();
        while (_lookup.Next(nowMs) is { } node)
        {
            taken.Add(node);
        }

        return taken;
    }

    private List<LookupNode> AskEverybody()
    {
        var asked = new List<LookupNode>();
        while (_lookup.Next(0) is { } node)
        {
            asked.Add(node);
            _lookup.OnFailed(node);
        }

        return asked;
    }
}
