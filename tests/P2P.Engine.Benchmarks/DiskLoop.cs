using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Cryptography;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;

namespace P2P.Engine.Benchmarks;

/// <summary>Measures the disk layer on one page-cached file: write (hash, journal, write), flush, re-check, read.</summary>
/// <remarks>
/// Arguments: folder, MiB (1024), piece KiB (1024). The file is written twice and the second pass counts: the first touches fresh pages, which on
/// this kind of virtual machine measures the hypervisor (reference/limits.md 0.5).
/// </remarks>
internal sealed class DiskLoop : IDiskSink
{
    private readonly SemaphoreSlim _window;
    private readonly CountdownEvent _left = new(1);
    private int _bad;

    private DiskLoop(int window) => _window = new SemaphoreSlim(window);

    public static async Task<int> RunAsync(string[] args)
    {
        var folder = Directory.CreateDirectory(Path.Combine(args.Length > 0 ? args[0] : Path.GetTempPath(), $"disk-loop-{Environment.ProcessId}"));
        var length = (args.Length > 1 ? long.Parse(args[1]) : 1024) << 20;
        var pieceLength = (args.Length > 2 ? int.Parse(args[2]) : 1024) << 10;
        try
        {
            await new DiskLoop(Math.Max(2, (32 << 20) / pieceLength)).MeasureAsync(folder.FullName, length, pieceLength);
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public void OnDisk(DiskCompletion completion)
    {
        var isGood = completion switch
        {
            DiskCompletion.PieceWritten written => written.HashOk,
            DiskCompletion.PieceChecked check => check.HashOk,
            _ => true,
        };
        if (completion is DiskCompletion.BlocksRead read)
        {
            foreach (var (_, data) in read.Blocks)
            {
                data.Return();
            }
        }

        Interlocked.Add(ref _bad, isGood && completion.Error is null ? 0 : 1);
        if (completion is DiskCompletion.PieceWritten or DiskCompletion.BlocksRead)
        {
            _window.Release();
        }

        _left.Signal();
    }

    private async Task MeasureAsync(string folder, long length, int pieceLength)
    {
        var geometry = PieceGeometry.Contiguous(length, pieceLength);

        // Sixteen different pieces, repeated: the source stays small and the hashes are quick to make.
        var samples = Enumerable.Range(0, 16).Select(i => { var b = new byte[pieceLength]; new Random(i).NextBytes(b); return b; }).ToArray();
        var hashes = new byte[geometry.PieceCount * 20];
        for (var piece = 0; piece < geometry.PieceCount; piece++)
        {
            SHA1.HashData(samples[piece % 16].AsSpan(0, geometry.LengthOf(piece)), hashes.AsSpan(piece * 20));
        }

        var pool = new BlockPool(8192);
        await using var disk = new DiskQueue(pool);
        var torrent = disk.Open(
            new StorageSpec
            {
                InfoHash = InfoHash.Parse(new string('a', 40)),
                Geometry = geometry,
                PieceHashes = hashes,
                Files = [new StorageFile("file.bin", length, false)],
                IncompleteRoot = Path.Combine(folder, "incomplete"),
                SharedRoot = Path.Combine(folder, "shared"),
                DirtyJournalPath = Path.Combine(folder, "dirty"),
            },
            this);
        var gib = length / (double)(1 << 30);
        var fill = Measure("copy into blocks (not the disk's)", gib, () => Each(geometry, p => { foreach (var b in Lend(pool, geometry, p, samples)) { b.Return(); } OnDisk(new DiskCompletion.PieceWritten(p, true, [])); }));
        Measure("write, fresh file", gib, () => Each(geometry, p => torrent.WritePiece(p, Lend(pool, geometry, p, samples))));
        var write = Measure("write, page-cached file", gib, () => Each(geometry, p => torrent.WritePiece(p, Lend(pool, geometry, p, samples))));
        Console.WriteLine($"{"write without the copy",-36} {(write - fill) / gib,6:0.00} CPU s/GiB");
        Measure("flush", gib, () => Wait(1, () => torrent.Flush(1)));
        for (var round = 0; round < 3; round++)
        {
            Measure("re-check", gib, () => Wait(geometry.PieceCount + 1, () => torrent.Check([.. Enumerable.Range(0, geometry.PieceCount)], default)));
        }

        Measure("read, 16 blocks a job", gib, () => Each(geometry, p => torrent.ReadBlocks(
            [.. Enumerable.Range(0, geometry.BlockCountOf(p)).Select(b => geometry.BlockAt(p, b))], p)));
        Wait(1, torrent.Close);
        Console.WriteLine($"bad completions: {_bad}; blocks lent: {pool.Lent}");
    }

    private static BlockPool.Block[] Lend(BlockPool pool, PieceGeometry geometry, int piece, byte[][] samples)
    {
        var blocks = new BlockPool.Block[geometry.BlockCountOf(piece)];
        for (var i = 0; i < blocks.Length; i++)
        {
            var place = geometry.BlockAt(piece, i);
            blocks[i] = pool.TryRent()!;
            blocks[i].Length = place.Length;
            samples[piece % 16].AsSpan(place.Begin, place.Length).CopyTo(blocks[i].Span);
        }

        return blocks;
    }

    private void Each(PieceGeometry geometry, Action<int> submit) => Wait(geometry.PieceCount, () =>
    {
        for (var piece = 0; piece < geometry.PieceCount; piece++)
        {
            _window.Wait();
            submit(piece);
        }
    });

    private void Wait(int completions, Action submit)
    {
        _left.Reset(completions);
        submit();
        _left.Wait();
    }

    private static double Measure(string name, double gib, Action work)
    {
        using var process = Process.GetCurrentProcess();
        var (cpu, start) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
        work();
        var wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.Refresh();
        var used = (process.TotalProcessorTime - cpu).TotalSeconds;
        Console.WriteLine($"{name,-36} {gib / wall,6:0.00} GiB/s {used / gib,6:0.00} CPU s/GiB");
        return used;
    }
}
