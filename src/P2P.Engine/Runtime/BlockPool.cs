using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace P2P.Engine.Runtime;

/// <summary>Lends pinned 16 KiB buffers from a bounded pool: the only payload memory of the engine.</summary>
/// <remarks>
/// Thread-safe. Every <see cref="Block"/> has one owner at a time, who passes it on or returns it; returning twice throws. When
/// <see cref="TryRent"/> finds the pool empty the caller waits with <see cref="RentAsync"/>, a receive stops, TCP closes its window: that
/// is the whole back-pressure story. Waiters are served in the order they came, before anybody else. Buffers are made on demand and kept.
/// </remarks>
/// <param name="capacity">Most blocks lent at once.</param>
/// <param name="scheduler">Runs what waited for a block; the thread pool when null, never the thread that returns one.</param>
internal sealed class BlockPool(int capacity, ILoopScheduler? scheduler = null)
{
    private readonly ILoopScheduler _scheduler = scheduler ?? new ThreadPoolLoopScheduler();
    private readonly Lock _lock = new();
    private readonly Queue<Waiter> _waiters = new();
    private Block? _free; // linked through the blocks themselves: a loan allocates nothing
    private int _created;
    private int _lent;

    /// <summary>Most blocks ever lent at once.</summary>
    public int Capacity { get; } = capacity;

    /// <summary>Blocks lent now.</summary>
    public int Lent => Volatile.Read(ref _lent);

    /// <summary>Lends a block or returns null when all are lent or others wait already.</summary>
    public Block? TryRent()
    {
        lock (_lock)
        {
            return _waiters.Count == 0 ? TakeFree() : null;
        }
    }

    /// <summary>Lends a block, waiting for one to come back if need be; cancelled, it throws <see cref="OperationCanceledException"/>.</summary>
    public ValueTask<Block> RentAsync(CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_lock)
        {
            if (_waiters.Count == 0 && TakeFree() is { } block)
            {
                return ValueTask.FromResult(block);
            }

            waiter = new Waiter();
            _waiters.Enqueue(waiter);
        }

        waiter.CancelWith(cancellationToken, _scheduler);
        return new ValueTask<Block>(waiter, 0);
    }

    private Block? TakeFree()
    {
        var block = _free;
        if (block is not null)
        {
            _free = block.Next;
            block.Next = null;
        }
        else if (_created < Capacity)
        {
            _created++;
            block = new Block(this);
        }
        else
        {
            return null;
        }

        _lent++;
        block.OnLent();
        return block;
    }

    private void TakeBack(Block block)
    {
        lock (_lock)
        {
            while (_waiters.TryDequeue(out var waiter))
            {
                if (waiter.TrySettle(block))
                {
                    // It stays lent; only the owner changes.
                    block.OnLent();
                    _scheduler.Schedule(waiter);
                    return;
                }
            }

            _lent--;
            block.Next = _free;
            _free = block;
        }
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

        /// <summary>The next free block; the pool's own.</summary>
        internal Block? Next { get; set; }

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

    /// <summary>Somebody who waits for a block; settled once, by a block or by cancellation, and resumed by the scheduler.</summary>
    private sealed class Waiter : IValueTaskSource<Block>, IThreadPoolWorkItem
    {
        private ManualResetValueTaskSourceCore<Block> _core;
        private CancellationTokenRegistration _registration;
        private CancellationToken _cancelled;
        private Block? _block;
        private int _settled;

        public bool TrySettle(Block? block)
        {
            if (Interlocked.CompareExchange(ref _settled, 1, 0) != 0)
            {
                return false;
            }

            _block = block;
            return true;
        }

        public void CancelWith(CancellationToken cancellationToken, ILoopScheduler scheduler)
        {
            _cancelled = cancellationToken;
            _registration = cancellationToken.UnsafeRegister(
                _ =>
                {
                    if (TrySettle(null))
                    {
                        scheduler.Schedule(this);
                    }
                },
                null);
        }

        public void Execute()
        {
            _registration.Unregister();
            if (_block is { } block)
            {
                _core.SetResult(block);
            }
            else
            {
                _core.SetException(new OperationCanceledException(_cancelled));
            }
        }

        public Block GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
