using System.Net;
using CsCheck;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

public sealed class PeerPoolTests
{
    [Fact] // after a magnet link's metadata: the other side may not have noticed yet that the first connection is over
    public void OnDialFailed_KnownFromTheMagnetLink_IsSoonTriedOnceMore()
    {
        var pool = new PeerPool();
        var endpoint = new PeerEndpoint(System.Net.IPAddress.Parse("192.0.2.1"), 6881);
        pool.Add(endpoint, PeerSource.Resume, 0);
        Assert.True(pool.TryNext(0, out _));
        pool.OnDialFailed(endpoint, 0);
        Assert.False(pool.TryNext(999, out _));
        Assert.True(pool.TryNext(1_000, out _));
        pool.OnDialFailed(endpoint, 1_000);
        Assert.False(pool.TryNext(30_999, out _));
        Assert.True(pool.TryNext(31_000, out _));
    }

    [Fact]
    public void TryNext_Sources_UsersOwnFirstThenTrackers()
    {
        var pool = new PeerPool();
        pool.Add(At(1), PeerSource.Exchange, 0);
        pool.Add(At(2), PeerSource.Tracker, 0);
        pool.Add(At(3), PeerSource.Manual, 0);
        pool.Add(At(4), PeerSource.Incoming, 0);
        Assert.Equal([3, 2, 1], Drain(pool, 0));
        Assert.True(pool.Add(At(5), PeerSource.Tracker, 0));
        Assert.False(pool.Add(At(4), PeerSource.Tracker, 0));
        Assert.Equal([5, 4], Drain(pool, 0).OrderDescending());
    }

    [Fact]
    public void OnDialFailed_Repeatedly_BackOffDoublesFrom15sToAnHour()
    {
        var pool = new PeerPool();
        pool.Add(At(1), PeerSource.Tracker, 0);
        var now = 0L;
        for (var delay = 15_000L; delay <= 7_680_000; delay *= 2)
        {
            Assert.Equal([1], Drain(pool, now));
            pool.OnDialFailed(At(1), now);
            var wait = Math.Min(delay, 3_600_000);
            Assert.Empty(Drain(pool, now + wait - 1));
            now += wait;
        }

        pool.OnDialFailed(At(1), now);
        pool.RetrySoon();
        Assert.Equal([1], Drain(pool, now));
    }

    [Fact] // it preferred another connection with us, which ended, too
    public void OnClosed_ByThePeerAtOnce_IsSoonTriedOnceMore()
    {
        var pool = new PeerPool();
        pool.Add(At(1), PeerSource.Dht, 0);
        Assert.True(pool.TryNext(0, out _));
        pool.OnConnected(At(1), 100);
        pool.OnClosed(At(1), wasUseful: false, 200, byPeer: true);
        Assert.False(pool.TryNext(2_199, out _));
        Assert.True(pool.TryNext(2_200, out _));
        pool.OnConnected(At(1), 2_300);
        pool.OnClosed(At(1), wasUseful: false, 2_400, byPeer: true);
        Assert.False(pool.TryNext(32_399, out _));
        Assert.True(pool.TryNext(32_400, out _));
    }

    [Fact]
    public void OnClosed_ByThePeerLater_IsABackOff()
    {
        var pool = new PeerPool();
        pool.Add(At(1), PeerSource.Dht, 0);
        Assert.True(pool.TryNext(0, out _));
        pool.OnConnected(At(1), 0);
        pool.OnClosed(At(1), wasUseful: false, 5_000, byPeer: true);
        Assert.False(pool.TryNext(19_999, out _));
        Assert.True(pool.TryNext(20_000, out _));
    }

    [Fact]
    public void OnClosed_Useful_IsDialledAgainAfter10sAndBeforeStrangers()
    {
        var pool = new PeerPool();
        pool.Add(At(1), PeerSource.Tracker, 0);
        Drain(pool, 0);
        pool.OnConnected(At(1), 100);
        pool.OnClosed(At(1), wasUseful: true, 1_000);
        Assert.Empty(Drain(pool, 10_999));
        pool.Add(At(2), PeerSource.Manual, 2_000);
        Assert.Equal([1, 2], Drain(pool, 11_000));
    }

    [Fact]
    public void OnConnected_UnknownIncoming_IsKnownWhileConnectedAndNeverDialled()
    {
        var pool = new PeerPool();
        pool.OnConnected(At(9), 0);
        Assert.Equal(1, pool.Count);
        Assert.Empty(Drain(pool, 1_000_000));
        pool.OnClosed(At(9), wasUseful: true, 5);
        Assert.Equal(0, pool.Count);
    }

    [Fact]
    public void Ban_Address_CoversAllPortsAndTheMappedFormFor24h()
    {
        var pool = new PeerPool();
        var day = 24 * 3_600_000L;
        pool.Add(new PeerEndpoint(IPAddress.Parse("10.0.0.1"), 1), PeerSource.Tracker, 0);
        pool.Ban(IPAddress.Parse("::ffff:10.0.0.1"), 0);
        Assert.True(pool.IsBanned(new PeerEndpoint(IPAddress.Parse("10.0.0.1"), 77), day - 1));
        Assert.False(pool.Add(new PeerEndpoint(IPAddress.Parse("10.0.0.1"), 2), PeerSource.Manual, 5));
        Assert.Empty(Drain(pool, 5));
        pool.RetrySoon();
        Assert.Empty(Drain(pool, day - 1));
        Assert.Equal([1], Drain(pool, day));
        Assert.False(pool.IsBanned(new PeerEndpoint(IPAddress.Parse("10.0.0.1"), 77), day));
    }

    [Fact]
    public void Strike_ThreeIn10Minutes_BansForAnHour()
    {
        var pool = new PeerPool();
        pool.Strike(At(1), 0);
        pool.Strike(At(1), 300_000);
        pool.Strike(At(1), 600_000);
        Assert.False(pool.IsBanned(At(1), 600_000));
        pool.Strike(At(1), 700_000);
        Assert.True(pool.IsBanned(At(1), 700_000 + 3_599_999));
        Assert.False(pool.IsBanned(At(1), 700_000 + 3_600_000));
    }

    [Fact]
    public void Strike_DuringLongBan_DoesNotShortenIt()
    {
        var pool = new PeerPool();
        pool.Ban(At(1).Address, 0);
        for (var i = 0; i < 3; i++)
        {
            pool.Strike(At(1), i);
        }

        Assert.True(pool.IsBanned(At(1), 10 * 3_600_000));
    }

    [Fact]
    public void Add_Full_FailedOnesMakeRoomOthersDoNot()
    {
        var pool = new PeerPool(capacity: 3);
        Assert.All(Enumerable.Range(1, 3), port => Assert.True(pool.Add(At(port), PeerSource.Tracker, 0)));
        Assert.False(pool.Add(At(4), PeerSource.Tracker, 0));
        Drain(pool, 0);
        pool.OnDialFailed(At(2), 0);
        Assert.True(pool.Add(At(4), PeerSource.Tracker, 1));
        Assert.Equal([4], Drain(pool, 1_000_000));
    }

    [Fact]
    public void Add_Exchange_FillsAThirdAtMost()
    {
        var pool = new PeerPool(capacity: 30);
        Assert.Equal(10, Enumerable.Range(1, 30).Count(port => pool.Add(At(port), PeerSource.Exchange, 0)));
    }

    [Fact]
    public void Forget_Ourselves_IsNeverAddedAgain()
    {
        var pool = new PeerPool();
        pool.Add(At(1), PeerSource.Tracker, 0);
        pool.Forget(At(1));
        Assert.Equal((0, false), (pool.Count, pool.Add(At(1), PeerSource.Tracker, 0)));
    }

    [Fact]
    public void AnyOperations_NobodyIsDialledTwiceOrTooSoon() =>
        Gen.Select(Gen.Int[0, 6], Gen.Int[1, 12], Gen.Long[0, 40_000]).Array[1, 200].Sample(operations =>
        {
            var pool = new PeerPool(capacity: 12);
            var (now, dialled, notBefore) = (0L, new HashSet<int>(), new Dictionary<int, long>());
            foreach (var (kind, port, wait) in operations)
            {
                now += wait;
                switch (kind)
                {
                    case 0 or 1:
                        pool.Add(At(port), PeerSource.Tracker, now);
                        break;
                    case 2 or 3 when pool.TryNext(now, out var next):
                        Assert.True(dialled.Add(next.Port));
                        Assert.True(notBefore.GetValueOrDefault(next.Port) <= now);
                        break;
                    case 4 when dialled.Remove(port):
                        pool.OnDialFailed(At(port), now);
                        notBefore[port] = now + 15_000;
                        break;
                    case 5 when dialled.Remove(port):
                        pool.OnConnected(At(port), now);
                        pool.OnClosed(At(port), wasUseful: true, now);
                        notBefore[port] = now + 10_000;
                        break;
                    case 6:
                        pool.Strike(At(port), now);
                        break;
                }


                Assert.True(pool.Count <= 12);
            }
        });

    private static PeerEndpoint At(int port) => new(IPAddress.Parse("10.1.2.3"), port);

    private static List<int> Drain(PeerPool pool, long nowMs)
    {
        List<int> ports = [];
        while (pool.TryNext(nowMs, out var endpoint))
        {
            ports.Add(endpoint.Port);
        }

        return ports;
    }
}
