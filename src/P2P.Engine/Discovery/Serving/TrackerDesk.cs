using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Discovery.Serving;

/// <summary>Where HTTP and UDP announces meet the table. Thread-safe.</summary>
/// <remarks>
/// A lock, not a loop: an announce holds it for about a microsecond and the answer is wanted at once, so a mailbox would only add two hops to
/// each of very many. Nothing is awaited and nothing is called out under it.
/// </remarks>
internal sealed class TrackerDesk(TimeProvider clock, TrackerServerOptions options, Func<InfoHash, string?> nameOf, Random random)
{
    /// <summary>Why a torrent of somebody else is refused.</summary>
    public const string NotOurs = "This tracker serves only its owner's torrents.";

    private readonly Lock _lock = new();
    private readonly SwarmTable _table = new(options.Interval, random);
    private long _announces;
    private long _scrapes;
    private long _refused;

    /// <summary>Told to clients.</summary>
    public int IntervalSeconds => (int)options.Interval.TotalSeconds;

    /// <summary>Peers known; any thread.</summary>
    public int Peers => _table.Peers;

    /// <summary>Is this torrent served?</summary>
    public bool Serves(InfoHash infoHash) => options.ServesAny || nameOf(infoHash) is not null;

    /// <summary>One announce of a torrent that is served.</summary>
    public SwarmAnswer Announce(InfoHash infoHash, PeerEndpoint peer, long left, AnnounceEvent happened, Span<PeerEndpoint> into)
    {
        var now = clock.NowMs();
        lock (_lock)
        {
            _announces++;
            return _table.Announce(infoHash, peer, left, happened, into, now);
        }
    }

    /// <summary>Counts of one swarm; zeros when it is unknown or not served.</summary>
    public SwarmAnswer Scrape(InfoHash infoHash)
    {
        var isServed = Serves(infoHash);
        lock (_lock)
        {
            _scrapes++;
            return isServed ? _table.Scrape(infoHash) ?? default : default;
        }
    }

    /// <summary>A request was refused or dropped.</summary>
    public void Refuse() => Interlocked.Increment(ref _refused);

    /// <summary>Forgets who did not announce.</summary>
    public void Sweep()
    {
        lock (_lock)
        {
            _table.Sweep(clock.NowMs());
        }
    }

    /// <summary>What it knows, for the page.</summary>
    public TrackerServerSnapshot Snapshot()
    {
        lock (_lock)
        {
            return new TrackerServerSnapshot
            {
                IsRunning = true,
                ServesAny = options.ServesAny,
                Swarms = _table.Swarms,
                Peers = _table.Peers,
                Largest = _table.Largest(200, nameOf, clock.GetUtcNow(), clock.NowMs()),
                Announces = _announces,
                Scrapes = _scrapes,
                Refused = Interlocked.Read(ref _refused),
            };
        }
    }
}
