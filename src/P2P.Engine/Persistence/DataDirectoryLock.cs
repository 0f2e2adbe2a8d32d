using System.Globalization;

namespace P2P.Engine.Persistence;

/// <summary>Keeps a second process out of a data directory for as long as it lives; the operating system frees it when the process dies.</summary>
/// <remarks>Source: R-S07. The file <c>lock</c> is held exclusively (flock on Unix); <c>lock.owner</c> names the holder in the refusal.</remarks>
internal sealed class DataDirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock or throws <see cref="TorrentEngineException"/>: "state.locked", "state.locking_unavailable", "disk.*".</summary>
    public static DataDirectoryLock Acquire(string directory)
    {
        if (IsLockingDisabled())
        {
            throw Unavailable(directory, "file locking is switched off (DOTNET_SYSTEM_IO_DISABLEFILELOCKING)");
        }

        var path = Path.Combine(directory, "lock");
        var file = Open(path, directory);
        try
        {
            // A second open of our own file must be refused, as a second process's would be; where it is not, the lock protects nothing.
            if (CanOpenAgain(path))
            {
                throw Unavailable(directory, "its file system does not support locks");
            }

            File.WriteAllText(OwnerPath(directory), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DataDirectoryLock(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw StateFault.Describe(exception, directory);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static FileStream Open(string path, string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (File.Exists(path) && IsSharingViolation(exception))
        {
            throw new TorrentEngineException(
                "state.locked",
                $"The data directory {directory} is in use by {Owner(directory)}; stop that process or choose another directory.",
                exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateFault.Describe(exception, directory);
        }
    }

    private static bool CanOpenAgain(string path)
    {
        try
        {
            using var second = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException exception) when (IsSharingViolation(exception))
        {
            return false;
        }
    }

    // EWOULDBLOCK of Linux (11) and macOS (35), ERROR_SHARING_VIOLATION of Windows.
    private static bool IsSharingViolation(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static bool IsLockingDisabled() =>
        (AppContext.TryGetSwitch("System.IO.DisableFileLocking", out var isDisabled) && isDisabled)
        || Environment.GetEnvironmentVariable("DOTNET_SYSTEM_IO_DISABLEFILELOCKING") is "1" or "true" or "True" or "TRUE";

    private static string Owner(string directory)
    {
        try
        {
            return int.TryParse(File.ReadAllText(OwnerPath(directory)), CultureInfo.InvariantCulture, out var id) ? $"process {id}" : "another process";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }

    private static string OwnerPath(string directory) => Path.Combine(directory, "lock.owner");

    private static TorrentEngineException Unavailable(string directory, string why) => new(
        "state.locking_unavailable", $"The data directory {directory} cannot be protected against a second process: {why}.");
}
