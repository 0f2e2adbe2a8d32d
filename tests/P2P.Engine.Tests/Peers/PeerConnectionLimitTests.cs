using P2P.Engine.Peers;
using P2P.Engine.Tests.Transport;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Tests.Peers;

/// <summary>Floods, drips, silence and peers that do not read: the wire-level rows of the catalogue of bad inputs.</summary>
public sealed class PeerConnectionLimitTests : PeerConnectionFixture
{
    [Fact]
    public void Receive_KeepAliveFlood_IsPeerFlood() // W13
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, Sink);
        b.Send(new byte[4 * 100_000]);

        Assert.Equal("peer.flood", Sink.Code);
        Assert.Empty(Sink.Messages);
    }

    [Fact]
    public void Receive_SameHaveWithoutEnd_IsPeerFlood() // W16
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, Sink);
        b.Send([.. Enumerable.Repeat<byte[]>([0, 0, 0, 5, 4, 0, 0, 0, 1], 20_000 + PieceCount).SelectMany(have => have)]);
        Assert.Empty(Sink.Closed);
        b.Send([.. Enumerable.Repeat<byte[]>([0, 0, 0, 5, 4, 0, 0, 0, 1], 10).SelectMany(have => have)]);

        Assert.Equal("peer.flood", Sink.Code);
    }

    [Fact]
    public void Receive_ExtendedHandshakesWithoutEnd_IsPeerFlood() // W49
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, Sink);
        b.Send([.. Enumerable.Repeat<byte[]>([0, 0, 0, 4, 20, 0, (byte)'d', (byte)'e'], 1_000).SelectMany(message => message)]);

        Assert.Equal("peer.flood", Sink.Code);
    }

    [Fact]
    public void Receive_SteadyRateBelowTheLimit_Lives()
    {
        var (a, b) = MemoryConnection.Pair();
        Connect(a, Sink);
        for (var second = 0; second < 60; second++)
        {
            b.Send(new byte[4 * 1_900]);
            Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Empty(Sink.Closed);
    }

    [Fact]
    public void Receive_RequestsThatAreAnswered_AreNoFlood()
    {
        var (a, b) = MemoryConnection.Pair();
        var peer = Connect(a, Sink);
        for (var i = 0; i < 60_000; i++)
        {
            b.Send([0, 0, 0, 13, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
            peer.Send(Block(1, 0, 1));
            b.TakeAll();
        }

        Assert.Empty(Sink.Closed);
    }

    [Fact]
    public void Tick_MessageDrips_IsPeerStallAfterOneMinute() // W12, W44
    {
        var (a, b) = MemoryConnection.Pair();
        var peer = Connect(a, Sink);
        b.Send(Frame(7, 1, 0, new byte[16_384]).AsSpan(0, 20));
        for (var second = 0; second < 60; second++)
        {
            Tick(peer);
            Assert.Empty(Sink.Closed);
            b.Send([0]);
            Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Tick(peer);
        Assert.Equal("peer.stall", Sink.Code);
        Assert.Equal(0, Pool.Lent);
    }

    [Fact]
    public void Tick_SlowButFinishedMessages_AreNoStall()
    {
        var (a, b) = MemoryConnection.Pair();
        var peer = Connect(a, Sink);
        var have = Frame(4, 1, null, []);
        for (var i = 0; i < 20; i++)
        {
            b.Send(have.AsSpan(0, 5));
            Clock.Advance(TimeSpan.FromSeconds(30));
            Tick(peer);
            b.Send([.. have[5..], .. have[..3]]);
            Clock.Advance(TimeSpan.FromSeconds(30));
            Tick(peer);
            b.Send(have.AsSpan(3));
        }

        Assert.Empty(Sink.Closed);
        Assert.Equal(40, Sink.Messages.Count);
    }

    [Fact]
    public void Tick_Silence_SendsKeepAlivesAndEndsAfterTwoMinutesAndGrace()
    {
        var (a, b) = MemoryConnection.Pair();
        var peer = Connect(a, Sink);
        for (var second = 0; second < 134; second++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            Tick(peer);
        }

        Assert.Empty(Sink.Closed);
        Assert.Equal(new byte[4], b.TakeAll());
        Clock.Advance(TimeSpan.FromSeconds(1));
        Tick(peer);
        Assert.Equal("peer.idle", Sink.Code);
    }

    [Fact]
    public void Tick_PeerBeatsEveryTwoMinutes_Lives()
    {
        var (a, b) = MemoryConnection.Pair();
        var peer = Connect(a, Sink);
        for (var second = 1; second < 1_000; second++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            Tick(peer);
            if (second % 121 == 0)
            {
                b.Send(new byte[4]);
            }
        }

        Assert.Empty(Sink.Closed);
    }

    [Fact]
    public void Tick_PeerNeverReads_IsPeerIdleAfterTwoMinutes() // W47
    {
        var (a, b) = MemoryConnection.Pair(window: 100);
        var peer = Connect(a, Sink);
        peer.Send(Block(1, 0, 16_384));
        for (var second = 0; second < 119; second++)
        {
            b.Send(new byte[4]);
            Clock.Advance(TimeSpan.FromSeconds(1));
            Tick(peer);
        }

        Assert.Empty(Sink.Closed);
        Clock.Advance(TimeSpan.FromSeconds(1));
        Tick(peer);
        Assert.Equal("peer.idle", Sink.Code);
        Assert.Equal(0, Pool.Lent);
    }

    [Fact]
    public void Send_ControlWithoutEndToPeerThatNeverReads_IsClosedInsteadOfGrowing() // R-P07
    {
        var (a, b) = MemoryConnection.Pair(window: 100);
        var peer = Connect(a, Sink);
        peer.Send(Block(1, 0, 16_384));
        for (var i = 0; i < 20_000; i++)
        {
            peer.Send(new PeerMessage(MessageId.Reject, 1, 0, 16_384));
        }

        Assert.Equal("peer.idle", Sink.Code);
        Assert.Equal(0, Pool.Lent);
        b.Dispose();
    }
}
