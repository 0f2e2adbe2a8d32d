using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>A file of a torrent as a stream that can be sought: a read waits until the piece it is in is here. One reader, one read at a time.</summary>
/// <remarks>Reads throw <see cref="TorrentEngineException"/> "stream.stopped" when the torrent stops, "file.not_wanted", or a fault of the disk.</remarks>
/// <param name="port">The torrent.</param>
/// <param name="begin">Where the file begins in the torrent, bytes.</param>
/// <param name="length">Its length, bytes.</param>
internal sealed class TorrentFileStream(TorrentPort port, long begin, long length) : Stream
{
    private long _position;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = (int)Math.Min(buffer.Length, Math.Max(0, length - _position));
        if (wanted == 0)
        {
            return 0;
        }

        var reply = new TaskCompletionSource<ReadOnlyMemory<byte>>(TaskCreationOptions.RunContinuationsAsynchronously);
        port.Loop.Post(new TorrentCommand.ReadFile(this, begin + _position, wanted, begin + length, reply));
        var read = await reply.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        read.CopyTo(buffer);
        _position += read.Length;
        return read.Length;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Pieces may take their time: read asynchronously.");

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin)
    {
        Position = offset + origin switch { SeekOrigin.Begin => 0, SeekOrigin.Current => _position, _ => length };
        return _position;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        // Nothing is ever written.
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        port.Loop.Post(new TorrentCommand.CloseReader(this));
        base.Dispose(disposing);
    }
}
