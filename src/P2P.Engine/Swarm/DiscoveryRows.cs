using System.Collections.Immutable;
using System.Globalization;

namespace P2P.Engine.Swarm;

/// <summary>One row for each source of peers of a torrent: what it says, and how many peers it brought. Pure.</summary>
internal static class DiscoveryRows
{
    private const string Private = "This torrent is private: only its trackers may name peers.";

    /// <summary>All rows, in the order of <see cref="DiscoverySource"/>.</summary>
    /// <param name="known">Known endpoints by source.</param>
    /// <param name="connected">Connected peers by source.</param>
    /// <param name="trackers">As last told.</param>
    /// <param name="told">What DHT and local discovery last told.</param>
    /// <param name="exchange">How exchange goes; null when it is off.</param>
    /// <param name="isPrivate">BEP 27.</param>
    public static ImmutableArray<DiscoverySnapshot> Of(
        IReadOnlyDictionary<PeerSource, int> known,
        IReadOnlyDictionary<PeerSource, int> connected,
        ImmutableArray<TrackerSnapshot> trackers,
        IReadOnlyDictionary<DiscoverySource, DiscoverySnapshot> told,
        ExchangeCounts? exchange,
        bool isPrivate)
    {
        return
        [
            Counted(Trackers(trackers), PeerSource.Tracker),
            Counted(Told(DiscoverySource.Dht), PeerSource.Dht),
            Counted(Told(DiscoverySource.LocalNetwork), PeerSource.LocalDiscovery),
            Counted(Exchange(exchange, isPrivate), PeerSource.Exchange),
            Counted(Plain(DiscoverySource.Manual, "Added by you, by the link, or known from before"), PeerSource.Manual, PeerSource.Resume),
            Counted(Plain(DiscoverySource.Incoming, "Peers that found us"), PeerSource.Incoming),
        ];

        DiscoverySnapshot Counted(DiscoverySnapshot row, params PeerSource[] sources) => row with
        {
            KnownPeers = sources.Sum(source => known.GetValueOrDefault(source)),
            ConnectedPeers = sources.Sum(source => connected.GetValueOrDefault(source)),
        };

        DiscoverySnapshot Told(DiscoverySource source) => isPrivate
            ? new DiscoverySnapshot { Source = source, State = DiscoveryState.Forbidden, Message = Private }
            : told.GetValueOrDefault(source) ?? new DiscoverySnapshot { Source = source, State = DiscoveryState.Waiting, Message = "Not asked while the torrent does not run." };

        static DiscoverySnapshot Plain(DiscoverySource source, string message) => new() { Source = source, State = DiscoveryState.Working, Message = message + "." };
    }

    private static DiscoverySnapshot Trackers(ImmutableArray<TrackerSnapshot> trackers)
    {
        if (trackers.IsDefaultOrEmpty)
        {
            return new DiscoverySnapshot { Source = DiscoverySource.Tracker, State = DiscoveryState.Off, Message = "This torrent names no tracker." };
        }

        var working = trackers.Count(tracker => tracker.State == TrackerState.Working);
        var failing = trackers.Count(tracker => tracker.State is TrackerState.Failing or TrackerState.Unusable);
        var state = working > 0 ? DiscoveryState.Working
            : trackers.Any(tracker => tracker.State == TrackerState.Announcing) ? DiscoveryState.Asking
            : failing > 0 ? DiscoveryState.Failing
            : DiscoveryState.Waiting;
        return new DiscoverySnapshot
        {
            Source = DiscoverySource.Tracker,
            State = state,
            Message = string.Create(CultureInfo.InvariantCulture, $"{working} of {trackers.Length} work{(failing > 0 ? $", {failing} fail" : "")}."),
            LastAt = trackers.Max(tracker => tracker.LastAnnounceAt),
            NextAt = trackers.Min(tracker => tracker.NextAnnounceAt),
        };
    }

    private static DiscoverySnapshot Exchange(ExchangeCounts? exchange, bool isPrivate) => new()
    {
        Source = DiscoverySource.Exchange,
        State = isPrivate ? DiscoveryState.Forbidden : exchange is not { } counts ? DiscoveryState.Off : counts.Heard > 0 ? DiscoveryState.Working : DiscoveryState.Waiting,
        Message = isPrivate ? Private
            : exchange is not { } exchanged ? "Switched off in the settings."
            : exchanged.Heard > 0 ? string.Create(CultureInfo.InvariantCulture, $"Heard of {exchanged.Heard} peers from {exchanged.Tellers} peers, told {exchanged.Told}.")
            : string.Create(CultureInfo.InvariantCulture, $"{exchanged.Speakers} connected peers exchange; nothing heard yet."),
        LastAt = exchange?.LastAt,
    };
}

/// <summary>What exchange of peers came to (BEP 11).</summary>
/// <param name="Speakers">Connected peers that speak it.</param>
/// <param name="Tellers">Peers that told us of others, in this run.</param>
/// <param name="Heard">Endpoints heard of.</param>
/// <param name="Told">Endpoints told to others.</param>
/// <param name="LastAt">When one was last heard of.</param>
internal readonly record struct ExchangeCounts(int Speakers, int Tellers, int Heard, int Told, DateTimeOffset? LastAt);
