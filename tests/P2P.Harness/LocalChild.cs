using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using P2P.Engine;
using P2P.Engine.Discovery;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;

namespace P2P.Harness;

/// <summary>Local discovery alone, on real sockets: to be run in network namespaces.</summary>
/// <remarks>
/// Lines: LISTENING; "PEER endpoint" (found, once each) then "REACHED endpoint" or "MISSED endpoint reason" (it was dialled); "NEIGHBOUR endpoint";
/// "DIALLED endpoint" (by a peer who found us); "STATUS state sentence". Input: "search" announces at once; the end of the input ends it.
/// </remarks>
internal sealed class LocalChild : IDiscoverySink
{
    private readonly ConcurrentDictionary<PeerEndpoint, byte> _found = new();
    private readonly SystemNetwork _network;
    private string _status = "";

    private LocalChild(IPAddress? address) => _network = new SystemNetwork(address, TimeProvider.System);

    public static async Task RunAsync(HarnessOptions options)
    {
        var address = options.Text("address") is { } text ? IPAddress.Parse(text) : null;
        var child = new LocalChild(address);
        using var listener = child._network.Listen(address ?? IPAddress.IPv6Any, options.Number("port", 0));
        _ = AcceptAsync(listener);
        var discovery = new LocalDiscovery(new LocalDiscoverySetup
        {
            Network = child._network,
            Clock = TimeProvider.System,
            Scheduler = new ThreadPoolLoopScheduler(),
            Seed = Environment.ProcessId,
            Entropy = RandomNumberGenerator.Fill,
            Address = address,
            PeerPort = () => listener.Local.Port,
            OnNeighbour = static neighbour => Say($"NEIGHBOUR {neighbour}"),
            Logger = NullLogger.Instance,
        });
        discovery.Start();
        Say("LISTENING");
        var infoHash = options.Text("infohash") is { } hash ? InfoHash.Parse(hash) : (InfoHash?)null;
        if (infoHash is { } followed)
        {
            discovery.Follow(followed, child);
        }

        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "search" && infoHash is { } wanted)
            {
                discovery.SearchNow(wanted);
            }
        }

        await discovery.StopAsync();
    }

    /// <inheritdoc/>
    public void OnPeersFound(DiscoverySource source, ImmutableArray<PeerEndpoint> peers)
    {
        foreach (var peer in peers)
        {
            if (_found.TryAdd(peer, 0))
            {
                Say($"PEER {peer}");
                _ = DialAsync(peer);
            }
        }
    }

    /// <inheritdoc/>
    public void OnStatus(DiscoverySnapshot status)
    {
        var line = $"{status.State} {status.Message}";
        if (line != _status)
        {
            _status = line;
            Say("STATUS " + line);
        }
    }

    private static async Task AcceptAsync(IListener listener)
    {
        while (true)
        {
            using var connection = await listener.AcceptAsync(CancellationToken.None);
            Say($"DIALLED {connection.Remote}");
        }
    }

    private async Task DialAsync(PeerEndpoint peer)
    {
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            using var connection = await _network.ConnectAsync(peer, deadline.Token);
            Say($"REACHED {peer}");
        }
        catch (NetworkException exception)
        {
            Say($"MISSED {peer} {exception.Message}");
        }
    }

    private static void Say(string line)
    {
        lock (Console.Out)
        {
            Console.Out.Write(line + "\n");
            Console.Out.Flush();
        }
    }
}
