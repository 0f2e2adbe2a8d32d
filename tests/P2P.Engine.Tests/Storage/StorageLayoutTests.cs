using System.Collections.Immutable;
using CsCheck;
using P2P.Engine.Storage;
using Xunit;

namespace P2P.Engine.Tests.Storage;

/// <summary>Random layouts: whatever the files, pads, piece length and order, the bytes end up where they belong.</summary>
public sealed class StorageLayoutTests
{
    private static readonly Gen<ImmutableArray<StorageFile>> GenFiles =
        Gen.Select(Gen.Int[0, 90_000], Gen.Int[0, 5], Gen.Int[0, 3])
            .Array[1, 6]
            .Where(static files => files.Any(static f => f.Item1 > 0))
            .Select(static files => files
                .Select(static (f, i) => new StorageFile(
                    $"{string.Concat(Enumerable.Repeat("d/", f.Item3))}f{i}", f.Item2 == 1 ? 0 : f.Item1, IsPad: f.Item2 == 0 && i > 0))
                .ToImmutableArray())
            .Where(static files => files.Any(static f => f.Length > 0));

    [Fact]
    public void Spans_RandomRanges_CoverExactlyTheRange() =>
        GenFiles.SelectMany(static files => Gen.Select(Gen.Const(files), Gen.Double[0, 1], Gen.Double[0, 1])).Sample(static (files, a, b) =>
        {
            var layout = new FileLayout(files);
            var (from, to) = ((long)(Math.Min(a, b) * layout.TotalLength), (long)(Math.Max(a, b) * layout.TotalLength));
            var at = from;
            foreach (var span in layout.Spans(from, to - from))
            {
                Assert.Equal(at, span.TorrentOffset);
                Assert.Equal(at, files.Take(span.File).Sum(static f => f.Length) + span.Offset);
                Assert.InRange(span.Offset + span.Length, 1, files[span.File].Length);
                Assert.Equal(files[span.File].IsPad, span.IsPad);
                at += span.Length;
            }

            Assert.Equal(to, at);
        });

    [Fact]
    public async Task WriteAll_RandomLayoutAndOrder_FilesEqualTheSource() =>
        await Gen.Select(GenFiles, Gen.Int[1, 70_000], Gen.Int[0, 1_000_000]).SampleAsync(
            static async (files, pieceLength, seed) =>
            {
                var random = new Random(seed);
                await using var disk = new DiskFixture(files, Math.Max(pieceLength, 1_000), seed, poolBlocks: 4096);
                disk.Torrent.SetWanted([.. files.Select(_ => random.Next(3) > 0)]);
                var order = disk.AllPieces.ToArray();
                random.Shuffle(order);
                foreach (var piece in order)
                {
                    disk.Torrent.WritePiece(piece, disk.LendPiece(piece));
                }

                foreach (var _ in order)
                {
                    var written = disk.Next<DiskCompletion.PieceWritten>();
                    Assert.True(written.HashOk && written.Error is null, written.Error?.Message);
                }

                disk.AssertReadable(order[0]);
                Assert.Null(disk.Flush().Error);
                disk.Torrent.SetWanted([.. files.Select(static _ => true)]);
                Assert.Equal(disk.AllPieces, disk.Check());
                Assert.Null(disk.Move().Error);
                Assert.Equal(disk.AllPieces, disk.Check());
                for (var i = 0; i < files.Length; i++)
                {
                    Assert.Equal(!files[i].IsPad, File.Exists(disk.SharedPath(files[i].Path)));
                    if (!files[i].IsPad)
                    {
                        Assert.Equal(disk.BytesOfFile(i), File.ReadAllBytes(disk.SharedPath(files[i].Path)));
                    }
                }

                Assert.Equal(0, disk.Pool.Lent);
            },
            iter: 60,
            threads: 1);

    [Fact]
    public async Task Portable_WriteAllAndMove_FilesEqualTheSource()
    {
        ImmutableArray<StorageFile> files = [new("T/a", 100_000, false), new("T/p", 5_000, true), new("T/b", 0, false), new("c", 70_000, false)];
        await using var disk = new DiskFixture(files, 32 * 1024, system: new PortableFileSystem());
        disk.Torrent.SetWanted([true, true, true, false]);
        disk.WriteAll();
        Assert.Null(disk.Flush().Error);
        disk.Torrent.SetWanted([true, true, true, true]);
        Assert.Null(disk.Move().Error);
        Assert.Equal(disk.AllPieces, disk.Check());
        Assert.Equal(disk.BytesOfFile(3), File.ReadAllBytes(disk.SharedPath("c")));
        disk.Torrent.DeleteData();
        Assert.Null(disk.Next<DiskCompletion.Deleted>().Error);
        Assert.Empty(Directory.GetFileSystemEntries(disk.Shared));
    }
}
