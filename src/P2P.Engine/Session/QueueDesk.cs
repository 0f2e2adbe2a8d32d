using System.Collections.Immutable;
using System.Diagnostics;
using P2P.Engine.Runtime;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>Owns the order of the queue and lets torrents run by it; counts what they gave, and ends those that gave enough. Session loop only.</summary>
/// <remarks>
/// A torrent's key in the order is kept in its record; a move changes one key, or two that swap, so nothing is numbered anew. Whether a
/// torrent is let run is not kept: a start decides it again from the records, before any of them runs.
/// </remarks>
internal sealed class QueueDesk(TimeProvider clock, StoreServant servant, Action<SessionCommand> post)
{
    /// <summary>Slow or fast for so long is slow or fast.</summary>
    private const long PatienceMs = 60_000;

    private const long KeyStep = 1 << 16;

    /// <summary>What a kill may lose of a seed's sums: so much while it gives, and so much while nobody asks.</summary>
    private const long KeepGivingMs = 10 * 60_000;

    private const long KeepIdleMs = 60 * 60_000;

    /// <summary>Each seed's sums are looked at once in so many beats, so that thousands of them never write in the same one.</summary>
    private const int BeatsPerLook = 60;

    private readonly List<TorrentEntry> _order = [];
    private QueueFacts[] _facts = [];
    private QueueVerdict[] _verdicts = [];
    private long _countedAtMs = clock.NowMs();
    private (int Downloads, int Seeds) _slots = (-1, -1);
    private int _beats;

    /// <summary>The torrents of the last run, in any order; those without a key go before those with one, as they were added.</summary>
    public void Load(IEnumerable<TorrentEntry> entries)
    {
        Debug.Assert(_order.Count == 0, "Loaded once.");
        _order.AddRange(entries.OrderBy(entry => entry.Record.QueueKey ?? long.MinValue).ThenBy(entry => entry.Record.AddedAt).ThenBy(entry => entry.Record.InfoHash.ToString(), StringComparer.Ordinal));
        var keyless = _order.TakeWhile(entry => entry.Record.QueueKey is null).Count();
        var first = keyless < _order.Count ? _order[keyless].Record.QueueKey!.Value : 0;
        for (var i = 0; i < keyless; i++)
        {
            _order[i].Record = _order[i].Record with { QueueKey = first - ((keyless - i) * KeyStep) };
        }

        foreach (var entry in _order)
        {
            entry.IsReady = true;
        }
    }

    /// <summary>A torrent is new: it goes to the end. It may run once it is ready.</summary>
    public void Add(TorrentEntry entry)
    {
        entry.Record = entry.Record with { QueueKey = _order.Count == 0 ? 0 : _order[^1].Record.QueueKey + KeyStep };
        _order.Add(entry);
    }

    /// <summary>A torrent is gone.</summary>
    public void Remove(TorrentEntry entry) => _order.Remove(entry);

    /// <summary>Moves a torrent. Answers the entries whose records changed: one, two, or none when it is there already.</summary>
    public IReadOnlyList<TorrentEntry> Move(TorrentEntry entry, QueueMove move)
    {
        var from = _order.IndexOf(entry);
        var to = move switch { QueueMove.Top => 0, QueueMove.Up => from - 1, QueueMove.Down => from + 1, _ => _order.Count - 1 };
        if (from < 0 || to < 0 || to >= _order.Count || to == from)
        {
            return [];
        }

        var other = _order[to];
        (entry.Record, other.Record) = move switch
        {
            QueueMove.Top => (entry.Record with { QueueKey = other.Record.QueueKey - KeyStep }, other.Record),
            QueueMove.Bottom => (entry.Record with { QueueKey = other.Record.QueueKey + KeyStep }, other.Record),
            _ => (entry.Record with { QueueKey = other.Record.QueueKey }, other.Record with { QueueKey = entry.Record.QueueKey }),
        };
        _order.RemoveAt(from);
        _order.Insert(to, entry);
        return move is QueueMove.Up or QueueMove.Down ? [entry, other] : [entry];
    }

    /// <summary>Lets run who may, stops who may not, and marks the rows. True when a row says something new.</summary>
    public bool Decide(TorrentEngineOptions options)
    {
        if (_facts.Length < _order.Count)
        {
            (_facts, _verdicts) = (new QueueFacts[_order.Count * 2], new QueueVerdict[_order.Count * 2]);
        }

        for (var i = 0; i < _order.Count; i++)
        {
            _facts[i] = FactsOf(_order[i]);
        }

        var verdicts = _verdicts.AsSpan(0, _order.Count);
        var slots = (options.MaxActiveDownloads, options.MaxActiveSeeds);
        TorrentQueue.Decide(_facts.AsSpan(0, _order.Count), slots.MaxActiveDownloads, slots.MaxActiveSeeds, slots != _slots, verdicts);
        _slots = slots;
        var isNews = false;
        for (var i = 0; i < _order.Count; i++)
        {
            var (entry, verdict) = (_order[i], verdicts[i]);
            if (_facts[i].IsWanting && (verdict.MayRun != entry.IsLetRun || !entry.WasDecided))
            {
                Let(entry, verdict.MayRun);
            }

            var hasTurn = verdict is { MayRun: true, Slots: > 0 } && !_facts[i].IsForced;
            entry.Turn = !hasTurn ? null : _facts[i].IsSeed ? TorrentTurn.Seed : TorrentTurn.Download;
            isNews |= entry.Remark(MarkOf(entry, i + 1, verdict, options));
        }

        return isNews;
    }

    /// <summary>A second passed: slots free themselves when a torrent gets slow, and whoever has given enough is ended. True when a row says something new.</summary>
    public bool Beat(TorrentEngineOptions options)
    {
        var (now, at) = (clock.NowMs(), clock.GetUtcNow());
        var passed = now - _countedAtMs;
        _countedAtMs = now;
        _beats++;
        for (var i = 0; i < _order.Count; i++)
        {
            if (_order[i] is not { IsLetRun: true, Row: { } row } entry)
            {
                continue;
            }

            CountSpeed(entry, row, options.SlowTorrentRate, now);
            if (!CountSeeding(entry, row, passed, now, at))
            {
                entry.KeptAtMs = now; // A download is on record piece by piece.
                continue;
            }

            if (entry.Mark.InForce is { IsUnlimited: false } limits
                && ShareLimitRule.Reached(limits, entry.Record.Waived, row.Ratio, entry.Port.SeedingTime, TimeSpan.FromMilliseconds(now - entry.LastSentMs)) is { } limit)
            {
                EndSharing(entry, limit);
            }
            else if ((i + _beats) % BeatsPerLook == 0)
            {
                KeepSeeding(entry, row, now);
            }
        }

        return Decide(options);
    }

    /// <summary>The labels are these now (null: as before): torrents of one that is gone have none, those of one that is spelt anew follow.</summary>
    public void KeepLabels(ImmutableArray<TorrentLabel>? labels)
    {
        if (labels is not { } kept)
        {
            return;
        }

        foreach (var entry in _order)
        {
            if (entry.Record.Label is { } label && Labels.Find(kept, label)?.Name is var name && name != label)
            {
                entry.Record = entry.Record with { Label = name };
                _ = servant.SaveAsync(entry.Record);
            }
        }
    }

    private void EndSharing(TorrentEntry entry, string limit)
    {
        var (record, action) = (entry.Record, entry.Mark.InForce.Action);
        var what = action == ShareLimitAction.Remove ? "taken off the list; its files stay" : "stopped";
        entry.Record = record with { IsStarted = false, IsForced = false, LimitReached = limit, SeedingTime = entry.Port.SeedingTime, LastActivityAt = entry.Port.LastActivityAt };
        entry.Forget();
        entry.Loop.Post(new TorrentCommand.Stop(null));
        post(new SessionCommand.Tell(record.InfoHash, new TorrentNews(
            EngineEventKind.ShareLimitReached,
            $"{record.DisplayName ?? record.Name} has given enough (its {limit} limit is reached): it was {what}.",
            [DiagnosisArgument.Words("limit", limit), DiagnosisArgument.Words("action", action == ShareLimitAction.Remove ? "remove" : "stop")])));
        if (action == ShareLimitAction.Remove)
        {
            post(new SessionCommand.Remove(record.InfoHash, DeleteData: false, new TaskCompletionSource()));
        }
        else
        {
            _ = servant.SaveAsync(entry.Record);
        }
    }

    private static QueueFacts FactsOf(TorrentEntry entry) => new(
        entry.IsReady && (entry.Record.IsStarted || entry.Record.MovedFrom is not null) && (entry.Row?.State != TorrentState.Error || !entry.WasDecided), // A failed one tries again by itself, or when its user says so.
        entry.Record.IsForced || entry.Record.MovedFrom is not null, // A move begun is ended.
        IsSeed(entry),
        entry.IsLetRun,
        entry.IsSlow,
        entry.IsLetRun && entry.Turn == (IsSeed(entry) ? TorrentTurn.Seed : TorrentTurn.Download));

    private static bool IsSeed(TorrentEntry entry) =>
        entry.Row?.State == TorrentState.Seeding || (entry.Record.CompletedAt is not null && entry.Row?.State != TorrentState.Downloading);

    // Sums of a seed that a kill would lose.
    private void KeepSeeding(TorrentEntry entry, TorrentSnapshot row, long now)
    {
        if (now - entry.KeptAtMs < (row.Uploaded == entry.Record.Uploaded ? KeepIdleMs : KeepGivingMs))
        {
            return;
        }

        entry.KeptAtMs = now;
        entry.Record = entry.Record with { Uploaded = row.Uploaded, SeedingTime = entry.Port.SeedingTime, LastActivityAt = entry.Port.LastActivityAt };
        _ = servant.SaveAsync(entry.Record);
    }

    private void Let(TorrentEntry entry, bool mayRun)
    {
        (entry.IsLetRun, entry.WasDecided) = (mayRun, true);
        (entry.IsSlow, entry.IsSlowNow, entry.SpeedSinceMs, entry.LastSentMs, entry.KeptAtMs) = (false, false, clock.NowMs(), clock.NowMs(), clock.NowMs());
        entry.Loop.Post(mayRun ? new TorrentCommand.Start() : new TorrentCommand.Stop(null));
    }

    private static RowMark MarkOf(TorrentEntry entry, int position, QueueVerdict verdict, TorrentEngineOptions options)
    {
        var (record, last) = (entry.Record, entry.Mark);
        (int, int, int)? waiting = verdict.Place > 0 ? (verdict.Place, verdict.Running, verdict.Slots) : null;
        var inForce = ShareLimitRule.InForce(record.ShareLimits, record.Label, options);
        // Nearly always nothing changed, and then nothing is made.
        return last.QueuePosition == position && last.Waiting == waiting && ReferenceEquals(last.InForce, inForce) && ReferenceEquals(entry.MarkedRecord, record)
            ? last
            : new RowMark
            {
                Label = record.Label,
                QueuePosition = position,
                IsForced = record.IsForced,
                MaxDownloadRate = record.MaxDownloadRate,
                MaxUploadRate = record.MaxUploadRate,
                ShareLimits = record.ShareLimits,
                InForce = inForce,
                Waiting = waiting,
                LimitReached = record.IsStarted ? null : record.LimitReached,
                Name = record.DisplayName,
            };
    }

    private static void CountSpeed(TorrentEntry entry, TorrentSnapshot row, long slowRate, long now)
    {
        var rate = row.State == TorrentState.Seeding ? row.UploadRate : row.DownloadRate;
        var isSlow = rate < slowRate && row.State != TorrentState.Checking;
        if (isSlow != entry.IsSlowNow)
        {
            (entry.IsSlowNow, entry.SpeedSinceMs) = (isSlow, now);
        }

        entry.IsSlow = now - entry.SpeedSinceMs >= PatienceMs ? isSlow : entry.IsSlow;
    }

    // True while it seeds.
    private static bool CountSeeding(TorrentEntry entry, TorrentSnapshot row, long passedMs, long now, DateTimeOffset at)
    {
        if (entry.LastSent != row.Uploaded || row.State != TorrentState.Seeding)
        {
            (entry.LastSent, entry.LastSentMs) = (row.Uploaded, now);
        }

        entry.Port.CountActivity(row.Uploaded + row.Downloaded, row.State == TorrentState.Seeding ? passedMs : 0, at);
        return row.State == TorrentState.Seeding;
    }
}
