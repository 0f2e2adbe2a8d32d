using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>What a round changed for a peer.</summary>
public enum ChokeChange
{
    /// <summary>It had no slot before and has none now.</summary>
    None,

    /// <summary>It keeps a slot.</summary>
    Kept,

    /// <summary>It came in: it holds a slot and held none at the end of the round before.</summary>
    In,

    /// <summary>It went out: it held a slot at the end of the round before.</summary>
    Out,
}

/// <summary>One round of a torrent as the journal keeps it, over restarts. Immutable.</summary>
public sealed record ChokeJournalRound
{
    /// <summary>Its number, from 1 with the torrent's first round ever; numbers rise, by one but for rounds without a peer, which are not kept.</summary>
    public required long Round { get; init; }

    /// <summary>When, UTC, to the millisecond.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Ranked as a seed: by what peers take.</summary>
    public bool IsSeeding { get; init; }

    /// <summary>Strict tit-for-tat held the download side too.</summary>
    public bool IsStrict { get; init; }

    /// <summary>The first since the torrent started: what was before it is another run, or a pause.</summary>
    public bool IsFirstOfRun { get; init; }

    /// <summary>Regular slots.</summary>
    public int RegularSlots { get; init; }

    /// <summary>Optimistic slots.</summary>
    public int OptimisticSlots { get; init; }

    /// <summary>Time to the next round as planned then.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>Rate of the last peer that got a regular slot, bytes per second; 0 while one was free.</summary>
    public long CutRate { get; init; }

    /// <summary>Connected peers.</summary>
    public int Peers { get; init; }

    /// <summary>Peers that wanted a slot.</summary>
    public int Interested { get; init; }

    /// <summary>Holders of slots, those who lost theirs, and the best of those who got none; in the order of the decision, the lost last.</summary>
    public ImmutableArray<ChokeJournalEntry> Entries { get; init; } = [];
}

/// <summary>One peer in one round of the journal.</summary>
public sealed record ChokeJournalEntry
{
    /// <summary>Who.</summary>
    public required PeerEndpoint Peer { get; init; }

    /// <summary>Short name of its client, at most 32 bytes.</summary>
    public string Client { get; init; } = "";

    /// <summary>Its slot after the round.</summary>
    public SlotKind Slot { get; init; }

    /// <summary>Why.</summary>
    public ChokeReason Reason { get; init; }

    /// <summary>What the round changed for it.</summary>
    public ChokeChange Change { get; init; }

    /// <summary>It is no longer connected: that is why it went out.</summary>
    public bool HasLeft { get; init; }

    /// <summary>Place in the ranking, 1 = best; 0 = not ranked.</summary>
    public int Rank { get; init; }

    /// <summary>Bytes per second it was ranked by.</summary>
    public long RateUsed { get; init; }

    /// <summary>Bytes per second it gave us, over the rate window.</summary>
    public long DownloadRate { get; init; }

    /// <summary>Bytes per second we gave it, over the rate window.</summary>
    public long UploadRate { get; init; }

    /// <summary>Bytes it gave us since it holds its slot (or is choked).</summary>
    public long DownloadedInSlot { get; init; }

    /// <summary>Bytes we gave it since it holds its slot.</summary>
    public long UploadedInSlot { get; init; }

    /// <summary>Drawn by lot among so many peers; 0 when it was not drawn.</summary>
    public int DrawnAmong { get; init; }
}
