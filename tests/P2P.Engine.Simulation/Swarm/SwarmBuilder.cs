using System.Net;

namespace P2P.Engine.Simulation;

/// <summary>Says what a swarm is made of, then makes it: <c>new SwarmBuilder(7).Sharing(4 MiB, 64 KiB).Seeds(1, up).Leechers(20, up).Build()</c>.</summary>
internal sealed class SwarmBuilder(int seed)
{
    private readonly List<Group> _groups = [];
    private long[] _files = [4 << 20];
    private int _pieceLength = 64 * 1024;
    private bool _isPrivate;
    private TimeSpan _latency = TimeSpan.FromMilliseconds(20);
    private double _loss;
    private int _neighbours;
    private Func<TorrentEngineOptions, TorrentEngineOptions> _options = static options => options;

    /// <summary>The torrent: one file of <paramref name="length"/> bytes.</summary>
    public SwarmBuilder Sharing(long length, int pieceLength) => SharingFiles([length], pieceLength);

    /// <summary>The torrent: a folder of files.</summary>
    public SwarmBuilder SharingFiles(long[] files, int pieceLength)
    {
        (_files, _pieceLength) = (files, pieceLength);
        return this;
    }

    /// <summary>The torrent is private (BEP 27).</summary>
    public SwarmBuilder Private()
    {
        _isPrivate = true;
        return this;
    }

    /// <summary>Machines that hold everything from the start.</summary>
    public SwarmBuilder Seeds(int count, long up = 0, string name = "seed") => Add(new Group(name, count, new Link(up), IsSeed: true, null));

    /// <summary>Machines that want everything and give what they can.</summary>
    public SwarmBuilder Leechers(int count, long up = 0, long down = 0, string name = "leech") =>
        Add(new Group(name, count, new Link(up, down), IsSeed: false, null));

    /// <summary>Leechers that never unchoke anybody; what the fast extension allows without a slot they still give.</summary>
    public SwarmBuilder FreeRiders(int count, long up = 0, long down = 0, string name = "rider") => Add(new Group(
        name, count, new Link(up, down), IsSeed: false, static options => options with { RegularSlots = 0, OptimisticSlots = 0 }));

    /// <summary>The group named last asks for pieces in order.</summary>
    public SwarmBuilder InOrder() => Last(group => group with { IsSequential = true });

    /// <summary>The group named last comes one after the other, this far apart, the first after one such time.</summary>
    public SwarmBuilder ComingEvery(TimeSpan pause) => Last(group => group with { Pause = pause });

    /// <summary>The members of the group named last are gone so long after they are complete, as selfish users are.</summary>
    public SwarmBuilder LeavingWhenDone(TimeSpan after = default) => Last(group => group with { Stay = after });

    /// <summary>The group named last has these settings.</summary>
    public SwarmBuilder Having(Func<TorrentEngineOptions, TorrentEngineOptions> options) => Last(group => group with
    {
        Options = group.Options is { } before ? settings => options(before(settings)) : options,
    });

    /// <summary>Everybody has these settings, unless the group says otherwise.</summary>
    public SwarmBuilder AllHaving(Func<TorrentEngineOptions, TorrentEngineOptions> options)
    {
        _options = options;
        return this;
    }

    /// <summary>The tracker names only so many peers and is not asked again: neighbours are drawn by lot, not by order of arrival.</summary>
    public SwarmBuilder WithNeighbours(int count)
    {
        _neighbours = count;
        return this;
    }

    /// <summary>Lines of everybody: one-way time between two machines is twice <paramref name="latency"/>.</summary>
    public SwarmBuilder Over(TimeSpan latency, double loss = 0)
    {
        (_latency, _loss) = (latency, loss);
        return this;
    }

    /// <summary>Makes the world with everything in it; nothing runs yet.</summary>
    public SimulatedSwarm Build()
    {
        var world = new SimulatedWorld(seed);
        var network = new SimulatedNetwork(world);
        var tracker = new SimulatedTracker(network);
        if (_neighbours > 0)
        {
            (tracker.MaxPeers, tracker.Interval) = (_neighbours, TimeSpan.FromDays(1));
        }

        var torrent = new SimulatedTorrent(world, "shared", _files, _pieceLength, _isPrivate);
        var swarm = new SimulatedSwarm(world, network, tracker, torrent);
        for (var i = 0; i < _groups.Count; i++)
        {
            var group = _groups[i];
            for (var member = 0; member < group.Count; member++)
            {
                // Everybody in a network of their own: addresses of one /24 share what the fast extension allows (BEP 6).
                var address = new IPAddress([10, (byte)(i + 1), (byte)(member + 1), 1]);
                var options = _options(SimulatedHost.DefaultOptions);
                var link = group.Link with { Latency = _latency, Loss = _loss };
                var host = new SimulatedHost(network, $"{group.Name}{member}", address, link, group.Options?.Invoke(options) ?? options);
                if (group.IsSeed)
                {
                    host.Volume.PutComplete(torrent);
                }

                swarm.Add(group.Name, host, group.IsSequential, group.Pause * (member + 1), group.Stay);
            }
        }

        return swarm;
    }

    /// <summary>Builds it and starts everybody that does not come later.</summary>
    public SimulatedSwarm Start()
    {
        var swarm = Build();
        swarm.Start();
        return swarm;
    }

    private SwarmBuilder Add(Group group)
    {
        _groups.Add(group);
        return this;
    }

    private SwarmBuilder Last(Func<Group, Group> change)
    {
        _groups[^1] = change(_groups[^1]);
        return this;
    }

    private sealed record Group(string Name, int Count, Link Link, bool IsSeed, Func<TorrentEngineOptions, TorrentEngineOptions>? Options)
    {
        public bool IsSequential { get; init; }

        public TimeSpan Pause { get; init; }

        public TimeSpan? Stay { get; init; }
    }
}
