using System.Collections.Concurrent;
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
    private readonly ConcurrentStack<Block> _free = new();
    private readonly ILoopScheduler _scheduler = scheduler ?? new ThreadPoolLoopScheduler();
    private readonly Lock _lock = new();
    private readonly Queue<Waiter> _waiters = new();
    private int _waiting;
    private int _created;
    private int _lent;

    /// <summary>Most blocks ever lent at once.</summary>
    public int Capacity { get; } = capacity;

    /// <summary>Blocks lent now.</summary>
    public int Lent => Volatile.Read(ref _lent);

    /// <summary>Lends a block or returns null when all are lent or others wait already.</summary>
    public Block? TryRent() => Volatile.Read(ref _waiting) == 0 ? TryTake() : null;

    /// <summary>Lends a block, waiting for one to come back if need be; cancelled, it throws <see cref="OperationCanceledException"/>.</summary>
    public ValueTask<Block> RentAsync(CancellationToken cancellationToken)
    {
        if (TryRent() is { } block)
        {
            return ValueTask.FromResult(block);
        }

        var waiter = new Waiter();
        lock (_lock)
        {
            _waiters.Enqueue(waiter);
            Interlocked.Increment(ref _waiting);
        }

        waiter.CancelWith(cancellationToken, _scheduler);

        // A block may have come back between the failed rent and the enqueue.
        ServeWaiters();
        return new ValueTask<Block>(waiter, 0);
    }

    private Block? TryTake()
    {
        if (_free.TryPop(out var block))
        {
            return Lend(block);
        }

        // Reading first keeps the counter from creeping up when many find the pool empty.
        if (Volatile.Read(ref _created) < Capacity)
        {
            if (Interlocked.Increment(ref _created) <= Capacity)
            {
                return Lend(new Block(this));
            }

            Interlocked.Decrement(ref _created);
        }

        return null;
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

        // The push and the waiter's increment are both full fences: one of the two sides always sees the other.
        _free.Push(block);
        if (Volatile.Read(ref _waiting) > 0)
        {
            ServeWaiters();
        }
    }

    private void ServeWaiters()
    {
        lock (_lock)
        {
            while (_waiters.TryPeek(out var waiter))
            {
                if (waiter.IsSettled)
                {
                    Forget();
                }
                else if (TryTake() is not { } block)
                {
                    return;
                }
                else if (waiter.TrySettle(block))
                {
                    Forget();
                    _scheduler.Schedule(waiter);
                }
                else
                {
                    // Cancelled at this very moment: the block goes to the next one, or back.
                    block.OnReturned();
                    Interlocked.Decrement(ref _lent);
                    _free.Push(block);
                }
            }
        }
    }

    private void Forget()
    {
        _waiters.Dequeue();
        Interlocked.Decrement(ref _waiting);
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

    /// <summary>Somebody who waits for a block; settled once, by a block or by cancellation, and resumed by the scheduler.</summary>
    private sealed class Waiter : IValueTaskSource<Block>, IThreadPoolWorkItem
    {
        private ManualResetValueTaskSourceCore<Block> _core;
        private CancellationTokenRegistration _registration;
        private CancellationToken _cancelled;
        private Block? _block;
        private int _settled;

        public bool IsSettled => Volatile.Read(ref _settled) != 0;

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
