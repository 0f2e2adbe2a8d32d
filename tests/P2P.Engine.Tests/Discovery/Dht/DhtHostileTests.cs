using CsCheck;
using P2P.Engine.Discovery;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery.Dht;

/// <summary>What our node does among liars, reflectors and the read-only: rows of the catalogue by their names.</summary>
public sealed class DhtHostileTests(ITestOutputHelper output)
{
    private readonly DhtStage _stage = new();

    [Fact] // what we announced comes back to us, and is not a peer
    public void Follow_AnswerNamesOurselves_WeAreNoPeerOfOurs()
    {
        var loop = _stage.Started();
        _stage.Meet(loop);
        loop.Follow(DhtStage.Torrent, "t", isSeed: false, _stage);
        _stage.Run();
        _stage.Answer(_stage.Take(KrpcQuery.GetPeers), DhtStage.FriendId, reply => reply with { YourEndpoint = DhtFacts.At("192.168.0.7:6881"), Values = [DhtFacts.At("192.168.0.7:7000"), DhtFacts.At("192.168.0.7:7001")] });

        Assert.Equal(["192.168.0.7:7001"], _stage.Found.Select(peer => peer.ToString()));
    }

    [Fact] // R-D01, D05: from elsewhere, another port, another transaction
    public void Answer_NotFromWhomWeAsked_IsDropped()
    {
        var loop = _stage.Started();
        loop.AddNode(DhtStage.Friend);
        _stage.Run();
        var ping = _stage.Take(KrpcQuery.Ping);
        foreach (var (from, transaction) in new[] { (DhtFacts.At("192.168.0.3:6881"), ping.Query.Transaction), (DhtFacts.At("192.168.0.2:6882"), ping.Query.Transaction), (DhtStage.Friend, new byte[4]) })
        {
            _stage.Deliver(new KrpcMessage { Kind = KrpcKind.Response, Transaction = transaction, Id = DhtStage.FriendId }, from);
        }

        Assert.Equal(0, loop.GoodNodes);
        Assert.Equal(3, _stage.Show(loop).Traffic.Dropped);
        _stage.Answer(ping, DhtStage.FriendId);
        Assert.Equal(1, loop.GoodNodes);
    }

    [Fact] // D06
    public void Answer_WithAnotherIdThanTold_CountsAsSilenceAndTheTableForgets()
    {
        var loop = _stage.Started();
        _stage.Meet(loop);
        loop.Follow(DhtStage.Torrent, "t", isSeed: false, _stage);
        _stage.Run();
        _stage.Answer(_stage.Take(KrpcQuery.GetPeers), DhtFacts.Id(0x81), reply => reply with { Token = new byte[1], Values = [DhtFacts.At("192.168.0.9:9")] });

        Assert.Empty(_stage.Found);
        Assert.Equal(DiscoveryState.Failing, _stage.Told[^1].State);
        Assert.Equal(0, loop.GoodNodes);
    }

    [Fact] // D09
    public void Query_OurOwnSentBack_IsDroppedAndItsSenderNotKept()
    {
        var loop = _stage.Started();
        loop.AddNode(DhtStage.Friend);
        _stage.Run();
        var ping = _stage.Take(KrpcQuery.Ping);
        _stage.Deliver(ping.Query, DhtStage.Friend);

        Assert.Empty(_stage.Network.Sent);
        Assert.Equal(0, loop.GoodNodes);
        Assert.Equal(1, _stage.Show(loop).Traffic.Dropped);
    }

    [Fact] // D10
    public void Answer_WithOurOwnId_IsDropped()
    {
        var loop = _stage.Started();
        loop.AddNode(DhtStage.Friend);
        _stage.Run();
        var ping = _stage.Take(KrpcQuery.Ping);
        _stage.Answer(ping, ping.Query.Id!.Value);

        Assert.Equal(0, loop.GoodNodes);
    }

    [Fact] // BEP 43
    public void Query_OfAReadOnlyNode_AnsweredAndNeverPinged()
    {
        _stage.Started();
        _stage.Deliver(new KrpcMessage { Kind = KrpcKind.Query, Query = KrpcQuery.Ping, Transaction = new byte[] { 1, 2 }, Id = DhtStage.FriendId, IsReadOnly = true }, DhtStage.Friend);

        Assert.Equal(KrpcKind.Response, DhtStage.Read(Assert.Single(_stage.Network.Sent).Bytes).Kind);
    }

    [Theory] // BEP 43
    [InlineData(true)]
    [InlineData(false)]
    public void Queries_SayReadOnlyOnlyWhenToldTo(bool isReadOnly)
    {
        var loop = _stage.Started(setup => setup with { IsReadOnly = isReadOnly });
        loop.AddNode(DhtStage.Friend);
        _stage.Run();

        Assert.Equal(isReadOnly, _stage.Take(KrpcQuery.Ping).Query.IsReadOnly);
        Assert.Equal(isReadOnly, _stage.Show(loop).IsReadOnly);
    }

    [Fact] // D12: the nodes of our own network are nobody else's business
    public void FindNode_AskedFromTheInternet_TellsNoLocalNode()
    {
        var loop = _stage.Started();
        _stage.Meet(loop);
        _stage.Queries();
        var ask = new KrpcMessage { Kind = KrpcKind.Query, Query = KrpcQuery.FindNode, Transaction = new byte[] { 1 }, Id = DhtFacts.Id(1), Target = DhtStage.FriendId, IsReadOnly = true };
        _stage.Deliver(ask, DhtFacts.At("50.0.0.1:1"));
        Assert.Empty(DhtStage.Read(_stage.Network.Sent.Dequeue().Bytes).Nodes);
        _stage.Deliver(ask, DhtFacts.At("192.168.0.3:1"));
        Assert.Equal(DhtStage.FriendId, Assert.Single(DhtStage.Read(_stage.Network.Sent.Dequeue().Bytes).Nodes).Id);
    }

    [Fact] // D22
    public void Bootstrap_UnknownGarbageAndLoopback_NoneCrashesAndOneIsPinged()
    {
        var loop = _stage.Started(setup => setup with { Bootstrap = ["nobody.invalid:1", "garbage", "127.0.0.1:4000"] });
        _stage.Run();

        Assert.Equal(["nobody.invalid", "127.0.0.1"], _stage.Network.Names);
        var ping = _stage.Take(KrpcQuery.Ping);
        Assert.Equal("127.0.0.1:4000", ping.To.ToString());
        _stage.Answer(ping, DhtStage.FriendId);
        Assert.Equal(
            ["nobody.invalid is unknown.", "is not written as host:port", "1 of 1 addresses answered"],
            _stage.Show(loop).Bootstrap.Select(node => node.Message));
        _stage.Pass(29);
        Assert.Equal(2, _stage.Network.Names.Count);
        _stage.Pass(3);
        Assert.Equal(4, _stage.Network.Names.Count);
        Assert.Empty(_stage.Errors);
    }

    [Fact] // good citizen: a thousand torrents at once
    public void Follow_AThousandTorrents_AtMostFiftyQueriesAtOnceAndTwentyFiveASecond()
    {
        var loop = _stage.Started();
        for (var i = 0; i < 20; i++)
        {
            loop.AddNode(DhtFacts.At($"192.168.0.{i + 2}:6881"));
        }

        _stage.Run();
        var sent = 0;
        var random = new Random(1);
        for (var i = 0; i < 1_000; i++)
        {
            var bytes = new byte[20];
            random.NextBytes(bytes);
            loop.Follow(new InfoHash(bytes), "t", isSeed: true, _stage);
        }

        for (var second = 0; second < 60; second++)
        {
            for (var beat = 0; beat < 4; beat++)
            {
                foreach (var query in _stage.Queries())
                {
                    sent++;
                    _stage.Answer(query, DhtFacts.Id((byte)query.To.Address.GetAddressBytes()[3], 1), reply => reply with { Token = new byte[1] });
                }

                _stage.Time.Advance(TimeSpan.FromMilliseconds(250));
                _stage.Run();
            }

            Assert.InRange(sent, 0, QueryDesk.Burst + (QueryDesk.PerSecond * (second + 1)));
        }

        Assert.InRange(sent, 1_000, 1_550);
    }

    [Theory] // D01, D02, D04: nothing is sent back
    [InlineData("not bencode")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:y1:qe")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t0:1:y1:qe")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t1:a1:y1:ze")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t1:ae")]
    [InlineData("d1:rd2:id19:abcdefghij012345678e1:t1:a1:y1:re")]
    public void Datagram_Malformed_GetsNoAnswer(string text)
    {
        var loop = _stage.Started();
        _stage.Network.Deliver(System.Text.Encoding.ASCII.GetBytes(text), DhtStage.Friend);
        _stage.Run();

        Assert.Empty(_stage.Network.Sent);
        Assert.Equal(1, _stage.Show(loop).Traffic.Dropped);
    }

    [Theory] // D03, D04
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q3:foo1:t1:a1:y1:qe", 204)]
    [InlineData("d1:ad2:id19:abcdefghij012345678e1:q4:ping1:t1:a1:y1:qe", 203)]
    public void Query_WellFormedButWrong_GetsOneShortError(string text, int code)
    {
        _stage.Started();
        _stage.Network.Deliver(System.Text.Encoding.ASCII.GetBytes(text), DhtStage.Friend);
        _stage.Run();

        var (bytes, to) = Assert.Single(_stage.Network.Sent);
        Assert.InRange(bytes.Length, 1, 100);
        Assert.Equal((code, DhtStage.Friend), (DhtStage.Read(bytes).ErrorCode, to));
    }

    [Fact] // D01: 1,501 bytes
    public void Datagram_TooLong_IsDropped()
    {
        var loop = _stage.Started();
        var ping = System.Text.Encoding.ASCII.GetBytes("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t1:a1:v1425:" + new string('x', 1_425) + "1:y1:qe");
        Assert.True(ping.Length > DhtLoop.MaxDatagram - 20);
        Array.Resize(ref ping, DhtLoop.MaxDatagram + 1);
        _stage.Network.Deliver(ping, DhtStage.Friend);
        _stage.Run();

        Assert.Empty(_stage.Network.Sent);
        Assert.Equal(1, _stage.Show(loop).Traffic.Dropped);
    }

    [Theory] // D14; on our own machine many nodes share one address
    [InlineData("50.0.0.1:1", 50)]
    [InlineData("192.168.0.2:6881", 50)]
    [InlineData("127.0.0.1:6881", 1_000)]
    public void Query_AThousandInASecond_FiftyAreAnsweredThenSilence(string from, int answered)
    {
        var loop = _stage.Started();
        for (var i = 0; i < 1_000; i++)
        {
            _stage.Time.Advance(TimeSpan.FromMilliseconds(1));
            _stage.Deliver(Flood(), DhtFacts.At(from));
        }

        Assert.Equal(answered, _stage.Network.Sent.Count);
        Assert.Equal(1_000 - answered, _stage.Show(loop).Traffic.Silenced);
        _stage.Time.Advance(TimeSpan.FromSeconds(290));
        _stage.Deliver(Flood(), DhtFacts.At(from));
        Assert.Equal(answered == 50 ? 50 : 1_001, _stage.Network.Sent.Count);
        _stage.Time.Advance(TimeSpan.FromSeconds(11));
        _stage.Deliver(Flood(), DhtFacts.At(from));
        Assert.Equal(answered == 50 ? 51 : 1_002, _stage.Network.Sent.Count);

        static KrpcMessage Flood() => new()
        {
            Kind = KrpcKind.Query,
            Query = KrpcQuery.GetPeers,
            Transaction = new byte[] { 1 },
            Id = DhtStage.FriendId,
            InfoHash = DhtStage.Torrent,
            IsReadOnly = true,
        };
    }

    [Fact] // D15, R-D03: what we are worth as a reflector, pings of ours included
    public void Query_AHundredThousandForgedSources_LittleIsSentInAll()
    {
        var loop = _stage.Started();
        long received = 0, sent = 0;
        for (var i = 0; i < 100_000; i++)
        {
            if (i % 1_000 == 0)
            {
                _stage.Time.Advance(TimeSpan.FromMilliseconds(600));
                _stage.Run();
            }

            var bytes = BitConverter.GetBytes(i);
            _stage.Deliver(
                new KrpcMessage
                {
                    Kind = KrpcKind.Query,
                    Query = KrpcQuery.GetPeers,
                    Transaction = new byte[] { 1 },
                    Id = DhtFacts.Id(bytes[0], bytes[1], bytes[2], 1),
                    InfoHash = DhtStage.Torrent,
                },
                DhtFacts.At($"{50 + bytes[2]}.{bytes[1]}.{bytes[0]}.1:1"));
            while (_stage.Network.Sent.TryDequeue(out var datagram))
            {
                sent += datagram.Bytes.Length;
            }
        }

        received = _stage.Show(loop).Traffic.BytesIn;
        output.WriteLine($"in 60 s {received} bytes came and {sent} went: {(double)sent / received:0.000} of it");
        Assert.InRange(sent, 1, (61 * 8_000) + (70 * 2 * 100));
    }

    [Fact]
    public void Datagram_AnyBytes_NeverAnErrorOfOurs() => Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 200], Gen.Byte, Gen.Int[0, 5]).Array[1, 20].Sample(datagrams =>
    {
        var stage = new DhtStage();
        var loop = stage.Started();
        loop.AddNode(DhtStage.Friend);
        loop.Follow(DhtStage.Torrent, "t", isSeed: false, stage);
        stage.Run();
        foreach (var (noise, at, value, kind) in datagrams)
        {
            // Noise, or a message that is nearly right: an answer to what we asked last, a query.
            var asked = stage.Queries().LastOrDefault();
            byte[] bytes = kind switch
            {
                0 => noise,
                1 or 2 when asked.Query is not null => DhtStage.Print(new KrpcMessage
                {
                    Kind = KrpcKind.Response,
                    Transaction = asked.Query.Transaction,
                    Id = DhtStage.FriendId,
                    Token = noise.AsMemory(0, Math.Min(noise.Length, 20)),
                    Nodes = [DhtFacts.Node("192.168.0.3:1", value), DhtFacts.Node("50.0.0.1:1", value)],
                    Values = [DhtFacts.At("192.168.0.5:1")],
                }),
                _ => DhtStage.Print(new KrpcMessage
                {
                    Kind = KrpcKind.Query,
                    Query = (KrpcQuery)(2 + (value % 3)),
                    Transaction = new byte[] { 1 },
                    Id = DhtStage.FriendId,
                    Target = DhtFacts.Id(value),
                    InfoHash = DhtStage.Torrent,
                    Token = new byte[8],
                    Port = 5_000,
                }),
            };
            if (kind > 1 && at < bytes.Length)
            {
                bytes[at] = value;
            }

            stage.Network.Deliver(bytes, DhtStage.Friend);
            stage.Run();
        }

        stage.Pass(1);
        Assert.Empty(stage.Errors);
    });
}
