using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>A corner of 127/8 and of the temporary folder that is this test's alone; emptied when disposed.</summary>
/// <remarks>
/// Clients that see several peers on one address keep one of them only, so each client gets an address of its own; the two middle
/// bytes are random, so tests (and test processes) run side by side. Dispose it after the clients.
/// </remarks>
public sealed class LoopbackFixture : IDisposable
{
    private readonly int _network = Random.Shared.Next(1, 250);
    private readonly int _subnet = Random.Shared.Next(0, 256);
    private int _host = 9;

    /// <summary>Makes the folder.</summary>
    public LoopbackFixture()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("p2p-interop-").FullName;

        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // Trackers drop their rights to "nobody" and must still be able to enter.
        File.SetUnixFileMode(
            Directory,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
    }

    /// <summary>Everything of this test lies below it.</summary>
    public string Directory { get; }

    /// <summary>An address of this machine nobody else here has: in 127/8, or in 10.77/16 where the test is <see cref="Isolated"/>.</summary>
    public IPAddress NextAddress() => Isolated.IsHere
        ? new([10, 77, (byte)_subnet, (byte)Interlocked.Increment(ref _host)])
        : new([127, (byte)_network, (byte)_subnet, (byte)Interlocked.Increment(ref _host)]);

    /// <summary>A TCP port free on <paramref name="address"/> right now.</summary>
    public static int FreePort(IPAddress address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>A new empty folder.</summary>
    public string NewDirectory(string name)
    {
        var path = Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"{name}-{Interlocked.Increment(ref _host)}"));
        System.IO.Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Asks until <paramref name="isTrue"/> says so, every 50 ms; throws <see cref="TimeoutException"/> with <paramref name="what"/>.</summary>
    /// <param name="isTrue">The question.</param>
    /// <param name="timeout">When to give up.</param>
    /// <param name="what">What is wrong when it does.</param>
    /// <param name="detail">What helps to understand it, asked then.</param>
    public static async Task UntilAsync(Func<Task<bool>> isTrue, TimeSpan timeout, string what, Func<string>? detail = null)
    {
        using var deadline = new CancellationTokenSource(timeout);
        while (!await isTrue().ConfigureAwait(false))
        {
            if (deadline.IsCancellationRequested)
            {
                throw new TimeoutException($"After {timeout.TotalSeconds:0} s: {what} {detail?.Invoke()}".TrimEnd());
            }

            await Task.Delay(50, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until something listens there.</summary>
    public static Task UntilListeningAsync(IPAddress address, int port, TimeSpan timeout) => UntilAsync(
        async () =>
        {
            using var client = new TcpClient(address.AddressFamily);
            try
            {
                await client.ConnectAsync(address, port).ConfigureAwait(false);
                return true;
            }
            catch (SocketException)
            {
                return false; // not yet
            }
        },
        timeout,
        $"nothing listens at {address}:{port}");

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
        catch (IOException)
        {
            // A client that has just been killed may still own a file; the folder is in the temporary one anyway.
        }
    }
}
