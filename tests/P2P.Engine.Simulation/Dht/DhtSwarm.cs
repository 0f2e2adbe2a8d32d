using System.Net;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;

namespace P2P.Engine.Simulation;

/// <summary>Many DHT nodes on lines of their own in a world of their own; each on a network of its own unless placed otherwise.</summary>
internal sealed class DhtSwarm
{
    private readonly double _loss;
    private readonly HashSet<IPAddress> _taken = [];

    /// <summary>An empty world.</summary>
    /// <param name="seed">All its chances.</param>
    /// <param name="loss">Share of datagrams lost.</param>
    public DhtSwarm(int seed, double loss = 0)
    {
        _loss = loss;
        World = new SimulatedWorld(seed);
        Network = new SimulatedNetwork(World);
    }

    /// <summary>Where they live.</summary>
    public SimulatedWorld World { get; }

    /// <summary>What lies between them.</summary>
    public SimulatedNetwork Network { get; }

    /// <summary>All nodes, dead ones too.</summary>
    public List<DhtMember> Members { get; } = [];

    /// <summary>Nodes that live.</summary>
    public IReadOnlyList<DhtMember> Alive => [.. Members.Where(member => member.IsAlive)];

    /// <summary>Adds and starts a node somewhere on the internet, 10..150 ms away from everybody; it knows the first three.</summary>
    public DhtMember Join(ReadOnlyMemory<byte> state = default) => Join(NewAddress(), state);

    /// <summary>Adds and starts a node at an address.</summary>
    public DhtMember Join(IPAddress address, ReadOnlyMemory<byte> state = default)
    {
        var latency = TimeSpan.FromMilliseconds(World.Random.Next(5, 75));
        string[] bootstrap = [.. Members.Take(3).Select(member => member.Endpoint.ToString())];
        var member = new DhtMember(
            Network, $"node{Members.Count}", address, new Link(Latency: latency, Loss: _loss), [.. bootstrap], state);
        Members.Add(member);
        member.Loop.Start();
        return member;
    }

    /// <summary>Adds nodes, one every 200 ms, and lets them settle.</summary>
    public DhtSwarm Grow(int count, TimeSpan settle)
    {
        for (var i = 0; i < count; i++)
        {
            Join();
            World.Run(TimeSpan.FromMilliseconds(200));
        }

        World.Run(settle);
        return this;
    }

    /// <summary>An infohash nobody has had.</summary>
    public InfoHash NewInfoHash()
    {
        Span<byte> bytes = stackalloc byte[InfoHash.Length];
        World.Random.NextBytes(bytes);
        return new InfoHash(bytes);
    }

    /// <summary>One of the nodes that live.</summary>
    public DhtMember Any(DhtMember? but = null)
    {
        var alive = Alive;
        while (true)
        {
            if (alive[World.Random.Next(alive.Count)] is var member && member != but)
            {
                return member;
            }
        }
    }

    /// <summary>The node as it shows itself.</summary>
    public DhtSnapshot Show(DhtMember member) => World.Complete(member.Loop.GetSnapshotAsync());

    /// <summary>A public address on a network nobody else is on.</summary>
    public IPAddress NewAddress()
    {
        while (true)
        {
            var address = new IPAddress([(byte)World.Random.Next(1, 224), (byte)World.Random.Next(256), (byte)World.Random.Next(256), (byte)World.Random.Next(1, 255)]);
            if (!NodeScope.IsLocal(address) && _taken.Add(address))
            {
                return address;
            }
        }
    }
}
