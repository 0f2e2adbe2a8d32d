using System.Net;
using P2P.Engine.Transport;

namespace P2P.Engine.Simulation;

/// <summary>All machines of a world and what lies between them: addresses, partitions, web servers.</summary>
internal sealed class SimulatedNetwork(SimulatedWorld world)
{
    private readonly Dictionary<IPAddress, NetworkCard> _cards = [];
    private readonly HashSet<(IPAddress, IPAddress)> _partitions = [];
    private readonly List<(NetworkCard From, NetworkCard To, Action Deliver)> _held = [];
    private readonly Dictionary<string, Func<Uri, IPAddress, HttpReply>> _web = new(StringComparer.Ordinal);

    /// <summary>Where it lies.</summary>
    public SimulatedWorld World => world;

    /// <summary>Bytes delivered, by sender and receiver.</summary>
    public Dictionary<(string From, string To), long> Delivered { get; } = [];

    /// <summary>Who has joined a multicast group, in the order of joining.</summary>
    public List<SimulatedMulticastSocket> Groups { get; } = [];

    /// <summary>Told of every datagram sent to a group, and by whom.</summary>
    public Action<NetworkCard, byte[]>? OnMulticast { get; set; }

    /// <summary>Plugs a machine in.</summary>
    public NetworkCard AddCard(string name, IPAddress address, Link link, string lan = "lan")
    {
        var card = new NetworkCard(this, name, address, link) { Lan = lan };
        _cards.Add(address, card);
        return card;
    }

    /// <summary>Serves HTTP under a host name; the handler is told the URL and the client's address.</summary>
    public void Serve(string host, Func<Uri, IPAddress, HttpReply> handler) => _web[host] = handler;

    /// <summary>Nothing passes between two machines until <see cref="Heal"/>; what is on its way waits, as TCP would send it again.</summary>
    public void Partition(NetworkCard a, NetworkCard b)
    {
        _partitions.Add((a.Address, b.Address));
        _partitions.Add((b.Address, a.Address));
        world.Trace.Write(world.Now, a.Name, $"partitioned from {b.Name}");
    }

    /// <summary>Ends every partition; what waited arrives, in order.</summary>
    public void Heal()
    {
        _partitions.Clear();
        world.Trace.Write(world.Now, "network", "healed");
        var held = _held.ToArray();
        _held.Clear();
        foreach (var (_, _, deliver) in held)
        {
            world.Soon(deliver);
        }
    }

    /// <summary>Nothing passes between the two now.</summary>
    public bool IsPartitioned(NetworkCard a, NetworkCard b) => _partitions.Contains((a.Address, b.Address));

    /// <summary>The machine with an address, or null.</summary>
    public NetworkCard? Find(IPAddress address) => _cards.GetValueOrDefault(address);

    /// <summary>The handler of a web server, or null.</summary>
    public Func<Uri, IPAddress, HttpReply>? FindWeb(string host) => _web.GetValueOrDefault(host);

    /// <summary>Runs <paramref name="deliver"/> now, or once no partition lies between the two.</summary>
    public void Arrive(NetworkCard from, NetworkCard to, Action deliver)
    {
        if (IsPartitioned(from, to))
        {
            _held.Add((from, to, deliver));
        }
        else
        {
            deliver();
        }
    }

    /// <summary>Counts bytes that reached a program.</summary>
    public void Count(NetworkCard from, NetworkCard to, int bytes)
    {
        ref var total = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(Delivered, (from.Name, to.Name), out _);
        total += bytes;
    }
}

/// <summary>A machine's line.</summary>
/// <param name="Up">Bytes per second out; 0 = no limit.</param>
/// <param name="Down">Bytes per second in; 0 = no limit.</param>
/// <param name="Latency">Half the way to any other machine; the other half is the other's.</param>
/// <param name="Loss">Share of segments, 0..1, that arrive late by a retransmission (200 ms and a round trip); order is kept.</param>
internal sealed record Link(long Up = 0, long Down = 0, TimeSpan Latency = default, double Loss = 0);
