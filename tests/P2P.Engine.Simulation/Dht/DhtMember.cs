using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Discovery;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;

namespace P2P.Engine.Simulation;

/// <summary>One machine with the engine's own DHT node on it, and nothing else.</summary>
internal sealed class DhtMember
{
    /// <summary>UDP port of every node.</summary>
    public const int Port = 6_881;

    /// <summary>TCP port every node says its peers are reached at.</summary>
    public const int PeerPort = 7_000;

    private readonly SimulatedProcess _process;

    /// <summary>A node that is not started.</summary>
    public DhtMember(SimulatedNetwork network, string name, IPAddress address, Link link, ImmutableArray<string> bootstrap, ReadOnlyMemory<byte> state = default)
    {
        var world = network.World;
        _process = new SimulatedProcess(world, name);
        Card = network.AddCard(name, address, link);
        var entropy = new Random(world.Random.Next());
        Loop = new DhtLoop(new DhtSetup
        {
            Network = new ProcessNetwork(Card, _process),
            Clock = _process.Clock,
            Scheduler = _process.Scheduler,
            Seed = world.Random.Next(),
            Entropy = bytes => entropy.NextBytes(bytes),
            Port = Port,
            PeerPort = () => PeerPort,
            Bootstrap = bootstrap,
            State = state,
            Logger = new TraceLogger(world, name),
        });
    }

    /// <summary>Its line.</summary>
    public NetworkCard Card { get; }

    /// <summary>The node.</summary>
    public DhtLoop Loop { get; }

    /// <summary>Where its node is.</summary>
    public PeerEndpoint Endpoint => new(Card.Address, Port);

    /// <summary>Where a peer of it would be.</summary>
    public PeerEndpoint Peer => new(Card.Address, PeerPort);

    /// <summary>It has not been switched off.</summary>
    public bool IsAlive => _process.IsAlive;

    /// <summary>Follows a torrent and shows what comes of it.</summary>
    public DhtNews Follow(InfoHash infoHash, bool isSeed)
    {
        var news = new DhtNews();
        Loop.Follow(infoHash, infoHash.ToString()[..8], isSeed, news);
        return news;
    }

    /// <summary>Switched off without a word.</summary>
    public void Die()
    {
        Card.IsOn = false;
        _process.Die();
    }
}

/// <summary>What a node told of one torrent.</summary>
internal sealed class DhtNews : IDiscoverySink
{
    /// <summary>Peers told so far.</summary>
    public HashSet<PeerEndpoint> Peers { get; } = [];

    /// <summary>Every status told.</summary>
    public List<DiscoverySnapshot> Told { get; } = [];

    /// <summary>The last status told; null before the first.</summary>
    public DiscoverySnapshot? Status => Told.LastOrDefault();

    /// <summary>A search has ended, well or not.</summary>
    public bool HasEnded => Status is { State: DiscoveryState.Working or DiscoveryState.Failing };

    /// <inheritdoc/>
    public void OnPeersFound(DiscoverySource source, ImmutableArray<PeerEndpoint> peers) => Peers.UnionWith(peers);

    /// <inheritdoc/>
    public void OnStatus(DiscoverySnapshot status) => Told.Add(status);
}
