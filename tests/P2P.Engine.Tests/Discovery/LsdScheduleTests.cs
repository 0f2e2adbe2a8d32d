using System.Net;
using P2P.Engine.Discovery;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery;

public sealed class LsdScheduleTests
{
    private readonly LsdSchedule _schedule = new(new Random(7));

    [Fact]
    public void Neighbourhood_IsTheHashItSaysItIs()
    {
#pragma warning disable CA5350 // the protocol's hash
        var hash = System.Security.Cryptography.SHA1.HashData("P2P.Blazor: a neighbour without a torrent"u8);
#pragma warning restore CA5350
        Assert.Equal(new InfoHash(hash), LsdSchedule.Neighbourhood);
    }

    [Fact]
    public void TakePacket_ATorrentIsFollowed_GoesOutAtOnceAndEveryFiveMinutes()
    {
        _schedule.Follow(Torrent(1), 0);

        var sent = Run(0, 3_600_000);

        Assert.InRange(sent[0].AtMs, 0, 200);
        Assert.All(sent, packet => Assert.Equal([Torrent(1)], packet.InfoHashes));
        Assert.All(sent.Zip(sent.Skip(1)), pair => Assert.InRange(pair.Second.AtMs - pair.First.AtMs, LsdSchedule.PeriodMs * 9 / 10, LsdSchedule.PeriodMs));
    }

    [Fact]
    public void TakePacket_ThreeHundredTorrents_ATrickleOfTenASecond()
    {
        for (var i = 0; i < 300; i++)
        {
            _schedule.Follow(Torrent(i), 0);
        }

        var sent = Run(0, 600_000);

        Assert.All(sent.Zip(sent.Skip(1)), pair => Assert.True(pair.Second.AtMs - pair.First.AtMs >= LsdSchedule.SpacingMs));
        Assert.Equal(300, sent.TakeWhile(packet => packet.AtMs < 31_000).SelectMany(packet => packet.InfoHashes).Distinct().Count());
        Assert.InRange(sent.Count, 60, 100);
        Assert.All(sent, packet => Assert.InRange(packet.InfoHashes.Length, 1, LsdMessage.MaxInfoHashes));
    }

    [Fact]
    public void TakePacket_FiveThousandTorrents_EachHasItsTurn()
    {
        for (var i = 0; i < 5000; i++)
        {
            _schedule.Follow(Torrent(i), 0);
        }

        var sent = Run(0, 1_100_000, step: 1000);

        var turns = sent.SelectMany(packet => packet.InfoHashes).CountBy(infoHash => infoHash).ToArray();
        Assert.Equal(5000, turns.Length);
        Assert.All(turns, turn => Assert.InRange(turn.Value, 2, 3));
    }

    [Fact]
    public void OnHeard_ANewcomer_IsAnsweredWithinASecondOrSo()
    {
        _schedule.Follow(Torrent(1), 0);
        Run(0, 60_000);

        Assert.True(_schedule.OnHeard(Torrent(1), Peer(1), 60_000));
        Assert.InRange(Run(60_000, 120_000).Single().AtMs, 60_100, 61_200);
        Assert.True(_schedule.OnHeard(Torrent(1), Peer(1), 120_000));
        Assert.Empty(Run(120_000, 180_000));
    }

    [Fact]
    public void OnHeard_ANewcomerWhileAThousandTorrentsWait_IsAnsweredFirst()
    {
        for (var i = 0; i < 1000; i++)
        {
            _schedule.Follow(Torrent(i), 0);
        }

        Run(0, 150_000);
        Run(150_000, 280_000);
        _schedule.OnHeard(Torrent(900), Peer(1), 280_000);

        Assert.Contains(Torrent(900), Run(280_000, 282_200).SelectMany(packet => packet.InfoHashes));
    }

    [Fact]
    public void OnHeard_EverNewPorts_AreAnsweredOnceAMinute()
    {
        _schedule.Follow(Torrent(1), 0);
        var packets = 0;
        for (var nowMs = 0L; nowMs < 600_000; nowMs += 1000)
        {
            _schedule.OnHeard(Torrent(1), Peer((int)(nowMs / 1000)), nowMs);
            packets += Run(nowMs, nowMs + 1000).Count;
        }

        Assert.InRange(packets, 20, 20 + 3);
    }

    [Fact]
    public void OnHeard_L07_AForeignTorrent_IsNeverSpokenOf()
    {
        _schedule.Follow(Torrent(1), 0);
        Run(0, 10_000);

        Assert.False(_schedule.OnHeard(Torrent(2), Peer(1), 10_000));
        Assert.Empty(Run(10_000, 120_000));
    }

    [Fact]
    public void Unfollow_ATorrent_EndsItsAnnounces()
    {
        _schedule.Follow(Torrent(1), 0);
        _schedule.Follow(Torrent(2), 0);
        Run(0, 10_000);
        _schedule.Unfollow(Torrent(1));

        Assert.Equal([Torrent(2)], Run(10_000, 1_000_000).SelectMany(packet => packet.InfoHashes).Distinct());
        Assert.False(_schedule.OnHeard(Torrent(1), Peer(1), 1_000_000));
    }

    [Fact]
    public void Ask_ByTheUser_AnnouncesAtOnceButNoFasterThanOncePerSecond()
    {
        _schedule.Follow(Torrent(1), 0);
        Run(0, 10_000);
        for (var i = 0; i < 50; i++)
        {
            _schedule.Ask(Torrent(1), 10_000);
        }

        Assert.Equal([10_000], Run(10_000, 20_000).Select(packet => packet.AtMs));
    }

    [Fact]
    public void Start_WithoutATorrent_ANeighbourIsAnnouncedEveryFiveMinutes()
    {
        _schedule.Start(0);

        var sent = Run(0, 1_000_000);

        Assert.Equal([1000L, 301_000, 601_000, 901_000], sent.Select(packet => packet.AtMs));
        Assert.All(sent, packet => Assert.Equal([LsdSchedule.Neighbourhood], packet.InfoHashes));
    }

    [Fact]
    public void Start_WithATorrent_NothingElseIsAnnounced()
    {
        _schedule.Start(0);
        _schedule.Follow(Torrent(1), 200);

        Assert.Equal([Torrent(1)], Run(0, 1_000_000).SelectMany(packet => packet.InfoHashes).Distinct());
    }

    [Fact]
    public void OnUnsent_NoNetworkYet_IsTriedAgainInHalfAMinute()
    {
        _schedule.Follow(Torrent(1), 0);
        var first = Run(0, 1000).Single();
        _schedule.OnUnsent([.. first.InfoHashes], 1000);

        Assert.Equal([31_000], Run(1000, 60_000).Select(packet => packet.AtMs));
    }

    [Fact]
    public void StateOf_PeersHeard_AreCountedUntilTwoRoundsPass()
    {
        _schedule.Follow(Torrent(1), 0);
        for (var i = 0; i < 1000; i++)
        {
            _schedule.OnHeard(Torrent(1), Peer(i), 1000);
        }

        Assert.Equal(256, _schedule.StateOf(Torrent(1), 2000).Heard);
        Assert.Equal(0, _schedule.StateOf(Torrent(1), 1000 + LsdSchedule.ForgetAfterMs).Heard);
        _schedule.OnHeard(Torrent(1), Peer(5000), 1000 + LsdSchedule.ForgetAfterMs);
        Assert.Equal(1, _schedule.StateOf(Torrent(1), 1000 + LsdSchedule.ForgetAfterMs).Heard);
    }

    /// <summary>Lets time pass from one moment to before another and gives what was sent.</summary>
    private List<(long AtMs, InfoHash[] InfoHashes)> Run(long fromMs, long toMs, long step = 100)
    {
        List<(long, InfoHash[])> sent = [];
        for (var nowMs = fromMs; nowMs < toMs; nowMs += step)
        {
            if (_schedule.TakePacket(nowMs) is { IsEmpty: false } infoHashes)
            {
                sent.Add((nowMs, [.. infoHashes]));
            }
        }

        return sent;
    }

    private static InfoHash Torrent(int number) => InfoHash.Parse($"{number:x40}");

    private static PeerEndpoint Peer(int number) => new(IPAddress.Parse("192.168.1.7"), 1024 + number);
}
