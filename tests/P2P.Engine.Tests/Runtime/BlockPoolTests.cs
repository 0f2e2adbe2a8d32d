using P2P.Engine.Runtime;
using Xunit;

namespace P2P.Engine.Tests.Runtime;

public sealed class BlockPoolTests
{
    [Fact]
    public void TryRent_UpToCapacity_ThenReturnsNull()
    {
        var pool = new BlockPool(2);
        var first = pool.TryRent();
        var second = pool.TryRent();

        Assert.Equal(16_384, first!.Array.Length);
        Assert.Null(pool.TryRent());
        Assert.Equal(2, pool.Lent);
        second!.Return();
        Assert.Same(second, pool.TryRent());
    }

    [Fact]
    public void TryRent_ReturnedBlock_ComesBackEmpty()
    {
        var pool = new BlockPool(1);
        var block = pool.TryRent()!;
        block.Length = 5;
        Assert.Equal(5, block.Memory.Length);
        block.Return();

        Assert.Equal(0, pool.TryRent()!.Length);
    }

    [Fact]
    public void Return_Twice_Throws()
    {
        var pool = new BlockPool(2);
        var block = pool.TryRent()!;
        block.Return();

        Assert.Throws<InvalidOperationException>(block.Return);
        Assert.Equal(0, pool.Lent);
    }

    [Fact]
    public void RentAsync_PoolEmpty_ServesWaitersInOrderThroughTheScheduler()
    {
        var scheduler = new ManualScheduler();
        var pool = new BlockPool(1, scheduler);
        var block = pool.TryRent()!;
        var (first, second) = (pool.RentAsync(default).AsTask(), pool.RentAsync(default).AsTask());
        block.Return();

        Assert.Null(pool.TryRent());
        Assert.False(first.IsCompleted);
        scheduler.RunAll();
        Assert.True(first.IsCompletedSuccessfully);
        Assert.False(second.IsCompleted);
        block.Return();
        scheduler.RunAll();
        Assert.True(second.IsCompletedSuccessfully);
        Assert.Equal(1, pool.Lent);
        block.Return();
        Assert.Equal(0, pool.Lent);
    }

    [Fact]
    public async Task RentAsync_Cancelled_ThrowsAndTheBlockGoesToTheNext()
    {
        var scheduler = new ManualScheduler();
        var pool = new BlockPool(1, scheduler);
        var block = pool.TryRent()!;
        using var stop = new CancellationTokenSource();
        var (first, second) = (pool.RentAsync(stop.Token).AsTask(), pool.RentAsync(default).AsTask());
        stop.Cancel();
        block.Return();
        scheduler.RunAll();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Same(block, await second);
        block.Return();
        Assert.Equal(0, pool.Lent);
        Assert.NotNull(pool.TryRent());
    }

    [Fact]
    public async Task RentAsync_CancelledBefore_ThrowsAndLeavesNoWaiter()
    {
        var pool = new BlockPool(1);
        var block = pool.TryRent()!;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pool.RentAsync(new CancellationToken(canceled: true)).AsTask());
        block.Return();

        Assert.NotNull(pool.TryRent());
    }

    [Fact]
    public async Task RentAsync_ManyThreads_NeverLendsMoreThanCapacityAndLosesNobody()
    {
        var pool = new BlockPool(3);
        var (inUse, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 5_000; i++)
            {
                var block = await pool.RentAsync(default);
                var now = Interlocked.Increment(ref inUse);
                InterlockedMax(ref most, now);
                Interlocked.Decrement(ref inUse);
                block.Return();
            }
        })));

        Assert.Equal(0, pool.Lent);
        Assert.InRange(most, 1, 3);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while (value > (seen = Volatile.Read(ref target)) && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
