using System.Net;

namespace P2P.Engine.Simulation;

/// <summary>A running swarm: its machines by name and group, and what was seen of them.</summary>
internal sealed class SimulatedSwarm(SimulatedWorld world, SimulatedNetwork network, SimulatedTracker tracker, SimulatedTorrent torrent)
{
    private readonly List<Member> _members = [];
    private int _scripted;

    /// <summary>Where it is.</summary>
    public SimulatedWorld World => world;

    /// <summary>Its network.</summary>
    public SimulatedNetwork Network => network;

    /// <summary>Its tracker.</summary>
    public SimulatedTracker Tracker => tracker;

    /// <summary>What it shares.</summary>
    public SimulatedTorrent Torrent => torrent;

    /// <summary>All machines that run an engine.</summary>
    public IEnumerable<SimulatedHost> Hosts => _members.Select(static member => member.Host);

    /// <summary>Most peers any machine let download at once, over all rows seen.</summary>
    public int MostUnchoked { get; private set; }

    /// <summary>Rows looked at for <see cref="MostUnchoked"/>.</summary>
    public long RowsSeen { get; private set; }

    /// <summary>When each machine was first seen complete.</summary>
    public Dictionary<string, TimeSpan> CompletedAt { get; } = [];

    /// <summary>When each machine was first seen to have a piece.</summary>
    public Dictionary<string, TimeSpan> FirstPieceAt { get; } = [];

    /// <summary>When each machine joined.</summary>
    public Dictionary<string, TimeSpan> JoinedAt { get; } = [];

    /// <summary>The machine of that name.</summary>
    public SimulatedHost this[string name] => Hosts.First(host => host.Name == name);

    /// <summary>The machines of a group.</summary>
    public SimulatedHost[] Group(string name) => [.. _members.Where(member => member.Group == name).Select(static member => member.Host)];

    /// <summary>Adds a machine that joins after <paramref name="delay"/> and, if it does not stay, dies so long after it was complete.</summary>
    public void Add(string group, SimulatedHost host, bool isSequential, TimeSpan delay, TimeSpan? stay = null) =>
        _members.Add(new Member(group, host, isSequential, delay, stay));

    /// <summary>A peer driven by a script, on an address of its own.</summary>
    public ScriptedPeer Scripted(string name, Link? link = null) =>
        new(network, name, new IPAddress([10, 200, (byte)++_scripted, 1]), torrent, link);

    /// <summary>Starts the machines, seeds first as they were named, a little apart so that none is exactly as early as another.</summary>
    public void Start()
    {
        world.Every(TimeSpan.FromMilliseconds(250), Look);
        foreach (var member in _members)
        {
            if (member.Delay == TimeSpan.Zero)
            {
                Join(member);
                world.Run(TimeSpan.FromMilliseconds(world.Random.Next(1, 100)));
            }
            else
            {
                world.After(member.Delay, () => Join(member));
            }
        }
    }

    /// <summary>Runs until all these machines (all, when none is named) are complete; the bytes are compared. False when time is up.</summary>
    public bool RunUntilComplete(TimeSpan limit, params SimulatedHost[] hosts)
    {
        var waiting = (hosts.Length == 0 ? Hosts : hosts).ToList();
        if (!world.RunUntil(() => waiting.TrueForAll(host => CompletedAt.ContainsKey(host.Name)), limit, TimeSpan.FromMilliseconds(250)))
        {
            return false;
        }

        foreach (var host in waiting)
        {
            if (!host.Volume.Of(torrent).IsComplete())
            {
                throw new InvalidOperationException($"Seed {world.Seed}: {host.Name} says it is complete, but its bytes are wrong.");
            }
        }

        return true;
    }

    /// <summary>Seconds from joining to completion of a group's machines, ascending.</summary>
    public double[] Durations(string group) =>
        [.. Group(group).Where(host => CompletedAt.ContainsKey(host.Name)).Select(host => (CompletedAt[host.Name] - JoinedAt[host.Name]).TotalSeconds).Order()];

    /// <summary>Bytes delivered from one group to another.</summary>
    public long Delivered(string from, string to)
    {
        var (senders, receivers) = (Group(from).Select(host => host.Name).ToHashSet(), Group(to).Select(host => host.Name).ToHashSet());
        return network.Delivered.Where(pair => senders.Contains(pair.Key.From) && receivers.Contains(pair.Key.To)).Sum(static pair => pair.Value);
    }

    /// <summary>How many machines that run and are not among <paramref name="without"/> hold each piece, the lowest count.</summary>
    public int LowestAvailability(params SimulatedHost[] without)
    {
        var counts = new int[torrent.PieceCount];
        foreach (var host in Hosts.Except(without).Where(static host => host.IsReady))
        {
            var platter = host.Volume.Of(torrent);
            for (var piece = 0; piece < counts.Length; piece++)
            {
                counts[piece] += platter.Holds(piece) ? 1 : 0;
            }
        }

        return counts.Min();
    }

    private void Join(Member member)
    {
        JoinedAt[member.Host.Name] = world.Elapsed;
        member.Host.StartLater();
        AddWhenReady();

        void AddWhenReady()
        {
            if (member.Host.IsReady)
            {
                _ = member.Host.AddLater(torrent, sequential: member.IsSequential);
            }
            else
            {
                world.After(TimeSpan.FromMilliseconds(1), AddWhenReady);
            }
        }
    }

    private void Look()
    {
        foreach (var (_, host, _, _, stay) in _members)
        {
            if (host.Row(torrent) is not { } row)
            {
                continue;
            }

            RowsSeen++;
            MostUnchoked = Math.Max(MostUnchoked, row.Unchoked);
            if (row.HaveBytes > 0)
            {
                FirstPieceAt.TryAdd(host.Name, world.Elapsed);
            }

            if (row is { State: TorrentState.Seeding, Progress: 1 })
            {
                CompletedAt.TryAdd(host.Name, world.Elapsed);
                if (world.Elapsed - CompletedAt[host.Name] >= stay)
                {
                    host.Kill();
                }
            }
        }
    }

    private sealed record Member(string Group, SimulatedHost Host, bool IsSequential, TimeSpan Delay, TimeSpan? Stay);
}
