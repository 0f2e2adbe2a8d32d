using P2P.Engine.Persistence;
using Xunit;

namespace P2P.Engine.Tests.Persistence;

public sealed class DataDirectoryLockTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("p2p-lock-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Acquire_HeldByAnother_NamesDirectoryAndProcess()
    {
        using var first = DataDirectoryLock.Acquire(_directory);

        var refused = Assert.Throws<TorrentEngineException>(() => DataDirectoryLock.Acquire(_directory));

        Assert.Equal("state.locked", refused.Code);
        Assert.Contains(_directory, refused.Message);
        Assert.Contains($"process {Environment.ProcessId}", refused.Message);
    }

    [Fact]
    public void Acquire_AfterRelease_Works()
    {
        DataDirectoryLock.Acquire(_directory).Dispose();

        DataDirectoryLock.Acquire(_directory).Dispose();
    }

    [Fact]
    public void Acquire_StaleFilesOfADeadProcess_Works()
    {
        File.WriteAllText(Path.Combine(_directory, "lock"), "");
        File.WriteAllText(Path.Combine(_directory, "lock.owner"), "1");

        DataDirectoryLock.Acquire(_directory).Dispose();
    }

    [Fact]
    public void Acquire_DirectoryAbsent_MakesIt()
    {
        var path = Path.Combine(_directory, "a", "b");

        DataDirectoryLock.Acquire(path).Dispose();

        Assert.True(Directory.Exists(path));
    }

    [Fact]
    public void Acquire_DirectoryCannotBeMade_SaysSo()
    {
        var file = Path.Combine(_directory, "file");
        File.WriteAllText(file, "");

        var refused = Assert.Throws<TorrentEngineException>(() => DataDirectoryLock.Acquire(Path.Combine(file, "below")));

        Assert.StartsWith("disk.", refused.Code);
    }

    [Fact]
    public void Acquire_LockingSwitchedOff_Refuses()
    {
        const string Switch = "System.IO.DisableFileLocking";
        AppContext.SetSwitch(Switch, true);
        try
        {
            var refused = Assert.Throws<TorrentEngineException>(() => DataDirectoryLock.Acquire(_directory));

            Assert.Equal("state.locking_unavailable", refused.Code);
        }
        finally
        {
            AppContext.SetSwitch(Switch, false);
        }
    }
}
