using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Trackers;

/// <summary>One tracker, by whatever protocol its URL says (HTTP(S): BEP 3, 7, 23, 24; UDP: BEP 15, 41; scrape: BEP 48).</summary>
internal interface ITracker
{
    /// <summary>The announce URL as given.</summary>
    string Url { get; }

    /// <summary>One announce; every failure is an <see cref="AnnounceResponse"/> with <see cref="AnnounceResponse.Failure"/> set, never an exception but cancellation.</summary>
    ValueTask<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken);

    /// <summary>Asks for the swarm's counts without announcing; failures as for an announce.</summary>
    ValueTask<ScrapeResponse> ScrapeAsync(InfoHash infoHash, CancellationToken cancellationToken);
}

/// <summary>Event of an announce (BEP 3).</summary>
internal enum AnnounceEvent
{
    None = 0,
    Completed = 1,
    Started = 2,
    Stopped = 3,
}

/// <summary>What we tell a tracker. Byte counts are of this run of the torrent since its "started", as BEP 3 has it.</summary>
internal sealed record AnnounceRequest(
    InfoHash InfoHash, PeerId PeerId, int Port, long Uploaded, long Downloaded, long Left, AnnounceEvent Event, int NumWant, uint Key, string? TrackerId);

/// <summary>What a tracker answers.</summary>
internal sealed record AnnounceResponse
{
    /// <summary>Null when it worked: else a stable code and the words to show (the tracker's own "failure reason", cut to 1,024 characters).</summary>
    public (string Code, string Message)? Failure { get; init; }

    /// <summary>Non-fatal words of the tracker.</summary>
    public string? Warning { get; init; }

    /// <summary>Peers, at most 2,000, unconnectable ones dropped.</summary>
    public ImmutableArray<PeerEndpoint> Peers { get; init; } = [];

    /// <summary>Seconds until the next announce, clamped to 300..86,400 unless the caller's options allow less.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>Never announce more often than this.</summary>
    public TimeSpan? MinInterval { get; init; }

    /// <summary>Seeds in the swarm, if told.</summary>
    public int? Seeds { get; init; }

    /// <summary>Leechers in the swarm, if told.</summary>
    public int? Leechers { get; init; }

    /// <summary>Completed downloads, if told.</summary>
    public int? Downloads { get; init; }

    /// <summary>To be sent back at the next announce.</summary>
    public string? TrackerId { get; init; }

    /// <summary>Our address as the tracker sees it (BEP 24).</summary>
    public System.Net.IPAddress? ExternalAddress { get; init; }
}

/// <summary>What a scrape brings; counts that the tracker does not tell are null.</summary>
internal sealed record ScrapeResponse
{
    /// <summary>Null when it worked: else a stable code and the words for the log.</summary>
    public (string Code, string Message)? Failure { get; init; }

    /// <summary>Seeds in the swarm.</summary>
    public int? Seeds { get; init; }

    /// <summary>Leechers in the swarm.</summary>
    public int? Leechers { get; init; }

    /// <summary>Completed downloads.</summary>
    public int? Downloads { get; init; }
}

/// <summary>Announces one torrent to its tiers of trackers; a serial loop of its own, so nobody waits for a tracker.</summary>
/// <remarks>Implemented by <c>TorrentAnnouncer</c>. All calls post and return; results come by <see cref="IAnnounceSink"/>.</remarks>
internal interface IAnnouncer
{
    /// <summary>Begins with event "started" (at once).</summary>
    void Start();

    /// <summary>The download just finished: event "completed" to every tracker that heard "started".</summary>
    void Completed();

    /// <summary>The user asks now: at once unless the tracker's minimum interval forbids, which the state then says.</summary>
    void AnnounceNow();

    /// <summary>We lack peers (or no longer do): announce at min interval instead of interval.</summary>
    void SetWantsPeers(bool wantsPeers);

    /// <summary>Event "stopped" to all that heard "started", within 5 s, then the task completes; nothing is announced afterwards.</summary>
    Task StopAsync();
}

/// <summary>Where an announcer's news goes. Any thread; must only post.</summary>
internal interface IAnnounceSink
{
    /// <summary>Totals to announce; called from the announcer's thread, must be cheap and thread-safe.</summary>
    TransferTotals Totals { get; }

    /// <summary>New endpoints from a tracker.</summary>
    void OnPeersFound(ImmutableArray<PeerEndpoint> peers);

    /// <summary>State of all trackers changed.</summary>
    void OnTrackersChanged(ImmutableArray<TrackerSnapshot> trackers);
}

/// <summary>Bytes moved since this run of the torrent started, and bytes missing.</summary>
internal readonly record struct TransferTotals(long Uploaded, long Downloaded, long Left);
