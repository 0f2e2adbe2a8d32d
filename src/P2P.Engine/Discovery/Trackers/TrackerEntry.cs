using System.Globalization;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>What is known of one tracker of one torrent. Owned and changed by its <see cref="AnnounceSchedule"/> only.</summary>
internal sealed class TrackerEntry(string url, int tier, string? whyUnusable)
{
    /// <summary>The announce URL as given.</summary>
    public string Url { get; } = url;

    /// <summary>Tier, 0 first.</summary>
    public int Tier { get; } = tier;

    /// <summary>Why it can never be announced to, as a sentence; null when it can.</summary>
    public string? WhyUnusable { get; } = whyUnusable;

    /// <summary>It answered a "started" and must hear "stopped" one day.</summary>
    public bool HeardStarted { get; internal set; }

    /// <summary>The download finished and it has not been told.</summary>
    public bool OwesCompleted { get; internal set; }

    /// <summary>It answered our "stopped".</summary>
    public bool HeardStopped { get; internal set; }

    /// <summary>The user asked for an announce that has not begun.</summary>
    public bool IsAsked { get; internal set; }

    /// <summary>The event under way; null when none is.</summary>
    public AnnounceEvent? InFlight { get; internal set; }

    /// <summary>When the last announce began; null before the first.</summary>
    public DateTimeOffset? LastBeganAt { get; internal set; }

    /// <summary>When the last announce ended, well or not.</summary>
    public DateTimeOffset? LastEndedAt { get; internal set; }

    /// <summary>Failures since the last success.</summary>
    public int Failures { get; internal set; }

    /// <summary>Failing: not before this.</summary>
    public DateTimeOffset RetryAt { get; internal set; }

    /// <summary>The last good answer; null before the first.</summary>
    public AnnounceResponse? Answer { get; internal set; }

    /// <summary>The last good scrape; null before the first.</summary>
    public ScrapeResponse? Scrape { get; internal set; }

    /// <summary>When the last scrape began; null before the first.</summary>
    public DateTimeOffset? ScrapeBeganAt { get; internal set; }

    /// <summary>The tracker's own id, to be sent back (BEP 3).</summary>
    public string? TrackerId { get; internal set; }

    /// <summary>The last failure in words; null after a success.</summary>
    public string? FailureText { get; internal set; }

    /// <summary>What it came to last, for the user.</summary>
    public TrackerState State =>
        WhyUnusable is not null ? TrackerState.Unusable
        : InFlight is not null ? TrackerState.Announcing
        : Failures > 0 ? TrackerState.Failing
        : Answer is not null ? TrackerState.Working
        : TrackerState.Idle;

    /// <summary>The row the user sees.</summary>
    /// <param name="nextAt">When it is due by its schedule; null when not planned.</param>
    public TrackerSnapshot ToSnapshot(DateTimeOffset? nextAt) => new()
    {
        Url = Url,
        Tier = Tier,
        State = State,
        Message = Describe(nextAt),
        Failure = State switch { TrackerState.Unusable => WhyUnusable, TrackerState.Failing => FailureText, _ => null },
        LastAnnounceAt = LastEndedAt,
        NextAnnounceAt = nextAt,
        Seeds = Answer?.Seeds ?? Scrape?.Seeds,
        Leechers = Answer?.Leechers ?? Scrape?.Leechers,
        Downloads = Answer?.Downloads ?? Scrape?.Downloads,
        Peers = Answer?.Peers.Length ?? 0,
    };

    private string Describe(DateTimeOffset? nextAt)
    {
        switch (State)
        {
            case TrackerState.Unusable:
                return WhyUnusable!;
            case TrackerState.Announcing:
                return InFlight switch
                {
                    AnnounceEvent.Started => "announcing: we have come",
                    AnnounceEvent.Completed => "announcing: we are complete",
                    AnnounceEvent.Stopped => "announcing: we are leaving",
                    _ => "announcing",
                };
            case TrackerState.Failing:
                // The wait as planned, not what is left of it: the sentence stays true however long it is shown.
                return nextAt is null ? FailureText! : $"{FailureText}, next try after {Wait(RetryAt - LastEndedAt!.Value)}";
            case TrackerState.Working when HeardStopped:
                return "told that we left";
            case TrackerState.Working:
                var peers = Answer!.Peers.Length;
                var text = string.Create(CultureInfo.InvariantCulture, $"working, {peers} {(peers == 1 ? "peer" : "peers")}");
                return Answer.Warning is { } warning ? $"{text}; it warns: {warning}" : text;
            default:
                return nextAt is null ? "in reserve: another tracker of its tier is used" : "not tried yet";
        }
    }

    private static string Wait(TimeSpan wait) =>
        wait < TimeSpan.FromSeconds(90)
            ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(wait.TotalSeconds):0} s")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Round(wait.TotalMinutes):0} min");
}
