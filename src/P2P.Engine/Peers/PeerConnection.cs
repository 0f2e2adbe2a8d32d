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
    /// <summary>Longest silent or unread time, in seconds (reliability.md 2.3, "PeerIdle").</summary>
    public const int IdleSeconds = 120;

    /// <summary>Added to <see cref="IdleSeconds"/> before silence ends a connection: clients that beat every two minutes (BEP 3) may be late.</summary>
    public const int SilenceGraceSeconds = 15;

    /// <summary>Longest time from the first to the last byte of one message, in seconds ("MessageStall").</summary>
    public const int StallSeconds = 60;

    /// <summary>We speak after so many silent seconds: well before the two minutes after which libtorrent hangs up.</summary>
    public const int KeepAliveSeconds = 100;

    private readonly IConnection _connection;
    private readonly BlockPool _pool;
    private readonly TimeProvider _clock;
    private readonly ILoopScheduler? _scheduler;
    private readonly Outbox _outbox = new();
    private readonly CancellationTokenSource _stop = new();

    private IPeerSink _sink = null!; // this and the pumps: from Start on
    private ReceivePump _receiver = null!;
    private SendPump _sender = null!;
    private int _runningPumps;
    private DisconnectReason? _reason;

    /// <summary>Takes over <paramref name="connection"/> after a successful handshake; nothing runs before <see cref="Start"/>.</summary>
    /// <param name="connection">Owned from here on; disposed by <see cref="Close"/>.</param>
    /// <param name="handshake">What the handshaker returned.</param>
    /// <param name="pool">Lends the blocks that received Piece messages carry.</param>
    /// <param name="clock">For time-outs; read once per receive and twice per send.</param>
    /// <param name="scheduler">
    /// Starts and wakes the pumps, so that a burst of <see cref="Send"/> leaves in one flush: give it the loops' scheduler. When null,
    /// they run on the caller's thread.
    /// </param>
    public PeerConnection(
        IConnection connection, HandshakeInfo handshake, BlockPool pool, TimeProvider clock, ILoopScheduler? scheduler = null) =>
        (_connection, Handshake, _pool, _clock, _scheduler) = (connection, handshake, pool, clock, scheduler);

    /// <summary>What the other side said in its handshake.</summary>
    public HandshakeInfo Handshake { get; }

    /// <summary>Whatever the owner wants to find again.</summary>
    public object? Tag { get; set; }

    /// <summary>Blocks waiting in the outbox or being written to the socket.</summary>
    public int QueuedBlocks => _outbox.Blocks;

    /// <summary>Has somebody closed it? <see cref="IPeerSink.OnClosed"/> may still be to come.</summary>
    public bool IsClosed => Volatile.Read(ref _reason) is not null;

    /// <summary>Starts both pumps. Frames are checked against R-P03; <paramref name="pieceCount"/> gives the bitfield's exact length.</summary>
    /// <param name="sink">Told everything; <see cref="IPeerSink.OnClosed"/> comes once both pumps have ended, also when closed already.</param>
    /// <param name="pieceCount">Pieces of the torrent, or 0 while they are not known.</param>
    public void Start(IPeerSink sink, int pieceCount)
    {
        (_sink, _runningPumps) = (sink, 2);
        _receiver = new ReceivePump(this, _connection, sink, _pool, _clock, pieceCount);
        _sender = new SendPump(this, _connection, sink, _outbox, _clock, _scheduler);
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
                _sender.Wake();
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
            _sender.Wake();
        }
    }

    /// <summary>Looks at the clock for this connection: sends a keep-alive or closes for silence, a stalled message or an unread send.</summary>
    /// <param name="nowTimestamp">
    /// A timestamp of the connection's clock. The owner calls about once a second after <see cref="Start"/>; there is no timer per peer.
    /// </param>
    public void Tick(long nowTimestamp)
    {
        if ((_receiver.Overdue(nowTimestamp) ?? _sender.Overdue(nowTimestamp)) is { } reason)
        {
            Close(reason);
        }
        else if (_sender.IsKeepAliveDue(nowTimestamp))
        {
            _receiver.Trim();
            Send(new PeerMessage(MessageId.KeepAlive));
        }
    }

    /// <summary>What an exception that ended a pump means.</summary>
    internal static DisconnectReason ReasonOf(Exception exception) => exception switch
    {
        NetworkException network => new DisconnectReason("peer.closed", network.Message),
        OperationCanceledException => new DisconnectReason("local.stopped", "The connection was stopped."),
        _ => new DisconnectReason("local.fault", $"A fault of ours ended the connection: {exception}"),
    };

    private void RunPumps()
    {
        // Neither task can fail: each ends by closing the connection with a reason.
        _ = ReceiveAsync();
        _ = SendAsync();
    }

    private async Task ReceiveAsync()
    {
        await _receiver.RunAsync(_stop.Token).ConfigureAwait(false);
        EndPump();
    }

    private async Task SendAsync()
    {
        await _sender.RunAsync(_receiver.AddCredit).ConfigureAwait(false);
        EndPump();
    }

    private void EndPump()
    {
        if (Interlocked.Decrement(ref _runningPumps) == 0)
        {
            _sink.OnClosed(this, _reason!);
        }
    }
}
