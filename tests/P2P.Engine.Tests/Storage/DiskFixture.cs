using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;
using Xunit;

namespace P2P.Engine.Tests.Storage;

/// <summary>One torrent with known bytes, real files in a temporary folder, and the production disk under test.</summary>
internal sealed class DiskFixture : IDiskSink, IAsyncDisposable
{
    private readonly BlockingCollection<DiskCompletion> _completions = [];

    public DiskFixture(
        ImmutableArray<StorageFile> files,
        int pieceLength,
        int seed = 1,
        int poolBlocks = 256,
        IFileSystem? system = null,
        string? folder = null,
        string? sharedRoot = null,
        bool startsInShared = false)
    {
        IsOwner = folder is null;
        Folder = folder ?? Directory.CreateTempSubdirectory("p2p-disk-").FullName;
        Incomplete = Path.Combine(Folder, "incomplete");
        Shared = sharedRoot ?? Path.Combine(Folder, "shared");
        Source = new byte[files.Sum(static f => f.Length)];
        new Random(seed).NextBytes(Source);
        long at = 0;
        foreach (var file in files)
        {
            if (file.IsPad)
            {
                Source.AsSpan((int)at, (int)file.Length).Clear();
            }

            at += file.Length;
        }

        Geometry = PieceGeometry.Contiguous(Source.Length, pieceLength);
        var hashes = Enumerable.Range(0, Geometry.PieceCount).SelectMany(p => SHA1.HashData(BytesOf(p))).ToArray();
        Spec = new StorageSpec
        {
            InfoHash = InfoHash.Parse("00112233445566778899aabbccddeeff00112233"),
            Geometry = Geometry,
            PieceHashes = hashes,
            Files = files,
            IncompleteRoot = Incomplete,
            SharedRoot = Shared,
            DirtyJournalPath = Path.Combine(Folder, "state", "t.dirty"),
            StartsInSharedRoot = startsInShared,
        };
        Pool = new BlockPool(poolBlocks);
        Disk = new DiskQueue(Pool, threads: 2, files: system);
        Torrent = Disk.Open(Spec, this);
    }

    public bool IsOwner { get; }

    public string Folder { get; }

    public string Incomplete { get; }

    public string Shared { get; }

    public byte[] Source { get; }

    public PieceGeometry Geometry { get; }

    public StorageSpec Spec { get; }

    public BlockPool Pool { get; }

    public DiskQueue Disk { get; }

    public ITorrentStorage Torrent { get; }

    public ImmutableArray<int> AllPieces => [.. Enumerable.Range(0, Geometry.PieceCount)];

    public static ImmutableArray<StorageFile> One(long length, string path = "T/a.bin") => [new StorageFile(path, length, false)];

    public void OnDisk(DiskCompletion completion) => _completions.Add(completion);

    /// <summary>The next completion of this kind; any other is a failure. The limit only keeps a broken test from hanging.</summary>
    public T Next<T>(bool any = false)
        where T : DiskCompletion
    {
        Assert.True(_completions.TryTake(out var completion, TimeSpan.FromSeconds(30)), $"No completion came; {typeof(T).Name} was expected.");
        return Assert.IsType<T>(completion, exactMatch: !any);
    }

    public bool IsQuiet => _completions.Count == 0;

    public byte[] BytesOf(int piece) => Source.AsSpan((int)Geometry.OffsetOf(piece), Geometry.LengthOf(piece)).ToArray();

    public BlockPool.Block Lend(int piece, int block)
    {
        var place = Geometry.BlockAt(piece, block);
        var lent = Pool.TryRent()!;
        lent.Length = place.Length;
        Source.AsSpan((int)Geometry.OffsetOf(piece) + place.Begin, place.Length).CopyTo(lent.Span);
        return lent;
    }

    public BlockPool.Block[] LendPiece(int piece) => [.. Enumerable.Range(0, Geometry.BlockCountOf(piece)).Select(b => Lend(piece, b))];

    public DiskCompletion.PieceWritten Write(int piece)
    {
        Torrent.WritePiece(piece, LendPiece(piece));
        return Next<DiskCompletion.PieceWritten>();
    }

    public void WriteAll()
    {
        foreach (var piece in AllPieces)
        {
            var written = Write(piece);
            Assert.Null(written.Error);
            Assert.True(written.HashOk);
        }
    }

    public DiskCompletion.Probed Probe()
    {
        Torrent.Probe();
        return Next<DiskCompletion.Probed>();
    }

    public DiskCompletion.Flushed Flush(long sequence = 1)
    {
        Torrent.Flush(sequence);
        return Next<DiskCompletion.Flushed>();
    }

    public DiskCompletion.Moved Move()
    {
        Torrent.MoveToShared();
        return Next<DiskCompletion.Moved>();
    }

    /// <summary>Pieces found right.</summary>
    public int[] Check()
    {
        Torrent.Check(AllPieces, CancellationToken.None);
        var right = new List<int>();
        for (var i = 0; i < Geometry.PieceCount; i++)
        {
            var check = Next<DiskCompletion.PieceChecked>();
            if (check.HashOk)
            {
                right.Add(check.Piece);
            }
        }

        Assert.False(Next<DiskCompletion.CheckEnded>().WasCancelled);
        return [.. right.Order()];
    }

    public DiskCompletion.BlocksRead Read(params BlockRef[] blocks)
    {
        var token = new object();
        Torrent.ReadBlocks([.. blocks], token);
        var read = Next<DiskCompletion.BlocksRead>();
        Assert.Same(token, read.Token);
        return read;
    }

    /// <summary>Reads a whole piece and compares it.</summary>
    public void AssertReadable(int piece)
    {
        var read = Read([.. Enumerable.Range(0, Geometry.BlockCountOf(piece)).Select(b => Geometry.BlockAt(piece, b))]);
        Assert.Null(read.Error);
        Assert.Equal(BytesOf(piece), read.Blocks.SelectMany(static b => b.Data.Span.ToArray()).ToArray());
        foreach (var (_, data) in read.Blocks)
        {
            data.Return();
        }
    }

    public string IncompletePath(string path) => Path.Combine(Incomplete, path);

    public string SharedPath(string path) => Path.Combine(Shared, path);

    /// <summary>Puts a file with these bytes there, with its folders.</summary>
    public static void Put(string path, ReadOnlySpan<byte> bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }

    public byte[] BytesOfFile(int file)
    {
        var start = Spec.Files.Take(file).Sum(static f => f.Length);
        return Source.AsSpan((int)start, (int)Spec.Files[file].Length).ToArray();
    }

    public void Close()
    {
        Torrent.Close();
        Next<DiskCompletion.Closed>();
    }

    public async ValueTask DisposeAsync()
    {
        await Disk.DisposeAsync();
        _completions.Dispose();
        if (IsOwner)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
