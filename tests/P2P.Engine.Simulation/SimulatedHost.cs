using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using P2P.Engine.Session;
using P2P.Engine.Swarm;

namespace P2P.Engine.Simulation;

/// <summary>A machine that runs a whole engine on simulated seams: its disk, store and address survive the engine's death.</summary>
/// <remarks>
/// Commands run the world until they are obeyed; those that end in "Later" return at once and suit events. Every record that becomes
/// durable is compared with what the device holds: a claim too many is a fault of the world.
/// </remarks>
internal sealed class SimulatedHost
{
    private const int Port = 6881;

    private Task<TorrentEngine>? _starting;
    private ProcessNetwork? _network;

    public SimulatedHost(SimulatedNetwork network, string name, IPAddress address, Link link, TorrentEngineOptions? options = null)
    {
        Name = name;
        World = network.World;
        Card = network.AddCard(name, address, link);
        Volume = new SimulatedVolume(World);
        Options = options ?? DefaultOptions;
        Store.OnCommitted = CheckClaims;
    }

    /// <summary>Options that suit a simulated machine.</summary>
    public static TorrentEngineOptions DefaultOptions { get; } = new()
    {
        DataDirectory = "/sim/state",
        IncompleteDirectory = "/sim/incomplete",

        // The engine asks the real volume of this folder for its free space, which is cheap for one that exists and touches nothing.
        SharedDirectory = Path.GetPathRoot(AppContext.BaseDirectory)!,
        ListenPort = Port,
        MinTrackerInterval = TimeSpan.FromSeconds(60),

        // A scenario switches on what it is about, so that the others stay as they were.
        Dht = false,
        LocalDiscovery = false,
        PeerExchange = false,
    };

    /// <summary>Names it in the trace.</summary>
    public string Name { get; }

    /// <summary>Where it stands.</summary>
    public SimulatedWorld World { get; }

    /// <summary>Its line.</summary>
    public NetworkCard Card { get; }

    /// <summary>Its disk.</summary>
    public SimulatedVolume Volume { get; }

    /// <summary>Its records at rest.</summary>
    public StoreState Store { get; } = new();

    /// <summary>How long a record takes to become durable.</summary>
    public TimeSpan StoreDelay { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Settings of the next start.</summary>
    public TorrentEngineOptions Options { get; set; }

    /// <summary>It may be held to what private torrents ask for (R-D05): not before a magnet link's metadata told it.</summary>
    public bool IsPrivacyKnown { get; set; } = true;

    /// <summary>Where peers reach it.</summary>
    public PeerEndpoint Endpoint => new(Card.Address, Options.ListenPort);

    /// <summary>The running process, or the last one; null before the first start.</summary>
    public SimulatedProcess? Process { get; private set; }

    /// <summary>The engine answers.</summary>
    public bool IsReady => Process is { IsAlive: true } && _starting is { IsCompletedSuccessfully: true };

    /// <summary>The running engine.</summary>
    public TorrentEngine Engine => IsReady ? _starting!.Result : throw new InvalidOperationException($"{Name} does not run.");

    /// <summary>Starts the engine and waits until it answers.</summary>
    public void Start()
    {
        StartLater();
        if (!World.RunUntil(() => IsReady || _starting is { IsFaulted: true }, TimeSpan.FromMinutes(1)))
        {
            throw new TimeoutException($"{Name} did not start.");
        }

        _starting!.GetAwaiter().GetResult();
    }

    /// <summary>Starts the engine; <see cref="IsReady"/> tells when it answers.</summary>
    public void StartLater()
    {
        var process = new SimulatedProcess(World, Name);
        var network = new ProcessNetwork(Card, process);
        foreach (var torrent in World.Torrents.Values.Where(torrent => IsPrivacyKnown && torrent.Metainfo.IsPrivate))
        {
            World.Privacy.Add(torrent.InfoHash);
        }

        var seed = World.Random.Next();
        var environment = new EngineEnvironment(
            process.Clock, new PrivacyGuard(network, World.Privacy), pool => new SimulatedDisk(process, Volume, pool), process.Scheduler, seed)
        {
            Entropy = new Random(~seed).NextBytes, // Another stream than the engine's choices, from the same seed.
        };
        (Process, _network, _starting, Card.IsOn) = (process, network, null, true);
        World.Trace.Write(World.Now, Name, "starts");
        World.Soon(() => _starting = TorrentEngine.StartAsync(
            environment, Options, new MemorySessionStore(process, Store, StoreDelay), new TraceLogger(World, Name), CancellationToken.None));
    }

    /// <summary>kill -9: the process is gone, the page cache stays, the system closes its connections.</summary>
    public void Kill()
    {
        World.Trace.Write(World.Now, Name, "is killed");
        Process!.Die();
    }

    /// <summary>The machine loses power: what was not flushed is gone, and nobody is told.</summary>
    public void CutPower()
    {
        World.Trace.Write(World.Now, Name, "loses power");
        Card.IsOn = false;
        _network!.Vanish();
        Process!.Die();
        Volume.LosePower();
    }

    /// <summary>Stops cleanly, as the program does at a SIGTERM, and waits for its end.</summary>
    public void Stop()
    {
        var stopped = new TaskCompletionSource();
        var session = Engine.Session;
        session.Post(new SessionCommand.Shutdown(stopped));
        World.Complete(stopped.Task);
        World.Complete(session.CloseAsync().AsTask());
        World.Run(StoreDelay + TimeSpan.FromMilliseconds(1));
        Store.IsClean = true;
        Process!.Die();
    }

    /// <summary>Adds a torrent and waits until it is on record.</summary>
    public TorrentPort Add(SimulatedTorrent torrent, bool start = true, bool sequential = false, ImmutableArray<FilePriority> priorities = default) =>
        World.Complete(AddLater(torrent, start, sequential, priorities));

    /// <summary>Adds a torrent.</summary>
    public Task<TorrentPort> AddLater(
        SimulatedTorrent torrent, bool start = true, bool sequential = false, ImmutableArray<FilePriority> priorities = default)
    {
        var request = new AddTorrentRequest
        {
            TorrentFile = torrent.File,
            Start = start,
            Sequential = sequential,
            FilePriorities = priorities.IsDefault ? [] : priorities,
        };
        var reply = new TaskCompletionSource<TorrentPort>();
        Engine.Session.Post(new SessionCommand.Add(torrent.Metainfo, request, null, reply));
        return reply.Task;
    }

    /// <summary>Adds a magnet link and waits until it is on record.</summary>
    public TorrentPort AddMagnet(string link, bool chooseFiles = false)
    {
        var reply = new TaskCompletionSource<TorrentPort>();
        Engine.Session.Post(new SessionCommand.AddMagnet(MagnetLink.Parse(link), new AddTorrentRequest { Magnet = link, ChooseFiles = chooseFiles }, reply));
        return World.Complete(reply.Task);
    }

    /// <summary>Gives a torrent's loop a command, and its record the change that goes with it; waits until that is on record.</summary>
    public void Command(SimulatedTorrent torrent, TorrentCommand? command, Func<TorrentRecord, TorrentRecord>? edit = null)
    {
        var reply = new TaskCompletionSource();
        Engine.Session.Post(new SessionCommand.Change(torrent.InfoHash, edit ?? (static record => record), command, reply));
        World.Complete(reply.Task);
    }

    /// <summary>Starts a torrent, also after an error.</summary>
    public void StartTorrent(SimulatedTorrent torrent) => Command(torrent, new TorrentCommand.Start(), static record => record with { IsStarted = true });

    /// <summary>Stops a torrent and waits until it has stopped.</summary>
    public void StopTorrent(SimulatedTorrent torrent)
    {
        var done = new TaskCompletionSource();
        Command(torrent, new TorrentCommand.Stop(done), static record => record with { IsStarted = false });
        World.Complete(done.Task);
    }

    /// <summary>Tells a torrent of a peer.</summary>
    public void AddPeer(SimulatedTorrent torrent, PeerEndpoint endpoint) =>
        Command(torrent, new TorrentCommand.PeersFound([endpoint], PeerSource.Manual));

    /// <summary>Changes settings and waits until they are on record.</summary>
    public void Change(EngineSettingsPatch patch)
    {
        var reply = new TaskCompletionSource();
        Engine.Session.Post(new SessionCommand.ChangeSettings(patch, reply));
        World.Complete(reply.Task);
    }

    /// <summary>A torrent's row as of the last beat; null while it is not known.</summary>
    public TorrentSnapshot? Row(SimulatedTorrent torrent) => Row(torrent.InfoHash);

    /// <summary>As above, of one that only its infohash names.</summary>
    public TorrentSnapshot? Row(InfoHash infoHash) => IsReady ? Engine.Snapshot.Torrents.FirstOrDefault(row => row.InfoHash == infoHash) : null;

    /// <summary>A torrent's details, built now.</summary>
    public TorrentDetails Details(SimulatedTorrent torrent) => World.Complete(Engine.Find(torrent.InfoHash)!.GetDetailsAsync());

    /// <summary>It has every wanted piece.</summary>
    public bool IsComplete(SimulatedTorrent torrent) => Row(torrent) is { State: TorrentState.Seeding, Progress: 1 };

    /// <summary>What happened to a torrent, oldest first, as sentences.</summary>
    public IEnumerable<EngineEvent> Events => Engine.Events.Reverse();


    private void CheckClaims(TorrentRecord record)
    {
        if (record.Have is null || !World.Torrents.TryGetValue(record.InfoHash, out var torrent)
            || !Bitfield.TryRead(record.Have, torrent.PieceCount, out var have))
        {
            return;
        }

        var platter = Volume.Of(torrent);
        for (var piece = 0; piece < torrent.PieceCount; piece++)
        {
            if (have![piece] && !platter.IsDurable(piece))
            {
                World.Fault($"{Name}: the record claims piece {piece}, which the device does not hold.");
                return;
            }
        }
    }
}
