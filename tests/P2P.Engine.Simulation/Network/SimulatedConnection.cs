using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Simulation;

/// <summary>One end of a TCP connection: a bounded window, chunks in order, a send that ends when its last chunk left the uplink.</summary>
/// <remarks>
/// Completions never run inside the call that causes them, and data is copied at the send, so buffers may be reused as after a real one.
/// Disposed, what has not left is dropped, what left arrives, then the other side reads the end.
/// </remarks>
internal sealed class SimulatedConnection : IConnection
{
    /// <summary>Bytes on the way and unread at the other end together: what a receiver's buffer would hold.</summary>
    private const int WindowLength = 256 * 1024;

    private readonly NetworkCard _card;
    private readonly SimulatedProcess _process;
    private readonly Queue<Chunk> _outgoing = new();
    private readonly Queue<ReadOnlyMemory<byte>> _incoming = new();
    private SimulatedConnection? _other;
    private TaskCompletionSource<int>? _receiving;
    private Memory<byte> _receiveBuffer;
    private TaskCompletionSource? _sending;
    private int _unread;
    private int _inFlight;
    private long _lastArrival;
    private bool _hasTurn;
    private bool _isDisposed;
    private bool _isDead;
    private bool _hasEnded;

    private SimulatedConnection(NetworkCard card, SimulatedProcess process, PeerEndpoint local, PeerEndpoint remote)
    {
        (_card, _process, Local, Remote) = (card, process, local, remote);
        process.OnDeath(Dispose);
    }

    /// <inheritdoc/>
    public PeerEndpoint Remote { get; }

    /// <inheritdoc/>
    public PeerEndpoint Local { get; }

    /// <summary>The machine at this end.</summary>
    public NetworkCard Card => _card;

    private SimulatedWorld World => _card.Network.World;

    /// <summary>Two ends that belong together.</summary>
    public static (SimulatedConnection Client, SimulatedConnection Server) Pair(
        NetworkCard client, SimulatedProcess clientProcess, PeerEndpoint local, NetworkCard server, SimulatedProcess serverProcess, PeerEndpoint remote)
    {
        var dialled = new SimulatedConnection(client, clientProcess, local, remote);
        var accepted = new SimulatedConnection(server, serverProcess, remote, local);
        (dialled._other, accepted._other) = (accepted, dialled);
        return (dialled, accepted);
    }

    /// <inheritdoc/>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        World.AssertOnThread();
        if (_isDisposed)
        {
            throw Closed();
        }

        if (_receiving is not null)
        {
            throw new InvalidOperationException("One reader at a time.");
        }

        if (_unread > 0 || _hasEnded)
        {
            return ValueTask.FromResult(Take(buffer));
        }

        _receiveBuffer = buffer;
        _receiving = new TaskCompletionSource<int>();
        return new ValueTask<int>(_receiving.Task);
    }

    /// <inheritdoc/>
    public ValueTask SendAsync(IList<ArraySegment<byte>> segments, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(segments);
        World.AssertOnThread();
        if (_isDisposed || _hasEnded)
        {
            throw Closed();
        }

        if (_sending is not null)
        {
            throw new InvalidOperationException("One writer at a time.");
        }

        var bytes = new byte[segments.Sum(static segment => segment.Count)];
        var at = 0;
        foreach (var segment in segments)
        {
            segment.AsSpan().CopyTo(bytes.AsSpan(at));
            at += segment.Count;
        }

        if (bytes.Length == 0)
        {
            return ValueTask.CompletedTask;
        }

        for (at = 0; at < bytes.Length; at += NetworkCard.ChunkLength)
        {
            var length = Math.Min(NetworkCard.ChunkLength, bytes.Length - at);
            _outgoing.Enqueue(new Chunk(bytes.AsMemory(at, length), at + length == bytes.Length));
        }

        _sending = new TaskCompletionSource();
        var task = _sending.Task;
        TakeTurn();
        return new ValueTask(task);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _outgoing.Clear();
        _incoming.Clear();
        _unread = 0;
        FailPending();
        if (_isDead)
        {
            return;
        }

        Trace("closed");
        Travel(0, other => other.OnEnd());
    }

    /// <summary>The machine lost power: this end vanishes without a word.</summary>
    public void Vanish()
    {
        _isDead = true;
        Dispose();
    }

    /// <summary>The next chunk for the uplink, or null when there is none or the window is full.</summary>
    public Chunk? TakeChunk()
    {
        _hasTurn = false;
        if (_isDisposed || !_outgoing.TryPeek(out var chunk) || !HasRoom(chunk.Bytes.Length))
        {
            return null;
        }

        _inFlight += chunk.Bytes.Length;
        return _outgoing.Dequeue();
    }

    /// <summary>A chunk has passed the uplink and travels.</summary>
    public void OnChunkLeft(Chunk chunk)
    {
        if (_isDisposed)
        {
            return; // its end has been sent already: nothing may arrive behind it
        }

        if (chunk.IsLast && _sending is { } sending)
        {
            _sending = null;
            Resume(() => sending.TrySetResult());
        }

        Travel(chunk.Bytes.Length, other => other.OnArrived(chunk.Bytes));
        TakeTurn();
    }

    private bool HasRoom(int length) => _inFlight + _other!._unread + length <= WindowLength || _inFlight + _other._unread == 0;

    private void TakeTurn()
    {
        if (!_hasTurn && !_isDisposed && _outgoing.TryPeek(out var chunk) && HasRoom(chunk.Bytes.Length))
        {
            _hasTurn = true;
            _card.Queue(this);
        }
    }

    /// <summary>Carries something to the other end, behind all that was sent before.</summary>
    private void Travel(int length, Action<SimulatedConnection> deliver)
    {
        var other = _other!;
        var latency = _card.LatencyTo(other._card);
        var loss = Math.Max(_card.Link.Loss, other._card.Link.Loss);
        if (loss > 0 && World.Random.NextDouble() < loss)
        {
            latency += (latency * 2) + TimeSpan.FromMilliseconds(200);
        }

        _lastArrival = Math.Max(_lastArrival, World.Now + latency.Ticks);
        World.At(_lastArrival, () => _card.Network.Arrive(_card, other._card, () => other._card.Receive(length, () =>
        {
            _inFlight -= length;
            if (!other._isDead)
            {
                deliver(other);
            }
            else if (other._card.IsOn)
            {
                OnEnd(); // rebooted, it knows nothing of this connection: a reset comes back
            }
        })));
    }

    private void OnArrived(ReadOnlyMemory<byte> bytes)
    {
        if (_isDisposed)
        {
            _other!.TakeTurn();
            return;
        }

        World.Trace.Write(World.Now, _card.Name, $"< {Remote} {bytes.Length} {Sum(bytes.Span):x8}");
        _card.Network.Count(_other!._card, _card, bytes.Length);
        _incoming.Enqueue(bytes);
        _unread += bytes.Length;
        CompleteReceive();
    }

    private void OnEnd()
    {
        if (_isDisposed || _hasEnded)
        {
            return;
        }

        _hasEnded = true;
        _outgoing.Clear();
        Trace("end");
        if (_sending is { } sending)
        {
            _sending = null;
            Resume(() => sending.TrySetException(Closed()));
        }

        CompleteReceive();
    }

    private void CompleteReceive()
    {
        if (_receiving is { } receiving && _process.IsAlive)
        {
            _receiving = null;
            var count = Take(_receiveBuffer);
            _receiveBuffer = default;
            receiving.TrySetResult(count);
        }
    }

    private int Take(Memory<byte> buffer)
    {
        var taken = 0;
        while (taken < buffer.Length && _incoming.TryDequeue(out var bytes))
        {
            var length = Math.Min(bytes.Length, buffer.Length - taken);
            bytes[..length].CopyTo(buffer[taken..]);
            taken += length;
            if (length < bytes.Length)
            {
                // The rest goes back to the front.
                var rest = _incoming.ToArray();
                _incoming.Clear();
                _incoming.Enqueue(bytes[length..]);
                Array.ForEach(rest, _incoming.Enqueue);
                break;
            }
        }

        _unread -= taken;
        if (taken > 0)
        {
            _other!.TakeTurn();
        }

        return taken;
    }

    private void FailPending()
    {
        var (receiving, sending) = (_receiving, _sending);
        (_receiving, _sending, _receiveBuffer) = (null, null, default);
        if (receiving is not null)
        {
            Resume(() => receiving.TrySetException(Closed()));
        }

        if (sending is not null)
        {
            Resume(() => sending.TrySetException(Closed()));
        }
    }

    private void Resume(Action action) => World.Soon(() =>
    {
        if (_process.IsAlive)
        {
            action();
        }
    });

    private void Trace(string what) => World.Trace.Write(World.Now, _card.Name, $"{what} {Remote}");

    private static NetworkException Closed() => new("net.closed", "The connection was closed.");

    /// <summary>FNV-1a over the bytes, eight at a time: enough to tell two runs apart.</summary>
    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 14_695_981_039_346_656_037UL;
        foreach (var word in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            sum = (sum ^ word) * 1_099_511_628_211UL;
        }

        foreach (var value in bytes[(bytes.Length & ~7)..])
        {
            sum = (sum ^ value) * 1_099_511_628_211UL;
        }

        return (uint)(sum ^ (sum >> 32));
    }

    /// <summary>Bytes that take one turn on the uplink.</summary>
    internal sealed record Chunk(ReadOnlyMemory<byte> Bytes, bool IsLast);
}
