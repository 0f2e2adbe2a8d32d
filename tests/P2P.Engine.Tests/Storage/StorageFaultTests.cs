using P2P.Engine.Storage;
using Xunit;

namespace P2P.Engine.Tests.Storage;

/// <summary>Errors of the device, and the order of writing that makes a record true.</summary>
public sealed class StorageFaultTests
{
    private const int PieceLength = 64 * 1024;

    [Fact]
    public async Task WritePiece_Always_JournalBeforePayloadAndFlushBeforeFlushed()
    {
        var system = new FaultyFileSystem();
        await using var disk = new DiskFixture([new("T/a", 100_000, false), new("T/b", 50_000, false)], PieceLength, system: system);
        disk.Write(1);
        disk.Flush();
        var calls = system.Calls.ToList();
        var journaled = calls.IndexOf("written t.dirty");
        var payload = calls.FindIndex(static c => c.StartsWith("write T/", StringComparison.Ordinal));
        Assert.InRange(journaled, 0, payload - 1);
        var lastWrite = calls.FindLastIndex(static c => c.StartsWith("written T/", StringComparison.Ordinal));
        Assert.All(
            ["flush T/a.part", "flush T/b.part", "flush t.dirty", "folder T", "folder "],
            c => Assert.InRange(calls.IndexOf(c), lastWrite + 1, calls.Count));
        Assert.Single(calls, static c => c == "write T/a.part 65536 34464");
    }

    [Fact]
    public async Task Flush_NothingWrittenSince_TouchesNothing()
    {
        var system = new FaultyFileSystem();
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength, system: system);
        disk.Write(0);
        disk.Flush();
        system.Calls.Clear();
        Assert.True(disk.Flush(2).Files[0].Exists);
        Assert.Empty(system.Calls);
    }

    [Theory]
    [InlineData(28, "disk.full", true)]
    [InlineData(122, "disk.full", true)]
    [InlineData(30, "disk.read_only", true)]
    [InlineData(13, "disk.denied", true)]
    [InlineData(5, "disk.io", false)]
    [InlineData(27, "disk.file_too_large", false)]
    [InlineData(24, "disk.too_many_open_files", true)]
    public async Task WritePiece_DeviceRefuses_CodeSentenceAndNoLeak(int errno, string code, bool isTransient)
    {
        var system = new FaultyFileSystem();
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength, system: system);
        system.Fault = call =>
        {
            if (call.StartsWith("write T/", StringComparison.Ordinal))
            {
                throw FaultyFileSystem.Errno(errno);
            }
        };
        var error = disk.Write(0).Error!;
        Assert.Equal((code, isTransient), (error.Code, error.IsTransient));
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        if (code == "disk.full")
        {
            Assert.Matches("^The disk is full: [0-9.]+ [TGMK]iB free, 64 KiB needed\\. Free some space; the download goes on by itself\\.$", error.Message);
        }

        system.Fault = static _ => { };
        Assert.Null(disk.Write(0).Error);
        Assert.Equal(0, disk.Pool.Lent);
    }

    [Fact]
    public async Task WritePiece_JournalRefuses_NoPayloadIsWritten()
    {
        var system = new FaultyFileSystem();
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength, system: system);
        system.Fault = static call =>
        {
            if (call.StartsWith("write t.dirty", StringComparison.Ordinal))
            {
                throw FaultyFileSystem.Errno(28);
            }
        };
        Assert.Equal("disk.full", disk.Write(0).Error!.Code);
        Assert.DoesNotContain(system.Calls, static c => c.StartsWith("write T/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Flush_FailedOnce_IsNotBelievedUntilProbed()
    {
        var system = new FaultyFileSystem();
        await using var disk = new DiskFixture(DiskFixture.One(2 * PieceLength), PieceLength, system: system);
        disk.Write(0);
        system.Fault = static call =>
        {
            if (call.StartsWith("flush T/", StringComparison.Ordinal))
            {
                throw FaultyFileSystem.Errno(5);
            }
        };
        Assert.Equal("disk.io", disk.Flush(1).Error!.Code);
        system.Fault = static _ => { };
        Assert.Contains("drop T/a.bin.part", system.Calls);
        Assert.Equal("disk.io", disk.Flush(2).Error!.Code);
        disk.Write(1);
        Assert.Equal("disk.io", disk.Flush(3).Error!.Code);
        disk.Torrent.ClearDirtyJournal();
        Assert.Equal([0, 1], disk.Probe().DirtyPieces.Order());
        system.Calls.Clear();
        Assert.Null(disk.Flush(4).Error);
        Assert.Contains("flush T/a.bin.part", system.Calls);
    }

    [Fact]
    public async Task Flush_FileDeletedUnderAnOpenHandle_SaysMissing()
    {
        await using var disk = new DiskFixture(DiskFixture.One(2 * PieceLength), PieceLength);
        disk.Write(0);
        File.Delete(disk.IncompletePath("T/a.bin.part"));
        Assert.Equal("disk.missing", disk.Flush().Error!.Code);
        Assert.Equal("disk.missing", disk.Write(1).Error!.Code);
        Assert.False(File.Exists(disk.IncompletePath("T/a.bin.part")));
        Assert.False(disk.Probe().Files[0].Exists);
        Assert.Null(disk.Write(1).Error);
    }

    [Fact]
    public async Task Check_DeviceCannotRead_PieceIsNotRight()
    {
        var system = new FaultyFileSystem();
        await using var disk = new DiskFixture(DiskFixture.One(2 * PieceLength), PieceLength, system: system);
        disk.WriteAll();
        system.Fault = static call =>
        {
            if (call.StartsWith("read T/a.bin.part 0", StringComparison.Ordinal))
            {
                throw FaultyFileSystem.Errno(5);
            }
        };
        Assert.Equal([1], disk.Check());
        Assert.Equal("disk.io", disk.Read(disk.Geometry.BlockAt(0, 0)).Error!.Code);
        Assert.Equal(0, disk.Pool.Lent);
    }

    [Fact]
    public async Task Probe_TornJournalAndForeignNumbers_DoNoHarm()
    {
        await using var disk = new DiskFixture(DiskFixture.One(4 * PieceLength), PieceLength);
        DiskFixture.Put(disk.Spec.DirtyJournalPath, [1, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255, 9, 0, 0, 0, 2, 0, 0, 0, 3, 0]);
        Assert.Equal([1, 2], disk.Probe().DirtyPieces);
        disk.Write(0);
        await using var next = new DiskFixture(DiskFixture.One(4 * PieceLength), PieceLength, folder: disk.Folder);
        Assert.Equal([1, 2, 0], next.Probe().DirtyPieces);
    }
}
