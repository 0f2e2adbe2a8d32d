using P2P.Engine.Runtime;
using P2P.Engine.Transport;

namespace P2P.Engine.Peers;

/// <summary>Writes one connection: drains the outbox, sends what it got in one gathered write, returns the blocks.</summary>
/// <remarks>
/// <see cref="RunAsync"/> runs once and never fails: it ends by closing the connection with a reason. The other members may be called
/// from any thread.
/// </remarks>
internal sealed class SendPump(
    PeerConnection peer, IConnection connection, IPeerSink sink, Outbox outbox, TimeProvider clock, ILoopScheduler? scheduler)
{
    /// <summary>Fewest blocks a flush carries: 64 KiB leave within the time-out down to 550 bytes per second.</summary>
    private const int LeastFlush = 4;

    private const long Never = long.MinValue;

    private readonly PumpSignal _signal = new(scheduler);
    private long _lastSent = clock.GetTimestamp();
    private long _sendSince = Never;

    /// <summary>Resumes the pump; called when <see cref="Outbox"/> says that it waits.</summary>
    public void Wake() => _signal.Set();

    /// <summary>Why the connection should end at <paramref name="now"/>: a write that the peer does not read; null when all is well.</summary>
    public DisconnectReason? Overdue(long now)
    {
        var since = Volatile.Read(ref _sendSince);
        return since != Never && clock.GetElapsedTime(since, now).TotalSeconds >= PeerConnection.IdleSeconds
            ? new DisconnectReason("peer.idle", $"The peer read nothing for {PeerConnection.IdleSeconds} s.")
            : null;
    }

    /// <summary>Has nothing been sent for so long that a keep-alive is due? True once per period.</summary>
    public bool IsKeepAliveDue(long now)
    {
        if (Volatile.Read(ref _sendSince) != Never
            || clock.GetElapsedTime(Volatile.Read(ref _lastSent), now).TotalSeconds < PeerConnection.KeepAliveSeconds)
        {
            return false;
        }

        Volatile.Write(ref _lastSent, now);
        return true;
    }

    /// <summary>Sends until the outbox is closed.</summary>
    /// <param name="onAnswerable">Told how many messages of each flush the peer may answer.</param>
    public async Task RunAsync(Action<int> onAnswerable)
    {
        var batch = new SendBatch();
        var flushBlocks = LeastFlush * 2;
        try
        {
            while (true)
            {
                _signal.Reset();
                var taken = outbox.Take(batch, flushBlocks);
                if (taken == TakeResult.Closed)
                {
                    return;
                }

                if (taken == TakeResult.Empty)
                {
                    await _signal.WaitAsync().ConfigureAwait(false);
                    continue;
                }

                var start = clock.GetTimestamp();
                Volatile.Write(ref _sendSince, start);

                // Before the write: the answer may be here before the write is known to be done.
                onAnswerable(batch.Answerable);
                await connection.SendAsync(batch.Segments, CancellationToken.None).ConfigureAwait(false);
                var end = clock.GetTimestamp();
                Volatile.Write(ref _lastSent, end);
                Volatile.Write(ref _sendSince, Never);
                flushBlocks = NextFlush(flushBlocks, clock.GetElapsedTime(start, end));
                Finish(batch);
            }
        }
        catch (Exception exception)
        {
            peer.Close(PeerConnection.ReasonOf(exception));
        }
        finally
        {
            batch.ReturnBlocks();
            outbox.OnSent();
        }
    }

    private void Finish(SendBatch batch)
    {
        var (blocks, bytes) = (batch.BlockCount, batch.PayloadBytes);
        batch.ReturnBlocks();
        if (blocks > 0)
        {
            outbox.OnSent();
            sink.OnSent(peer, blocks, bytes);
        }
    }

    /// <summary>Slow peers get small flushes, so that one flush never takes as long as the time-out.</summary>
    private static int NextFlush(int blocks, TimeSpan took) => took.TotalSeconds switch
    {
        < 0.5 => Math.Min(SendBatch.MaxBlocks, blocks * 2),
        > 2 => Math.Max(LeastFlush, blocks / 2),
        _ => blocks,
    };
}
