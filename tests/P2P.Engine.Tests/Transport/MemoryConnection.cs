using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Tests.Transport;

/// <summary>One end of an in-memory stream; everything completes inline on the one thread of the test.</summary>
/// <remarks>Its window bounds the bytes on the way, so that a peer that does not read makes the other side wait.</remarks>
internal sealed class MemoryConnection : IConnection
{
    private readonly Queue<byte[]> _arrived = new();
    private readonly Queue<(byte[] Bytes, TaskCompletionSource Sent)> _held = new();
    private readonly int _window;
    private MemoryConnection _other = null!;
    private (Memory<byte> Buffer, TaskCompletionSource<int> Received)? _pending;
    private int _readable;
    private int _taken;
    private bool _isEnded;
    private bool _isDisposed;

    private MemoryConnection(int port, int window)
    {
        Local = new PeerEndpoint(IPAddress.Loopback, port);
        _window = window;
    }

    public PeerEndpoint Remote => _other.Local;

    public PeerEndpoint Local { get; }

    /// <summary>Bytes this end has sent so far, also those still held back.</summary>
    public long SentBytes { get; private set; }

    /// <summary>Calls of <see cref="SendAsync"/> with anything in them.</summary>
    public int Sends { get; private set; }

    public bool IsDisposed => _isDisposed;

    /// <summary>Is a receive waiting with an empty buffer, as an idle connection does?</summary>
    public bool WaitsWithoutBuffer => _pending is { Buffer.Length: 0 };

    public static (MemoryConnection A, MemoryConnection B) Pair(int window = int.MaxValue)
    {
        var (a, b) = (new MemoryConnection(1001, window), new MemoryConnection(1002, window));
        (a._other, b._other) = (b, a);
        return (a, b);
    }

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_isDisposed)
        {
            throw new NetworkException("net.closed", "Closed.");
        }

        if (_readable > 0 || _isEnded)
        {
            return ValueTask.FromResult(Take(buffer));
        }

        _pending = (buffer, new TaskCompletionSource<int>());
        return new ValueTask<int>(_pending.Value.Received.Task);
    }

    public ValueTask SendAsync(IList<ArraySegment<byte>> segments, CancellationToken cancellationToken)
    {
        if (_isDisposed || _other._isDisposed)
        {
            throw new NetworkException("net.closed", "Closed.");
        }

        var bytes = segments.SelectMany(segment => segment).ToArray();
        SentBytes += bytes.Length;
        Sends++;
        if (_other._readable + bytes.Length > _window || _held.Count > 0)
        {
            var sent = new TaskCompletionSource();
            _held.Enqueue((bytes, sent));
            return new ValueTask(sent.Task);
        }

        _other.Arrive(bytes);
        return ValueTask.CompletedTask;
    }

    /// <summary>Test shorthand: sends bytes as they are.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        SentBytes += bytes.Length;
        _other.Arrive(bytes.ToArray());
    }

    /// <summary>Test shorthand: takes all bytes that have arrived.</summary>
    public byte[] TakeAll()
    {
        var bytes = new byte[_readable];
        if (bytes.Length > 0)
        {
            Take(bytes);
        }

        return bytes;
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        var pending = _pending;
        _pending = null;
        pending?.Received.SetException(new NetworkException("net.closed", "Closed."));
        FailHeld();
        _other.FailHeld();
        _other._isEnded = true;
        _other.Complete();
    }

    private void FailHeld()
    {
        while (_held.TryDequeue(out var held))
        {
            held.Sent.SetException(new NetworkException("net.closed", "Closed."));
        }
    }

    private void Arrive(byte[] bytes)
    {
        if (bytes.Length == 0 || _isDisposed)
        {
            return;
        }

        _arrived.Enqueue(bytes);
        _readable += bytes.Length;
        Complete();
    }

    private void Complete()
    {
        if (_pending is { } pending)
        {
            _pending = null;
            pending.Received.SetResult(Take(pending.Buffer));
        }
    }

    private int Take(Memory<byte> buffer)
    {
        var total = 0;
        while (total < buffer.Length && _arrived.TryPeek(out var first))
        {
            var count = Math.Min(buffer.Length - total, first.Length - _taken);
            first.AsSpan(_taken, count).CopyTo(buffer.Span[total..]);
            (total, _taken) = (total + count, _taken + count);
            if (_taken == first.Length)
            {
                _arrived.Dequeue();
                _taken = 0;
            }
        }

        _readable -= total;
        while (total > 0 && _other._held.TryPeek(out var held) && _readable + held.Bytes.Length <= Math.Max(_window, held.Bytes.Length))
        {
            _other._held.Dequeue();
            _arrived.Enqueue(held.Bytes);
            _readable += held.Bytes.Length;
            held.Sent.SetResult();
        }

        return total;
    }
}
