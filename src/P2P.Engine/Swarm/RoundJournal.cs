using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>Where a torrent's rounds are kept over restarts. Thread-safe; calls return at once.</summary>
internal interface IRoundSink
{
    /// <summary>Asks for the number of the last round kept; answered by <see cref="TorrentCommand.RoundsBegin"/>.</summary>
    void Begin(SwarmLoop torrent);

    /// <summary>Keeps rounds, oldest first.</summary>
    void Keep(InfoHash torrent, ImmutableArray<ChokeJournalRound> rounds);

    /// <summary>Answers with rounds kept so far.</summary>
    void Read(InfoHash torrent, TorrentCommand.ReadRounds read);
}

/// <summary>Turns rounds into journal entries and gathers them until they are due to be kept. Loop only, told the time.</summary>
/// <remarks>
/// At most one batch per <see cref="BatchMs"/>, and a round that comes later than that after the last batch goes at once: so a killed process
/// loses 30 s of rounds at most, and none at the default interval. Rounds without a peer are not kept.
/// </remarks>
internal sealed class RoundJournal
{
    /// <summary>Least time between two batches.</summary>
    public const long BatchMs = 30_000;

    private const int MaxEntries = 32;
    private const int MaxRunnersUp = 8;

    /// <summary>Thirty seconds of the shortest rounds, many times over: only a store that never answers gets there.</summary>
    private const int MaxWaiting = 500;

    private readonly List<ChokeJournalRound> _waiting = [];
    private Dictionary<int, ChokeDecision> _holders = [];
    private long _lastBatchMs = long.MinValue;
    private bool _isFirstOfRun = true;

    /// <summary>Number of the last round; 0 before the first.</summary>
    public long Round { get; private set; }

    /// <summary>The last round of this run; null before the first.</summary>
    public ChokeJournalRound? Last { get; private set; }

    /// <summary>The number of the last round kept by an earlier process is known.</summary>
    public bool IsNumbered { get; private set; }

    /// <summary>Something waits to be kept.</summary>
    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>The next round is the first of a run: the torrent starts or stops.</summary>
    public void Reset()
    {
        _isFirstOfRun = true;
        _holders = [];
        Last = null;
    }

    /// <summary>Rounds up to <paramref name="last"/> were kept before: goes on counting from there. Once; by how much numbers rose is returned.</summary>
    public long Continue(long last)
    {
        if (IsNumbered)
        {
            return 0;
        }

        IsNumbered = true;
        Round += last;
        Last = Last is null ? null : Last with { Round = Round };
        for (var i = 0; i < _waiting.Count; i++)
        {
            _waiting[i] = _waiting[i] with { Round = _waiting[i].Round + last };
        }

        return last;
    }

    /// <summary>A round was decided.</summary>
    /// <param name="at">When.</param>
    /// <param name="rules">Slots and interval.</param>
    /// <param name="mode">As a seed, and strict.</param>
    /// <param name="decisions">Every connected peer, in the order of the decision, after it was carried out.</param>
    public void Add(DateTimeOffset at, SwarmRules rules, (bool IsSeeding, bool IsStrict) mode, ImmutableArray<ChokeDecision> decisions)
    {
        Round++;
        var holders = decisions.Where(decision => decision.Slot != SlotKind.None).ToDictionary(decision => decision.PeerId);
        if (decisions.IsEmpty && _holders.Count == 0)
        {
            return;
        }

        if (_waiting.Count == MaxWaiting)
        {
            _waiting.RemoveAt(0);
        }

        _waiting.Add(Last = new ChokeJournalRound
        {
            Round = Round,
            At = DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds()),
            IsSeeding = mode.IsSeeding,
            IsStrict = mode.IsStrict,
            IsFirstOfRun = _isFirstOfRun,
            RegularSlots = rules.RegularSlots,
            OptimisticSlots = rules.OptimisticSlots,
            Interval = rules.ChokeInterval,
            CutRate = decisions.IsEmpty ? 0 : decisions.Max(decision => decision.RateToBeat),
            Peers = decisions.Length,
            Interested = decisions.Count(decision => decision.IsInterested),
            Entries = Entries(decisions),
        });
        (_holders, _isFirstOfRun) = (holders, false);
    }

    /// <summary>What is to be kept now: all that waits, when the last batch is long enough ago or <paramref name="force"/> says so; else nothing.</summary>
    public ImmutableArray<ChokeJournalRound> TakeDue(long nowMs, bool force)
    {
        if (!IsNumbered || _waiting.Count == 0 || !(force || _lastBatchMs == long.MinValue || nowMs - _lastBatchMs >= BatchMs))
        {
            return [];
        }

        _lastBatchMs = nowMs;
        ImmutableArray<ChokeJournalRound> due = [.. _waiting];
        _waiting.Clear();
        return due;
    }

    private ImmutableArray<ChokeJournalEntry> Entries(ImmutableArray<ChokeDecision> decisions)
    {
        var runnersUp = 0;
        var present = decisions.Select(decision => decision.PeerId).ToHashSet();
        var left = _holders.Values.Where(holder => !present.Contains(holder.PeerId))
            .Select(holder => Entry(holder with { Slot = SlotKind.None, Rank = 0 }, ChokeChange.Out) with { HasLeft = true }).ToArray();
        var stayed = decisions
            .Where(decision => decision.Slot != SlotKind.None || _holders.ContainsKey(decision.PeerId) || (decision.Rank > 0 && runnersUp++ < MaxRunnersUp))
            .Take(MaxEntries - Math.Min(MaxEntries, left.Length))
            .Select(decision => Entry(decision, Change(decision)));
        return [.. stayed, .. left.Take(MaxEntries)];
    }

    private ChokeChange Change(ChokeDecision decision) => (decision.Slot != SlotKind.None, _holders.ContainsKey(decision.PeerId)) switch
    {
        (true, true) => ChokeChange.Kept,
        (true, false) => ChokeChange.In,
        (false, true) => ChokeChange.Out,
        _ => ChokeChange.None,
    };

    private static ChokeJournalEntry Entry(ChokeDecision decision, ChokeChange change) => new()
    {
        Peer = decision.Peer,
        Client = decision.Client,
        Slot = decision.Slot,
        Reason = decision.Reason,
        Change = change,
        Rank = decision.Rank,
        RateUsed = decision.RateUsed,
        DownloadRate = decision.DownloadRate,
        UploadRate = decision.UploadRate,
        DownloadedInSlot = decision.DownloadedInSlot,
        UploadedInSlot = decision.UploadedInSlot,
        DrawnAmong = decision.DrawnAmong,
    };
}
