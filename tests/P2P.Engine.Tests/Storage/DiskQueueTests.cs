using System.Buffers.Binary;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;
using Xunit;

namespace P2P.Engine.Tests.Storage;

/// <summary>The everyday path: write, read, check, flush, move, delete.</summary>
public sealed class DiskQueueTests
{
    private const int PieceLength = 64 * 1024;

    [Fact]
    public async Task WritePiece_EveryPiece_FileIsSparseThenWholeAndMoved()
    {
        await using var disk = new DiskFixture(DiskFixture.One(1_000_000), PieceLength);
        var probed = disk.Probe();
        Assert.Null(probed.Error);
        Assert.False(probed.Files[0].Exists);
        Assert.True(disk.Write(3).HashOk);
        Assert.Equal(1_000_000, new FileInfo(disk.IncompletePath("T/a.bin.part")).Length);
        disk.AssertReadable(3);
        disk.WriteAll();
        Assert.Equal(1_000_000, disk.Flush(7).Files[0].Length);
        var moved = disk.Move();
        Assert.Null(moved.Error);
        Assert.True(moved.Files[0].Exists);
        Assert.Equal(disk.Source, File.ReadAllBytes(disk.SharedPath("T/a.bin")));
        Assert.False(Directory.Exists(disk.IncompletePath("T")));
        disk.AssertReadable(3);
        Assert.Equal(0, disk.Pool.Lent);
    }

    [Fact]
    public async Task Counters_PieceWrittenAndRead_CountItsBytes()
    {
        await using var disk = new DiskFixture(DiskFixture.One(1_000_000), PieceLength);
        disk.Probe();
        disk.Write(3);
        Assert.Equal((PieceLength, 0), (disk.Disk.Counters.BytesWritten, disk.Disk.Counters.BytesRead));
        disk.AssertReadable(3);
        Assert.Equal((PieceLength, PieceLength), (disk.Disk.Counters.BytesWritten, disk.Disk.Counters.BytesRead));
    }

    [Fact]
    public async Task WritePiece_WrongBytes_NothingWrittenAndDigestsNameTheBlock()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength);
        var blocks = disk.LendPiece(0);
        blocks[2].Span[5] ^= 1;
        disk.Torrent.WritePiece(0, blocks);
        var wrong = disk.Next<DiskCompletion.PieceWritten>();
        Assert.Null(wrong.Error);
        Assert.False(wrong.HashOk);
        Assert.False(File.Exists(disk.IncompletePath("T/a.bin.part")));
        blocks = disk.LendPiece(0);
        blocks[0].Span[5] ^= 1;
        disk.Torrent.WritePiece(0, blocks);
        var other = disk.Next<DiskCompletion.PieceWritten>();
        Assert.Equal([false, true, false, true], wrong.BlockDigests.Zip(other.BlockDigests, static (a, b) => a == b));
        Assert.Equal(0, disk.Pool.Lent);
    }

    [Fact]
    public async Task WritePiece_BlocksFlushedBefore_AreReadBackAndHashed()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength);
        disk.Torrent.FlushBlocks(0, [(1, disk.Lend(0, 1)), (3, disk.Lend(0, 3))]);
        Assert.Equal([1, 3], disk.Next<DiskCompletion.BlocksFlushed>().BlockIndexes);
        disk.Torrent.WritePiece(0, [disk.Lend(0, 0), null, disk.Lend(0, 2), null]);
        Assert.True(disk.Next<DiskCompletion.PieceWritten>().HashOk);
        disk.AssertReadable(0);
        Assert.Equal(0, disk.Pool.Lent);
    }

    [Fact]
    public async Task ReadBlocks_PoolEmpty_WaitsWithoutHoldingAThread()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength, poolBlocks: 4);
        disk.WriteAll();
        var held = Enumerable.Range(0, 3).Select(_ => disk.Pool.TryRent()!).ToList();
        disk.Torrent.ReadBlocks([disk.Geometry.BlockAt(0, 0), disk.Geometry.BlockAt(0, 1)], "first");
        disk.Torrent.ReadBlocks([disk.Geometry.BlockAt(0, 2), disk.Geometry.BlockAt(0, 3)], "second");
        disk.Torrent.Flush(1);
        disk.Next<DiskCompletion.Flushed>();
        Assert.Equal([0], disk.Check());
        held.ForEach(static b => b.Return());
        for (var i = 0; i < 2; i++)
        {
            var read = disk.Next<DiskCompletion.BlocksRead>();
            Assert.Null(read.Error);
            Assert.Equal(2, read.Blocks.Length);
            foreach (var (block, data) in read.Blocks)
            {
                Assert.Equal(disk.BytesOf(0).AsSpan(block.Begin, block.Length), data.Span);
                data.Return();
            }
        }

        Assert.Equal(0, disk.Pool.Lent);
    }

    [Fact]
    public async Task ReadBlocks_FileAbsentOrShort_SaysMissing()
    {
        await using var disk = new DiskFixture(DiskFixture.One(4 * PieceLength), PieceLength);
        var absent = disk.Read(disk.Geometry.BlockAt(0, 0));
        Assert.Equal("disk.missing", absent.Error!.Code);
        Assert.Empty(absent.Blocks);
        disk.WriteAll();
        using (var file = File.OpenWrite(disk.IncompletePath("T/a.bin.part")))
        {
            file.SetLength(PieceLength + 10);
        }

        Assert.Equal("disk.missing", disk.Read(disk.Geometry.BlockAt(1, 0)).Error!.Code);
        Assert.Equal([0], disk.Check());
        Assert.Equal(0, disk.Pool.Lent);
    }

    [Fact]
    public async Task Check_ExistingDataInSharedRoot_IsSeededInPlace()
    {
        await using var disk = new DiskFixture([new("T/a", 100_000, false), new("T/b", 50_000, false)], PieceLength);
        DiskFixture.Put(disk.SharedPath("T/a"), disk.BytesOfFile(0));
        DiskFixture.Put(disk.SharedPath("T/b"), disk.BytesOfFile(1));
        var probed = disk.Probe();
        Assert.True(probed.InSharedRoot);
        Assert.Equal(50_000, probed.Files[1].Length);
        Assert.Equal(disk.AllPieces, disk.Check());
        disk.AssertReadable(1);
        Assert.Null(disk.Flush().Error);
        Assert.Null(disk.Move().Error);
        Assert.False(Directory.Exists(disk.Incomplete));
        Assert.False(File.Exists(disk.Spec.DirtyJournalPath));
    }

    [Fact]
    public async Task Check_Cancelled_EndsEarlyAndSaysSo()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength * 64), PieceLength);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        disk.Torrent.Check(disk.AllPieces, cancelled.Token);
        Assert.True(disk.Next<DiskCompletion.CheckEnded>().WasCancelled);
    }

    [Fact]
    public async Task Check_NoPieces_JustEnds()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength);
        disk.Torrent.Check([], CancellationToken.None);
        Assert.False(disk.Next<DiskCompletion.CheckEnded>().WasCancelled);
    }

    [Fact]
    public async Task Check_PieceOfZerosInAHole_IsRight()
    {
        await using var disk = new DiskFixture([new("p", 10, false), new("z", (3 * PieceLength) - 10, true)], PieceLength);
        disk.WriteAll();
        Assert.Equal([0, 1, 2], disk.Check());
    }

    [Fact]
    public async Task Probe_AfterKill_NamesTheDirtyPieces()
    {
        await using var disk = new DiskFixture(DiskFixture.One(4 * PieceLength), PieceLength);
        disk.Write(2);
        disk.Write(1);
        await using var next = new DiskFixture(DiskFixture.One(4 * PieceLength), PieceLength, folder: disk.Folder);
        var probed = next.Probe();
        Assert.Equal([2, 1], probed.DirtyPieces);
        Assert.Equal([1, 2], next.Check());
        next.Flush();
        next.Torrent.ClearDirtyJournal();
        next.Flush(2);
        Assert.Empty(File.ReadAllBytes(next.Spec.DirtyJournalPath));
    }

    [Fact]
    public async Task ClearDirtyJournal_PieceWrittenSinceTheFlush_Stays()
    {
        await using var disk = new DiskFixture(DiskFixture.One(4 * PieceLength), PieceLength);
        disk.Write(0);
        disk.Write(1);
        disk.Flush(1);
        disk.Write(3);
        disk.Torrent.ClearDirtyJournal();
        disk.Close();
        var journal = File.ReadAllBytes(disk.Spec.DirtyJournalPath);
        Assert.Equal(4, journal.Length);
        Assert.Equal(3, BinaryPrimitives.ReadInt32LittleEndian(journal));
    }

    [Fact]
    public async Task Close_JobsWaiting_OnlyClosedArrivesAndBlocksGoHome()
    {
        await using var disk = new DiskFixture(DiskFixture.One(4 * PieceLength), PieceLength, poolBlocks: 16);
        disk.WriteAll();
        disk.Torrent.ReadBlocks([disk.Geometry.BlockAt(0, 0)], "read");
        disk.Torrent.WritePiece(1, disk.LendPiece(1));
        disk.Torrent.Close();
        for (DiskCompletion? last = null; last is not DiskCompletion.Closed;)
        {
            last = disk.Next<DiskCompletion>(any: true);
            if (last is DiskCompletion.BlocksRead read)
            {
                read.Blocks[0].Data.Return();
            }
        }

        Assert.True(disk.IsQuiet);
        disk.Torrent.WritePiece(2, disk.LendPiece(2));
        Assert.Equal(0, disk.Pool.Lent);
    }

    [Fact]
    public async Task DeleteData_FilesOfThisTorrentAndItsFolders_AreGone()
    {
        await using var disk = new DiskFixture([new("T/s/a", 100_000, false), new("T/b", 50_000, false)], PieceLength);
        DiskFixture.Put(disk.IncompletePath("T/mine.txt"), [1]);
        disk.WriteAll();
        disk.Torrent.DeleteData();
        Assert.Null(disk.Next<DiskCompletion.Deleted>().Error);
        Assert.Equal([disk.IncompletePath("T/mine.txt")], Directory.GetFiles(disk.Incomplete, "*", SearchOption.AllDirectories));
        Assert.False(Directory.Exists(disk.IncompletePath("T/s")));
        Assert.False(File.Exists(disk.Spec.DirtyJournalPath));
    }

    [Fact]
    public async Task Jobs_OfEveryKindAtOnce_AllCompleteAndAFlushCoversWhatCameBefore()
    {
        var system = new FaultyFileSystem();
        await using var disk = new DiskFixture([new("T/a", 900_000, false), new("T/b", 700_000, false)], PieceLength, poolBlocks: 4096, system: system);
        disk.Probe();
        var random = new Random(5);
        var expected = 0;
        for (var i = 0; i < 400; i++)
        {
            var piece = random.Next(disk.Geometry.PieceCount);
            expected++;
            switch (random.Next(5))
            {
                case 0:
                    disk.Torrent.ReadBlocks([disk.Geometry.BlockAt(piece, 0)], i);
                    break;
                case 1:
                    disk.Torrent.Flush(i);
                    break;
                case 2:
                    disk.Torrent.Check([piece], CancellationToken.None);
                    expected++;
                    break;
                case 3 when i % 10 == 0:
                    disk.Torrent.Probe();
                    break;
                default:
                    disk.Torrent.WritePiece(piece, disk.LendPiece(piece));
                    break;
            }
        }

        long flushed = -1;
        for (; expected > 0; expected--)
        {
            switch (disk.Next<DiskCompletion>(any: true))
            {
                case DiskCompletion.PieceWritten written:
                    Assert.True(written.HashOk && written.Error is null, written.Error?.ToString());
                    break;
                case DiskCompletion.Flushed done:
                    Assert.Null(done.Error);
                    Assert.True(done.Sequence > flushed);
                    flushed = done.Sequence;
                    break;
                case DiskCompletion.BlocksRead read:
                    foreach (var (block, data) in read.Blocks)
                    {
                        data.Return();
                    }

                    break;
            }
        }

        disk.Flush(1000);
        var calls = system.Calls.ToList();
        foreach (var file in new[] { "T/a.part", "T/b.part" })
        {
            Assert.True(calls.LastIndexOf("flush " + file) > calls.LastIndexOf("written " + file));
        }

        Assert.True(disk.IsQuiet);
        Assert.Equal(0, disk.Pool.Lent);
    }
}
