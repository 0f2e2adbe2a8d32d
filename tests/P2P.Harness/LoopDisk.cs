using System.Diagnostics;
using System.Runtime.InteropServices;

namespace P2P.Harness;

/// <summary>An ext4 file system in a file, whose power can be cut: what was not flushed is gone after the next mount.</summary>
/// <remarks>
/// Source: reliability study 4.4, recipe R1. Needs root and Linux, and a mount namespace of its own (<see cref="RunAloneAsync"/>). It does not model
/// a drive that lies about its cache.
/// </remarks>
internal sealed partial class LoopDisk : IDisposable
{
    // EXT4_IOC_SHUTDOWN; the argument 2 is EXT4_GOING_FLAGS_NOLOGFLUSH: not even the journal is written.
    private const nuint Shutdown = 0x8004587d;
    private const uint NoLogFlush = 2;

    private const string AloneSwitch = "--alone";
    private static readonly TimeSpan ReleaseLimit = TimeSpan.FromSeconds(20);

    private readonly string _root = Directory.CreateTempSubdirectory("p2p-loop-").FullName;
    private readonly int _mebibytes;
    private bool _isMounted;

    /// <summary>Makes and mounts an empty file system.</summary>
    public LoopDisk(int mebibytes)
    {
        _mebibytes = mebibytes;
        Directory.CreateDirectory(MountPoint);
        Format();
    }

    private string Image => Path.Combine(_root, "disk.img");

    /// <summary>Where it is mounted.</summary>
    public string MountPoint => Path.Combine(_root, "mnt");

    /// <summary>Runs this program again in a mount namespace of its own and returns its exit code; null when it runs in one already.</summary>
    /// <remarks>Anything that copies the machine's namespace meanwhile (a browser's sandbox does) would keep the file system alive over an unmount.</remarks>
    public static async Task<int?> RunAloneAsync(string[] arguments)
    {
        if (arguments.Contains(AloneSwitch))
        {
            return null;
        }

        using var again = Process.Start("unshare", ["--mount", "--propagation", "private", Environment.ProcessPath!, .. arguments, AloneSwitch]);
        await again.WaitForExitAsync();
        return again.ExitCode;
    }

    /// <summary>Starts again with an empty file system.</summary>
    public void Format()
    {
        Unmount();
        File.Delete(Image);
        Run("truncate", "-s", $"{_mebibytes}M", Image);
        Run("mkfs.ext4", "-q", "-F", Image);
        Mount();
    }

    /// <summary>The power fails now; everything on the disk answers with an error until <see cref="Remount"/>.</summary>
    public void Cut()
    {
        var descriptor = Open(MountPoint, 0);
        var flags = NoLogFlush;
        var result = Ioctl(descriptor, Shutdown, ref flags);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (result != 0)
        {
            throw new InvalidOperationException($"The power could not be cut (errno {error}).");
        }
    }

    /// <summary>The power is back. Nothing may hold files on the disk.</summary>
    public void Remount()
    {
        Unmount();
        Mount();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Unmount();
        Directory.Delete(_root, recursive: true);
    }

    private void Mount()
    {
        Run("mount", "-o", "loop", Image, MountPoint);
        _isMounted = true;
    }

    private void Unmount()
    {
        if (_isMounted)
        {
            Run("umount", MountPoint);
            _isMounted = false;
            for (var end = Environment.TickCount64 + (long)ReleaseLimit.TotalMilliseconds; Run("losetup", "-j", Image).Length > 0; Thread.Sleep(10))
            {
                if (Environment.TickCount64 > end)
                {
                    throw new InvalidOperationException("Something else keeps the disk in use, so a mount would find it as the cut left it in memory.");
                }
            }
        }
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors}");
        }

        return output;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(int descriptor, nuint request, ref uint argument);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
