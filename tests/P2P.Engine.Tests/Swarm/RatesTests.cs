using CsCheck;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

public sealed class RateMeterTests
{
    [Fact]
    public void BytesPerSecond_SteadyFlow_ReadsSteadyAtAnyMoment()
    {
        var meter = new RateMeter();
        for (var now = 5_000L; now < 95_000; now += 50)
        {
            meter.Add(now, 5_000);
            if (now >= 8_000)
            {
                Assert.InRange(meter.BytesPerSecond(now), 95_000, 105_000);
                Assert.InRange(meter.RecentBytesPerSecond(now), 95_000, 105_000);
            }
        }

        Assert.Equal(1800 * 5_000, meter.Total);
    }

    [Fact]
    public void BytesPerSecond_FirstSeconds_DivideByElapsedButAtLeastOne()
    {
        var meter = new RateMeter();
        Assert.Equal(0, meter.BytesPerSecond(1_000));
        meter.Add(1_000, 6_000);
        Assert.Equal(6_000, meter.BytesPerSecond(1_100));
        Assert.Equal(3_000, meter.BytesPerSecond(3_000));
        Assert.Equal(2_000, meter.RecentBytesPerSecond(4_000));
        Assert.Equal(1_500, meter.BytesPerSecond(5_000));
    }

    [Theory]
    [InlineData(21_000)]
    [InlineData(25_000)]
    [InlineData(10_000_000_000)]
    public void BytesPerSecond_WindowPassed_IsZero(long nowMs)
    {
        var meter = new RateMeter();
        meter.Add(0, 1_000_000);
        Assert.Equal(0, meter.BytesPerSecond(nowMs));
        Assert.Equal(0, meter.RecentBytesPerSecond(nowMs));
    }

    [Fact]
    public void BytesPerSecond_AnyTimes_AgreesWithAPlainListToOneBucket() =>
        Gen.Select(Gen.Int[1, 30], Gen.Select(Gen.Int[0, 1500], Gen.Int[0, 100_000]).Array[1, 200]).Sample((window, steps) =>
        {
            var meter = new RateMeter(window);
            List<(long At, long Bytes)> all = [];
            var now = 0L;
            foreach (var (wait, bytes) in steps)
            {
                now += wait;
                meter.Add(now, bytes);
                all.Add((now, bytes));
            }

            var elapsed = Math.Clamp(now - all[0].At, 1000, window * 1000L);
            var least = all.Where(add => add.At > now - ((window - 1) * 1000L)).Sum(add => add.Bytes) * 1000 / elapsed;
            var most = all.Where(add => add.At > now - ((window + 1) * 1000L)).Sum(add => add.Bytes) * 1000 / elapsed;
            Assert.InRange(meter.BytesPerSecond(now), least, most);
            Assert.Equal(all.Sum(add => add.Bytes), meter.Total);
        });
}

public sealed class RequestWindowTests
{
    [Fact]
    public void Size_SlowStart_GrowsByOnePerBlock()
    {
        var window = new RequestWindow();
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(RequestWindow.StartSize + i, window.Size);
            window.OnBlock(i, 16384, 1_000_000);
        }
    }

    [Theory]
    [InlineData(1_000, 250, 32)]
    [InlineData(1_000_000, 250, 184)]
    [InlineData(1_000_000_000, 250, 250)]
    [InlineData(1_000_000_000, 2000, 500)]
    [InlineData(1_000_000_000, 9_999_999, 500)]
    [InlineData(1_000, 10, 10)]
    [InlineData(1_000, 0, 1)]
    [InlineData(long.MaxValue, 2000, 500)]
    public void Size_RateNoLongerGrows_IsThreeSecondsOfIt(long rate, int reqq, int expected)
    {
        var window = new RequestWindow(reqq);
        for (var now = 0; now <= 3_000; now += 1_000)
        {
            window.OnBlock(now, 16384, rate);
        }

        Assert.Equal(expected, window.Size);
    }

    [Fact]
    public void CheckTimeouts_DeliveredBeforeThenSilent20s_SnubsOnceAndFirstBlockEndsIt()
    {
        var window = new RequestWindow();
        window.OnRequested(0);
        window.OnBlock(1_000, 16384, 16384);
        Assert.False(window.CheckTimeouts(20_999, 3));
        Assert.True(window.CheckTimeouts(21_000, 3));
        Assert.False(window.CheckTimeouts(22_000, 1));
        Assert.Equal((true, 1), (window.IsSnubbed, window.Size));
        window.OnBlock(40_000, 16384, 100);
        Assert.Equal((false, RequestWindow.StartSize + 1), (window.IsSnubbed, window.Size));
    }

    [Fact]
    public void CheckTimeouts_NeverDelivered_Has60s()
    {
        var window = new RequestWindow();
        window.OnRequested(5_000);
        window.OnRequested(30_000);
        Assert.False(window.CheckTimeouts(64_999, 4));
        Assert.True(window.CheckTimeouts(65_000, 4));
    }

    [Fact]
    public void CheckTimeouts_NothingOutstanding_NeverSnubs()
    {
        var window = new RequestWindow();
        window.OnBlock(0, 16384, 1);
        Assert.False(window.CheckTimeouts(100_000, 0));
        window.OnRequested(100_000);
        Assert.False(window.CheckTimeouts(119_999, 1));
        Assert.True(window.CheckTimeouts(120_000, 1));
    }
}

public sealed class UploadSharesTests
{
    [Fact]
    public void Compute_AnyDemands_SumNeverExceedsUmax() =>
        Gen.Select(Gen.Long[0, 100_000_000], Gen.Select(Gen.Long[0, 100_000_000], Gen.Bool).Array[0, 30]).Sample((max, demands) =>
        {
            var shares = UploadShares.Compute(max, [.. demands.Select((demand, i) => new UploadDemand(i, demand.Item1, demand.Item2))]);
            Assert.Equal(Enumerable.Range(0, demands.Length), shares.Select(share => share.TorrentId));
            if (max == 0)
            {
                Assert.All(shares, share => Assert.Equal((0, 0), (share.Share, share.Lent)));
                return;
            }

            Assert.True(shares.Sum(share => share.Share + share.Lent) <= Math.Max(max, demands.Length));
            foreach (var share in shares)
            {
                var (used, wantsMore) = demands[share.TorrentId];
                Assert.Equal(Math.Max(1, max / demands.Length), share.Share);
                Assert.True(share.Share + share.Lent >= Math.Max(1, wantsMore ? share.Share : Math.Min(used, share.Share)));
            }
        });

    [Fact]
    public void Compute_OneIdleOfFour_LendsItsShareToTheThree()
    {
        var shares = UploadShares.Compute(
            1_648_000, [new UploadDemand(7, 412_000, true), new UploadDemand(8, 400_000, true), new UploadDemand(9, 0, false), new UploadDemand(10, 390_000, true)]);
        Assert.All(shares, share => Assert.Equal(412_000, share.Share));
        Assert.Equal([103_000, 103_000, 103_000 - 412_000, 103_000], shares.Select(share => share.Lent));
    }

    [Fact]
    public void Compute_TinyShare_LenderKeepsAByteBecauseZeroIsNoLimit() =>
        Assert.Equal([-1, 1], UploadShares.Compute(4, [new UploadDemand(1, 0, false), new UploadDemand(2, 2, true)]).Select(share => share.Lent));

    [Fact]
    public void Compute_NobodyWantsMore_LendsNothing() =>
        Assert.Equal(new UploadShare(1, 1000, 0), Assert.Single(UploadShares.Compute(1000, [new UploadDemand(1, 10, false)])));
}

public sealed class SmartBanTests
{
    [Fact]
    public void OnPiecePassed_OnePoisonerAmongEight_NamesItAlone()
    {
        // W40.
        var ban = new SmartBan();
        ban.OnPieceFailed(3, [1, 2, 99, 4, 5, 6, 7, 8], [11, 12, 13, 14, 15, 16, 17, 18]);
        Assert.True(ban.HasFailed(3));
        Assert.Equal([13], ban.OnPiecePassed(3, [1, 2, 3, 4, 5, 6, 7, 8]));
        Assert.False(ban.HasFailed(3));
        Assert.Empty(ban.OnPiecePassed(3, [1, 2, 3, 4, 5, 6, 7, 8]));
    }

    [Fact]
    public void OnPiecePassed_SeveralAttempts_NamesEachCulpritOnceAndNeverTheUnknown()
    {
        var ban = new SmartBan();
        ban.OnPieceFailed(0, [9, 2], [1, 2]);
        ban.OnPieceFailed(0, [9, 9], [1, 0]);
        ban.OnPieceFailed(0, [1, 9], [3, 4]);
        Assert.Equal([1, 4], ban.OnPiecePassed(0, [1, 2]));
    }

    [Fact]
    public void OnPieceFailed_ManyPieces_StaysBoundedAndKeepsTheNewest()
    {
        var ban = new SmartBan();
        for (var round = 0; round < 3; round++)
        {
            for (var piece = 0; piece < 1000; piece++)
            {
                ban.OnPieceFailed(piece, [9], [piece + 1]);
            }
        }

        Assert.Equal([1000], ban.OnPiecePassed(999, [1]));
        Assert.Empty(ban.OnPiecePassed(0, [1]));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(9, 0)]
    [InlineData(10, 1_000)]
    [InlineData(11, 2_000)]
    [InlineData(19, 512_000)]
    [InlineData(20, 600_000)]
    [InlineData(500, 600_000)]
    public void RetryAfterMs_Failures_DoublesFromTheTenth(int failures, long expected)
    {
        var ban = new SmartBan();
        for (var i = 0; i < failures; i++)
        {
            ban.OnPieceFailed(1, [], []);
        }

        Assert.Equal((failures, expected), (ban.FailuresOf(1), ban.RetryAfterMs(1)));
    }

    [Fact]
    public void SoleSupplier_OneOrMore_NamesOnlyOneAlone()
    {
        Assert.Equal(5, SmartBan.SoleSupplier([5, 5, 5]));
        Assert.Equal(0, SmartBan.SoleSupplier([5, 0, 5]));
        Assert.Equal(0, SmartBan.SoleSupplier([5, 6]));
        Assert.Equal(0, SmartBan.SoleSupplier([]));
    }
}
