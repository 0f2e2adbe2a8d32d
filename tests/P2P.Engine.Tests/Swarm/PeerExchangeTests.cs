using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

/// <summary>What is told and believed of other peers (BEP 11).</summary>
public sealed class PeerExchangeTests
{
    private static readonly PeerEndpoint Self = At(1);
    private readonly PeerExchange _exchange = new();
    private readonly ExchangePartner _partner = new() { SubId = 3 };

    [Fact]
    public void Tell_FirstTime_IsAllButThePartnerItself()
    {
        var news = _exchange.Tell(_partner, Self, Peers(1, 3), 0)!;
        Assert.Equal([At(2), At(3)], news.Added.Select(peer => peer.Endpoint));
        Assert.Empty(news.Dropped);
    }

    [Fact]
    public void Tell_Later_IsWhatChangedAndNotWithinAMinute()
    {
        _exchange.Tell(_partner, Self, Peers(2, 3), 0);
        Assert.Null(_exchange.Tell(_partner, Self, Peers(3, 5), 59_999));
        var news = _exchange.Tell(_partner, Self, Peers(3, 5), 60_000)!;
        Assert.Equal([At(4), At(5)], news.Added.Select(peer => peer.Endpoint));
        Assert.Equal([At(2)], news.Dropped);
        Assert.Null(_exchange.Tell(_partner, Self, Peers(3, 5), 120_000));
    }

    [Fact]
    public void Tell_Many_IsTwoHundredThenFifty()
    {
        Assert.Equal(200, _exchange.Tell(_partner, Self, Peers(2, 250), 0)!.Added.Length);
        Assert.Equal(49, _exchange.Tell(_partner, Self, Peers(2, 250), 60_000)!.Added.Length);
    }

    [Fact]
    public void Tell_PartnerWithoutExchange_IsNothing() => Assert.Null(_exchange.Tell(new ExchangePartner(), Self, Peers(2, 9), 0));

    [Fact]
    public void Hear_SecondPortOfAnAddress_IsLeftOut()
    {
        var (endpoints, reason) = Hear(0, At(2), At(2).WithPort(7_000), At(3));
        Assert.Equal([At(2), At(3)], endpoints);
        Assert.Null(reason);
        Assert.Equal((1, 2), (_exchange.Counts(1).Tellers, _exchange.Counts(1).Heard));
    }

    [Fact] // W52, but that three early ones are borne: clocks of honest clients drift
    public void Hear_TooOften_IsIgnoredThenAnOffence()
    {
        Hear(0, At(2));
        for (var i = 1; i <= PeerExchange.Grace; i++)
        {
            var (endpoints, early) = Hear(i * 1_000, At(3));
            Assert.Empty(endpoints);
            Assert.Null(early);
        }

        Assert.Equal("peer.pex_flood", Hear(9_000, At(3)).Reason!.Code);
        Assert.NotEmpty(Hear(45_000, At(3)).Endpoints);
    }

    [Theory] // W54: an address behind which only a nearer teller can send us
    [InlineData("198.51.100.7", "10.0.0.1", false)]
    [InlineData("198.51.100.7", "192.168.1.1", false)]
    [InlineData("198.51.100.7", "127.0.0.1", false)]
    [InlineData("198.51.100.7", "fe80::1", false)]
    [InlineData("198.51.100.7", "224.0.0.1", false)]
    [InlineData("198.51.100.7", "255.255.255.255", false)]
    [InlineData("198.51.100.7", "0.0.0.0", false)]
    [InlineData("198.51.100.7", "203.0.113.1", true)]
    [InlineData("10.0.0.9", "10.0.0.1", true)]
    [InlineData("10.0.0.9", "127.0.0.1", false)]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    public void Hear_NarrowerThanTheTeller_IsLeftOut(string teller, string told, bool isBelieved)
    {
        var message = new PexMessage([(new PeerEndpoint(IPAddress.Parse(told), 6881), PexFlags.None)], []);
        Assert.Equal(isBelieved ? 1 : 0, _exchange.Hear(_partner, IPAddress.Parse(teller), message, 0, DateTimeOffset.UnixEpoch).Endpoints.Length);
    }

    [Fact] // W55: one address with many ports, many addresses
    public void Hear_ManyPortsOfOneVictim_IsOneEndpoint() =>
        Assert.Single(Hear(0, [.. Enumerable.Range(1, 50).Select(port => At(7).WithPort(port))]).Endpoints);

    private static PeerEndpoint At(int number) => new(new IPAddress([192, 0, (byte)(2 + (number >> 8)), (byte)number]), 6881);

    private static (PeerEndpoint, PexFlags)[] Peers(int from, int to) => [.. Enumerable.Range(from, to - from + 1).Select(number => (At(number), PexFlags.None))];

    private (System.Collections.Immutable.ImmutableArray<PeerEndpoint> Endpoints, P2P.Engine.Peers.DisconnectReason? Reason) Hear(long now, params PeerEndpoint[] told) =>
        _exchange.Hear(_partner, Self.Address, new PexMessage([.. told.Select(peer => (peer, PexFlags.None))], []), now, DateTimeOffset.UnixEpoch);
}
