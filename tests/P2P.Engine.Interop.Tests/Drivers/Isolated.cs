using System.Diagnostics;
using Xunit;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>Runs a test again, as a process of its own, in a network namespace whose only interface is a loopback with all of 10.77.0.0/16.</summary>
/// <remarks>
/// Some clients take no part in a DHT on 127/8 (Transmission calls it martian), and multicast or bootstrap must not leave the machine:
/// in here there is nowhere to go. Needs Linux, unshare and ip, and the right to use them. In the namespace <see cref="IsHere"/> is true.
/// </remarks>
public static class Isolated
{
    private const string Mark = "P2P_TESTS_ISOLATED";
    private static readonly Lazy<string?> Unavailable = new(Probe);

    /// <summary>This process is the one in the namespace.</summary>
    public static bool IsHere => Environment.GetEnvironmentVariable(Mark) == "1";

    /// <summary>Why there can be no namespace; null when there can.</summary>
    public static string? WhyUnavailable => IsHere ? null : Unavailable.Value;

    /// <summary>Runs the test method of that name in the namespace and fails with what it printed; skips with a reason when that is impossible.</summary>
    public static async Task RunAsync(Type test, string method)
    {
        if (WhyUnavailable is { } reason)
        {
            Assert.Skip(reason);
        }

        var program = Path.ChangeExtension(test.Assembly.Location, null);
        string[] arguments =
        [
            .. Namespace(), "sh", "-c", "ip link set lo up && ip link set lo multicast on; ip addr add 10.77.0.0/16 dev lo && ip route add 224.0.0.0/4 dev lo; exec \"$@\"", "sh",
            program, "-method", $"{test.FullName}.{method}",
        ];
        var info = new ProcessStartInfo("unshare", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment[Mark] = "1";
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        var text = await output + await errors;
        Assert.True(process.ExitCode == 0 && text.Contains("Total: 1,", StringComparison.Ordinal) && text.Contains("Skipped: 0", StringComparison.Ordinal), text);
        TestContext.Current.TestOutputHelper?.WriteLine(text);
    }

    private static string[] Namespace() => Environment.IsPrivilegedProcess ? ["-n"] : ["-r", "-n"];

    private static string? Probe()
    {
        if (!OperatingSystem.IsLinux() || ClientProcess.Find("unshare") is null || ClientProcess.Find("ip") is null)
        {
            return "unshare and ip (iproute2) are not installed";
        }

        using var probe = Process.Start(new ProcessStartInfo("unshare", [.. Namespace(), "ip", "link", "set", "lo", "up"]) { RedirectStandardError = true })!;
        probe.WaitForExit();
        return probe.ExitCode == 0 ? null : "this user may not make network namespaces";
    }
}
