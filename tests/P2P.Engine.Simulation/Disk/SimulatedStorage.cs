using System.Collections.Immutable;
using System.Security.Cryptography;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;

namespace P2P.Engine.Simulation;

/// <summary>One torrent's files on a simulated volume, under the contract of <see cref="ITorrentStorage"/>. Jobs run in the order submitted.</summary>
internal sealed class SimulatedStorage : ITorrentStorage
{
    private readonly SimulatedDisk _disk;
    private readonly StorageSpec _spec;
    private readonly IDiskSink _sink;
    private readonly Platter _platter;

    // The writes under way, the first for a kill in its middle.
    private readonly Queue<(int Piece, BlockPool.Block?[] Blocks)> _writing = new();
    private ImmutableArray<bool> _wanted;
    private DiskError? _flushFault;
    private bool _isClosing;

    public SimulatedStorage(SimulatedDisk disk, StorageSpec spec, IDiskSink sink)
    {
        (_disk, _spec, _sink) = (disk, spec, sink);
        _platter = disk.Volume.Of(spec.InfoHash, spec.Geometry, spec.Files.Length);
        _wanted = [.. spec.Files.Select(static _ => true)];
        _platter.Root = _platter.Root == Platter.AnyRoot ? spec.SharedRoot : _platter.Root;
        disk.Process.OnDeath(OnDeath);
    }

    private PieceGeometry Geometry => _spec.Geometry;

    private SimulatedWorld World => _disk.Process.World;

    /// <inheritdoc/>
    public void Probe() => _disk.Submit(0, () =>
    {
        _flushFault = null;
        Post(new DiskCompletion.Probed(Facts(), _platter.Root == _spec.SharedRoot, [.. _platter.Journal]));
    });

    /// <inheritdoc/>
    public void WritePiece(int piece, BlockPool.Block?[] blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(blocks.Length, Geometry.BlockCountOf(piece), nameof(blocks));
        _writing.Enqueue((piece, blocks));
        _disk.Submit(Geometry.LengthOf(piece), () =>
        {
            var (isRight, digests) = HashOf(piece, blocks);
            DiskError? error = null;
            if (isRight)
            {
                error = Room(blocks.Sum(static block => block?.Length ?? 0));
                if (error is null)
                {
                    _platter.Journal.Add(piece);
                    WriteBlocks(piece, blocks, blocks.Length);
                }
            }

            Return(blocks);
            _writing.Dequeue();
            Trace($"wrote {piece} {isRight} {error?.Code}");
            Post(new DiskCompletion.PieceWritten(piece, isRight, isRight ? [] : digests) { Error = error });
        });
    }

    /// <inheritdoc/>
    public void FlushBlocks(int piece, ImmutableArray<(int BlockIndex, BlockPool.Block Data)> blocks) =>
        _disk.Submit(blocks.Sum(static block => (long)block.Data.Length), () =>
        {
            var error = Room(blocks.Sum(static block => block.Data.Length));
            foreach (var (index, data) in blocks)
            {
                if (error is null)
                {
                    _platter.Write(piece, index, data.Span);
                    TouchFiles(Geometry.BlockAt(piece, index));
                }

                data.Return();
            }

            Trace($"blocks of {piece}: {blocks.Length} {error?.Code}");
            Post(new DiskCompletion.BlocksFlushed(piece, [.. blocks.Select(static block => block.BlockIndex)]) { Error = error });
        });

    /// <inheritdoc/>
    public void ReadBlocks(ImmutableArray<BlockRef> blocks, object token) =>
        _disk.Submit(blocks.Sum(static block => (long)block.Length), () => _ = ReadAsync(blocks, token));

    /// <inheritdoc/>
    public void Check(ImmutableArray<int> pieces, CancellationToken cancellation) => CheckFrom(pieces, 0, cancellation);

    /// <inheritdoc/>
    public void Flush(long sequence) => _disk.Submit(0, () =>
    {
        var error = FlushNow();
        Trace($"flushed {sequence} {error?.Code}");
        Post(new DiskCompletion.Flushed(sequence, Facts()) { Error = error });
    });

    /// <inheritdoc/>
    public void ClearDirtyJournal() => _disk.Submit(0, _platter.Journal.Clear);

    /// <inheritdoc/>
    public void SetWanted(ImmutableArray<bool> wantedFiles) => _wanted = wantedFiles;

    /// <inheritdoc/>
    public long MovedBytes { get; private set; }

    /// <inheritdoc/>
    public void MoveToShared()
    {
        var length = _platter.Root is null ? 0 : Geometry.TotalLength; // From the partial files it is a rename, from another folder a copy.
        _disk.Submit(length / 2, () => MovedBytes = length / 2);
        _disk.Submit(length - (length / 2), () =>
        {
            var error = FlushNow() ?? (_platter.Root is not null && _disk.Volume.FailsWrites ? IoError("could not be written") : null);
            (_platter.Root, MovedBytes) = error is null ? (_spec.SharedRoot, length) : (_platter.Root, MovedBytes);
            Trace($"moved {error?.Code}");
            Post(new DiskCompletion.Moved(Facts()) { Error = error });
        });
    }

    // Files that are in neither of the folders this torrent looks into are not there for it.
    private bool IsSeen => _platter.Root is null || _platter.Root == _spec.SharedRoot || _platter.Root == _spec.IncompleteRoot;

    /// <inheritdoc/>
    public void DeleteData() => _disk.Submit(0, () =>
    {
        _disk.Volume.Delete(_spec.InfoHash);
        Trace("deleted");
        Post(new DiskCompletion.Deleted());
    });

    /// <inheritdoc/>
    public void Close()
    {
        if (!_isClosing)
        {
            _isClosing = true;
            _disk.Submit(0, () => _sink.OnDisk(new DiskCompletion.Closed()));
        }
    }

    private ImmutableArray<FileFact> Facts() => IsSeen ? [.. _platter.Files] : [.. _platter.Files.Select(static _ => default(FileFact))];

    private async Task ReadAsync(ImmutableArray<BlockRef> blocks, object token)
    {
        var read = ImmutableArray.CreateBuilder<(BlockRef, BlockPool.Block)>(blocks.Length);
        var error = _disk.Volume.FailsReads ? IoError("could not be read") : null;
        foreach (var block in blocks)
        {
            var bytes = error is null && IsSeen ? _platter.Read(block.Piece, block.Index) : null;
            if (bytes is null)
            {
                error ??= new DiskError("disk.missing", "The file is not there any more.", IsTransient: false);
                break;
            }

            var data = await _disk.Pool.RentAsync(CancellationToken.None).ConfigureAwait(false);
            bytes.AsSpan(0, block.Length).CopyTo(data.Array);
            data.Length = block.Length;
            read.Add((block, data));
        }

        if (error is null)
        {
            Post(new DiskCompletion.BlocksRead(read.ToImmutable(), token));
        }
        else
        {
            foreach (var (_, data) in read)
            {
                data.Return();
            }

            Post(new DiskCompletion.BlocksRead([], token) { Error = error });
        }
    }

    private void CheckFrom(ImmutableArray<int> pieces, int index, CancellationToken cancellation)
    {
        if (index == pieces.Length || cancellation.IsCancellationRequested || _isClosing)
        {
            _disk.Submit(0, () => Post(new DiskCompletion.CheckEnded(index < pieces.Length)));
            return;
        }

        var piece = pieces[index];
        _disk.Submit(Geometry.LengthOf(piece), () =>
        {
            if (_disk.Volume.FailsReads)
            {
                Post(new DiskCompletion.CheckEnded(WasCancelled: false) { Error = IoError("could not be read") });
                return;
            }

            var (isRight, _) = HashOf(piece, new BlockPool.Block?[Geometry.BlockCountOf(piece)]);
            Trace($"checked {piece} {isRight}");
            Post(new DiskCompletion.PieceChecked(piece, isRight));
            CheckFrom(pieces, index + 1, cancellation);
        });
    }

    private DiskError? FlushNow()
    {
        if (_flushFault is null && _disk.Volume.FailsFlushes)
        {
            // The system drops the pages it could not write; a later flush succeeds without them (R-S05).
            _flushFault = IoError("could not be made durable");
            _platter.DropPages();
        }

        if (_flushFault is null)
        {
            _platter.Flush();
        }

        return _flushFault;
    }

    private DiskError? Room(long bytes) =>
        _disk.Volume.FailsWrites ? IoError("could not be written")
        : _disk.Volume.UsedBytes + bytes > _disk.Volume.Capacity ? new DiskError("disk.full", "The disk is full; make room.", IsTransient: true)
        : null;

    private static DiskError IoError(string what) => new("disk.io", $"The data {what}: input/output error.", IsTransient: false);

    private (bool IsRight, ImmutableArray<ulong> Digests) HashOf(int piece, BlockPool.Block?[] blocks)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        for (var block = 0; block < blocks.Length; block++)
        {
            if (BytesOf(piece, block, blocks) is not { } bytes)
            {
                return (false, [.. blocks.Select(static held => held is null ? 0UL : BlockDigest.Of(held.Span))]);
            }

            sha.AppendData(bytes.Span);
        }

        return sha.GetHashAndReset().AsSpan().SequenceEqual(_spec.PieceHashes.Span.Slice(piece * 20, 20))
            ? (true, [])
            : (false, [.. blocks.Select((_, block) => BlockDigest.Of(BytesOf(piece, block, blocks)!.Value.Span))]);
    }

    private ReadOnlyMemory<byte>? BytesOf(int piece, int block, BlockPool.Block?[] blocks) =>
        blocks[block] is { } held ? held.Memory : IsSeen && _platter.Read(piece, block) is { } stored ? stored : null;

    private void WriteBlocks(int piece, BlockPool.Block?[] blocks, int count)
    {
        for (var block = 0; block < count; block++)
        {
            if (blocks[block] is { } data)
            {
                _platter.Write(piece, block, data.Span);
                _disk.Volume.WrittenBytes += data.Length;
                TouchFiles(Geometry.BlockAt(piece, block));
            }
        }
    }

    private void TouchFiles(BlockRef block)
    {
        long start = Geometry.OffsetOf(block.Piece) + block.Begin;
        long at = 0;
        for (var file = 0; file < _spec.Files.Length; at += _spec.Files[file++].Length)
        {
            // Bytes of an unwanted file live in a file of their own until it is wanted.
            if (_wanted[file] && !_spec.Files[file].IsPad && at < start + block.Length && at + _spec.Files[file].Length > start)
            {
                _platter.TouchFile(file, (SimulatedWorld.Epoch + World.Elapsed).UtcTicks);
            }
        }
    }

    private static void Return(BlockPool.Block?[] blocks)
    {
        foreach (var block in blocks)
        {
            block?.Return();
        }
    }

    private void OnDeath()
    {
        // Killed in the middle of a write: the journal names the piece, and some of its blocks are there.
        if (_writing.TryDequeue(out var write) && !_disk.Volume.FailsWrites)
        {
            _platter.Journal.Add(write.Piece);
            WriteBlocks(write.Piece, write.Blocks, World.Random.Next(write.Blocks.Length + 1));
        }
    }

    private void Post(DiskCompletion completion)
    {
        if (!_isClosing)
        {
            _sink.OnDisk(completion);
        }
        else if (completion is DiskCompletion.BlocksRead read)
        {
            foreach (var (_, data) in read.Blocks)
            {
                data.Return();
            }
        }
    }

    private void Trace(string what) => World.Trace.Write(World.Now, _disk.Process.Name, what);
}
