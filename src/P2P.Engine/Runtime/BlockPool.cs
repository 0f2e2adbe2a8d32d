using System.Collections.Concurrent;
using System.Diagnostics;

namespace P2P.Engine.Runtime;

/// <summary>Lends pinned 16 KiB buffers from a bounded pool: the only payload memory of the engine.</summary>
/// <remarks>
/// Thread-safe. Every <see cref="Block"/> has one owner at a time, who passes it on or returns it; returning twice throws. When
/// <see cref="TryRent"/> finds the pool empty the caller waits with <see cref="RentAsync"/>, a receive stops, TCP closes its window: that
/// is the whole back-pressure story. Buffers are made on demand and kept.
/// </remarks>
internal sealed class BlockPool(int capacity)
{
    private readonly ConcurrentStack<Block> _free = new();
    private readonly ConcurrentQueue<TaskCompletionSource<Block>> _waiters = new();
    private int _created;
    private int _lent;

    /// <summary>Most blocks ever lent at once.</summary>
    public int Capacity { get; } = capacity;

    /// <summary>Blocks lent now.</summary>
    public int Lent => Volatile.Read(ref _lent);

    /// <summary>Lends a block or returns null when all are lent.</summary>
    public Block? TryRent()
    {
        if (_free.TryPop(out var block))
        {
            return Lend(block);
        }

        if (Interlocked.Increment(ref _created) <= Capacity)
        {
            return Lend(new Block(this));
        }

        Interlocked.Decrement(ref _created);
        return null;
    }

    /// <summary>Lends a block, waiting for one to come back if need be.</summary>
    public ValueTask<Block> RentAsync(CancellationToken cancellationToken)
    {
        if (TryRent() is { } block)
        {
            return ValueTask.FromResult(block);
        }

        return WaitAsync(cancellationToken);
    }

    private async ValueTask<Block> WaitAsync(CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource<Block>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiters.Enqueue(waiter);

        // A block may have come back between the failed rent and the enqueue.
        if (TryRent() is { } late)
        {
            HandOut(late);
        }

        using var registration = cancellationToken.Register(() => waiter.TrySetCanceled(cancellationToken));
        return await waiter.Task.ConfigureAwait(false);
    }

    private Block Lend(Block block)
    {
        Interlocked.Increment(ref _lent);
        block.OnLent();
        return block;
    }

    private void TakeBack(Block block)
    {
        Interlocked.Decrement(ref _lent);
        if (_waiters.IsEmpty)
        {
            _free.Push(block);
            if (_waiters.IsEmpty || !_free.TryPop(out block!))
            {
                return;
            }
        }

        HandOut(Lend(block));
    }

    private void HandOut(Block block)
    {
        while (_waiters.TryDequeue(out var waiter))
        {
            if (waiter.TrySetResult(block))
            {
                return;
            }
        }

        Interlocked.Decrement(ref _lent);
        block.OnReturned();
        _free.Push(block);
    }

    /// <summary>One lent buffer of up to 16 KiB, with the number of bytes in use.</summary>
    internal sealed class Block
    {
        private readonly BlockPool _pool;
        private int _isLent;

        internal Block(BlockPool pool)
        {
            _pool = pool;
            Array = GC.AllocateUninitializedArray<byte>(Primitives.PieceGeometry.BlockLength, pinned: true);
        }

        /// <summary>The whole pinned buffer, 16,384 bytes.</summary>
        public byte[] Array { get; }

        /// <summary>Bytes in use, set by whoever fills the block.</summary>
        public int Length { get; set; }

        /// <summary>The bytes in use.</summary>
        public Memory<byte> Memory => Array.AsMemory(0, Length);

        /// <summary>The bytes in use.</summary>
        public Span<byte> Span => Array.AsSpan(0, Length);

        /// <summary>Ends the loan; the owner must not touch the buffer afterwards. A second return throws.</summary>
        public void Return()
        {
            OnReturned();
            _pool.TakeBack(this);
        }

        internal void OnLent()
        {
            var was = Interlocked.Exchange(ref _isLent, 1);
            Debug.Assert(was == 0, "A block is lent to one owner at a time.");
            Length = 0;
        }

        internal void OnReturned()
        {
            if (Interlocked.Exchange(ref _isLent, 0) == 0)
            {
                throw new InvalidOperationException("A block was returned twice.");
            }
        }
    }
}
