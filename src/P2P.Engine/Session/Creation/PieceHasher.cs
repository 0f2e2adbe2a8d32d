using System.Collections.Immutable;
using System.Security.Cryptography;

namespace P2P.Engine.Session.Creation;

/// <summary>Hashes the pieces of files that lie one after the other, several at a time. One use.</summary>
/// <remarks>
/// As many threads as cores, at most four, each takes the next piece and reads it in parts of <see cref="PartLength"/>, so that memory is a few
/// megabytes whatever a piece's length, and a piece may span files. Threads of its own: hashing for minutes is nothing for the pool.
/// </remarks>
internal sealed class PieceHasher
{
    /// <summary>Bytes read at once: long enough for the device, short enough to be cancelled soon.</summary>
    public const int PartLength = 1 << 20;

    private const int MaxThreads = 4;

    private readonly SourceListing _listing;
    private readonly int _pieceLength;
    private readonly long[] _starts;
    private readonly byte[] _hashes;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _nextPiece;
    private int _running;
    private long _hashed;
    private Exception? _failure;

    public PieceHasher(SourceListing listing, int pieceLength)
    {
        (_listing, _pieceLength) = (listing, pieceLength);
        _starts = new long[listing.Files.Length + 1];
        for (var i = 0; i < listing.Files.Length; i++)
        {
            _starts[i + 1] = _starts[i] + listing.Files[i].Length;
        }

        PieceCount = (int)((listing.TotalLength + pieceLength - 1) / pieceLength);
        _hashes = new byte[PieceCount * SHA1.HashSizeInBytes];
    }

    /// <summary>Pieces in all.</summary>
    public int PieceCount { get; }

    /// <summary>Bytes hashed so far; any thread.</summary>
    public long HashedBytes => Interlocked.Read(ref _hashed);

    /// <summary>Hashes everything: 20 bytes for each piece. Throws what reading throws, and <see cref="OperationCanceledException"/>.</summary>
    public async Task<ReadOnlyMemory<byte>> HashAsync(CancellationToken cancellationToken)
    {
        _running = Math.Clamp(Environment.ProcessorCount, 1, MaxThreads);
        foreach (var number in Enumerable.Range(1, _running).ToArray())
        {
            new Thread(() => Run(cancellationToken)) { IsBackground = true, Name = $"P2P hash {number}" }.Start();
        }

        await _done.Task.ConfigureAwait(false);
        return _hashes;
    }

    private void Run(CancellationToken cancellationToken)
    {
        try
        {
            using var reader = new Reader(_listing.Files, _starts);
            var buffer = new byte[Math.Min(PartLength, _pieceLength)];
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            while (Volatile.Read(ref _failure) is null && Interlocked.Increment(ref _nextPiece) - 1 is var piece && piece < PieceCount)
            {
                var offset = (long)piece * _pieceLength;
                var end = Math.Min(offset + _pieceLength, _starts[^1]);
                while (offset < end)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - offset));
                    reader.Read(offset, part);
                    hash.AppendData(part);
                    offset += part.Length;
                    Interlocked.Add(ref _hashed, part.Length);
                }

                hash.GetHashAndReset(_hashes.AsSpan(piece * SHA1.HashSizeInBytes, SHA1.HashSizeInBytes));
            }
        }
#pragma warning disable CA1031 // Whatever stops a thread of ours is the outcome of the whole, told to whoever waits for it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, exception, null);
        }

        if (Interlocked.Decrement(ref _running) == 0)
        {
            if (_failure is { } failure)
            {
                _done.TrySetException(failure);
            }
            else
            {
                _done.TrySetResult();
            }
        }
    }

    /// <summary>Reads the files as if they were one, keeping one open.</summary>
    private sealed class Reader(ImmutableArray<SourceFile> files, long[] starts) : IDisposable
    {
        private Microsoft.Win32.SafeHandles.SafeFileHandle? _handle;
        private int _open = -1;

        public void Read(long offset, Span<byte> into)
        {
            var index = Array.BinarySearch(starts, offset);
            index = index < 0 ? ~index - 1 : index;
            while (into.Length > 0)
            {
                // Files without content share their start with the next one.
                while (starts[index + 1] <= offset)
                {
                    index++;
                }

                if (_open != index)
                {
                    _handle?.Dispose();
                    _handle = File.OpenHandle(files[index].FullPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
                    _open = index;
                }

                var want = (int)Math.Min(into.Length, starts[index + 1] - offset);
                var got = RandomAccess.Read(_handle!, into[..want], offset - starts[index]);
                if (got == 0)
                {
                    throw CreationFaults.Changed(files[index].FullPath);
                }

                into = into[got..];
                offset += got;
            }
        }

        public void Dispose() => _handle?.Dispose();
    }
}

/// <summary>What may go wrong while a torrent is made.</summary>
internal static class CreationFaults
{
    /// <summary>A file is not what it was when it was listed.</summary>
    public static TorrentEngineException Changed(string path) =>
        new("create.changed", $"{path} changed while it was hashed; wait until whatever writes to it is done and try again.");
}
