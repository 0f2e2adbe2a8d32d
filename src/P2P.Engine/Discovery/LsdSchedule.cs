using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery;

/// <summary>Decides which torrents the next announce on the local network names, and when it is sent. Pure; told the time.</summary>
/// <remarks>
/// Each torrent is announced when it comes and every 4.5 to 5 minutes (BEP 14: 5 minutes), up to ten in one packet and packets a second apart,
/// so that hundreds of torrents make a trickle and never a storm. Who announces a torrent of ours for the first time gets an answer
/// within a second or so: our own announce. Ten such answers may follow each other closely (a class opens one link), after that it is one a minute (BEP 14).
/// </remarks>
internal sealed class LsdSchedule(Random random)
{
    /// <summary>Longest time between two announces of a torrent.</summary>
    public const long PeriodMs = 300_000;

    /// <summary>Time between two packets; receivers like us listen to one a second of each address (L06).</summary>
    public const long SpacingMs = 1000;

    /// <summary>An answer comes this late at most: neighbours of one announce do not all speak at once.</summary>
    public const long MaxAnswerDelayMs = 1000;

    /// <summary>A peer not heard for two rounds has gone.</summary>
    public const long ForgetAfterMs = 2 * PeriodMs;

    /// <summary>Torrents added in one go (the start of the program) share packets.</summary>
    private const long GatherMs = 100;

    /// <summary>What is due this soon fills up a packet that is sent anyway.</summary>
    private const long FillAheadMs = 30_000;

    /// <summary>When no interface could be reached: a cable is plugged in or a network joined in about that time.</summary>
    private const long RetryMs = 30_000;

    private const int AnswerBurst = 10;
    private const long AnswerIntervalMs = 60_000;

    /// <summary>Peers remembered for a torrent; one network hardly has more, and a liar who names any number only costs us the oldest.</summary>
    private const int MaxHeard = 256;

    private readonly Dictionary<InfoHash, Entry> _entries = [];
    private long _sentAtMs = long.MinValue / 2;
    private long _idleAtMs = long.MaxValue;

    /// <summary>
    /// Announced by a client that has had nothing to announce for one period: SHA-1 of "P2P.Blazor: a neighbour without a torrent".
    /// </summary>
    /// <remarks>
    /// Nobody has a torrent of that name, and BEP 14 clients ignore torrents they do not have; but whoever listens learns that a BitTorrent
    /// program lives here and may ask it as a DHT node. So a LAN without bootstrap nodes becomes one DHT also for those who came empty-handed.
    /// </remarks>
    public static InfoHash Neighbourhood { get; } = InfoHash.Parse("0fa9d10247165b77692f30175821fa1264843268");

    /// <summary>Begins to announce that we are here, even without a torrent.</summary>
    public void Start(long nowMs) => _idleAtMs = nowMs + SpacingMs;

    /// <summary>Announces a torrent from now on.</summary>
    public void Follow(InfoHash infoHash, long nowMs) => _entries.TryAdd(infoHash, new Entry { DueAtMs = nowMs + GatherMs, IsUrgent = true });

    /// <summary>Forgets a torrent.</summary>
    public void Unfollow(InfoHash infoHash) => _entries.Remove(infoHash);

    /// <summary>Announces a torrent again, soon.</summary>
    public void Ask(InfoHash infoHash, long nowMs)
    {
        if (_entries.TryGetValue(infoHash, out var entry))
        {
            entry.Hurry(Math.Max(nowMs, entry.AnnouncedAtMs + SpacingMs));
        }
    }

    /// <summary>Somebody announced a torrent. Returns whether it is one of ours; a newcomer is answered.</summary>
    public bool OnHeard(InfoHash infoHash, PeerEndpoint peer, long nowMs)
    {
        if (!_entries.TryGetValue(infoHash, out var entry))
        {
            return false;
        }

        if (entry.Note(peer, nowMs))
        {
            var answersFullAtMs = Math.Max(entry.AnswersFullAtMs, nowMs) + AnswerIntervalMs;
            if (answersFullAtMs - nowMs <= AnswerBurst * AnswerIntervalMs && !entry.IsUrgent)
            {
                entry.AnswersFullAtMs = answersFullAtMs;
                entry.Hurry(Math.Max(nowMs + random.NextInt64(GatherMs, MaxAnswerDelayMs), entry.AnnouncedAtMs + SpacingMs));
            }
        }

        return true;
    }

    /// <summary>The torrents of the packet to send now; empty when none is due. They count as announced.</summary>
    public ImmutableArray<InfoHash> TakePacket(long nowMs)
    {
        if (nowMs < NextAtMs())
        {
            return [];
        }

        _sentAtMs = nowMs;
        _idleAtMs = nowMs + PeriodMs;
        var due = _entries
            .Where(entry => entry.Value.DueAtMs <= nowMs + FillAheadMs)
            .OrderByDescending(entry => entry.Value.IsUrgent && entry.Value.DueAtMs <= nowMs)
            .ThenBy(entry => entry.Value.DueAtMs)
            .ThenBy(entry => entry.Key)
            .Take(LsdMessage.MaxInfoHashes)
            .Select(entry => entry.Key)
            .ToImmutableArray();
        foreach (var infoHash in due)
        {
            _entries[infoHash].Announced(nowMs, nowMs + random.NextInt64(PeriodMs * 9 / 10, PeriodMs));
        }

        return due.IsEmpty ? [Neighbourhood] : due;
    }

    /// <summary>A packet reached no network: its torrents are announced again before long.</summary>
    public void OnUnsent(ImmutableArray<InfoHash> infoHashes, long nowMs)
    {
        _idleAtMs = Math.Min(_idleAtMs, nowMs + RetryMs);
        foreach (var infoHash in infoHashes)
        {
            if (_entries.TryGetValue(infoHash, out var entry))
            {
                entry.Hurry(nowMs + RetryMs);
            }
        }
    }

    /// <summary>When <see cref="TakePacket"/> has something to give.</summary>
    public long NextAtMs()
    {
        var dueAtMs = _idleAtMs;
        foreach (var entry in _entries.Values)
        {
            dueAtMs = Math.Min(dueAtMs, entry.DueAtMs);
        }

        return Math.Max(dueAtMs, _sentAtMs + SpacingMs);
    }

    /// <summary>How a followed torrent stands: when it was announced (null: not yet), when it is next, who was heard, when the last of them.</summary>
    public (long? AnnouncedAtMs, long NextAtMs, int Heard, long? HeardAtMs) StateOf(InfoHash infoHash, long nowMs) =>
        _entries.TryGetValue(infoHash, out var entry)
            ? (entry.IsAnnounced ? entry.AnnouncedAtMs : null, entry.DueAtMs, entry.CountHeard(nowMs), entry.HeardAtMs)
            : (null, long.MaxValue, 0, null);

    private sealed class Entry
    {
        private readonly Dictionary<PeerEndpoint, long> _heard = [];

        public long DueAtMs { get; set; }

        /// <summary>Somebody waits for it: it comes before the regular rounds.</summary>
        public bool IsUrgent { get; set; }

        public bool IsAnnounced { get; private set; }

        public long AnnouncedAtMs { get; private set; } = long.MinValue / 2;

        public long AnswersFullAtMs { get; set; } = long.MinValue / 2;

        public long? HeardAtMs { get; private set; }

        public void Hurry(long atMs)
        {
            DueAtMs = Math.Min(DueAtMs, atMs);
            IsUrgent = true;
        }

        public void Announced(long nowMs, long nextMs) => (AnnouncedAtMs, DueAtMs, IsUrgent, IsAnnounced) = (nowMs, nextMs, false, true);

        public int CountHeard(long nowMs) => _heard.Values.Count(heardAtMs => nowMs - heardAtMs < ForgetAfterMs);

        /// <summary>Notes who was heard; true when it is news.</summary>
        public bool Note(PeerEndpoint peer, long nowMs)
        {
            HeardAtMs = nowMs;
            if (_heard.TryGetValue(peer, out var before))
            {
                _heard[peer] = nowMs;
                return nowMs - before >= ForgetAfterMs;
            }

            if (_heard.Count >= MaxHeard)
            {
                _heard.Remove(_heard.MinBy(static heard => heard.Value).Key);
            }

            _heard.Add(peer, nowMs);
            return true;
        }
    }
}
