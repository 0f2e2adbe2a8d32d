using System.Collections.Immutable;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <summary>Carries out what the <see cref="Choker"/> decides, remembers the last rounds, and shows both.</summary>
/// <remarks>Loop only. What the page shows are the choker's own verdicts with the names of the peers put in.</remarks>
internal sealed class ChokeBoard(Choker choker, Uploader uploader, TimeProvider clock)
{
    /// <summary>Rounds kept: ten minutes at the default interval of 30 s, times twelve: two hours.</summary>
    private const int HistoryLength = 240;

    private readonly Queue<ChokeRound> _history = new();
    private readonly RoundJournal _journal = new();
    private bool _hasAsked;
    private ImmutableArray<ChokeVerdict> _verdicts = [];
    private DateTimeOffset? _lastRoundAt;
    private DateTimeOffset? _nextRoundAt;
    private long _nextRoundMs;

    /// <summary>Forgets the plan: the torrent starts or stops.</summary>
    public void Reset()
    {
        _nextRoundMs = 0;
        _nextRoundAt = null;
        _verdicts = [];
        _journal.Reset();
    }

    /// <summary>Rounds up to <paramref name="last"/> were kept by an earlier process: goes on counting from there.</summary>
    public void Continue(long last)
    {
        var shift = _journal.Continue(last);
        foreach (var round in shift > 0 ? _history.ToArray() : [])
        {
            _history.Dequeue();
            _history.Enqueue(round with { Round = round.Round + shift });
        }
    }

    /// <summary>Hands rounds to <paramref name="sink"/> that are due to be kept; all of them with <paramref name="force"/>.</summary>
    public void Keep(IRoundSink sink, SwarmLoop torrent, long nowMs, bool force)
    {
        if (_journal.HasWaiting && !_hasAsked)
        {
            _hasAsked = true;
            sink.Begin(torrent);
        }

        if (_journal.TakeDue(nowMs, force) is { IsEmpty: false } due)
        {
            sink.Keep(torrent.InfoHash, due);
        }
    }

    /// <summary>Runs a round if one is due.</summary>
    public void Tick(IReadOnlyCollection<PeerState> peers, SwarmRules rules, bool isSeeding, bool isStrict, long nowMs)
    {
        if (_nextRoundMs == 0)
        {
            Plan(rules, nowMs);
        }

        if (nowMs < _nextRoundMs)
        {
            Refill(peers, rules, isSeeding, isStrict, nowMs);
            return;
        }

        _lastRoundAt = clock.GetUtcNow();
        Plan(rules, nowMs);
        var facts = Facts(peers, nowMs);
        _verdicts = choker.Round(facts, Rules(rules, isSeeding, isStrict), nowMs);
        Obey(peers, _verdicts, nowMs);
        var decisions = Decisions(peers, nowMs);
        _journal.Add(_lastRoundAt.Value, rules, (isSeeding, isStrict), decisions);
        _history.Enqueue(new ChokeRound(_journal.Round, _lastRoundAt.Value, isSeeding, decisions));
        if (_history.Count > HistoryLength)
        {
            _history.Dequeue();
        }
    }

    private void Refill(IReadOnlyCollection<PeerState> peers, SwarmRules rules, bool isSeeding, bool isStrict, long nowMs)
    {
        var (used, waiting) = (0, 0);
        foreach (var peer in peers)
        {
            used += peer is { IsInterested: true, Slot: not SlotKind.None } ? 1 : 0;
            waiting += peer is { IsInterested: true, Slot: SlotKind.None } ? 1 : 0;
        }

        if (waiting == 0 || used >= rules.RegularSlots + rules.OptimisticSlots)
        {
            return;
        }

        var changed = choker.Refill(Facts(peers, nowMs), Rules(rules, isSeeding, isStrict), nowMs);
        if (!changed.IsEmpty)
        {
            var ids = changed.Select(verdict => verdict.PeerId).ToHashSet();
            _verdicts = [.. _verdicts.Where(old => !ids.Contains(old.PeerId)), .. changed];
            Obey(peers, changed, nowMs);
        }
    }

    /// <summary>A peer became interested between rounds: a free slot is its at once.</summary>
    public void OnInterested(PeerState peer, IReadOnlyCollection<PeerState> peers, SwarmRules rules, bool isSeeding, bool isStrict, long nowMs)
    {
        if (choker.OnInterested(Fact(peer, nowMs), Facts(peers, nowMs), Rules(rules, isSeeding, isStrict), nowMs) is not { } verdict)
        {
            return;
        }

        _verdicts = [.. _verdicts.Where(old => old.PeerId != verdict.PeerId), verdict];
        Obey(peer, verdict, nowMs);
    }

    /// <summary>A peer lets us download: may we ask it before the next round? The choker decides; without strict mode always.</summary>
    public bool OnUnchokesUs(PeerState peer, IReadOnlyCollection<PeerState> peers, SwarmRules rules, bool isSeeding, bool isStrict, long nowMs) =>
        choker.OnUnchokesUs(Fact(peer, nowMs), Facts(peers, nowMs), Rules(rules, isSeeding, isStrict));

    /// <summary>The board as it stands.</summary>
    public ChokingSnapshot Snapshot(IReadOnlyCollection<PeerState> peers, SwarmRules rules, bool isSeeding, bool isStrict, RateTerms rates, long nowMs) => new()
    {
        Round = _journal.Round,
        IsSeeding = isSeeding,
        IsStrict = isStrict,
        RegularSlots = rules.RegularSlots,
        OptimisticSlots = rules.OptimisticSlots,
        Interval = rules.ChokeInterval,
        LastRoundAt = _lastRoundAt,
        NextRoundAt = _nextRoundAt,
        NextOptimisticAt = rules.OptimisticSlots > 0 ? _nextRoundAt : null,
        LastRound = _journal.Last,
        Decisions = Decisions(peers, nowMs),
        History = [.. _history.Reverse()],
        Rates = rates,
    };

    private void Plan(SwarmRules rules, long nowMs)
    {
        _nextRoundMs = nowMs + (long)rules.ChokeInterval.TotalMilliseconds;
        _nextRoundAt = clock.GetUtcNow() + rules.ChokeInterval;
    }

    private void Obey(IReadOnlyCollection<PeerState> peers, ImmutableArray<ChokeVerdict> verdicts, long nowMs)
    {
        var byId = peers.ToDictionary(peer => peer.Id);

        // Chokes first, so that at no instant more peers are unchoked than there are slots.
        foreach (var verdict in verdicts.OrderBy(verdict => verdict.Slot != SlotKind.None))
        {
            byId[verdict.PeerId].IsSource = verdict.IsSource;
            Obey(byId[verdict.PeerId], verdict, nowMs);
        }
    }

    private void Obey(PeerState peer, ChokeVerdict verdict, long nowMs)
    {
        if (peer.Slot != verdict.Slot)
        {
            peer.TakeSlot(verdict.Slot, clock.GetUtcNow());
        }

        var choke = verdict.Slot == SlotKind.None;
        if (choke == peer.AmChoking)
        {
            peer.LastUnchokedAtMs = choke ? peer.LastUnchokedAtMs : nowMs;
            return;
        }

        peer.AmChoking = choke;
        if (choke)
        {
            peer.ChokedAtMs = nowMs;
            peer.ChokedRequests = 0;
            peer.Connection.Send(new PeerMessage(MessageId.Choke));
            uploader.OnChoked(peer);
        }
        else
        {
            peer.LastUnchokedAtMs = nowMs;
            peer.Connection.Send(new PeerMessage(MessageId.Unchoke));
        }
    }

    private ImmutableArray<ChokeDecision> Decisions(IReadOnlyCollection<PeerState> peers, long nowMs)
    {
        var verdicts = new Dictionary<int, ChokeVerdict>();
        var order = new Dictionary<int, int>();
        foreach (var verdict in _verdicts)
        {
            verdicts[verdict.PeerId] = verdict;
            order[verdict.PeerId] = order.Count;
        }

        return
        [
            .. peers
                .OrderBy(peer => peer.Slot switch { SlotKind.Regular => 0, SlotKind.Optimistic => 1, _ => 2 })
                .ThenBy(peer => order.TryGetValue(peer.Id, out var place) ? place : int.MaxValue)
                .ThenBy(peer => peer.Id)
                .Select(peer => Decision(peer, verdicts.TryGetValue(peer.Id, out var verdict) ? verdict : null, nowMs)),
        ];
    }

    private static ChokeDecision Decision(PeerState peer, ChokeVerdict? verdict, long nowMs) => new()
    {
        Peer = peer.Endpoint,
        Client = peer.Client,
        Slot = peer.Slot,
        Reason = verdict?.Reason ?? (peer.IsInterested ? ChokeReason.WaitsForRound : peer.IsSeed ? ChokeReason.IsSeed : ChokeReason.NotInterested),
        Rank = verdict?.Rank ?? 0,
        RateUsed = verdict?.RateUsed ?? 0,
        RateToBeat = verdict?.RateToBeat ?? 0,
        DownloadRate = peer.Received.RecentBytesPerSecond(nowMs),
        UploadRate = peer.Sent.RecentBytesPerSecond(nowMs),
        Downloaded = peer.Received.Total,
        Uploaded = peer.Sent.Total,
        IsInterested = peer.IsInterested,
        UnchokesUs = !peer.IsChoking,
        IsSource = peer.IsSource && !peer.IsChoking,
        Since = peer.SlotSince,
        DownloadedInSlot = peer.Received.Total - peer.AtSlot.Received,
        UploadedInSlot = peer.Sent.Total - peer.AtSlot.Sent,
        DrawnAmong = verdict?.DrawnAmong ?? 0,
        Lots = verdict?.Lots ?? 0,
        AmInterested = peer.AmInterested,
        IsSeed = peer.IsSeed,
        IsSnubbed = peer.Window.IsSnubbed,
        PeerId = peer.Id,
    };

    private static ChokeRules Rules(SwarmRules rules, bool isSeeding, bool isStrict) =>
        new(rules.RegularSlots, rules.OptimisticSlots, isSeeding, isStrict);

    private static ChokePeer[] Facts(IReadOnlyCollection<PeerState> peers, long nowMs) => [.. peers.Select(peer => Fact(peer, nowMs))];

    private static ChokePeer Fact(PeerState peer, long nowMs) => new(
        peer.Id,
        peer.IsInterested,
        peer.IsSeed,
        peer.Window.IsSnubbed,
        !peer.IsChoking,
        peer.Received.BytesPerSecond(nowMs),
        peer.Sent.BytesPerSecond(nowMs),
        peer.Received.Total,
        peer.Sent.Total,
        peer.ConnectedAtMs,
        peer.LastUnchokedAtMs,
        peer.Slot);
}
