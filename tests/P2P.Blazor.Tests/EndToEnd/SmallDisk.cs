using System.Globalization;
using P2P.Engine.Interop.Tests.Drivers;

namespace P2P.Blazor.Tests.EndToEnd;

/// <summary>The program with a small disk of its own (a tmpfs only it can see) as its incomplete folder: full, or read-only.</summary>
/// <remarks>A private mount namespace: as root directly, for others inside a user namespace where the system allows it.</remarks>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const string Ballast = "ballast";
    private static readonly Lazy<string?> Unavailable = new(Probe);
    private readonly string _mountPoint;

    private SmallDisk(HostProcess host, string mountPoint)
    {
        Host = host;
        _mountPoint = mountPoint;
    }

    /// <summary>Why it cannot be had here; null when it can.</summary>
    public static string? WhyUnavailable => Unavailable.Value;

    /// <summary>The program.</summary>
    public HostProcess Host { get; }

    /// <summary>Starts the program on a disk of this size with that much on it already.</summary>
    public static async Task<SmallDisk> StartAsync(LoopbackFixture loopback, int size, int ballast, bool isReadOnly)
    {
        var folder = loopback.NewDirectory("host");
        var mountPoint = Path.Combine(folder, "incomplete");
        Directory.CreateDirectory(mountPoint);
        var address = loopback.NextAddress();
        var script = string.Create(
            CultureInfo.InvariantCulture,
            $"mount -t tmpfs -o size={size} tmpfs '{mountPoint}' && head -c {ballast} /dev/zero > '{mountPoint}/{Ballast}' && {(isReadOnly ? $"mount -o remount,ro '{mountPoint}' && " : "")}exec \"$@\"");
        var process = ClientProcess.Start(
            "unshare",
            [.. Namespace(), "sh", "-c", script, "sh", .. HostProcess.Command(), .. HostProcess.Standard(folder, out var url), $"--Engine:ListenAddress={address}", $"--Engine:ListenPort={LoopbackFixture.FreePort(address)}"],
            loopback.NewDirectory("cwd"));
        return new SmallDisk(await HostProcess.StartAsync(process, folder, url), mountPoint);
    }

    /// <summary>Frees what the ballast takes.</summary>
    public void Free() => File.Delete($"/proc/{Host.Id}/root{_mountPoint}/{Ballast}");

    /// <summary>Makes a read-only disk writable.</summary>
    public async Task MakeWritableAsync()
    {
        await using var nsenter = ClientProcess.Start(
            "nsenter", [.. Environment.IsPrivilegedProcess ? [] : (string[])["-U", "--preserve-credentials"], "-m", "-t", $"{Host.Id}", "mount", "-o", "remount,rw", _mountPoint], Path.GetTempPath());
        if (await nsenter.UntilExitedAsync(TimeSpan.FromSeconds(20)) != 0)
        {
            throw new InvalidOperationException($"The disk stays read-only: {nsenter.Output}");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private static string[] Namespace() => Environment.IsPrivilegedProcess ? ["-m", "--propagation", "private"] : ["-r", "-m", "--propagation", "private"];

    private static string? Probe()
    {
        if (!OperatingSystem.IsLinux() || ClientProcess.Find("unshare") is null || ClientProcess.Find("nsenter") is null)
        {
            return "unshare and nsenter are not installed";
        }

        using var probe = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("unshare", [.. Namespace(), "mount", "-t", "tmpfs", "tmpfs", "/mnt"]) { RedirectStandardError = true });
        probe!.WaitForExit();
        return probe.ExitCode == 0 ? null : "this system does not allow private mounts";
    }
}
