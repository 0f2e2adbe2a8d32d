using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>Who told us about an endpoint.</summary>
internal enum PeerSource
{
    /// <summary>A tracker.</summary>
    Tracker,

    /// <summary>The user.</summary>
    Manual,

    /// <summary>It connected to us: its port is not one to dial.</summary>
    Incoming,

    /// <summary>Another peer (BEP 11).</summary>
    Exchange,

    /// <summary>The local network (BEP 14).</summary>
    LocalDiscovery,

    /// <summary>The DHT (BEP 5).</summary>
    Dht,

    /// <summary>The last run of this torrent, or the magnet link it was.</summary>
    Resume,
}

/// <summary>Known endpoints of one torrent: whom to dial next, when to try again, and who is banned. Loop only, told the time.</summary>
/// <remarks>
/// Next is who served us well before, then who failed least, then by source (the user's own first), then who was tried longest ago. A failed
/// dial waits 15 s, doubling to an hour, but 2 s when it was cut short the first time; a connection that was useful may be dialled again after 10 s. When full, the worst idle endpoint
/// makes room for a new one, unless all are better than a stranger. Limits: reliability.md 2.3 (PeerList, BanTime, Strikes).
/// </remarks>
internal sealed class PeerPool(int capacity = 3000)
{
    private const long FirstRetryMs = 15_000;
    private const long FirstResumeRetryMs = 1_000;
    private const long CutShortMs = 5_000;
    private const long CutShortRetryMs = 2_000;
    private const long LongestRetryMs = 3_600_000;
    private const long UsefulRetryMs = 10_000;

    /// <summary>Our own addresses, as trackers hand them back to us; few are enough, more would be a tracker's doing.</summary>
    private const int MaxOurselves = 64;

    private readonly Dictionary<PeerEndpoint, Entry> _entries = [];
    private readonly HashSet<PeerEndpoint> _ourselves = [];
    private readonly AddressBans _bans = new();
    private int _fromExchange;

    // Nothing can be ready before this time, so asking earlier costs no search; anything that might make one ready resets it.
    private long _quietUntilMs = long.MinValue;

    private enum EntryState
    {
        Idle,
        Dialling,
        Connected,
    }

    /// <summary>Endpoints known, connected ones included.</summary>
    public int Count => _entries.Count;

    /// <summary>How many are known from each source.</summary>
    public Dictionary<PeerSource, int> CountBySource() => _entries.Values.CountBy(entry => entry.Source).ToDictionary();

    /// <summary>Who told of an endpoint first or best; an unknown one came by itself.</summary>
    public PeerSource SourceOf(PeerEndpoint endpoint) => _entries.TryGetValue(endpoint, out var entry) ? entry.Source : PeerSource.Incoming;

    /// <summary>Endpoints that may be dialled, the best first.</summary>
    public IEnumerable<PeerEndpoint> Known() =>
        _entries.Values.Where(entry => entry.Source != PeerSource.Incoming).OrderBy(entry => entry.Rank).Select(entry => entry.Endpoint);

    /// <summary>Why the last connection to an endpoint ended, or a dial failed, in a few words.</summary>
    public void Note(PeerEndpoint endpoint, string reason)
    {
        if (_entries.TryGetValue(endpoint, out var entry))
        {
            entry.Note = reason;
        }
    }

    /// <summary>What is known of the endpoints: connected ones first, then those soonest dialled again; at most <paramref name="most"/>.</summary>
    public ImmutableArray<KnownPeerSnapshot> Describe(int most, long nowMs, DateTimeOffset at)
    {
        return [.. _entries.Values.OrderBy(Order).ThenBy(entry => Math.Max(entry.RetryAtMs, entry.BannedUntilMs)).ThenBy(entry => entry.Rank).Take(most).Select(Row)];

        int Order(Entry entry) => entry.State switch { EntryState.Connected => 0, EntryState.Dialling => 1, _ => entry.BannedUntilMs > nowMs ? 3 : 2 };

        KnownPeerSnapshot Row(Entry entry)
        {
            var readyAt = Math.Max(entry.RetryAtMs, entry.BannedUntilMs);
            return new KnownPeerSnapshot(
                entry.Endpoint,
                Word(entry.Source),
                entry.State switch
                {
                    EntryState.Connected => KnownPeerCondition.Connected,
                    EntryState.Dialling => KnownPeerCondition.Connecting,
                    _ => entry.BannedUntilMs > nowMs ? KnownPeerCondition.Banned : entry.Failures > 0 ? KnownPeerCondition.Failed : KnownPeerCondition.Waiting,
                },
                entry.State == EntryState.Idle ? entry.Note : null,
                entry.Failures,
                entry.State == EntryState.Idle && readyAt > nowMs ? at.AddMilliseconds(readyAt - nowMs) : null);
        }
    }

    private static string Word(PeerSource source) => source switch
    {
        PeerSource.Tracker => "tracker",
        PeerSource.Manual => "manual",
        PeerSource.Exchange => "exchange",
        PeerSource.LocalDiscovery => "lan",
        PeerSource.Dht => "dht",
        PeerSource.Resume => "resume",
        _ => "incoming",
    };

    /// <summary>How far the known endpoints can be reached.</summary>
    public PeerReach Reach(long nowMs)
    {
        var (dialable, failing, next) = (0, 0, long.MaxValue);
        foreach (var entry in _entries.Values)
        {
            if (entry.Source != PeerSource.Incoming)
            {
                dialable++;
                failing += entry is { State: EntryState.Idle, Failures: > 0 } ? 1 : 0;
                next = entry.State == EntryState.Idle ? Math.Min(next, Math.Max(entry.RetryAtMs, entry.BannedUntilMs)) : next;
            }
        }

        return new PeerReach(dialable, failing, next == long.MaxValue ? -1 : Math.Max(0, next - nowMs));
    }

    /// <summary>Remembers an endpoint; false when it is known, banned, ourselves, not connectable, or there is no room.</summary>
    public bool Add(PeerEndpoint endpoint, PeerSource source, long nowMs)
    {
        if (!endpoint.IsConnectable || _ourselves.Contains(endpoint) || _bans.IsBanned(endpoint, nowMs))
        {
            return false;
        }

        if (_entries.TryGetValue(endpoint, out var known))
        {
            // Somebody names the endpoint as one that listens, or names it better.
            if (Preference(source) < Preference(known.Source))
            {
                SetSource(known, source);
                _quietUntilMs = long.MinValue;
            }

            return false;
        }

        // PeerList: a third at most comes from peer exchange, so that one talkative peer cannot fill the list.
        if ((source == PeerSource.Exchange && _fromExchange >= capacity / 3) || !MakeRoom())
        {
            return false;
        }

        var entry = new Entry(endpoint) { TriedAtMs = nowMs };
        SetSource(entry, source);
        _entries.Add(endpoint, entry);
        _quietUntilMs = long.MinValue;
        return true;
    }

    /// <summary>The best endpoint that may be dialled now, marked as being dialled; the outcome must be told.</summary>
    public bool TryNext(long nowMs, out PeerEndpoint endpoint)
    {
        endpoint = default;
        if (nowMs < _quietUntilMs)
        {
            return false;
        }

        Entry? best = null;
        var earliest = long.MaxValue;
        foreach (var entry in _entries.Values)
        {
            if (entry.State != EntryState.Idle || entry.Source == PeerSource.Incoming)
            {
                continue;
            }

            var readyAt = Math.Max(entry.RetryAtMs, entry.BannedUntilMs);
            if (readyAt > nowMs)
            {
                earliest = Math.Min(earliest, readyAt);
            }
            else if (best is null || entry.IsBetterThan(best))
            {
                best = entry;
            }
        }

        if (best is null)
        {
            _quietUntilMs = earliest;
            return false;
        }

        (best.State, best.TriedAtMs) = (EntryState.Dialling, nowMs);
        endpoint = best.Endpoint;
        return true;
    }

    /// <summary>A connection stands, dialled or incoming; an unknown endpoint is remembered as an incoming one.</summary>
    public void OnConnected(PeerEndpoint endpoint, long nowMs)
    {
        if (!_entries.ContainsKey(endpoint))
        {
            Add(endpoint, PeerSource.Incoming, nowMs);
        }

        if (_entries.TryGetValue(endpoint, out var entry))
        {
            (entry.State, entry.TriedAtMs) = (EntryState.Connected, nowMs);
        }
    }

    /// <summary>Dialling or the handshake failed: back-off.</summary>
    public void OnDialFailed(PeerEndpoint endpoint, long nowMs)
    {
        if (_entries.TryGetValue(endpoint, out var entry))
        {
            entry.Failures++;

            // Of a magnet link just fulfilled: it may not have noticed yet that the connection which gave the metadata is over.
            Rest(entry, nowMs, entry is { Source: PeerSource.Resume, Failures: 1 } ? FirstResumeRetryMs : BackOff(entry.Failures));
        }
    }

    /// <summary>The connection ended. Useful = payload moved, either way: then it is soon dialled again; otherwise like a failed dial.</summary>
    /// <param name="endpoint">The peer's.</param>
    /// <param name="wasUseful">Payload moved.</param>
    /// <param name="nowMs">When.</param>
    /// <param name="byPeer">
    /// It closed, not we. Done at once, the first time, that is most likely another connection that it preferred and that ended, too (clients
    /// differ in what they prefer): worth one early try.
    /// </param>
    public void OnClosed(PeerEndpoint endpoint, bool wasUseful, long nowMs, bool byPeer = false)
    {
        if (!_entries.TryGetValue(endpoint, out var entry))
        {
            return;
        }

        if (entry.Source == PeerSource.Incoming)
        {
            Remove(entry);
            return;
        }

        entry.WasUseful |= wasUseful;
        entry.Failures = wasUseful ? 0 : entry.Failures + 1;
        var wasCutShort = byPeer && !entry.WasCutShort && nowMs - entry.TriedAtMs < CutShortMs;
        entry.WasCutShort |= wasCutShort;
        Rest(entry, nowMs, wasCutShort ? CutShortRetryMs : wasUseful ? UsefulRetryMs : BackOff(entry.Failures));
    }

    /// <summary>The endpoint turned out to be ourselves: never again.</summary>
    public void Forget(PeerEndpoint endpoint)
    {
        if (_entries.TryGetValue(endpoint, out var entry))
        {
            Remove(entry);
        }

        if (_ourselves.Count < MaxOurselves)
        {
            _ourselves.Add(endpoint);
        }
    }

    /// <summary>Bans an address for 24 h, all its ports; an IPv4-mapped address is the IPv4 one. The caller closes its connections.</summary>
    public void Ban(IPAddress address, long nowMs) => MarkBanned(new PeerEndpoint(address, 0), _bans.Ban(address, nowMs));

    /// <summary>Is the address of this endpoint banned now?</summary>
    public bool IsBanned(PeerEndpoint endpoint, long nowMs) => _bans.IsBanned(endpoint, nowMs);

    /// <summary>The peer broke the protocol; the third time within 10 minutes its address is banned for an hour.</summary>
    /// <returns>It is banned now.</returns>
    public bool Strike(PeerEndpoint endpoint, long nowMs)
    {
        if (_bans.Strike(endpoint, nowMs) is not { } until)
        {
            return false;
        }

        MarkBanned(endpoint.WithPort(0), until);
        return true;
    }

    /// <summary>The network came back, or the user pressed start: forgets every back-off, but no ban.</summary>
    public void RetrySoon()
    {
        foreach (var entry in _entries.Values)
        {
            (entry.RetryAtMs, entry.Failures) = (long.MinValue, 0);
        }

        _quietUntilMs = long.MinValue;
    }

    private static long BackOff(int failures) => Math.Min(FirstRetryMs << Math.Min(failures - 1, 20), LongestRetryMs);

    private static int Preference(PeerSource source) => source switch
    {
        PeerSource.Manual => 0,
        PeerSource.Resume => 1,
        PeerSource.LocalDiscovery => 2,
        PeerSource.Tracker => 3,
        PeerSource.Dht => 4,
        PeerSource.Exchange => 5,
        _ => 6,
    };

    private void Rest(Entry entry, long nowMs, long delayMs)
    {
        (entry.State, entry.RetryAtMs) = (EntryState.Idle, nowMs + delayMs);
        _quietUntilMs = Math.Min(_quietUntilMs, entry.RetryAtMs);
    }

    private void MarkBanned(PeerEndpoint address, long untilMs)
    {
        foreach (var entry in _entries.Values)
        {
            if (entry.Endpoint.WithPort(0) == address)
            {
                entry.BannedUntilMs = untilMs;
            }
        }
    }

    private bool MakeRoom()
    {
        if (_entries.Count < capacity)
        {
            return true;
        }

        Entry? worst = null;
        foreach (var entry in _entries.Values)
        {
            if (entry.State == EntryState.Idle && entry.Failures > 0 && (worst is null || worst.IsBetterThan(entry)))
            {
                worst = entry;
            }
        }

        if (worst is null)
        {
            return false;
        }

        Remove(worst);
        return true;
    }

    private void Remove(Entry entry)
    {
        _fromExchange -= entry.Source == PeerSource.Exchange ? 1 : 0;
        _entries.Remove(entry.Endpoint);
    }

    private void SetSource(Entry entry, PeerSource source)
    {
        _fromExchange += (source == PeerSource.Exchange ? 1 : 0) - (entry.Source == PeerSource.Exchange ? 1 : 0);
        entry.Source = source;
    }

    private sealed class Entry(PeerEndpoint endpoint)
    {
        public PeerEndpoint Endpoint { get; } = endpoint;

        public PeerSource Source { get; set; } = PeerSource.Incoming;

        public EntryState State { get; set; }

        public int Failures { get; set; }

        public string? Note { get; set; }

        public bool WasUseful { get; set; }

        public bool WasCutShort { get; set; }

        public long TriedAtMs { get; set; }

        public long RetryAtMs { get; set; } = long.MinValue;

        public long BannedUntilMs { get; set; } = long.MinValue;

        public bool IsBetterThan(Entry other) => Rank.CompareTo(other.Rank) < 0;

        public (bool IsStranger, int Failures, int Source, long TriedAtMs) Rank =>
            (!WasUseful, Failures, Preference(Source), TriedAtMs);
    }
}
