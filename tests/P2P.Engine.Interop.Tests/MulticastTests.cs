using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using P2P.Engine.Interop.Tests.Drivers;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Interop.Tests;

/// <summary>Local discovery on real sockets, between machines that are network namespaces, and with other clients.</summary>
public sealed class MulticastTests(ITestOutputHelper output) : IDisposable
{
    private const int Port = 7001;
    private static readonly InfoHash Torrent = InfoHash.Parse("000102030405060708090a0b0c0d0e0f10111213");
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    private readonly LoopbackFixture _loopback = new();

    [Fact]
    public async Task Two_machines_find_and_reach_each_other_by_IPv4_and_by_link_local_IPv6()
    {
        Require(NetworkNamespaces.WhyUnavailable);
        await using var lan = await NetworkNamespaces.CreateAsync(2);
        await using var one = Start(lan.Machines[0], Torrent);
        await using var two = Start(lan.Machines[1], Torrent);

        foreach (var (finder, found) in new[] { (one, lan.Machines[1]), (two, lan.Machines[0]) })
        {
            await UntilAsync(finder, $"REACHED {found.At(Port)}");
            await UntilAsync(finder, "REACHED [fe80::");
            await UntilAsync(finder, "STATUS Working Announced on 1 network; 2 peers answered");
            await UntilAsync(finder, $"NEIGHBOUR {found.At(Port)}");
        }
    }

    [Fact]
    public async Task A_newcomer_finds_an_old_neighbour_within_three_seconds()
    {
        Require(NetworkNamespaces.WhyUnavailable);
        await using var lan = await NetworkNamespaces.CreateAsync(2);
        await using var old = Start(lan.Machines[0], Torrent);
        await UntilAsync(old, "STATUS Working");
        await using var late = Start(lan.Machines[1], Torrent);
        await UntilAsync(late, "LISTENING");
        var watch = Stopwatch.StartNew();

        await UntilAsync(late, $"PEER {lan.Machines[0].At(Port)}");

        output.WriteLine($"found after {watch.ElapsedMilliseconds} ms");
        Assert.InRange(watch.ElapsedMilliseconds, 0, 3000);
    }

    [Fact]
    public async Task Three_instances_on_one_machine_without_a_network_find_each_other()
    {
        Require(NetworkNamespaces.WhyUnavailable);
        await using var offline = await NetworkNamespaces.CreateAsync(1, isOffline: true);
        var machine = offline.Machines[0];
        await using var one = Start(machine, Torrent, 7001);
        await using var two = Start(machine, Torrent, 7002);
        await using var three = Start(machine, Torrent, 7003, "127.0.0.5");

        await UntilAsync(one, "REACHED 127.0.0.1:7002");
        await UntilAsync(one, "REACHED 127.0.0.5:7003");
        await UntilAsync(two, "REACHED 127.0.0.1:7001");
        await UntilAsync(two, "REACHED 127.0.0.5:7003");
        await UntilAsync(three, "REACHED 127.0.0.1:7001");
        await UntilAsync(three, "REACHED 127.0.0.1:7002");
    }

    [Fact]
    public async Task Two_without_a_torrent_are_neighbours()
    {
        Require(NetworkNamespaces.WhyUnavailable);
        await using var lan = await NetworkNamespaces.CreateAsync(2);
        await using var one = Start(lan.Machines[0], torrent: null);
        await UntilAsync(one, "LISTENING");
        await using var two = Start(lan.Machines[1], torrent: null);

        await UntilAsync(one, $"NEIGHBOUR {lan.Machines[1].At(Port)}");
    }

    /// <summary>Six, because a kernel that hands datagrams to one of two sockets by chance would pass with fewer.</summary>
    [Fact]
    public async Task An_instance_bound_to_one_address_speaks_on_its_network_only_and_misses_nothing()
    {
        Require(NetworkNamespaces.WhyUnavailable);
        await using var lan = await NetworkNamespaces.CreateAsync(6);
        var machine = lan.Machines[0];
        await using var bound = Start(machine, Torrent, 7001, $"{machine.Address}");
        await using var local = Start(machine, Torrent, 7002, "127.0.0.1");
        List<ClientProcess> others = [];
        try
        {
            foreach (var other in lan.Machines.Skip(1))
            {
                others.Add(Start(other, Torrent));
                await UntilAsync(bound, $"REACHED {other.At(Port)}", TimeSpan.FromSeconds(5));
                await UntilAsync(others[^1], $"REACHED {machine.At(7001)}");
            }

            Assert.DoesNotContain("127.0.0.1", bound.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("fe80", bound.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("PEER", local.Output, StringComparison.Ordinal);
            Assert.All(others, other => Assert.DoesNotContain("7002", other.Output, StringComparison.Ordinal));
        }
        finally
        {
            foreach (var other in others)
            {
                await other.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Two_instances_on_one_machine_are_found_by_a_third_across_the_LAN()
    {
        Require(NetworkNamespaces.WhyUnavailable);
        await using var lan = await NetworkNamespaces.CreateAsync(2);
        var (machine, other) = (lan.Machines[0], lan.Machines[1]);
        await using var one = Start(machine, Torrent, 7001);
        await using var two = Start(machine, Torrent, 7002);
        await using var far = Start(other, Torrent);

        await UntilAsync(far, $"REACHED {machine.At(7001)}");
        await UntilAsync(far, $"REACHED {machine.At(7002)}");
        await UntilAsync(one, $"REACHED {other.At(Port)}");
        await UntilAsync(two, $"REACHED {other.At(Port)}");
        await UntilAsync(one, "REACHED 127.0.0.1:7002");
    }

    [Theory]
    [InlineData("SO_REUSEPORT", "STATUS Working Announced on 1 network")]
    [InlineData("SO_REUSEADDR", "STATUS Working Announced on 1 network")]
    [InlineData("SO_KEEPALIVE", "STATUS Failing Port 6771 is already in use by another program.")]
    public async Task A_port_that_another_program_holds_is_shared_or_an_error_to_be_seen(string option, string line)
    {
        Require(NetworkNamespaces.WhyUnavailable, LibtorrentPeer.WhyUnavailable);
        await using var offline = await NetworkNamespaces.CreateAsync(1, isOffline: true);
        const string Script = """
            import socket, sys
            held = [socket.socket(family, socket.SOCK_DGRAM) for family in (socket.AF_INET, socket.AF_INET6)]
            for one in held:
                one.setsockopt(socket.SOL_SOCKET, getattr(socket, sys.argv[1]), 1)
                if one.family == socket.AF_INET6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.bind(('', 6771))
            print('held', flush=True)
            sys.stdin.read()
            """;
        await using var holder = offline.Machines[0].Start("/usr/bin/python3", ["-c", Script, option], _loopback.Directory);
        await UntilAsync(holder, "held");
        await using var ours = Start(offline.Machines[0], Torrent);

        await UntilAsync(ours, line);
    }

    [Fact]
    public async Task A_cable_plugged_in_later_is_used_at_the_next_announce()
    {
        Require(NetworkNamespaces.WhyUnavailable);
        await using var lan = await NetworkNamespaces.CreateAsync(2);
        var late = lan.Machines[0];
        await late.MustRunAsync("ip", "link", "set", "eth0", "down");
        await using var there = Start(lan.Machines[1], Torrent);
        await using var here = Start(late, Torrent, isDialogue: true);
        await UntilLineAsync(here, "STATUS Working Announced on 1 network; no peer answered yet");
        await late.MustRunAsync("ip", "link", "set", "eth0", "up");

        // The list of interfaces is read again when it is 5 seconds old.
        await Task.Delay(TimeSpan.FromSeconds(6));
        await here.SayAsync("search");

        await UntilLineAsync(here, $"REACHED {lan.Machines[1].At(Port)}");
        await UntilAsync(there, $"REACHED {late.At(Port)}");
    }

    [Fact]
    public async Task Libtorrent_finds_us_and_we_find_libtorrent()
    {
        Require(NetworkNamespaces.WhyUnavailable, LibtorrentPeer.WhyUnavailable);
        await using var lan = await NetworkNamespaces.CreateAsync(2);
        var torrent = TestTorrents.Single(_loopback, 100_000, 16 << 10, announce: null);
        await using var ours = Start(lan.Machines[0], torrent.InfoHash);
        await UntilAsync(ours, "STATUS Working");
        await using var libtorrent = await LibtorrentPeer.StartAsync(
            _loopback, new JsonObject { ["enable_lsd"] = true }, machine: lan.Machines[1]);
        await libtorrent.AddAsync(torrent.TorrentPath, torrent.Directory, seed: false);

        await UntilAsync(ours, $"REACHED {libtorrent.Endpoint}");
        await UntilAsync(ours, $"DIALLED {lan.Machines[1].Address}:");
    }

    [Fact]
    public async Task Transmission_finds_us_and_we_find_Transmission()
    {
        Require(NetworkNamespaces.WhyUnavailable, TransmissionPeer.WhyUnavailable);
        await using var lan = await NetworkNamespaces.CreateAsync(2);
        var torrent = TestTorrents.Single(_loopback, 100_000, 16 << 10, announce: null);
        var machine = lan.Machines[1];
        await using var transmission = await StartTransmissionAsync(machine, torrent);
        await using var ours = Start(lan.Machines[0], torrent.InfoHash);

        await UntilAsync(ours, $"DIALLED {machine.Address}:", TimeSpan.FromSeconds(60));
        await UntilAsync(ours, $"REACHED {machine.At(6881)}", TimeSpan.FromSeconds(60));
    }

    public void Dispose() => _loopback.Dispose();

    private static void Require(params string?[] reasons) =>
        Assert.SkipWhen(reasons.Any(reason => reason is not null), string.Join("; ", reasons.Where(reason => reason is not null)));

    private static Task UntilAsync(ClientProcess process, string line, TimeSpan? timeout = null) => LoopbackFixture.UntilAsync(
        () => Task.FromResult(process.Output.Contains(line, StringComparison.Ordinal)), timeout ?? Timeout, $"no line \"{line}\"", () => process.Output);

    private static async Task UntilLineAsync(ClientProcess process, string line)
    {
        while (!(await process.NextLineAsync(Timeout)).Contains(line, StringComparison.Ordinal))
        {
            // Each line has its own patience; the process ends the waiting when it dies.
        }
    }

    private ClientProcess Start(NetworkNamespace machine, InfoHash? torrent, int port = Port, string? address = null, bool isDialogue = false)
    {
        List<string> arguments = ["lsd", "--port", port.ToString(CultureInfo.InvariantCulture)];
        if (torrent is { } infoHash)
        {
            arguments.AddRange(["--infohash", infoHash.ToString()]);
        }

        if (address is not null)
        {
            arguments.AddRange(["--address", address]);
        }

        return machine.Start(BuiltFile.Harness, arguments, _loopback.NewDirectory("lsd"), isDialogue);
    }

    private async Task<ClientProcess> StartTransmissionAsync(NetworkNamespace machine, TestTorrent torrent)
    {
        var home = _loopback.NewDirectory("transmission");
        var watched = Directory.CreateDirectory(Path.Combine(home, "watched")).FullName;
        File.Copy(torrent.TorrentPath, Path.Combine(watched, "a.torrent"));
        var settings = new JsonObject
        {
            ["peer-port"] = 6881,
            ["lpd-enabled"] = true,
            ["dht-enabled"] = false,
            ["pex-enabled"] = false,
            ["utp-enabled"] = false,
            ["port-forwarding-enabled"] = false,
            ["rpc-enabled"] = false,
            ["download-dir"] = torrent.Directory,
            ["watch-dir"] = watched,
            ["watch-dir-enabled"] = true,
            ["start-added-torrents"] = true,
        };
        await File.WriteAllTextAsync(Path.Combine(home, "settings.json"), settings.ToJsonString());
        return machine.Start(ClientProcess.Find("transmission-daemon")!, ["-f", "-g", home, "--log-debug"], home);
    }
}
