using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Decides which torrent is looked for and announced next. Pure: it is told the time.</summary>
/// <remarks>
/// A torrent is due at once, then every 15 min (spread by a minute, so that many do not come due together), every 5 min while it wants peers
/// and the last search found none. Others keep an announced peer for half an hour or so, so one lost announce does no harm.
/// </remarks>
internal sealed class DhtSchedule(Random random)
{
    /// <summary>Between two searches of a torrent.</summary>
    public const long IntervalMs = 15 * 60_000;

    /// <summary>Between two searches of a torrent that lacks peers.</summary>
    public const long HungryMs = 5 * 60_000;

    /// <summary>Between two searches a user asks for: clicking is not hammering.</summary>
    public const long ClickMs = 20_000;

    /// <summary>After a search that nobody answered.</summary>
    public const long RetryMs = 30_000;

    private const int SpreadMs = 60_000;

    private readonly Dictionary<InfoHash, FollowedTorrent> _torrents = [];

    /// <summary>All torrents followed.</summary>
    public IReadOnlyCollection<FollowedTorrent> Torrents => _torrents.Values;

    /// <summary>A torrent that is followed; null when it is not.</summary>
    public FollowedTorrent? Find(InfoHash infoHash) => _torrents.GetValueOrDefault(infoHash);

    /// <summary>Begins to follow a torrent: it is due now. Followed already, it gets the new sink and is due now.</summary>
    public FollowedTorrent Follow(InfoHash infoHash, string name, bool isSeed, IDiscoverySink sink, long nowMs)
    {
        var torrent = new FollowedTorrent(infoHash, name, sink) { IsSeed = isSeed, WantsPeers = !isSeed, DueMs = nowMs };
        _torrents[infoHash] = torrent;
        return torrent;
    }

    /// <summary>Ends it; what was announced lapses by itself.</summary>
    public void Unfollow(InfoHash infoHash) => _torrents.Remove(infoHash);

    /// <summary>It wants peers, or no more.</summary>
    public void SetWantsPeers(InfoHash infoHash, bool wantsPeers)
    {
        if (Find(infoHash) is { } torrent)
        {
            torrent.WantsPeers = wantsPeers;
            if (IsHungry(torrent))
            {
                torrent.DueMs = Math.Min(torrent.DueMs, torrent.BeganMs + HungryMs);
            }
        }
    }

    /// <summary>The user asks: due as soon as <see cref="ClickMs"/> lets it.</summary>
    public void AskNow(InfoHash infoHash, long nowMs)
    {
        if (Find(infoHash) is { } torrent)
        {
            torrent.DueMs = Math.Min(torrent.DueMs, Math.Max(nowMs, torrent.BeganMs + ClickMs));
        }
    }

    /// <summary>The torrent that has been due longest, marked as under way; null when none is.</summary>
    public FollowedTorrent? Next(long nowMs)
    {
        FollowedTorrent? next = null;
        foreach (var torrent in _torrents.Values)
        {
            if (!torrent.IsUnderWay && torrent.DueMs <= nowMs && (next is null || torrent.DueMs < next.DueMs))
            {
                next = torrent;
            }
        }

        if (next is not null)
        {
            (next.IsUnderWay, next.BeganMs, next.DueMs) = (true, nowMs, long.MaxValue);
        }

        return next;
    }

    /// <summary>A search ended, its announces too: plans the next.</summary>
    /// <param name="torrent">Whose.</param>
    /// <param name="peers">Peers found.</param>
    /// <param name="replies">Nodes that answered.</param>
    /// <param name="nowMs">Time.</param>
    public void Ended(FollowedTorrent torrent, int peers, int replies, long nowMs)
    {
        torrent.IsUnderWay = false;
        torrent.FoundNone = peers == 0;
        var pauseMs = replies == 0 ? RetryMs : IsHungry(torrent) ? HungryMs : IntervalMs + random.Next(-SpreadMs, SpreadMs);

        // A click during the search is kept.
        torrent.DueMs = Math.Min(torrent.DueMs, replies == 0 ? nowMs + pauseMs : torrent.BeganMs + pauseMs);
    }

    private static bool IsHungry(FollowedTorrent torrent) => torrent is { WantsPeers: true, FoundNone: true };
}

/// <summary>A torrent whose peers are looked for, and that is announced. Changed by the DHT's own parts only.</summary>
internal sealed class FollowedTorrent(InfoHash infoHash, string name, IDiscoverySink sink)
{
    /// <summary>Which.</summary>
    public InfoHash InfoHash { get; } = infoHash;

    /// <summary>Its name, for the page.</summary>
    public string Name { get; } = name;

    /// <summary>Where news go.</summary>
    public IDiscoverySink Sink { get; } = sink;

    /// <summary>We have everything (BEP 33).</summary>
    public bool IsSeed { get; set; }

    /// <summary>It wants peers.</summary>
    public bool WantsPeers { get; set; }

    /// <summary>The last search found nobody.</summary>
    public bool FoundNone { get; set; }

    /// <summary>When it is due, ms; far in the future while it is under way.</summary>
    public long DueMs { get; set; }

    /// <summary>When its last search began, ms.</summary>
    public long BeganMs { get; set; } = long.MinValue / 2;

    /// <summary>A search is under way.</summary>
    public bool IsUnderWay { get; set; }

    /// <summary>When a search last brought a result, UTC.</summary>
    public DateTimeOffset? LastAt { get; set; }
}
