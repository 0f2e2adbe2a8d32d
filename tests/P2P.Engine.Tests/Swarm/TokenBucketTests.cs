using CsCheck;
using P2P.Engine.Runtime;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

public sealed class TokenBucketTests
{
    private const long Block = 16384;

    [Fact]
    public void TryTake_AnyPattern_NeverGivesMoreThanRateAndBurst() =>
        Gen.Select(Gen.Long[1, 50_000_000], Gen.Select(Gen.Int[0, 400], Gen.Long[1, Block]).Array[1, 400]).Sample((rate, steps) =>
        {
            var bucket = new TokenBucket(rate, 0);
            var (now, taken) = (0L, 0L);
            foreach (var (wait, bytes) in steps)
            {
                now += wait;
                taken += bucket.TryTake(bytes, now) ? bytes : 0;
                Assert.True(taken <= Block + (rate * now / 1000) + Block, $"{taken} after {now} ms");
                Assert.True(bucket.Available(now) <= Math.Max(65536, rate / 4));
            }
        });

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(33_333)]
    [InlineData(1_000_000_000)]
    public void TryTake_AlwaysHungry_GetsExactlyTheRate(long rate)
    {
        // Asked every millisecond: a rate below 1,000 B/s is less than a byte each time and must not be rounded away.
        var bucket = new TokenBucket(rate, 0);
        var taken = 0L;
        for (var now = 0L; now <= 100_000; now++)
        {
            while (bucket.TryTake(Math.Max(1, rate / 10_000), now))
            {
                taken += Math.Max(1, rate / 10_000);
            }
        }

        Assert.InRange(taken, (rate * 100) + Block, (rate * 100) + Block + Math.Max(1, rate / 10_000));
    }

    [Fact]
    public void TryTake_Debt_IsPaidBackFirst()
    {
        var bucket = new TokenBucket(1000, 0);
        Assert.True(bucket.TryTake(Block - 1, 0));
        Assert.True(bucket.TryTake(Block, 0));
        Assert.Equal(1 - Block, bucket.Available(0));
        Assert.False(bucket.TryTake(1, 16_383));
        Assert.True(bucket.TryTake(1, 16_384));
    }

    [Fact]
    public void TryTake_AfterLongPause_SavesUpOneBurstOnly()
    {
        Assert.Equal(65536, new TokenBucket(1000, 0).Available(long.MaxValue / 2));
        Assert.Equal(1_000_000, new TokenBucket(4_000_000, 0).Available(long.MaxValue / 2));
    }

    [Fact]
    public void Rate_ZeroThenLimit_LimitsFromThenOn()
    {
        var bucket = new TokenBucket(0, 0);
        Assert.True(bucket.TryTake(long.MaxValue / 4, 0));
        Assert.Equal(long.MaxValue, bucket.Available(0));
        bucket.Rate = 1000;
        Assert.True(bucket.TryTake(Block, 0));
        Assert.False(bucket.TryTake(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => bucket.Rate = -1);
    }

    [Fact]
    public void TryTake_FourThreads_ConserveEveryByte()
    {
        var bucket = new TokenBucket(1_000_000, 0);
        var (clock, taken) = (0L, 0L);
        Parallel.For(0, 4, _ =>
        {
            for (var i = 0; i < 50_000; i++)
            {
                var now = Interlocked.Increment(ref clock) / 10;
                Interlocked.Add(ref taken, bucket.TryTake(1000, now) ? 1000 : 0);
            }
        });
        var end = Volatile.Read(ref clock) / 10;
        Assert.InRange(taken, 1, Block + (1_000_000 * end / 1000) + 1000);
        Assert.Equal(taken, Math.Min(taken, Block + (1_000_000 * end / 1000) + 1000));
    }
}
