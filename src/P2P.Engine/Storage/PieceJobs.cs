using System.Collections.Immutable;
using System.Security.Cryptography;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Storage;

/// <summary>Hashes a piece; when right, names it in the journal and writes the blocks that are not in the file yet.</summary>
internal sealed class WriteJob(TorrentStorage torrent, int piece, BlockPool.Block?[] blocks)
    : DiskJob(DiskLane.Pieces, DiskOrder.ByKey, torrent.KeyOf(piece), isWrite: true)
{
    private readonly FileStorage _storage = torrent.Storage;

    public override void Run(DiskWorker worker)
    {
        var (isRight, digests) = (false, ImmutableArray<ulong>.Empty);
        var error = torrent.Try(() =>
        {
            isRight = Hash(worker);
            if (isRight)
            {
                Write(worker);
            }
            else
            {
                digests = Digest(worker);
            }
        });
        Drop();
        torrent.Post(new DiskCompletion.PieceWritten(piece, isRight, digests) { Error = error });
    }

    public override void Drop()
    {
        foreach (var block in blocks)
        {
            block?.Return();
        }
    }

    private bool Hash(DiskWorker worker)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        try
        {
            for (var i = 0; i < blocks.Length; i++)
            {
                worker.Sha1.AppendData(BytesOf(i, worker).Span);
            }
        }
        finally
        {
            worker.Sha1.GetHashAndReset(hash);
        }

        return hash.SequenceEqual(_storage.Spec.PieceHashes.Span.Slice(piece * SHA1.HashSizeInBytes, SHA1.HashSizeInBytes));
    }

    private ImmutableArray<ulong> Digest(DiskWorker worker)
    {
        var digests = ImmutableArray.CreateBuilder<ulong>(blocks.Length);
        for (var i = 0; i < blocks.Length; i++)
        {
            digests.Add(BlockDigest.Of(BytesOf(i, worker).Span));
        }

        return digests.MoveToImmutable();
    }

    private void Write(DiskWorker worker)
    {
        _storage.Places.Guarded(_storage.Spec.DirtyJournalPath, () => { _storage.Journal.Add(piece); return true; });
        try
        {
            BlockRuns.Write(_storage, piece, blocks, worker);
        }
        finally
        {
            _storage.Journal.OnWritten(piece);
        }
    }

    private ReadOnlyMemory<byte> BytesOf(int block, DiskWorker worker)
    {
        var place = _storage.Spec.Geometry.BlockAt(piece, block);
        if (blocks[block] is { } held)
        {
            return held.Length == place.Length ? held.Memory : throw new InvalidOperationException("A block of a piece has the wrong length.");
        }

        var bytes = worker.Scratch[..place.Length];
        worker.Single.Clear();
        worker.Single.Add(bytes);
        return _storage.TryRead(_storage.Spec.Geometry.OffsetOf(piece) + place.Begin, worker.Single, worker)
            ? bytes
            : throw new StorageException(DiskFaults.Missing($"{_storage.Spec.IncompleteRoot} (piece {piece})"));
    }
}

/// <summary>Writes blocks of an unfinished piece to their places. They need no journal: no record claims the piece.</summary>
internal sealed class FlushBlocksJob(TorrentStorage torrent, int piece, ImmutableArray<(int BlockIndex, BlockPool.Block Data)> blocks)
    : DiskJob(DiskLane.Pieces, DiskOrder.ByKey, torrent.KeyOf(piece), isWrite: true)
{
    public override void Run(DiskWorker worker)
    {
        var error = torrent.Try(() =>
        {
            var inPlace = new BlockPool.Block?[torrent.Storage.Spec.Geometry.BlockCountOf(piece)];
            foreach (var (index, data) in blocks)
            {
                inPlace[index] = data;
            }

            BlockRuns.Write(torrent.Storage, piece, inPlace, worker);
        });
        Drop();
        torrent.Post(new DiskCompletion.BlocksFlushed(piece, [.. blocks.Select(static b => b.BlockIndex)]) { Error = error });
    }

    public override void Drop()
    {
        foreach (var (_, data) in blocks)
        {
            data.Return();
        }
    }
}

/// <summary>Fills pool blocks from the files, one gathered read per run of neighbours.</summary>
internal sealed class ReadJob(TorrentStorage torrent, ImmutableArray<BlockRef> wanted, object token)
    : DiskJob(DiskLane.Pieces, DiskOrder.ByKey, wanted.Length == 0 ? null : torrent.KeyOf(wanted[0].Piece))
{
    private readonly List<BlockPool.Block> _held = new(wanted.Length);

    /// <summary>Blocks still to be rented before this job can run.</summary>
    public int BlocksMissing => wanted.Length - _held.Count;

    /// <summary>Takes over a block rented for this job.</summary>
    public void Take(BlockPool.Block block) => _held.Add(block);

    /// <summary>Lines up again, with its blocks, behind the torrent's newer jobs: a verified piece is not written again.</summary>
    public void Resubmit()
    {
        var again = new ReadJob(torrent, wanted, token);
        again._held.AddRange(_held);
        torrent.Submit(again);
    }

    public override void Run(DiskWorker worker)
    {
        while (BlocksMissing > 0 && torrent.Queue.Pool.TryRent() is { } block)
        {
            _held.Add(block);
        }

        if (BlocksMissing > 0 && wanted.Length <= torrent.Queue.Pool.Capacity)
        {
            // Blocks held while waiting could starve others that wait: give them back, take a place in line.
            Drop();
            _held.Clear();
            torrent.Queue.WaitForBlocks(this);
            return;
        }

        var error = BlocksMissing > 0
            ? new DiskError("disk.internal", "More blocks were asked for at once than the buffer memory holds. Raise the buffer memory.", false)
            : torrent.Try(() => Read(worker));
        if (error is null)
        {
            torrent.Post(new DiskCompletion.BlocksRead([.. wanted.Zip(_held)], token));
        }
        else
        {
            Drop();
            torrent.Post(new DiskCompletion.BlocksRead([], token) { Error = error });
        }
    }

    public override void Drop() => _held.ForEach(static b => b.Return());

    private void Read(DiskWorker worker)
    {
        var storage = torrent.Storage;
        for (var first = 0; first < wanted.Length;)
        {
            worker.Single.Clear();
            var next = first;
            do
            {
                _held[next].Length = wanted[next].Length;
                worker.Single.Add(_held[next].Memory);
                next++;
            }
            while (next < wanted.Length && wanted[next].Piece == wanted[first].Piece && wanted[next].Begin == wanted[next - 1].End);

            var offset = storage.Spec.Geometry.OffsetOf(wanted[first].Piece) + wanted[first].Begin;
            if (!storage.TryRead(offset, worker.Single, worker))
            {
                throw new StorageException(DiskFaults.Missing(storage.NameAt(offset)));
            }

            first = next;
        }
    }
}

/// <summary>Writes the blocks present of one piece, neighbours together.</summary>
internal static class BlockRuns
{
    /// <summary>A null block is left as it is in the file. The caller keeps the blocks.</summary>
    public static void Write(FileStorage storage, int piece, BlockPool.Block?[] blocks, DiskWorker worker)
    {
        var start = storage.Spec.Geometry.OffsetOf(piece);
        for (var first = 0; first < blocks.Length; first++)
        {
            worker.Single.Clear();
            var next = first;
            for (; next < blocks.Length && blocks[next] is { } block; next++)
            {
                worker.Single.Add(block.Memory);
            }

            if (next > first)
            {
                storage.Write(start + ((long)first * PieceGeometry.BlockLength), worker.Single, worker);
                first = next;
            }
        }
    }
}
