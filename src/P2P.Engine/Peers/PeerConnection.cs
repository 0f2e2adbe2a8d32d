using System.Buffers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;
using P2P.Engine.Wire;

namespace P2P.Engine.Peers;

/// <summary>One live connection after the handshake: a receive pump and a send pump, no opinions.</summary>
/// <remarks>
/// Send, Cancel, DiscardPieces and Close may be called from any thread; the owner of the torrent is the only caller in practice. The
/// pumps hold no buffer while nothing moves. Everything is bounded: messages, blocks, buffered bytes and silence (<see cref="Tick"/>).
/// </remarks>
internal sealed class PeerConnection : IThreadPoolWorkItem
{
    /// <summary>Longest message-less or unread time, in seconds (reliability.md 2.3, "PeerIdle").</summary>
    public const int IdleSeconds = 120;

    /// <summary>Added to <see cref="IdleSeconds"/> before silence ends a connection: clients that beat every two minutes (BEP 3) may be late.</summary>
    public const int SilenceGraceSeconds = 15;

    /// <summary>Longest time from the first to the last byte of one message, in seconds ("MessageStall").</summary>
    public const int StallSeconds = 60;

    /// <summary>We speak after so many silent seconds: well before the two minutes after which libtorrent hangs up.</summary>
    public const int KeepAliveSeconds = 100;

    /// <summary>256 KiB per receive while bytes flow: the cheapest framed receive measured (limits.md 2.4).</summary>
    private const int ReceiveLength = 256 * 1024;

    /// <summary>After a receive this large more is waiting: keep the buffer instead of asking first.</summary>
    private const int BusyLength = ReceiveLength / 2;

    /// <summary>An extended handshake costs as much as this many other messages: 200 of them in 10 s are a flood (W49).</summary>
    private const int ExtendedHandshakeCost = 100;

    /// <summary>Fewest blocks a flush carries: 64 KiB leave within <see cref="IdleSeconds"/> down to 550 bytes per second.</summary>
    private const int LeastFlush = 4;

    private const long Never = long.MinValue;

    private readonly IConnection _connection;
    private readonly BlockPool _pool;
    private readonly TimeProvider _clock;
    private readonly ILoopScheduler? _scheduler;
    private readonly Outbox _outbox = new();
    private readonly PumpSignal _signal;
    private readonly CancellationTokenSource _stop = new();
    private readonly PeerBatch?[] _spareBatches = new PeerBatch?[4];
    private readonly Action<PeerBatch> _recycle;

    private IPeerSink _sink = null!;
    private MessageReader _reader = null!;
    private FloodMeter _flood;
    private int _haveAllowance;
    private int _unreportedBytes;
    private int _credit;
    private int _pumps;
    private DisconnectReason? _reason;
    private long _lastReceived;
    private long _lastSent;
    private long _messageSince = Never;
    private long _sendSince = Never;
    private bool _waitsForBlock;

    /// <summary>Takes over <paramref name="connection"/> after a successful handshake; nothing runs before <see cref="Start"/>.</summary>
    /// <param name="connection">Owned from here on; disposed by <see cref="Close"/>.</param>
    /// <param name="handshake">What the handshaker returned.</param>
    /// <param name="pool">Lends the blocks that received Piece messages carry.</param>
    /// <param name="clock">For time-outs; read once per receive and send.</param>
    /// <param name="scheduler">
    /// Starts and wakes the pumps, so that a burst of <see cref="Send"/> leaves in one flush: give it the loops' scheduler. When null,
    /// they run on the caller's thread.
    /// </param>
    public PeerConnection(
        IConnection connection, HandshakeInfo handshake, BlockPool pool, TimeProvider clock, ILoopScheduler? scheduler = null)
    {
        ArgumentNullException.ThrowIfNull(clock);
        (_connection, Handshake, _pool, _clock, _scheduler) = (connection, handshake, pool, clock, scheduler);
        _signal = new PumpSignal(scheduler);
        _recycle = Recycle;
        _flood = new FloodMeter(clock.TimestampFrequency);
        _lastReceived = _lastSent = clock.GetTimestamp();
    }

    /// <summary>What the other side said in its handshake.</summary>
    public HandshakeInfo Handshake { get; }

    /// <summary>Whatever the owner wants to find again.</summary>
    public object? Tag { get; set; }

    /// <summary>Blocks waiting in the outbox or being written to the socket.</summary>
    public int QueuedBlocks => _outbox.Blocks;

    /// <summary>Starts both pumps. Frames are checked against R-P03; <paramref name="pieceCount"/> gives the bitfield's exact length.</summary>
    /// <param name="sink">Told everything; <see cref="IPeerSink.OnClosed"/> comes once both pumps have ended, also when closed already.</param>
    /// <param name="pieceCount">Pieces of the torrent, or 0 while they are not known.</param>
    public void Start(IPeerSink sink, int pieceCount)
    {
        var features = (Handshake.SupportsFast ? HandshakeFeatures.Fast : 0) | (Handshake.SupportsExtensions ? HandshakeFeatures.Extensions : 0);
        (_sink, _haveAllowance, _pumps) = (sink, pieceCount, 2);
        _reader = new MessageReader(_pool, pieceCount, features);
        if (_scheduler is null)
        {
            RunPumps();
        }
        else
        {
            _scheduler.Schedule(this);
        }
    }

    void IThreadPoolWorkItem.Execute() => RunPumps();

    /// <summary>Queues a message; a Piece's block now belongs to the connection, which returns it when sent, discarded or closed.</summary>
    public void Send(in PeerMessage message)
    {
        switch (_outbox.Put(message))
        {
            case PutResult.WakePump:
                _signal.Set();
                break;
            case PutResult.Overflow:
                Close(new DisconnectReason("peer.idle", "The peer reads too slowly for what it has to be told."));
                break;
        }
    }

    /// <summary>Takes a queued Piece message back out (their cancel); false when it is gone or never was.</summary>
    public bool TryCancelPiece(BlockRef block) => _outbox.TryCancel(block);

    /// <summary>Takes all queued Piece messages out (we choke) and returns which, so that they can be rejected (BEP 6).</summary>
    public IReadOnlyList<BlockRef> DiscardPieces() => _outbox.DiscardPieces();

    /// <summary>Ends the connection; OnClosed follows once, with the first reason given.</summary>
    public void Close(DisconnectReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
        {
            return;
        }

        _stop.Cancel();
        _connection.Dispose();
        if (_outbox.Close())
        {
            _signal.Set();
        }
    }

    /// <summary>Looks at the clock for this connection: sends a keep-alive or closes for silence, a stalled message or an unread send.</summary>
    /// <param name="nowTimestamp">A timestamp of the connection's clock. The owner calls about once a second; there is no timer per peer.</param>
    public void Tick(long nowTimestamp)
    {
        var canReceive = !Volatile.Read(ref _waitsForBlock);
        if (canReceive && Since(ref _messageSince, nowTimestamp) >= StallSeconds)
        {
            Close(new DisconnectReason("peer.stall", $"The peer began a message and did not finish it in {StallSeconds} s.", IsMisbehaviour: true));
        }
        else if (canReceive && Since(ref _lastReceived, nowTimestamp) >= IdleSeconds + SilenceGraceSeconds)
        {
            Close(new DisconnectReason("peer.idle", $"The peer was silent for {IdleSeconds} s."));
        }
        else if (Since(ref _sendSince, nowTimestamp) >= IdleSeconds)
        {
            Close(new DisconnectReason("peer.idle", $"The peer read nothing for {IdleSeconds} s."));
        }
        else if (Volatile.Read(ref _sendSince) == Never && Since(ref _lastSent, nowTimestamp) >= KeepAliveSeconds)
        {
            Volatile.Write(ref _lastSent, nowTimestamp);
            Send(new PeerMessage(MessageId.KeepAlive));
        }
    }

    private bool IsClosed => Volatile.Read(ref _reason) is not null;

    /// <summary>Seconds from a moment to now; 0 when the moment never was.</summary>
    private double Since(ref long moment, long now)
    {
        var then = Volatile.Read(ref moment);
        return then == Never ? 0 : _clock.GetElapsedTime(then, now).TotalSeconds;
    }

    private void RunPumps()
    {
        // Neither task can fail: each ends by closing the connection with a reason.
        _ = ReceiveLoopAsync();
        _ = SendLoopAsync();
    }

    private async Task ReceiveLoopAsync()
    {
        byte[]? buffer = null;
        try
        {
            while (!IsClosed)
            {
                if (buffer is null)
                {
                    await _connection.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
                    buffer = ArrayPool<byte>.Shared.Rent(ReceiveLength);
                }

                var received = await _connection.ReceiveAsync(buffer.AsMemory(0, ReceiveLength), CancellationToken.None).ConfigureAwait(false);
                if (received == 0)
                {
                    Close(new DisconnectReason("peer.closed", "The peer closed the connection."));
                    break;
                }

                Volatile.Write(ref _lastReceived, _clock.GetTimestamp());
                await DecodeAsync(buffer.AsMemory(0, received)).ConfigureAwait(false);
                if (received < BusyLength)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = null;
                }
            }
        }
        catch (Exception exception)
        {
            Close(ReasonOf(exception));
        }
        finally
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            _reader.Release();
            EndPump();
        }
    }

    /// <summary>Posts the messages of one receive; when the pool runs dry, posts what there is and waits for a block.</summary>
    private async ValueTask DecodeAsync(ReadOnlyMemory<byte> bytes)
    {
        var (messages, cost) = (0, 0);
        while (true)
        {
            var batch = TakeBatch();
            var status = Decode(bytes.Span, batch, ref messages, ref cost, out var used);
            bytes = bytes[used..];
            _unreportedBytes += used;
            if (batch.Messages.Count > 0)
            {
                (batch.WireBytes, _unreportedBytes) = (_unreportedBytes, 0);
                _sink.OnMessages(this, batch);
            }
            else
            {
                Recycle(batch);
            }

            if (status == ReadStatus.Malformed)
            {
                Close(new DisconnectReason(_reader.Fault.Code, _reader.Fault.Message, IsMisbehaviour: true));
                return;
            }

            if (status == ReadStatus.NeedMore)
            {
                break;
            }

            // The messages are posted before the wait: their blocks are the ones that come back.
            Volatile.Write(ref _waitsForBlock, true);
            _reader.Supply(await _pool.RentAsync(_stop.Token).ConfigureAwait(false));
            Volatile.Write(ref _lastReceived, _clock.GetTimestamp());
            Volatile.Write(ref _messageSince, Never);
            Volatile.Write(ref _waitsForBlock, false);
        }

        Account(messages, cost);
    }

    private ReadStatus Decode(ReadOnlySpan<byte> bytes, PeerBatch batch, ref int messages, ref int cost, out int used)
    {
        var input = bytes;
        ReadStatus status;
        while ((status = _reader.Read(ref input, out var message)) == ReadStatus.Message)
        {
            messages++;
            cost += message.Id switch
            {
                MessageId.Piece => 0,
                MessageId.Have when _haveAllowance-- > 0 => 0,
                MessageId.Extended when message.Begin == 0 => ExtendedHandshakeCost,
                _ => 1,
            };
            if (message.Id != MessageId.KeepAlive)
            {
                batch.Messages.Add(message);
            }
        }

        used = bytes.Length - input.Length;
        return status;
    }

    private void Account(int messages, int cost)
    {
        var now = Volatile.Read(ref _lastReceived);
        if (!_reader.IsMidMessage)
        {
            Volatile.Write(ref _messageSince, Never);
        }
        else if (messages > 0 || Volatile.Read(ref _messageSince) == Never)
        {
            Volatile.Write(ref _messageSince, now);
        }

        if (cost > 0 && !_flood.TryAdd(cost, Interlocked.Exchange(ref _credit, 0), now))
        {
            Close(new DisconnectReason("peer.flood", "The peer sent more than 2,000 control messages per second.", IsMisbehaviour: true));
        }
    }

    private async Task SendLoopAsync()
    {
        var batch = new SendBatch();
        var flushBlocks = LeastFlush * 2;
        try
        {
            while (true)
            {
                _signal.Reset();
                var taken = _outbox.Take(batch, flushBlocks);
                if (taken == TakeResult.Closed)
                {
                    return;
                }

                if (taken == TakeResult.Empty)
                {
                    await _signal.WaitAsync().ConfigureAwait(false);
                    continue;
                }

                var start = _clock.GetTimestamp();
                Volatile.Write(ref _sendSince, start);
                await _connection.SendAsync(batch.Segments, CancellationToken.None).ConfigureAwait(false);
                var end = _clock.GetTimestamp();
                Volatile.Write(ref _sendSince, Never);
                Volatile.Write(ref _lastSent, end);
                flushBlocks = NextFlush(flushBlocks, _clock.GetElapsedTime(start, end));
                Finish(batch);
            }
        }
        catch (Exception exception)
        {
            Close(ReasonOf(exception));
        }
        finally
        {
            batch.ReturnBlocks();
            _outbox.OnSent();
            EndPump();
        }
    }

    /// <summary>Slow peers get small flushes, so that one flush never takes as long as the time-out.</summary>
    private static int NextFlush(int blocks, TimeSpan took) => took.TotalSeconds switch
    {
        < 0.5 => Math.Min(SendBatch.MaxBlocks, blocks * 2),
        > 2 => Math.Max(LeastFlush, blocks / 2),
        _ => blocks,
    };

    private void Finish(SendBatch batch)
    {
        var (blocks, bytes, answerable) = (batch.BlockCount, batch.PayloadBytes, batch.Answerable);
        batch.ReturnBlocks();
        if (answerable > 0)
        {
            Interlocked.Add(ref _credit, answerable);
        }

        if (blocks > 0)
        {
            _outbox.OnSent();
            _sink.OnSent(this, blocks, bytes);
        }
    }

    private PeerBatch TakeBatch()
    {
        foreach (ref var slot in _spareBatches.AsSpan())
        {
            if (Interlocked.Exchange(ref slot, null) is { } batch)
            {
                return batch;
            }
        }

        return new PeerBatch { Recycler = _recycle };
    }

    private void Recycle(PeerBatch batch)
    {
        foreach (ref var slot in _spareBatches.AsSpan())
        {
            if (Interlocked.CompareExchange(ref slot, batch, null) is null)
            {
                return;
            }
        }
    }

    private void EndPump()
    {
        if (Interlocked.Decrement(ref _pumps) == 0)
        {
            _sink.OnClosed(this, _reason!);
        }
    }

    private static DisconnectReason ReasonOf(Exception exception) => exception switch
    {
        NetworkException network => new DisconnectReason("peer.closed", network.Message),
        OperationCanceledException => new DisconnectReason("local.stopped", "The connection was stopped."),
        _ => new DisconnectReason("local.fault", $"A fault of ours ended the connection: {exception}"),
    };
}
