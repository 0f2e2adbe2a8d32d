using P2P.Engine.Storage;
using Xunit;

namespace P2P.Engine.Tests.Storage;

/// <summary>Moves, on one volume and across two, interrupted anywhere; and files nobody wants.</summary>
public sealed class StorageMoveTests
{
    private const int PieceLength = 64 * 1024;

    private static readonly System.Collections.Immutable.ImmutableArray<StorageFile> Three =
    [
        new("T/a", 100_000, false), new("T/s/b", 70_000, false), new("T/empty", 0, false), new("T/c", 30_000, false),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MoveToShared_KilledAtEveryCall_NextRunFinishes(bool acrossVolumes)
    {
        var total = 0;
        for (var stopAt = 0; ; stopAt++)
        {
            var system = new FaultyFileSystem { RootsAreVolumes = acrossVolumes };
            await using var disk = new DiskFixture(Three, PieceLength, system: system);
            disk.WriteAll();
            disk.Flush();
            var calls = 0;
            system.Fault = _ =>
            {
                // From here on nothing works, as for a process that is gone.
                if (Interlocked.Increment(ref calls) > stopAt)
                {
                    throw FaultyFileSystem.Errno(5);
                }
            };
            var first = disk.Move();
            disk.Close();
            await using var next = new DiskFixture(
                Three, PieceLength, system: new FaultyFileSystem { RootsAreVolumes = acrossVolumes }, folder: disk.Folder);
            Assert.Null(next.Probe().Error);
            Assert.Equal(next.AllPieces, next.Check());
            Assert.Null(next.Move().Error);
            for (var file = 0; file < Three.Length; file++)
            {
                Assert.Equal(next.BytesOfFile(file), File.ReadAllBytes(next.SharedPath(Three[file].Path)));
            }

            Assert.Equal(4, Directory.GetFiles(next.Shared, "*", SearchOption.AllDirectories).Length);
            Assert.Empty(Directory.GetFileSystemEntries(next.Incomplete));
            Assert.True(next.Probe().InSharedRoot);
            if (first.Error is null)
            {
                total = stopAt;
                break;
            }
        }

        Assert.InRange(total, 5, 200);
    }

    [Fact]
    public async Task MoveToShared_AcrossVolumes_SourceGoesOnlyAfterTheFlushedCopyHasItsName()
    {
        var system = new FaultyFileSystem { RootsAreVolumes = true };
        await using var disk = new DiskFixture(DiskFixture.One(100_000), PieceLength, system: system);
        disk.WriteAll();
        var before = disk.Flush().Files[0];
        system.Calls.Clear();
        Assert.Equal(before, disk.Move().Files[0]);
        var calls = system.Calls.ToList();
        var copy = calls.First(static c => c.StartsWith("flush", StringComparison.Ordinal))[6..];
        Assert.EndsWith(".copy", copy, StringComparison.Ordinal);
        var order = new[] { "flush " + copy, "rename " + copy, "folder T", "delete T/a.bin.part" }.Select(c => calls.IndexOf(c)).ToList();
        Assert.DoesNotContain(-1, order);
        Assert.Equal(order.Order(), order);
        disk.AssertReadable(0);
    }

    [Fact]
    public async Task MoveToShared_DifferentFileThere_BothAreKept()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength);
        disk.WriteAll();
        DiskFixture.Put(disk.SharedPath("T/a.bin"), new byte[PieceLength]);
        var moved = disk.Move();
        Assert.Equal("disk.exists", moved.Error!.Code);
        Assert.Equal(new byte[PieceLength], File.ReadAllBytes(disk.SharedPath("T/a.bin")));
        disk.AssertReadable(0);
        File.Delete(disk.SharedPath("T/a.bin"));
        Assert.Null(disk.Move().Error);
    }

    [Fact]
    public async Task MoveToShared_RealSecondVolume_IsCopied()
    {
        if (!Directory.Exists("/dev/shm"))
        {
            Assert.Skip("No second volume here.");
        }

        var shared = Directory.CreateDirectory($"/dev/shm/p2p-{Guid.NewGuid():N}").FullName;
        try
        {
            await using var disk = new DiskFixture(Three, PieceLength, sharedRoot: shared);
            disk.WriteAll();
            Assert.Null(disk.Move().Error);
            Assert.Equal(disk.BytesOfFile(1), File.ReadAllBytes(disk.SharedPath("T/s/b")));
            Assert.Empty(Directory.GetFileSystemEntries(disk.Incomplete));
        }
        finally
        {
            Directory.Delete(shared, recursive: true);
        }
    }

    [Fact]
    public async Task MoveToShared_OneRootForBoth_DropsTheSuffix()
    {
        await using var disk = new DiskFixture(DiskFixture.One(100_000), PieceLength);
        var torrent = disk.Disk.Open(disk.Spec with { SharedRoot = disk.Incomplete }, disk);
        foreach (var piece in disk.AllPieces)
        {
            torrent.WritePiece(piece, disk.LendPiece(piece));
            Assert.Null(disk.Next<DiskCompletion.PieceWritten>().Error);
        }

        torrent.MoveToShared();
        Assert.Null(disk.Next<DiskCompletion.Moved>().Error);
        Assert.Equal([disk.IncompletePath("T/a.bin")], Directory.GetFiles(disk.Incomplete, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task SetWanted_UnwantedFile_IsNotMadeUntilWantedAndThenHasItsBytes()
    {
        await using var disk = new DiskFixture(Three, PieceLength);
        disk.Torrent.SetWanted([true, false, true, true]);
        disk.WriteAll();
        Assert.False(File.Exists(disk.IncompletePath("T/s/b.part")));
        Assert.True(File.Exists(disk.IncompletePath(".00112233445566778899aabbccddeeff00112233.parts")));
        disk.AssertReadable(1);
        Assert.Equal(disk.AllPieces, disk.Check());
        Assert.Null(disk.Flush().Error);
        Assert.Null(disk.Move().Error);
        Assert.False(File.Exists(disk.SharedPath("T/s/b")));
        disk.AssertReadable(1);
        await using var next = new DiskFixture(Three, PieceLength, folder: disk.Folder);
        Assert.False(next.Probe().InSharedRoot);
        Assert.Equal(next.AllPieces, next.Check());
        Assert.Null(next.Move().Error);
        Assert.Equal(next.BytesOfFile(1), File.ReadAllBytes(next.SharedPath("T/s/b")));
        Assert.Empty(Directory.GetFileSystemEntries(next.Incomplete));
    }

    [Fact]
    public async Task SetWanted_WantedLater_NextWriteMakesTheFileWithTheOldBytes()
    {
        await using var disk = new DiskFixture(Three, PieceLength);
        disk.Torrent.SetWanted([true, false, true, false]);
        disk.Write(1);
        Assert.False(File.Exists(disk.IncompletePath("T/s/b.part")));
        disk.Torrent.SetWanted([true, true, true, true]);
        disk.Write(2);
        Assert.Equal(70_000, new FileInfo(disk.IncompletePath("T/s/b.part")).Length);
        disk.AssertReadable(1);
        disk.AssertReadable(2);
        Assert.Equal([1, 2], disk.Check());
    }

    [Fact]
    public async Task Probe_PartialWithoutSuffix_IsUsed()
    {
        await using var disk = new DiskFixture(DiskFixture.One(4 * PieceLength), PieceLength);
        DiskFixture.Put(disk.IncompletePath("T/a.bin"), disk.Source.AsSpan(0, 2 * PieceLength));
        Assert.Equal(2 * PieceLength, disk.Probe().Files[0].Length);
        Assert.Equal([0, 1], disk.Check());
        disk.Write(2);
        disk.Write(3);
        Assert.Null(disk.Move().Error);
        Assert.Equal(disk.Source, File.ReadAllBytes(disk.SharedPath("T/a.bin")));
    }
}
