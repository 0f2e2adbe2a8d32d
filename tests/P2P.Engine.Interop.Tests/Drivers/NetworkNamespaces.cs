using System.Diagnostics;
using System.Globalization;
using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>A LAN of machines that are network namespaces on one bridge, with no way out of it: multicast, broadcast and real addresses are safe here.</summary>
/// <remarks>
/// Needs Linux, root and iproute2. The bridge lives in a namespace of its own, so nothing of the machine that runs the tests is touched.
/// Dispose it after the programs in it; it ends those that are left.
/// </remarks>
public sealed class NetworkNamespaces : IAsyncDisposable
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(20);
    private static readonly Lazy<string?> Unavailable = new(Probe);
    private static int _made;

    private readonly List<string> _names = [];

    private NetworkNamespaces()
    {
    }

    /// <summary>Why they cannot be made here; null when they can.</summary>
    public static string? WhyUnavailable => Unavailable.Value;

    /// <summary>The machines, at 10.77.0.1, 10.77.0.2, ...; those offline have the loopback only.</summary>
    public IReadOnlyList<NetworkNamespace> Machines { get; private set; } = [];

    /// <summary>Makes a LAN.</summary>
    /// <param name="count">Machines on it, 1..200.</param>
    /// <param name="isOffline">They have no cable: nothing but the loopback.</param>
    public static async Task<NetworkNamespaces> CreateAsync(int count, bool isOffline = false)
    {
        var made = new NetworkNamespaces();
        try
        {
            await made.MakeAsync(count, isOffline).ConfigureAwait(false);
            return made;
        }
        catch
        {
            await made.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var name in _names)
        {
            var (_, processes) = await TryAsync("netns", "pids", name).ConfigureAwait(false);
            foreach (var id in processes.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                Kill(int.Parse(id, CultureInfo.InvariantCulture));
            }

            await TryAsync("netns", "del", name).ConfigureAwait(false);
        }

        _names.Clear();
    }

    /// <summary>Runs a program to its end and returns its exit code and all it wrote.</summary>
    internal static async Task<(int Code, string Output)> RunAsync(string program, IEnumerable<string> arguments, TimeSpan timeout)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        ClientProcess.DropProxies(info);
        using var process = Process.Start(info)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(timeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            process.Kill();
            throw;
        }

        return (process.ExitCode, await output.ConfigureAwait(false) + await errors.ConfigureAwait(false));
    }

    private static string? Probe()
    {
        if (!OperatingSystem.IsLinux() || ClientProcess.Find("ip") is null)
        {
            return "network namespaces need Linux and iproute2";
        }

        if (!Environment.IsPrivilegedProcess)
        {
            return "network namespaces need root";
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"p2p-{Environment.ProcessId}-probe");
        using var add = Process.Start(new ProcessStartInfo(ClientProcess.Find("ip")!, ["netns", "add", name]) { RedirectStandardError = true })!;
        add.WaitForExit();
        if (add.ExitCode != 0)
        {
            return "this system does not allow network namespaces: " + add.StandardError.ReadToEnd().Trim();
        }

        using var delete = Process.Start(ClientProcess.Find("ip")!, ["netns", "del", name]);
        delete.WaitForExit();
        return null;
    }

    private static void Kill(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It has ended by itself.
        }
    }

    private static Task<(int Code, string Output)> TryAsync(params string[] arguments) =>
        RunAsync(ClientProcess.Find("ip")!, arguments, CommandTimeout);

    private static async Task IpAsync(string command)
    {
        var (code, output) = await TryAsync(command.Split(' ')).ConfigureAwait(false);
        if (code != 0)
        {
            throw new InvalidOperationException($"ip {command}: {output}");
        }
    }

    private async Task MakeAsync(int count, bool isOffline)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 200);
        var stem = string.Create(CultureInfo.InvariantCulture, $"p2p-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}");
        var lan = $"{stem}-lan";
        await AddAsync(lan).ConfigureAwait(false);
        await IpAsync($"-n {lan} link add lan type bridge stp_state 0 mcast_snooping 0").ConfigureAwait(false);
        await IpAsync($"-n {lan} link set lan up").ConfigureAwait(false);
        List<NetworkNamespace> machines = [];
        for (var i = 1; i <= count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{stem}-{i}");
            await AddAsync(name).ConfigureAwait(false);
            await IpAsync($"-n {name} link set lo up").ConfigureAwait(false);
            var address = isOffline ? IPAddress.Loopback : new IPAddress([10, 77, 0, (byte)i]);
            if (!isOffline)
            {
                await PlugInAsync(lan, name, i, address).ConfigureAwait(false);
            }

            machines.Add(new NetworkNamespace(name, address));
        }

        Machines = machines;
    }

    private async Task AddAsync(string name)
    {
        await IpAsync($"netns add {name}").ConfigureAwait(false);
        _names.Add(name);

        // A link-local address is good at once: nobody else here could have it.
        await IpAsync($"netns exec {name} sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.dad_transmits=0").ConfigureAwait(false);
    }

    private static async Task PlugInAsync(string lan, string name, int number, IPAddress address)
    {
        await IpAsync($"link add eth0 netns {name} type veth peer name port{number} netns {lan}").ConfigureAwait(false);
        await IpAsync($"-n {lan} link set port{number} master lan up").ConfigureAwait(false);
        await IpAsync($"-n {name} address add {address}/24 dev eth0").ConfigureAwait(false);
        await IpAsync($"-n {name} link set eth0 up").ConfigureAwait(false);

        // As a home has one, so that programs which ask for no interface send groups here; nobody answers for the world behind it.
        await IpAsync($"-n {name} route add default dev eth0").ConfigureAwait(false);
    }
}

/// <summary>One machine of a <see cref="NetworkNamespaces"/>.</summary>
/// <param name="Name">Of the namespace.</param>
/// <param name="Address">Its address on the LAN, or 127.0.0.1 when it is offline.</param>
public sealed record NetworkNamespace(string Name, IPAddress Address)
{
    private static readonly TimeSpan RunTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Its endpoint with a port.</summary>
    public PeerEndpoint At(int port) => new(Address, port);

    /// <summary>Starts a program on it: the host (<c>dotnet P2P.Blazor.dll ...</c>), the harness, a reference client. Same meaning as <see cref="ClientProcess.Start"/>.</summary>
    public ClientProcess Start(
        string program, IEnumerable<string> arguments, string directory, bool isDialogue = false, IReadOnlyDictionary<string, string>? environment = null) =>
        ClientProcess.Start(ClientProcess.Find("ip")!, ["netns", "exec", Name, program, .. arguments], directory, isDialogue, environment);

    /// <summary>Runs a program on it to its end: "curl" to a page that listens on its 127.0.0.1, "ip" to pull a cable.</summary>
    /// <returns>Exit code, and all it wrote.</returns>
    public Task<(int Code, string Output)> RunAsync(string program, params string[] arguments) =>
        NetworkNamespaces.RunAsync(ClientProcess.Find("ip")!, ["netns", "exec", Name, program, .. arguments], RunTimeout);

    /// <summary>As <see cref="RunAsync"/>, and an exit code other than 0 throws with what it wrote.</summary>
    public async Task<string> MustRunAsync(string program, params string[] arguments)
    {
        var (code, output) = await RunAsync(program, arguments).ConfigureAwait(false);
        return code == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}: {output}");
    }
}
