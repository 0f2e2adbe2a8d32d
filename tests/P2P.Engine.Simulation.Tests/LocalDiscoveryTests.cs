using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using P2P.Engine.Discovery;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Simulation.Tests;

/// <summary>Local discovery as whole loops on simulated LANs: who hears whom, how soon, and what strangers cannot do.</summary>
public sealed class LocalDiscoveryTests
{
    private static readonly InfoHash Torrent = InfoHash.Parse("000102030405060708090a0b0c0d0e0f10111213");
    private static readonly InfoHash Private = InfoHash.Parse("ffffffffffffffffffffffffffffffffffffffff");

    private readonly SimulatedWorld _world = new(14);
    private readonly SimulatedNetwork _network;
    private readonly List<string> _spoken = [];
    private int _instances;

    public LocalDiscoveryTests() => _network = new SimulatedNetwork(_world);

    [Fact]
    public void Five_neighbours_find_each_other_within_three_seconds()
    {
        var five = Enumerable.Range(1, 5).Select(i => Join($"n{i}", $"192.168.1.{i}").Following(Torrent)).ToArray();

        _world.Run(TimeSpan.FromSeconds(3));

        foreach (var instance in five)
        {
            Assert.Equal(five.Where(other => other != instance).Select(other => other.Endpoint), instance.Found.Order(ByText));
            Assert.Equal(instance.Found.Order(ByText), instance.Neighbours.Order(ByText));
            Assert.Equal((DiscoveryState.Working, "Announced on 1 network; 4 peers answered"), (instance.Status!.State, instance.Status.Message));
            Assert.Equal(DiscoverySource.LocalNetwork, instance.Status.Source);
        }

        Assert.InRange(_spoken.Count, 5, 15);
    }

    [Fact]
    public void A_newcomer_and_the_neighbours_know_each_other_within_two_seconds()
    {
        var old = Enumerable.Range(1, 4).Select(i => Join($"n{i}", $"192.168.1.{i}").Following(Torrent)).ToArray();
        _world.Run(TimeSpan.FromSeconds(100));

        var late = Join("late", "192.168.1.99").Following(Torrent);
        _world.Run(TimeSpan.FromSeconds(2));

        Assert.Equal(old.Select(instance => instance.Endpoint), late.Found.Order(ByText));
        Assert.All(old, instance => Assert.Contains(late.Endpoint, instance.Found));
    }

    [Fact]
    public void Instances_on_one_machine_find_each_other()
    {
        var card = _network.AddCard("machine", IPAddress.Parse("192.168.1.1"), new Link());
        var three = Enumerable.Range(0, 3).Select(_ => Join(card).Following(Torrent)).ToArray();

        _world.Run(TimeSpan.FromSeconds(3));

        Assert.All(three, instance => Assert.Equal(three.Where(other => other != instance).Select(other => other.Endpoint), instance.Found.Order(ByText)));
    }

    [Fact]
    public void Packets_lost_on_the_air_are_made_up_for_by_the_next_round()
    {
        var five = Enumerable.Range(1, 5).Select(i => Join($"n{i}", $"192.168.1.{i}", new Link(Loss: 0.3)).Following(Torrent)).ToArray();

        _world.Run(TimeSpan.FromMinutes(20));

        Assert.All(five, instance => Assert.Equal(4, instance.Found.Count));
    }

    [Fact]
    public void Another_LAN_hears_nothing()
    {
        var here = Join("here", "192.168.1.1").Following(Torrent);
        var there = new Instance(this, _network.AddCard("there", IPAddress.Parse("192.168.2.1"), new Link(), "other")).Following(Torrent);

        _world.Run(TimeSpan.FromMinutes(11));

        Assert.Empty(here.Found);
        Assert.Empty(there.Neighbours);
        Assert.Equal("Announced on 1 network; no peer answered yet", here.Status!.Message);
    }

    [Fact]
    public void Two_without_a_torrent_are_neighbours_all_the_same()
    {
        var (one, two) = (Join("n1", "192.168.1.1"), Join("n2", "192.168.1.2"));

        _world.Run(TimeSpan.FromSeconds(3));

        Assert.Equal([two.Endpoint], one.Neighbours);
        Assert.Equal([one.Endpoint], two.Neighbours);
    }

    [Fact] // row L06
    public void L06_Ten_thousand_packets_a_second_from_one_source_cost_one_a_second()
    {
        var target = Join("target", "192.168.1.1").Following(Torrent);
        var liar = _network.AddCard("liar", IPAddress.Parse("192.168.1.66"), new Link());
        var mouth = new SimulatedMulticastSocket(liar, _world.Root, new PeerEndpoint(LsdMessage.GroupIPv4, LsdMessage.GroupPort));
        _world.Run(TimeSpan.FromSeconds(5));
        _spoken.Clear();
        var said = 0;
        for (var i = 0; i < 100_000; i++)
        {
            _world.After(TimeSpan.FromMilliseconds(i / 10.0), () =>
                mouth.SendAs(new PeerEndpoint(liar.Address, 6771), new LsdMessage([Torrent], 1024 + (said++ % 60_000)).Write(LsdMessage.GroupIPv4, "f00d")));
        }

        _world.Run(TimeSpan.FromSeconds(10));

        Assert.Equal(100_000, said);
        Assert.InRange(target.Found.Count, 10, 10 + SourceGate.Burst);
        Assert.InRange(target.Neighbours.Count, 10, 10 + SourceGate.Burst);
        Assert.InRange(_spoken.Count(static line => line.StartsWith("target ", StringComparison.Ordinal)), 1, 11);
    }

    [Theory]
    [InlineData("L04", "8.8.8.8")]
    [InlineData("L04", "192.168.2.9")]
    public void L04_A_source_outside_the_local_networks_is_not_heard(string row, string source)
    {
        var target = Join("target", "192.168.1.1").Following(Torrent);
        _network.AddCard("far", IPAddress.Parse("192.168.2.9"), new Link(), "other");
        var near = _network.AddCard("near", IPAddress.Parse("192.168.1.66"), new Link());
        var mouth = new SimulatedMulticastSocket(near, _world.Root, new PeerEndpoint(LsdMessage.GroupIPv4, LsdMessage.GroupPort));
        var announce = new LsdMessage([Torrent], 6881).Write(LsdMessage.GroupIPv4, "f00d");
        _world.Run(TimeSpan.FromSeconds(1));

        mouth.SendAs(new PeerEndpoint(IPAddress.Parse(source), 6771), announce);
        _world.Run(TimeSpan.FromSeconds(1));
        Assert.True(target.Neighbours.Count == 0 && target.Found.Count == 0, row);

        mouth.SendAs(new PeerEndpoint(near.Address, 6771), announce);
        _world.Run(TimeSpan.FromSeconds(1));
        Assert.Equal([new PeerEndpoint(near.Address, 6881)], target.Found);
    }

    [Fact] // row L05
    public void L05_Our_own_announce_makes_us_no_peer_of_ourselves()
    {
        var alone = Join("alone", "192.168.1.1").Following(Torrent);

        _world.Run(TimeSpan.FromMinutes(30));

        Assert.InRange(_spoken.Count, 6, 8);
        Assert.Empty(alone.Found);
        Assert.Empty(alone.Neighbours);
    }

    [Fact] // row L07
    public void L07_A_torrent_not_followed_is_neither_answered_nor_named()
    {
        var instance = Join("n1", "192.168.1.1").Following(Torrent);
        var other = Join("n2", "192.168.1.2").Following(Private);
        _world.Run(TimeSpan.FromSeconds(5));
        other.Discovery.SearchNow(Private);
        _world.Run(TimeSpan.FromMinutes(20));

        Assert.Empty(instance.Found);
        Assert.Equal([other.Endpoint], instance.Neighbours.Distinct());
        Assert.DoesNotContain(_spoken, line => line.StartsWith("n1 ", StringComparison.Ordinal) && line.Contains(Private.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_announced_before_peers_can_reach_us()
    {
        var instance = Join("n1", "192.168.1.1").Following(Torrent);
        instance.Port = 0;
        _world.Run(TimeSpan.FromSeconds(30));
        Assert.Empty(_spoken);
        Assert.Equal(DiscoveryState.Waiting, instance.Status!.State);

        instance.Port = 6881;
        _world.Run(TimeSpan.FromSeconds(3));
        Assert.Single(_spoken);
    }

    [Fact]
    public void A_group_that_cannot_be_joined_is_an_error_to_be_seen()
    {
        var instance = new Instance(this, _network.AddCard("n1", IPAddress.Parse("192.168.1.1"), new Link()), IPAddress.Parse("fd00::1")).Following(Torrent);
        _world.Run(TimeSpan.FromMinutes(5));

        Assert.NotNull(instance.Discovery.Error);
        Assert.Equal((DiscoveryState.Failing, instance.Discovery.Error), (instance.Status!.State, instance.Status.Message));
    }

    [Fact]
    public void A_stopped_instance_says_and_hears_nothing_more()
    {
        var (one, two) = (Join("n1", "192.168.1.1").Following(Torrent), Join("n2", "192.168.1.2"));
        _world.Run(TimeSpan.FromSeconds(3));
        _world.Complete(one.Discovery.StopAsync());
        two.Following(Torrent);
        _spoken.Clear();
        _world.Run(TimeSpan.FromMinutes(10));

        Assert.Empty(one.Found);
        Assert.Empty(two.Found);
        Assert.All(_spoken, line => Assert.StartsWith("n2 ", line, StringComparison.Ordinal));
        Assert.Single(_network.Groups, socket => socket.Machine == "n2");
    }

    [Fact]
    public void Five_hundred_torrents_are_all_found_within_a_minute()
    {
        InfoHash[] torrents = [.. Enumerable.Range(0, 500).Select(i => InfoHash.Parse(string.Create(CultureInfo.InvariantCulture, $"{i:x40}")))];
        var (one, two) = (Join("n1", "192.168.1.1"), Join("n2", "192.168.1.2"));
        foreach (var torrent in torrents)
        {
            one.Following(torrent);
            two.Following(torrent);
        }

        _world.Run(TimeSpan.FromSeconds(60));

        Assert.Equal(500, one.Finds);
        Assert.Equal(500, two.Finds);
    }

    private static Comparer<PeerEndpoint> ByText { get; } = Comparer<PeerEndpoint>.Create(static (a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));

    private Instance Join(string name, string address, Link? link = null) =>
        Join(_network.AddCard(name, IPAddress.Parse(address), link ?? new Link(Latency: TimeSpan.FromMilliseconds(1))));

    private Instance Join(NetworkCard card) => new(this, card);

    /// <summary>One program with local discovery, and what it was told.</summary>
    private sealed class Instance
    {
        private readonly HashSet<InfoHash> _torrentsWithPeers = [];

        public Instance(LocalDiscoveryTests test, NetworkCard card, IPAddress? address = null)
        {
            Port = 6881 + test._instances++;
            Endpoint = new PeerEndpoint(card.Address, Port);
            var process = new SimulatedProcess(test._world, card.Name);
            Discovery = new LocalDiscovery(new LocalDiscoverySetup
            {
                Network = new ProcessNetwork(card, process),
                Clock = process.Clock,
                Scheduler = process.Scheduler,
                Seed = Port,
                Entropy = bytes => new Random(Port).NextBytes(bytes),
                Address = address,
                PeerPort = () => Port,
                OnNeighbour = Neighbours.Add,
                Logger = new TraceLogger(test._world, card.Name),
            });
            Discovery.Start();
            test._network.OnMulticast ??= (from, bytes) => test._spoken.Add($"{from.Name} {System.Text.Encoding.ASCII.GetString(bytes)}");
        }

        public LocalDiscovery Discovery { get; }

        public int Port { get; set; }

        public PeerEndpoint Endpoint { get; }

        public HashSet<PeerEndpoint> Found { get; } = [];

        public List<PeerEndpoint> Neighbours { get; } = [];

        public DiscoverySnapshot? Status { get; private set; }

        /// <summary>Torrents for which a peer was found.</summary>
        public int Finds => _torrentsWithPeers.Count;

        public Instance Following(InfoHash torrent)
        {
            Discovery.Follow(torrent, new Sink(this, torrent));
            return this;
        }

        private sealed class Sink(Instance instance, InfoHash torrent) : IDiscoverySink
        {
            public void OnPeersFound(DiscoverySource source, ImmutableArray<PeerEndpoint> peers)
            {
                Assert.Equal(DiscoverySource.LocalNetwork, source);
                instance._torrentsWithPeers.Add(torrent);
                instance.Found.UnionWith(peers);
            }

            public void OnStatus(DiscoverySnapshot status) => instance.Status = status;
        }
    }
}
