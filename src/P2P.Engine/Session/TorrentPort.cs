using P2P.Engine.Primitives;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>What the world outside sees of one torrent: the loop to post to, and the latest snapshots. Thread-safe; the session alone replaces the loop.</summary>
/// <remarks>A magnet link's loop gives way to a torrent's when its metadata is here; watches and the state of the sources go over to the new one.</remarks>
internal sealed class TorrentPort(SwarmLoop loop, TorrentSnapshot first, TimeSpan seedingTime, DateTimeOffset? lastActivityAt)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DiscoverySource, TorrentCommand.DiscoveryChanged> _sources = [];
    private volatile SwarmLoop _loop = loop;
    private volatile TorrentSnapshot _snapshot = first;
    private volatile TorrentDetails? _details;
    private volatile RowMark _mark = RowMark.Plain;
    private TorrentCommand.TrackersChanged? _trackers;
    private long _seedingMs = (long)seedingTime.TotalMilliseconds;
    private long _moved = -1;
    private long _activeAtMs = lastActivityAt?.ToUnixTimeMilliseconds() ?? 0;
    private int _watches;

    public InfoHash InfoHash { get; } = loop.InfoHash;

    public SwarmLoop Loop => _loop;

    /// <summary>The row as of the last beat.</summary>
    public TorrentSnapshot Snapshot => _snapshot;

    /// <summary>Details as of the last beat; null until a watch has seen one.</summary>
    public TorrentDetails? Details => _details;

    /// <summary>What the session adds to every row. The session alone sets it.</summary>
    public RowMark Mark
    {
        get => _mark;
        set => _mark = value;
    }

    /// <summary>Time spent seeding, all runs.</summary>
    public TimeSpan SeedingTime => TimeSpan.FromMilliseconds(Interlocked.Read(ref _seedingMs));

    /// <summary>The clock's time when payload last went either way; null when none ever did.</summary>
    public DateTimeOffset? LastActivityAt => Interlocked.Read(ref _activeAtMs) is > 0 and var at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;

    public void Publish(TorrentSnapshot snapshot) => _snapshot = snapshot;

    public void Publish(TorrentDetails details) => _details = Complete(details);

    /// <summary>Details with what the session knows and the loop does not. Any thread.</summary>
    public TorrentDetails Complete(TorrentDetails details) => details with
    {
        Summary = _mark.Apply(details.Summary),
        ShareLimits = _mark.InForce,
        SeedingTime = SeedingTime,
        LastActivityAt = LastActivityAt,
    };

    /// <summary>A beat of the session: payload moved so far, and how much longer it has been seeding. The session only.</summary>
    public void CountActivity(long moved, long seedingMs, DateTimeOffset now)
    {
        Interlocked.Add(ref _seedingMs, seedingMs);
        if (_moved != moved && _moved >= 0)
        {
            Interlocked.Exchange(ref _activeAtMs, now.ToUnixTimeMilliseconds());
        }

        _moved = moved; // The first count of a run is what earlier runs moved.
    }

    /// <summary>One more (+1) or one fewer (-1) page watches.</summary>
    public void Watch(int change)
    {
        lock (_lock)
        {
            _watches += change;
            _loop.Post(new TorrentCommand.Watch(change));
        }
    }

    /// <summary>The trackers' state; a loop that comes later is told, too.</summary>
    public void Post(TorrentCommand.TrackersChanged changed)
    {
        lock (_lock)
        {
            _trackers = changed;
            _loop.Post(changed);
        }
    }

    /// <summary>A source's state; a loop that comes later is told, too.</summary>
    public void Post(TorrentCommand.DiscoveryChanged changed)
    {
        lock (_lock)
        {
            _sources[changed.Source.Source] = changed;
            _loop.Post(changed);
        }
    }

    /// <summary>Another loop owns the torrent from now on.</summary>
    public void Replace(SwarmLoop next)
    {
        lock (_lock)
        {
            _loop = next;
            _snapshot = _mark.Apply(next.FirstRow());
            _details = null;
            if (_watches > 0)
            {
                next.Post(new TorrentCommand.Watch(_watches));
            }

            if (_trackers is not null)
            {
                next.Post(_trackers);
            }

            foreach (var source in _sources.Values)
            {
                next.Post(source);
            }
        }
    }
}
