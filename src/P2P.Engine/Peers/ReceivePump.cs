using System.Buffers;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;
using P2P.Engine.Wire;

namespace P2P.Engine.Peers;

/// <summary>Reads one connection: receives, decodes, posts one batch per receive, and keeps the wire-level limits.</summary>
/// <remarks>
/// While nothing arrives it waits with an empty buffer. <see cref="RunAsync"/> runs once and never fails: it ends by closing the
/// connection with a reason. <see cref="AddCredit"/> and <see cref="Overdue"/> may be called from any thread.
/// </remarks>
internal sealed class ReceivePump
{
    /// <summary>256 KiB per receive while bytes flow: the cheapest framed receive measured (limits.md 2.4).</summary>
    private const int ReceiveLength = 256 * 1024;

    /// <summary>After a receive this large more is waiting: keep the buffer instead of asking first.</summary>
    private const int BusyLength = ReceiveLength / 2;

    /// <summary>A bitfield costs as much as this many other messages: 100 of them per second are a flood.</summary>
    private const int BitfieldCost = 20;

    /// <summary>An extended handshake costs as much as this many other messages: 200 of them in 10 s are a flood (W49).</summary>
    private const int ExtendedHandshakeCost = 100;

    /// <summary>Batches kept for reuse: a window of 256 blocks is 17 full receives on the way to the loop.</summary>
    private const int SpareBatches = 16;

    private const long Never = long.MinValue;

    private readonly PeerConnection _peer;
    private readonly IConnection _connection;
    private readonly IPeerSink _sink;
    private readonly BlockPool _pool;
    private readonly TimeProvider _clock;
    private readonly MessageReader _reader;
    private readonly Action<PeerBatch> _recycle;
    private readonly PeerBatch?[] _spareBatches = new PeerBatch?[SpareBatches];
    private FloodMeter _flood;
    private int _haveAllowance;
    private int _credit;
    private int _unreportedBytes;
    private long _lastReceived;
    private long _messageSince = Never;
    private bool _waitsForBlock;

    /// <summary>Nothing runs before <see cref="RunAsync"/>.</summary>
    /// <param name="peer">Closed when the wire says so; named to the sink.</param>
    /// <param name="connection">Where bytes come from.</param>
    /// <param name="sink">Gets the batches.</param>
    /// <param name="pool">Lends the blocks.</param>
    /// <param name="clock">Read once per receive.</param>
    /// <param name="pieceCount">Pieces of the torrent, 0 when unknown.</param>
    public ReceivePump(PeerConnection peer, IConnection connection, IPeerSink sink, BlockPool pool, TimeProvider clock, int pieceCount)
    {
        var features = (peer.Handshake.SupportsFast ? HandshakeFeatures.Fast : 0)
            | (peer.Handshake.SupportsExtensions ? HandshakeFeatures.Extensions : 0);
        (_peer, _connection, _sink, _pool, _clock, _haveAllowance) = (peer, connection, sink, pool, clock, pieceCount);
        _reader = new MessageReader(pool, pieceCount, features);
        _recycle = Recycle;
        _flood = new FloodMeter(clock.TimestampFrequency);
        _lastReceived = clock.GetTimestamp();
    }

    /// <summary>Counts messages of ours that the peer may answer with one of its own.</summary>
    public void AddCredit(int messages) => Interlocked.Add(ref _credit, messages);

    /// <summary>Frees what is kept for busy times.</summary>
    public void Trim() => Array.Clear(_spareBatches);

    /// <summary>Why the connection should end at <paramref name="now"/>, for silence or an unfinished message; null when all is well.</summary>
    public DisconnectReason? Overdue(long now)
    {
        if (Volatile.Read(ref _waitsForBlock))
        {
            // The peer is not slow, we are: its bytes wait in the socket until a block is free.
            return null;
        }

        var since = Volatile.Read(ref _messageSince);
        if (since != Never && Seconds(since, now) >= PeerConnection.StallSeconds)
        {
            return new DisconnectReason(
                "peer.stall", $"The peer began a message and did not finish it in {PeerConnection.StallSeconds} s.", IsMisbehaviour: true);
        }

        const int Limit = PeerConnection.IdleSeconds + PeerConnection.SilenceGraceSeconds;
        return Seconds(Volatile.Read(ref _lastReceived), now) >= Limit
            ? new DisconnectReason("peer.idle", $"The peer was silent for {Limit} s.")
            : null;
    }

    /// <summary>Receives until the connection is closed.</summary>
    /// <param name="stop">Ends a wait for a block.</param>
    public async Task RunAsync(CancellationToken stop)
    {
        byte[]? buffer = null;
        try
        {
            while (!_peer.IsClosed)
            {
                if (buffer is null)
                {
                    await _connection.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
                    buffer = ArrayPool<byte>.Shared.Rent(ReceiveLength);
                }

                var received = await _connection.ReceiveAsync(buffer.AsMemory(0, ReceiveLength), CancellationToken.None).ConfigureAwait(false);
                if (received == 0)
                {
                    _peer.Close(new DisconnectReason("peer.closed", "The peer closed the connection."));
                    break;
                }

                Volatile.Write(ref _lastReceived, _clock.GetTimestamp());
                await DecodeAsync(buffer.AsMemory(0, received), stop).ConfigureAwait(false);
                if (received < BusyLength)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = null;
                }
            }
        }
        catch (Exception exception)
        {
            _peer.Close(PeerConnection.ReasonOf(exception));
        }
        finally
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            _reader.Release();
        }
    }

    /// <summary>Posts the messages of one receive; when the pool runs dry, posts what there is and waits for a block.</summary>
    private async ValueTask DecodeAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        var (messages, cost) = (0, 0);
        while (true)
        {
            var batch = TakeBatch();
            var status = Decode(bytes.Span, batch, ref messages, ref cost, out var used);
            bytes = bytes[used..];
            Post(batch, used);
            if (status == ReadStatus.Malformed)
            {
                _peer.Close(new DisconnectReason(_reader.Fault.Code, _reader.Fault.Message, IsMisbehaviour: true));
                return;
            }

            if (status == ReadStatus.NeedMore)
            {
                break;
            }

            // The messages are posted before the wait: their blocks are the ones that come back.
            Volatile.Write(ref _waitsForBlock, true);
            _reader.Supply(await _pool.RentAsync(stop).ConfigureAwait(false));
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

                // Every piece may be announced once, however fast the peer downloads.
                MessageId.Have when _haveAllowance-- > 0 => 0,
                MessageId.Bitfield => BitfieldCost,
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

    private void Post(PeerBatch batch, int bytes)
    {
        _unreportedBytes += bytes;
        if (batch.Messages.Count == 0)
        {
            Recycle(batch);
            return;
        }

        (batch.WireBytes, _unreportedBytes) = (_unreportedBytes, 0);
        _sink.OnMessages(_peer, batch);
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
            _peer.Close(new DisconnectReason("peer.flood", "The peer sent more than 2,000 control messages per second.", IsMisbehaviour: true));
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

    private double Seconds(long then, long now) => _clock.GetElapsedTime(then, now).TotalSeconds;
}
