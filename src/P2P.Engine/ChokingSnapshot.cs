using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>Tit-for-tat as it stands: who holds which slot, how everyone ranks and why, and the rates with their terms. Immutable.</summary>
public sealed record ChokingSnapshot
{
    /// <summary>Number of the last round, as in the journal: counted on over restarts; 0 before the first ever.</summary>
    public long Round { get; init; }

    /// <summary>We have everything we want: ranked by what we give them, not by what they give us.</summary>
    public bool IsSeeding { get; init; }

    /// <summary>Strict tit-for-tat holds the download side too.</summary>
    public bool IsStrict { get; init; }

    /// <summary>Regular slots.</summary>
    public int RegularSlots { get; init; }

    /// <summary>Optimistic slots.</summary>
    public int OptimisticSlots { get; init; }

    /// <summary>Time between rounds.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>When the last round was, UTC.</summary>
    public DateTimeOffset? LastRoundAt { get; init; }

    /// <summary>When the next round is, UTC; null while nothing runs.</summary>
    public DateTimeOffset? NextRoundAt { get; init; }

    /// <summary>When the optimistic slots are drawn again, UTC: with the next round; null while nothing runs or there is none.</summary>
    public DateTimeOffset? NextOptimisticAt { get; init; }

    /// <summary>Rates that rank are averages over so long.</summary>
    public TimeSpan RateWindow { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The last round as the journal keeps it: who came in, who went out, the cut; null before the first of this run.</summary>
    public ChokeJournalRound? LastRound { get; init; }

    /// <summary>Every connected peer with the decision about it, unchoked first, then by rank.</summary>
    public ImmutableArray<ChokeDecision> Decisions { get; init; } = [];

    /// <summary>Past rounds, newest first (a ring).</summary>
    public ImmutableArray<ChokeRound> History { get; init; } = [];

    /// <summary>The rates and their terms.</summary>
    public RateTerms Rates { get; init; } = new();
}

/// <summary>What kind of slot a peer holds.</summary>
public enum SlotKind
{
    /// <summary>None: choked.</summary>
    None,

    /// <summary>One of the regular ones, earned by rate.</summary>
    Regular,

    /// <summary>The optimistic one, given at random.</summary>
    Optimistic,
}

/// <summary>Why a peer is unchoked or choked. Each has one sentence on the page.</summary>
public enum ChokeReason
{
    /// <summary>Unchoked: among the best givers (or, seeding, the best takers).</summary>
    TopRate,

    /// <summary>Unchoked: a regular slot was free and it is next, though it gave nothing yet.</summary>
    FreeSlot,

    /// <summary>Unchoked: picked at random for the optimistic slot.</summary>
    OptimisticPick,

    /// <summary>Unchoked between rounds: it became interested while a slot was free.</summary>
    InterestFilledFreeSlot,

    /// <summary>Choked: it wants nothing from us.</summary>
    NotInterested,

    /// <summary>Choked: others give more.</summary>
    OutRanked,

    /// <summary>Choked: it snubs us, so it can only win the optimistic slot.</summary>
    Snubbing,

    /// <summary>Choked: it has everything, so it cannot want anything.</summary>
    IsSeed,

    /// <summary>Choked: connected after the round, no slot free yet.</summary>
    WaitsForRound,

    /// <summary>Choked: the torrent does not upload now (stopped, checking, or an error).</summary>
    NotUploading,
}

/// <summary>The decision about one peer and its reason.</summary>
public sealed record ChokeDecision
{
    /// <summary>Who.</summary>
    public required PeerEndpoint Peer { get; init; }

    /// <summary>Client's name.</summary>
    public string Client { get; init; } = "";

    /// <summary>Its slot.</summary>
    public SlotKind Slot { get; init; }

    /// <summary>Why.</summary>
    public ChokeReason Reason { get; init; }

    /// <summary>Place in the ranking, 1 = best; 0 = not ranked.</summary>
    public int Rank { get; init; }

    /// <summary>Bytes per second used for the rank: what it gave us over the last window; seeding, what it took.</summary>
    public long RateUsed { get; init; }

    /// <summary>Rate of the last peer that got a regular slot: what it would have had to beat.</summary>
    public long RateToBeat { get; init; }

    /// <summary>Bytes per second it gives us.</summary>
    public long DownloadRate { get; init; }

    /// <summary>Bytes per second we give it.</summary>
    public long UploadRate { get; init; }

    /// <summary>Bytes it gave us in all.</summary>
    public long Downloaded { get; init; }

    /// <summary>Bytes we gave it in all.</summary>
    public long Uploaded { get; init; }

    /// <summary>It wants something from us.</summary>
    public bool IsInterested { get; init; }

    /// <summary>It lets us download.</summary>
    public bool UnchokesUs { get; init; }

    /// <summary>Strict mode only: we ask it for data (one of the four sources).</summary>
    public bool IsSource { get; init; }

    /// <summary>Since when it holds its slot, or has been choked.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Bytes it gave us since then.</summary>
    public long DownloadedInSlot { get; init; }

    /// <summary>Bytes we gave it since then.</summary>
    public long UploadedInSlot { get; init; }

    /// <summary>Drawn by lot among so many peers; 0 when it was not drawn.</summary>
    public int DrawnAmong { get; init; }

    /// <summary>Its lots in the draw for the optimistic slot: a newcomer has three times as many; 0 when it takes part in none.</summary>
    public long Lots { get; init; }

    /// <summary>It has something we want.</summary>
    public bool AmInterested { get; init; }

    /// <summary>It has everything.</summary>
    public bool IsSeed { get; init; }

    /// <summary>It gave nothing for a while though we asked.</summary>
    public bool IsSnubbed { get; init; }

    /// <summary>Its number in this run of the torrent.</summary>
    internal int PeerId { get; init; }
}

/// <summary>One past round.</summary>
/// <param name="Round">Its number.</param>
/// <param name="At">When, UTC.</param>
/// <param name="IsSeeding">Ranked as a seed.</param>
/// <param name="Decisions">Every connected peer of that time.</param>
public sealed record ChokeRound(long Round, DateTimeOffset At, bool IsSeeding, ImmutableArray<ChokeDecision> Decisions);

/// <summary>The rates of MISSION row 5: U = Umax / F and D = the sum of what each gives, D &lt;= Dmax. Bytes per second.</summary>
public sealed record RateTerms
{
    /// <summary>Umax; 0 = no limit.</summary>
    public long MaxUploadRate { get; init; }

    /// <summary>F: torrents uploading now.</summary>
    public int UploadingTorrents { get; init; }

    /// <summary>U = Umax / F; 0 = no limit.</summary>
    public long UploadShare { get; init; }

    /// <summary>Lent to this torrent on top of U by torrents that do not use theirs.</summary>
    public long UploadLent { get; init; }

    /// <summary>What this torrent uploads now.</summary>
    public long UploadRate { get; init; }

    /// <summary>Dmax; 0 = no limit.</summary>
    public long MaxDownloadRate { get; init; }

    /// <summary>D: the sum of the terms.</summary>
    public long DownloadRate { get; init; }

    /// <summary>What each source gives, largest first.</summary>
    public ImmutableArray<RateTerm> DownloadTerms { get; init; } = [];

    /// <summary>When U and D were last computed, UTC.</summary>
    public DateTimeOffset? ComputedAt { get; init; }
}

/// <summary>One term of D.</summary>
/// <param name="Peer">Who gives.</param>
/// <param name="Rate">Bytes per second.</param>
public sealed record RateTerm(PeerEndpoint Peer, long Rate);
