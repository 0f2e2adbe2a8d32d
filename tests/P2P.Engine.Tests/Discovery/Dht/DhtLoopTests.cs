using P2P.Engine.Discovery;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery.Dht;

/// <summary>What our node does among honest ones.</summary>
public sealed class DhtLoopTests
{
    private readonly DhtStage _stage = new();

    [Fact]
    public void Start_PortTaken_SaidInTheSnapshotAndTriedAgainAfterTenSeconds()
    {
        _stage.Network.IsPortTaken = true;
        var loop = _stage.Started();
        Assert.Equal("Port 6881 is already in use by another program; it is tried again every 10 s.", _stage.Show(loop).Error);
        Assert.False(_stage.Show(loop).IsRunning);

        _stage.Network.IsPortTaken = false;
        _stage.Pass(9);
        Assert.Equal(0, loop.Port);
        _stage.Pass(2);
        Assert.Equal((6_881, true, null), (loop.Port, _stage.Show(loop).IsRunning, _stage.Show(loop).Error));
    }

    [Fact]
    public void Socket_Breaks_IsBoundAgain()
    {
        var loop = _stage.Started();
        _stage.Network.Break();
        _stage.Run();
        Assert.Equal(0, loop.Port);
        Assert.NotNull(_stage.Show(loop).Error);
        _stage.Pass(11);
        Assert.Equal(6_881, loop.Port);
        Assert.Null(_stage.Show(loop).Error);
    }

    [Theory]
    [InlineData("4C540208", "LT 2.8")]
    [InlineData("50320100", "P2 1.0")]
    [InlineData("", "")]
    [InlineData("00ff3c61", "<a")]
    [InlineData("554C4C", "ULL")]
    public void Answer_WithAVersion_IsShownPrintable(string version, string shown)
    {
        var loop = _stage.Started();
        loop.AddNode(DhtStage.Friend);
        _stage.Run();
        var ping = _stage.Take(KrpcQuery.Ping);
        Assert.Equal([(byte)'P', (byte)'2', 1, 0], ping.Query.Version.ToArray());
        _stage.Answer(ping, DhtStage.FriendId, reply => reply with { Version = Convert.FromHexString(version) });

        Assert.Equal(shown, Assert.Single(_stage.Show(loop).Tables[0].Nodes).Client);
    }

    [Fact]
    public void AddNode_Answers_IsKnownAndAskedForItsNeighbours()
    {
        var loop = _stage.Started();
        loop.AddNode(DhtStage.Friend);
        _stage.Run();
        Assert.Equal(0, loop.GoodNodes);

        _stage.Answer(_stage.Take(KrpcQuery.Ping), DhtStage.FriendId);
        Assert.Equal(1, loop.GoodNodes);
        var join = _stage.Take(KrpcQuery.FindNode);
        Assert.Equal(DhtStage.Friend, join.To);
        Assert.Equal(join.Query.Id, join.Query.Target);
    }

    [Fact] // whom we know may have known nobody when we asked: a network that starts all at once would stay in pieces
    public void AddNode_KnowsNobodyYet_IsAskedAgainWithGrowingPauses()
    {
        var loop = _stage.Started();
        _stage.Meet(loop);
        var waits = new List<int>();
        var waited = 0;
        for (var quarter = 1; quarter <= 4 * 3_600; quarter++)
        {
            _stage.Time.Advance(TimeSpan.FromMilliseconds(250));
            _stage.Run();
            waited++;
            foreach (var query in _stage.Queries())
            {
                _stage.Answer(query, DhtStage.FriendId);
                if (query.Query is { Query: KrpcQuery.FindNode } && query.Query.Target == query.Query.Id)
                {
                    waits.Add((int)Math.Round(waited / 4.0));
                    waited = 0;
                }
            }
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900], waits);
    }

    [Fact]
    public void Follow_NoNodeKnown_SaysSoThenSearchesAtTheFirstNode()
    {
        var loop = _stage.Started();
        loop.Follow(DhtStage.Torrent, "t", isSeed: false, _stage);
        _stage.Run();
        Assert.Equal((DiscoveryState.Waiting, "No DHT node is known yet"), (_stage.Told[^1].State, _stage.Told[^1].Message));

        _stage.Meet(loop);
        var search = _stage.Take(KrpcQuery.GetPeers);
        Assert.Equal(DhtStage.Torrent, search.Query.InfoHash);
        _stage.Answer(search, DhtStage.FriendId, reply => reply with { Token = new byte[] { 9 }, Values = [DhtFacts.At("192.168.0.9:9")] });
        Assert.Equal(["192.168.0.9:9"], _stage.Found.Select(peer => peer.ToString()));

        var announce = _stage.Take(KrpcQuery.AnnouncePeer);
        Assert.Equal((DhtStage.Torrent, 7_000, false), (announce.Query.InfoHash!.Value, announce.Query.Port, announce.Query.IsSeed));
        Assert.Equal([9], announce.Query.Token.ToArray());
        _stage.Answer(announce, DhtStage.FriendId);
        Assert.Equal((DiscoveryState.Working, "Found 1 peer, announced to 1 node"), (_stage.Told[^1].State, _stage.Told[^1].Message));
        Assert.Equal(_stage.Time.GetUtcNow(), _stage.Told[^1].LastAt);
        Assert.InRange((_stage.Told[^1].NextAt!.Value - _stage.Time.GetUtcNow()).TotalMinutes, 14, 16);
    }

    [Fact]
    public void Follow_NobodyAnswers_FailingAndTriedAgainInHalfAMinute()
    {
        var loop = _stage.Started();
        _stage.Meet(loop);
        loop.Follow(DhtStage.Torrent, "t", isSeed: false, _stage);
        _stage.Run();
        _stage.Take(KrpcQuery.GetPeers);
        _stage.Pass(11);

        Assert.Equal((DiscoveryState.Failing, "None of 1 node asked answered"), (_stage.Told[^1].State, _stage.Told[^1].Message));
        _stage.Pass(31);
        _stage.Take(KrpcQuery.GetPeers);
    }

    [Fact]
    public void Follow_NoPeerPort_SearchesAndAnnouncesNothing()
    {
        _stage.PeerPort = 0;
        var loop = _stage.Started();
        _stage.Meet(loop);
        loop.Follow(DhtStage.Torrent, "t", isSeed: false, _stage);
        _stage.Run();
        _stage.Answer(_stage.Take(KrpcQuery.GetPeers), DhtStage.FriendId, reply => reply with { Token = new byte[1] });

        Assert.DoesNotContain(_stage.Queries(), query => query.Query.Query == KrpcQuery.AnnouncePeer);
        Assert.Equal("Found 0 peers, announced to 0 nodes", _stage.Told[^1].Message);
    }

    [Fact]
    public void Unfollow_DuringTheSearch_NothingMoreIsToldOrAnnounced()
    {
        var loop = _stage.Started();
        _stage.Meet(loop);
        loop.Follow(DhtStage.Torrent, "t", isSeed: false, _stage);
        _stage.Run();
        var search = _stage.Take(KrpcQuery.GetPeers);
        loop.Unfollow(DhtStage.Torrent);
        _stage.Run();
        var told = _stage.Told.Count;
        _stage.Answer(search, DhtStage.FriendId, reply => reply with { Token = new byte[1], Values = [DhtFacts.At("192.168.0.9:9")] });
        _stage.Pass(60 * 60);

        Assert.Empty(_stage.Found);
        Assert.Equal(told, _stage.Told.Count);
        Assert.DoesNotContain(_stage.Queries(), query => query.Query.Query is KrpcQuery.GetPeers or KrpcQuery.AnnouncePeer);
    }

    [Fact]
    public void SetSeed_NextSearch_AnnouncesAsSeedAndAsksForNoSeeds()
    {
        var loop = _stage.Started();
        _stage.Meet(loop);
        loop.Follow(DhtStage.Torrent, "t", isSeed: false, _stage);
        loop.SetSeed(DhtStage.Torrent, true);
        _stage.Run();
        _stage.Answer(_stage.Take(KrpcQuery.GetPeers), DhtStage.FriendId, reply => reply with { Token = new byte[1] });

        Assert.True(_stage.Take(KrpcQuery.AnnouncePeer).Query.IsSeed);
    }

    [Fact]
    public void SearchNow_AfterTwentySeconds_SearchesAtOnce()
    {
        var loop = _stage.Started();
        _stage.Meet(loop);
        loop.Follow(DhtStage.Torrent, "t", isSeed: true, _stage);
        _stage.Run();
        _stage.Answer(_stage.Take(KrpcQuery.GetPeers), DhtStage.FriendId);
        _stage.Pass(30);
        _stage.Queries();
        loop.SearchNow(DhtStage.Torrent);
        _stage.Run();

        _stage.Take(KrpcQuery.GetPeers);
    }

    [Fact]
    public void Query_OfAStranger_AnsweredThenPingedAndKnownOnlyAfterItsAnswer()
    {
        var loop = _stage.Started();
        _stage.Deliver(new KrpcMessage { Kind = KrpcKind.Query, Query = KrpcQuery.Ping, Transaction = new byte[] { 1, 2 }, Id = DhtStage.FriendId }, DhtStage.Friend);

        Assert.Equal([1, 2], DhtStage.Read(_stage.Network.Sent.Dequeue().Bytes).Transaction.ToArray());
        Assert.Equal(0, loop.GoodNodes);
        _stage.Answer(_stage.Take(KrpcQuery.Ping), DhtStage.FriendId);
        Assert.Equal(1, loop.GoodNodes);
    }

    [Fact]
    public void Announce_OfATorrentWeFollow_IsAPeerFoundAtOnce()
    {
        var loop = _stage.Started();
        loop.Follow(DhtStage.Torrent, "t", isSeed: true, _stage);
        _stage.Deliver(new KrpcMessage { Kind = KrpcKind.Query, Query = KrpcQuery.GetPeers, Transaction = new byte[] { 1 }, Id = DhtStage.FriendId, InfoHash = DhtStage.Torrent }, DhtStage.Friend);
        var token = DhtStage.Read(_stage.Network.Sent.Dequeue().Bytes).Token;
        _stage.Deliver(new KrpcMessage { Kind = KrpcKind.Query, Query = KrpcQuery.AnnouncePeer, Transaction = new byte[] { 2 }, Id = DhtStage.FriendId, InfoHash = DhtStage.Torrent, Token = token, Port = 5_000 }, DhtStage.Friend);

        Assert.Equal(["192.168.0.2:5000"], _stage.Found.Select(peer => peer.ToString()));
        Assert.Equal("A peer announced itself to us", _stage.Told[^1].Message);
    }

    [Fact]
    public void StopAsync_ThenStartedAgain_SameIdAndTheNodesAreAskedFirst()
    {
        var loop = _stage.Started();
        _stage.Meet(loop);
        var id = _stage.Show(loop).Tables[0].Id;
        var stop = loop.StopAsync();
        _stage.Run();
        Assert.True(stop.IsCompletedSuccessfully);
        Assert.False(_stage.Network.IsBound);
        Assert.Equal(0, loop.Port);
        _stage.Network.Sent.Clear();

        var again = _stage.Started(setup => setup with { State = stop.GetAwaiter().GetResult() });
        _stage.Pass(1);
        Assert.Equal(id, _stage.Show(again).Tables[0].Id);
        Assert.Equal(0, again.GoodNodes);
        _stage.Answer(_stage.Take(KrpcQuery.FindNode), DhtStage.FriendId);
        Assert.Equal(1, again.GoodNodes);
    }

    [Fact] // BEP 42, D21
    public void Answers_EightNetworksTellOurAddress_OurIdIsMadeToFitIt()
    {
        var loop = _stage.Started();
        var ours = DhtFacts.At("9.8.7.6:6881");
        for (var i = 0; i < 8; i++)
        {
            Assert.Null(_stage.Show(loop).ExternalAddress);
            var node = DhtFacts.At($"50.0.{i}.1:1");
            loop.AddNode(node);
            _stage.Run();
            _stage.Answer(_stage.Queries().Last(query => query.Query.Query == KrpcQuery.Ping), DhtFacts.Id((byte)((i << 5) | 1)), reply => reply with { YourEndpoint = ours });
        }

        var shown = _stage.Show(loop);
        Assert.Equal(ours.Address, shown.ExternalAddress);
        Assert.True(NodeIdRule.Fits(new NodeId(Convert.FromHexString(shown.Tables[0].Id)), ours.Address));
        Assert.Equal(8, loop.GoodNodes);
    }

    [Fact] // BEP 32
    public void Bound_ToBothFamilies_AsksForNodesOfTheOtherFamilyAndPingsThem()
    {
        var loop = _stage.Started(setup => setup with { Address = null });
        _stage.Meet(loop);
        loop.Follow(DhtStage.Torrent, "t", isSeed: true, _stage);
        _stage.Run();
        var search = _stage.Take(KrpcQuery.GetPeers);
        Assert.Equal(KrpcWant.IPv4 | KrpcWant.IPv6, search.Query.Want);
        _stage.Answer(search, DhtStage.FriendId, reply => reply with { Nodes6 = [DhtFacts.Node("[fd00::1]:1", 1)] });
        _stage.Pass(1);

        _stage.Answer(_stage.Queries().Single(query => !query.To.IsIPv4), DhtFacts.Id(1));
        Assert.Equal([false, true], _stage.Show(loop).Tables.Select(table => table.IsIPv6));
    }

    [Fact]
    public void Bound_ToIPv4Only_SendsNothingToIPv6()
    {
        var loop = _stage.Started();
        loop.AddNode(DhtFacts.At("[fd00::1]:1"));
        _stage.Run();

        Assert.Empty(_stage.Network.Sent);
    }
}
