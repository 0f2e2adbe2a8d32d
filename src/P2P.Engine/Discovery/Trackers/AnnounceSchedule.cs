using System.Collections.Immutable;
using System.Diagnostics;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>Decides which tracker hears what and when (BEP 3 events, BEP 12 tiers). Pure but for its own fields: it is told the time.</summary>
/// <remarks>
/// Not thread-safe; its owner is one loop. Every tier is announced to, through one tracker of it: its trackers are shuffled once, tried in
/// order, and the one that answers moves to the front. A tracker that fails, or is silent for 15 s, lets the next of its tier be tried
/// while it goes on. Regular announces to one tracker keep the minimum interval between them; "completed" and "stopped" are said once, at once.
/// </remarks>
internal sealed class AnnounceSchedule
{
    /// <summary>First back-off after a failure; also the patience with a silent tracker before the next of its tier is tried.</summary>
    public static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(15);

    /// <summary>Longest back-off.</summary>
    public static readonly TimeSpan LongestBackOff = TimeSpan.FromHours(1);

    /// <summary>Announces of one torrent under way at once, silent ones not counted: a list of 1,000 trackers is no storm.</summary>
    private const int MaxInFlight = 20;

    private readonly TimeSpan _minInterval;
    private readonly Random _random;
    private readonly List<TrackerEntry>[] _tiers;
    private bool _started;
    private bool _stopped;
    private bool _wantsPeers;

    /// <summary>Takes the tiers with, for each tracker, its URL and why it cannot be used (null when it can).</summary>
    /// <param name="tiers">Tier 0 first; the order inside a tier is shuffled here.</param>
    /// <param name="minInterval">Never announce regularly to one tracker more often than this, whatever it says.</param>
    /// <param name="random">For the shuffle and the jitter of back-offs.</param>
    public AnnounceSchedule(IEnumerable<IEnumerable<(string Url, string? WhyUnusable)>> tiers, TimeSpan minInterval, Random random)
    {
        _minInterval = minInterval;
        _random = random;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var lists = new List<List<TrackerEntry>>();
        foreach (var tier in tiers)
        {
            // The same URL twice would be announced to twice as often as it allows.
            var entries = tier.Where(tracker => seen.Add(tracker.Url))
                .Select(tracker => new TrackerEntry(tracker.Url, lists.Count, tracker.WhyUnusable))
                .ToArray();
            if (entries.Length > 0)
            {
                random.Shuffle(entries);
                lists.Add([.. entries]);
            }
        }

        _tiers = [.. lists];
    }

    /// <summary>All trackers, by tier, in the present order of trial.</summary>
    public IEnumerable<TrackerEntry> Entries => _tiers.SelectMany(tier => tier);

    /// <summary>We came: every tier is due for "started".</summary>
    public void Start() => _started = true;

    /// <summary>The download just finished: every tracker that heard "started", or is hearing it, is owed a "completed".</summary>
    public void Completed()
    {
        foreach (var entry in Entries)
        {
            entry.OwesCompleted = entry.HeardStarted || entry.InFlight == AnnounceEvent.Started;
        }
    }

    /// <summary>Peers are wanted: the minimum interval counts instead of the interval.</summary>
    public void SetWantsPeers(bool wantsPeers) => _wantsPeers = wantsPeers;

    /// <summary>The user asks: once, and as soon as the minimum interval lets it.</summary>
    public void AskNow()
    {
        foreach (var entry in Entries)
        {
            entry.IsAsked = true;
            if (entry.Failures == 0)
            {
                continue;
            }

            // A failing tracker is given its first back-off again, so that clicking is not hammering.
            var soonest = entry.LastEndedAt!.Value + FirstBackOff;
            entry.RetryAt = entry.RetryAt < soonest ? entry.RetryAt : soonest;
        }
    }

    /// <summary>Ends the schedule and returns who must hear "stopped": all that heard "started" or may have.</summary>
    public ImmutableArray<TrackerEntry> Stop(DateTimeOffset now)
    {
        _stopped = true;
        ImmutableArray<TrackerEntry> hearers =
            [.. Entries.Where(entry => entry.HeardStarted || entry.InFlight == AnnounceEvent.Started)];
        foreach (var entry in hearers)
        {
            entry.InFlight = AnnounceEvent.Stopped;
            entry.LastBeganAt = now;
            entry.HeardStarted = false;
        }

        return hearers;
    }

    /// <summary>The next announce that is due, marked as under way; null when none is. Ask until null.</summary>
    public (TrackerEntry Tracker, AnnounceEvent Event)? Next(DateTimeOffset now)
    {
        if (IsFull(now))
        {
            return null;
        }

        foreach (var (entry, dueAt) in Planned(now))
        {
            if (dueAt <= now)
            {
                entry.InFlight = !entry.HeardStarted ? AnnounceEvent.Started
                    : entry.OwesCompleted ? AnnounceEvent.Completed
                    : AnnounceEvent.None;
                entry.LastBeganAt = now;
                entry.IsAsked = false;
                return (entry, entry.InFlight.Value);
            }
        }

        return null;
    }

    /// <summary>When to ask <see cref="Next"/> again if nothing happens before; null for never.</summary>
    public DateTimeOffset? NextAt(DateTimeOffset now)
    {
        DateTimeOffset? earliest = null;
        foreach (var (_, dueAt) in IsFull(now) ? [] : Planned(now))
        {
            earliest = earliest is null || dueAt < earliest ? dueAt : earliest;
        }

        // A silent tracker makes its tier look further when its patience ends.
        foreach (var entry in Entries.Where(entry => !_stopped && entry.InFlight is not null && !IsSilent(entry, now)))
        {
            var silentAt = entry.LastBeganAt!.Value + FirstBackOff;
            earliest = earliest is null || silentAt < earliest ? silentAt : earliest;
        }

        return earliest;
    }

    /// <summary>An announce ended: books the answer, promotes the tracker that worked, or plans the retry.</summary>
    public void Ended(TrackerEntry entry, AnnounceEvent announced, AnnounceResponse response, DateTimeOffset now)
    {
        Debug.Assert(entry.InFlight == announced, "One announce at a time for each tracker.");
        entry.InFlight = null;
        entry.LastEndedAt = now;
        if (response.Failure is { } failure)
        {
            entry.Failures++;
            entry.FailureText = failure.Message;
            entry.RetryAt = now + BackOff(entry.Failures);

            // It never heard of the incomplete download, so it must not hear that it was completed.
            entry.OwesCompleted &= entry.HeardStarted;
            return;
        }

        entry.Failures = 0;
        entry.FailureText = null;
        entry.Answer = response;
        entry.TrackerId = response.TrackerId ?? entry.TrackerId;
        switch (announced)
        {
            case AnnounceEvent.Started:
                entry.HeardStarted = !_stopped;
                break;
            case AnnounceEvent.Completed:
                entry.OwesCompleted = false;
                break;
            case AnnounceEvent.Stopped:
                entry.HeardStopped = true;
                return;
        }

        var tier = _tiers[entry.Tier];
        tier.Remove(entry);
        tier.Insert(0, entry);
    }

    /// <summary>Shall a tracker be scraped after its good answer: were counts left out, and has its interval passed since the last scrape? A yes begins one.</summary>
    public bool BeginScrape(TrackerEntry entry, DateTimeOffset now)
    {
        var answer = entry.Answer;
        var isDue = !_stopped && answer is not null && (answer.Seeds is null || answer.Leechers is null || answer.Downloads is null)
            && (entry.ScrapeBeganAt is not { } last || now - last >= answer.Interval);
        entry.ScrapeBeganAt = isDue ? now : entry.ScrapeBeganAt;
        return isDue;
    }

    /// <summary>When each tracker is due, never in the past; those in reserve, under way or unusable are not in it.</summary>
    public Dictionary<TrackerEntry, DateTimeOffset> Plan(DateTimeOffset now) =>
        Planned(now).ToDictionary(planned => planned.Entry, planned => planned.DueAt < now ? now : planned.DueAt);

    private static bool IsSilent(TrackerEntry entry, DateTimeOffset now) =>
        entry.InFlight is not null && now - entry.LastBeganAt!.Value >= FirstBackOff;

    private bool IsFull(DateTimeOffset now) => Entries.Count(entry => entry.InFlight is not null && !IsSilent(entry, now)) >= MaxInFlight;

    /// <summary>Every tracker that has a time, with it: in each tier those up to the first that serves it, and whoever is owed "completed".</summary>
    private IEnumerable<(TrackerEntry Entry, DateTimeOffset DueAt)> Planned(DateTimeOffset now)
    {
        if (!_started || _stopped)
        {
            yield break;
        }

        foreach (var tier in _tiers)
        {
            var isServed = false;
            foreach (var entry in tier)
            {
                if (entry.WhyUnusable is not null)
                {
                    continue;
                }

                if (entry.InFlight is null && (!isServed || entry.OwesCompleted))
                {
                    yield return (entry, DueAt(entry));
                }

                // A failing or silent tracker leaves its tier unserved, so the next is tried.
                isServed |= entry.InFlight is null ? entry.Failures == 0 : !IsSilent(entry, now);
            }
        }
    }

    private DateTimeOffset DueAt(TrackerEntry entry)
    {
        if (entry.Failures > 0)
        {
            return entry.RetryAt;
        }

        if (entry.LastEndedAt is not { } last || entry.OwesCompleted)
        {
            return DateTimeOffset.MinValue;
        }

        var interval = entry.Answer!.Interval;
        var minimum = entry.Answer.MinInterval is { } told && told > _minInterval ? told : _minInterval;
        return last + (_wantsPeers || entry.IsAsked || interval < minimum ? minimum : interval);
    }

    /// <summary>15 s doubling to an hour, times 0.75..1.25, never outside 15 s..1 h: jitter keeps a restarted tracker's clients apart.</summary>
    private TimeSpan BackOff(int failures)
    {
        var plain = Math.Min(FirstBackOff.TotalSeconds * Math.Pow(2, Math.Min(failures, 20) - 1), LongestBackOff.TotalSeconds);
        var seconds = plain * (0.75 + (_random.NextDouble() / 2));
        return TimeSpan.FromSeconds(Math.Clamp(seconds, FirstBackOff.TotalSeconds, LongestBackOff.TotalSeconds));
    }
}
