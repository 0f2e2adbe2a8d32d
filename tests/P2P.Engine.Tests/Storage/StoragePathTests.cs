using System.Diagnostics;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;
using Xunit;

namespace P2P.Engine.Tests.Storage;

/// <summary>Names that must not lead out of a root or into someone else's file: rows P24 to P36 of the catalogue.</summary>
public sealed class StoragePathTests
{
    private const int PieceLength = 32 * 1024;

    [Theory]
    [InlineData("../a")]
    [InlineData("T/../../a")]
    [InlineData("/etc/passwd")]
    [InlineData("T//a")]
    [InlineData("T/./a")]
    [InlineData("")]
    [InlineData("T/a\0b")]
    public async Task Probe_PathThatCouldLeaveTheRoot_IsRefused(string path)
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength, path), PieceLength);
        Assert.Equal("path.not_allowed", disk.Probe().Error!.Code);
        Assert.Equal("path.not_allowed", disk.Write(0).Error!.Code);
        Assert.Equal(0, disk.Pool.Lent);
    }

    [Fact]
    public async Task Write_NameTooLongForTheDisk_SaysSo()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength, new string('n', 300)), PieceLength);
        Assert.Equal("path.too_long", disk.Write(0).Error!.Code);
    }

    [Fact]
    public async Task Write_NameOfTheGreatestLength_WorksUnderAShorterPartialName()
    {
        var name = "T/" + new string('n', 255);
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength, name), PieceLength);
        disk.WriteAll();
        Assert.Null(disk.Move().Error);
        Assert.Equal(disk.Source, File.ReadAllBytes(disk.SharedPath(name)));
    }

    [Fact]
    public async Task Write_FileAndItsPartialNameInOneTorrent_StayApart()
    {
        await using var disk = new DiskFixture([new("a", 50_000, false), new("a.part", 50_000, false)], PieceLength);
        disk.WriteAll();
        Assert.Null(disk.Move().Error);
        Assert.Equal(disk.BytesOfFile(0), File.ReadAllBytes(disk.SharedPath("a")));
        Assert.Equal(disk.BytesOfFile(1), File.ReadAllBytes(disk.SharedPath("a.part")));
    }

    [Fact]
    public async Task Write_ParentIsALink_NothingIsWrittenThroughIt()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength);
        var outside = Directory.CreateDirectory(Path.Combine(disk.Folder, "outside")).FullName;
        Directory.CreateDirectory(disk.Incomplete);
        Directory.CreateSymbolicLink(disk.IncompletePath("T"), outside);
        Assert.Equal("path.symlink_parent", disk.Probe().Error!.Code);
        Assert.Equal("path.symlink_parent", disk.Write(0).Error!.Code);
        disk.Torrent.DeleteData();
        disk.Next<DiskCompletion.Deleted>();
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }

    [Fact]
    public async Task Write_ParentBecomesALinkLater_NothingIsWrittenThroughIt()
    {
        await using var disk = new DiskFixture([new("T/a", PieceLength, false), new("T/b", PieceLength, false)], PieceLength);
        Assert.Null(disk.Write(0).Error);
        var outside = Path.Combine(disk.Folder, "outside");
        Directory.Move(disk.IncompletePath("T"), outside);
        Directory.CreateSymbolicLink(disk.IncompletePath("T"), outside);
        Assert.Equal("path.symlink_parent", disk.Write(1).Error!.Code);
        Assert.Equal("path.symlink_parent", disk.Move().Error!.Code);
        Assert.Single(Directory.GetFileSystemEntries(outside));
    }

    [Fact]
    public async Task Write_FileIsALink_TargetUnchanged()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength);
        var outside = Path.Combine(disk.Folder, "outside");
        File.WriteAllText(outside, "mine");
        Directory.CreateDirectory(disk.IncompletePath("T"));
        File.CreateSymbolicLink(disk.IncompletePath("T/a.bin.part"), outside);
        Assert.Equal("path.not_regular", disk.Write(0).Error!.Code);
        Assert.Equal("mine", File.ReadAllText(outside));
    }

    [Fact]
    public async Task Write_FileHasASecondName_OtherFileUnchanged()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength);
        var other = disk.IncompletePath("other");
        DiskFixture.Put(other, new byte[PieceLength]);
        Directory.CreateDirectory(disk.IncompletePath("T"));
        Shell("ln", other, disk.IncompletePath("T/a.bin.part"));
        Assert.Null(disk.Probe().Error);
        Assert.Equal("path.hardlink", disk.Write(0).Error!.Code);
        Assert.All(File.ReadAllBytes(other), static b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData("T/a.bin.part", true)]
    [InlineData("T/a.bin", true)]
    [InlineData("T/a.bin.part", false)]
    public async Task Probe_FifoOrFolderInTheWay_IsRefusedAtOnce(string path, bool isFifo)
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength);
        Directory.CreateDirectory(disk.IncompletePath("T"));
        if (isFifo)
        {
            Shell("mkfifo", disk.IncompletePath(path));
        }
        else
        {
            Directory.CreateDirectory(disk.IncompletePath(path));
        }

        Assert.Equal("path.not_regular", disk.Probe().Error!.Code);
        Assert.Empty(disk.Check());
        Assert.Equal("path.not_regular", disk.Write(0).Error!.Code);
        Assert.Equal(0, disk.Pool.Lent);
    }

    [Theory]
    [InlineData("incomplete/T/a.bin.part")]
    [InlineData("shared/T/a.bin")]
    public async Task Probe_LongerFileOfTheSameName_IsKeptAsItIs(string path)
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength);
        var full = Path.Combine(disk.Folder, path);
        DiskFixture.Put(full, [.. disk.Source, 1]);
        Assert.Equal("disk.size_conflict", disk.Probe().Error!.Code);
        Assert.Empty(disk.Check());
        Assert.Equal("disk.size_conflict", disk.Write(0).Error!.Code);
        Assert.Equal([.. disk.Source, 1], File.ReadAllBytes(full));
    }

    [Fact]
    public async Task Probe_SecondTorrentWithTheSameFile_IsInUseUntilTheFirstCloses()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength);
        Assert.Null(disk.Probe().Error);
        var second = disk.Disk.Open(disk.Spec with { InfoHash = InfoHash.Parse(new string('f', 40)) }, disk);
        second.Probe();
        Assert.Equal("path.in_use", disk.Next<DiskCompletion.Probed>().Error!.Code);
        disk.Close();
        second.Probe();
        Assert.Null(disk.Next<DiskCompletion.Probed>().Error);
    }

    [Fact]
    public async Task Write_RootWhoseParentIsMissing_IsNotInvented()
    {
        await using var disk = new DiskFixture(DiskFixture.One(PieceLength), PieceLength);
        var torrent = disk.Disk.Open(disk.Spec with { IncompleteRoot = Path.Combine(disk.Folder, "unplugged", "incomplete") }, disk);
        torrent.WritePiece(0, disk.LendPiece(0));
        var error = disk.Next<DiskCompletion.PieceWritten>().Error!;
        Assert.Equal("disk.missing", error.Code);
        Assert.True(error.IsTransient);
        Assert.False(Directory.Exists(Path.Combine(disk.Folder, "unplugged")));
    }

    [Fact]
    public void Open_FolderSwappedForALinkAllTheTime_NeverReachesOutside()
    {
        var folder = Directory.CreateTempSubdirectory("p2p-swap-").FullName;
        var (root, outside) = (Path.Combine(folder, "root"), Path.Combine(folder, "outside"));
        var inside = Path.Combine(root, "sub");
        Directory.CreateDirectory(inside);
        DiskFixture.Put(Path.Combine(outside, "x"), [1]);
        using var isDone = new ManualResetEventSlim();
        var swapper = new Thread(() =>
        {
            while (!isDone.IsSet)
            {
                Directory.Move(inside, inside + "2");
                Directory.CreateSymbolicLink(inside, outside);
                File.Delete(inside);
                Directory.Move(inside + "2", inside);
            }
        });
        swapper.Start();
        var (files, reached) = (new LinuxFileSystem(), 0);
        for (var i = 0; i < 10_000; i++)
        {
            // "x" exists outside only: to open it is to have followed the link.
            try
            {
                files.Open(root, "sub/x", FileUse.Write).Dispose();
                reached++;
            }
            catch (IOException exception)
            {
                Assert.Matches("^(disk.missing|path.symlink_parent|path.not_regular)$", DiskFaults.From(exception, "x").Code);
            }
        }

        isDone.Set();
        swapper.Join();
        Directory.Delete(folder, recursive: true);
        Assert.Equal(0, reached);
    }

    private static void Shell(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
