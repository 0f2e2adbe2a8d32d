using System.Collections.Immutable;
using P2P.Engine.Storage;
using static P2P.Engine.DiagnosisArgument;

namespace P2P.Engine.Swarm;

/// <summary>What the table needs to know of a torrent or a magnet link at one beat. Immutable; whatever is not told is as if there were none of it.</summary>
internal sealed record DiagnosisFacts
{
    public required TorrentState State { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>Why it cannot go on.</summary>
    public DiskError? Error { get; init; }

    /// <summary>Why the session's state cannot be saved.</summary>
    public string? StateError { get; init; }

    /// <summary>Its place in the queue, 1 = next.</summary>
    public int QueuePlace { get; init; }

    public int QueueRunning { get; init; }

    public int QueueSlots { get; init; }

    /// <summary>Nothing of it was ever fetched or found.</summary>
    public bool IsNew { get; init; }

    /// <summary>When it was stopped, in this run.</summary>
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>What a check is for.</summary>
    public string? CheckPurpose { get; init; }

    public int CheckedPieces { get; init; }

    public int PiecesToCheck { get; init; }

    /// <summary>Bytes per second hashed.</summary>
    public long CheckRate { get; init; }

    /// <summary>Pieces taken on the word of the record.</summary>
    public int TrustedPieces { get; init; }

    /// <summary>Every wanted piece is verified.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Where files go, bytes copied there so far (0 when a rename did it, or nothing moves), and of how many.</summary>
    public string MoveTo { get; init; } = "";

    public long MovedBytes { get; init; }

    public long WantedBytes { get; init; }

    public int Peers { get; init; }

    /// <summary>Peers that have something we want.</summary>
    public int Interesting { get; init; }

    /// <summary>Of those, peers that let us download.</summary>
    public int Giving { get; init; }

    /// <summary>Peers that want something and may have it.</summary>
    public int Served { get; init; }

    /// <summary>Endpoints known.</summary>
    public int KnownPeers { get; init; }

    /// <summary>Of the known: whom we may dial, whom we could not reach, and when the next is tried.</summary>
    public PeerReach Reach { get; init; }

    public ImmutableArray<TrackerSnapshot> Trackers { get; init; } = [];

    /// <summary>The download limit holds it back.</summary>
    public bool IsLimited { get; init; }

    /// <summary>Bytes per second.</summary>
    public long DownloadLimit { get; init; }

    public int Pieces { get; init; }

    /// <summary>Wanted pieces that neither we nor any connected peer has.</summary>
    public int MissingEverywhere { get; init; }

    /// <summary>A magnet link's metadata is here.</summary>
    public bool HasMetadata { get; init; }

    public int MetadataReceived { get; init; }

    public int MetadataSize { get; init; }

    /// <summary>Peers that offer the metadata.</summary>
    public int MetadataOffers { get; init; }

    /// <summary>It transfers, or would.</summary>
    public bool Runs => State is TorrentState.Downloading or TorrentState.Seeding or TorrentState.Metadata;

    public bool IsFetching => (State == TorrentState.Downloading && !IsComplete) || (State == TorrentState.Metadata && !HasMetadata);
}

/// <summary>How far the known endpoints can be reached.</summary>
/// <param name="Dialable">Endpoints that may be dialled at all.</param>
/// <param name="Failing">Of those, endpoints whose last dial failed and that wait for the next.</param>
/// <param name="NextInMs">Until the next dial; -1 when none is planned.</param>
internal readonly record struct PeerReach(int Dialable, int Failing, long NextInMs);

/// <summary>The ordered table of diagnoses: the first row whose condition holds is the one. Pure; the last row always holds.</summary>
internal static class DiagnosisTable
{
    private static readonly ImmutableArray<Row> Rows =
    [
        new(DiagnosisCode.DiskFull, DiagnosisRemedy.ChooseFolder, static f => f is { State: TorrentState.Error, Error.Code: "disk.full" }, Full),
        new(DiagnosisCode.FilesMissing, DiagnosisRemedy.Recheck, static f => f is { State: TorrentState.Error, Error.Code: "disk.missing" }, Missing),
        new(DiagnosisCode.Error, DiagnosisRemedy.ChooseFolder, static f => f.State == TorrentState.Error && IsAboutPlace(f.Error), Failed),
        new(DiagnosisCode.Error, DiagnosisRemedy.Start, static f => f.State == TorrentState.Error, Failed),
        new(DiagnosisCode.Queued, DiagnosisRemedy.StartNow, static f => f.State == TorrentState.Queued, Queued),
        new(DiagnosisCode.NotStarted, DiagnosisRemedy.Start, static f => f is { State: TorrentState.Stopped, IsNew: true, StoppedAt: null }, // A file choice may be waiting for its person.
            static _ => new("Not started yet.")),
        new(DiagnosisCode.Stopped, DiagnosisRemedy.Start, static f => f.State == TorrentState.Stopped,
            static f => new("Stopped by you.", f.StoppedAt is { } at ? [Moment("at", at)] : [])),
        new(DiagnosisCode.Resuming, DiagnosisRemedy.Recheck, static f => f is { State: TorrentState.Checking, PiecesToCheck: 0, TrustedPieces: > 0 },
            static f => new($"Restoring: trusting {PlainWords.Counted(f.TrustedPieces, "checked piece")}.", [Number("pieces", f.TrustedPieces)])),
        new(DiagnosisCode.Checking, DiagnosisRemedy.None, static f => f is { State: TorrentState.Checking, PiecesToCheck: > 0 }, Checking),
        new(DiagnosisCode.Checking, DiagnosisRemedy.None, static f => f.State == TorrentState.Checking, static _ => new("Looking at the files.")),
        new(DiagnosisCode.StateNotSaved, DiagnosisRemedy.SeeLog, static f => f.Runs && !string.IsNullOrEmpty(f.StateError),
            static f => new($"It goes on, but what it does cannot be saved: {PlainWords.Quoted(f.StateError!)}.", [Words("message", f.StateError!)])),
        new(DiagnosisCode.Moving, DiagnosisRemedy.None, static f => f is { State: TorrentState.Downloading, IsComplete: true, MovedBytes: > 0 }, Moving),
        new(DiagnosisCode.Finishing, DiagnosisRemedy.None, static f => f is { State: TorrentState.Downloading, IsComplete: true },
            static _ => new("Finishing: making everything durable and moving it to the shared folder.")),
        new(DiagnosisCode.MetadataReady, DiagnosisRemedy.None, static f => f is { State: TorrentState.Metadata, HasMetadata: true },
            static _ => new("The metadata is here; preparing the download.")),
        new(DiagnosisCode.SeedingAlone, DiagnosisRemedy.None, static f => f is { State: TorrentState.Seeding, Peers: 0 },
            static _ => new("Seeding, no peer is connected at the moment.")),
        new(DiagnosisCode.NoInterest, DiagnosisRemedy.None, static f => f is { State: TorrentState.Seeding, Served: 0 },
            static f => new("Seeding, nobody is asking at the moment.", [Number("peers", f.Peers)])),
        new(DiagnosisCode.Seeding, DiagnosisRemedy.None, static f => f.State == TorrentState.Seeding,
            static f => new($"Seeding to {PlainWords.Counted(f.Served, "peer")} of {PlainWords.Number(f.Peers)}.", [Number("served", f.Served), Number("peers", f.Peers)])),
        new(DiagnosisCode.Connecting, DiagnosisRemedy.SeePeers, static f => f is { IsFetching: true, Peers: 0, KnownPeers: > 0 } && f.Reach.Failing < f.Reach.Dialable,
            static f => new($"Connecting: {PlainWords.Counted(f.KnownPeers, "peer")} known, none connected yet.", [Number("known", f.KnownPeers)])),
        new(DiagnosisCode.TrackerErrorNoPeers, DiagnosisRemedy.AnnounceNow, static f => f is { IsFetching: true, Peers: 0 } && TrackerFault(f) is not null, TrackerError),
        new(DiagnosisCode.AllConnectionsFailing, DiagnosisRemedy.SeePeers, static f => f is { IsFetching: true, Peers: 0, Reach.Failing: > 0 }, Unreachable),
        new(DiagnosisCode.WaitingForTracker, DiagnosisRemedy.None, static f => f is { IsFetching: true, Peers: 0 } && Announcing(f),
            static _ => new("No peer is known yet: waiting for the tracker to answer.")),
        new(DiagnosisCode.WaitingForTracker, DiagnosisRemedy.AnnounceNow, static f => f is { IsFetching: true, Peers: 0 } && NextAnnounce(f) is not null,
            static f => new($"No peer is known yet; the tracker is asked again {PlainWords.In(NextAnnounce(f)!.Value - f.Now)}.", [Moment("next", NextAnnounce(f)!.Value)])),
        new(DiagnosisCode.NoPeersKnown, DiagnosisRemedy.AddPeers, static f => f is { IsFetching: true, Peers: 0 },
            static f => new(f.State == TorrentState.Metadata ? "Looking for peers that have the metadata; none is known yet." : "Waiting: no peer is known yet.")),
        new(DiagnosisCode.FetchingMetadata, DiagnosisRemedy.None, static f => f is { State: TorrentState.Metadata, MetadataSize: > 0, MetadataOffers: > 0 }, Metadata),
        new(DiagnosisCode.NoMetadata, DiagnosisRemedy.SeePeers, static f => f.State == TorrentState.Metadata,
            static f => new($"Asking {PlainWords.Counted(f.Peers, "peer")} for the file list; none offers it yet.", [Number("peers", f.Peers)])),
        new(DiagnosisCode.Stalled, DiagnosisRemedy.SeePieces, static f => f is { IsFetching: true, Interesting: 0 },
            static f => new($"Stalled: {PlainWords.Counted(f.Peers, "peer")} connected, none has a piece we miss.", [Number("peers", f.Peers)])),
        new(DiagnosisCode.AllChoked, DiagnosisRemedy.SeeChoking, static f => f is { IsFetching: true, Giving: 0 },
            static f => new($"Waiting: {PlainWords.Counted(f.Peers, "peer")} connected, none lets you download yet.", [Number("peers", f.Peers)])),
        new(DiagnosisCode.NotAvailable, DiagnosisRemedy.SeePieces, static f => f is { IsFetching: true, MissingEverywhere: > 0 }, NotAvailable),
        new(DiagnosisCode.RateLimited, DiagnosisRemedy.ChangeLimit, static f => f is { IsFetching: true, IsLimited: true, DownloadLimit: > 0 },
            static f => new(
                $"Held at your {PlainWords.Rate(f.DownloadLimit)} limit; {PlainWords.Number(f.Giving)} of {PlainWords.Counted(f.Peers, "peer")} would give more.",
                [Rate("limit", f.DownloadLimit), Number("giving", f.Giving), Number("peers", f.Peers)])),
        new(DiagnosisCode.Normal, DiagnosisRemedy.None, static _ => true, Normal),
    ];

    /// <summary>The diagnosis of a torrent that waits for its turn.</summary>
    public static Diagnosis Queue(int place, int running, int slots) =>
        Of(new DiagnosisFacts { State = TorrentState.Queued, Now = default, QueuePlace = place, QueueRunning = running, QueueSlots = slots });

    /// <summary>The diagnosis of a torrent that a share limit stopped.</summary>
    public static Diagnosis GivenEnough(string limit) => new(
        DiagnosisCode.ShareLimitReached, [Words("limit", limit)], $"Stopped: it has given enough, its {limit} limit is reached.", DiagnosisRemedy.Start);

    /// <summary>The diagnosis.</summary>
    public static Diagnosis Of(DiagnosisFacts facts)
    {
        foreach (var row in Rows)
        {
            if (row.When(facts))
            {
                var words = row.Words(facts);
                return new Diagnosis(row.Code, words.Arguments, words.Sentence, row.Remedy);
            }
        }

        throw new InvalidOperationException("The last row of the table holds always.");
    }

    private static bool IsAboutPlace(DiskError? error) =>
        error is { Code: "disk.denied" or "disk.read_only" or "disk.exists" or "disk.size_conflict" or "disk.file_too_large" }
        || error?.Code.StartsWith("path.", StringComparison.Ordinal) == true;

    private static Wording Full(DiagnosisFacts facts) => facts.Error is { NeededBytes: { } needed, FreeBytes: { } free }
        ? new($"Stopped: the disk is full (needs {PlainWords.Bytes(needed)}, {PlainWords.Bytes(free)} free).", [Bytes("needed", needed), Bytes("free", free)])
        : new("Stopped: the disk is full.");

    private static Wording Missing(DiagnosisFacts facts) => facts.Error is { Path: { } path }
        ? new($"Files are not where they were: {path}.", [Words("path", path)])
        : Failed(facts);

    private static Wording Failed(DiagnosisFacts facts) => facts.Error is { Message.Length: > 0 } error
        ? new(error.Message, [Words("code", error.Code), Words("message", error.Message)])
        : new("It cannot go on.", [Words("code", facts.Error?.Code ?? ""), Words("message", "")]);

    private static Wording Queued(DiagnosisFacts facts) => facts is { QueuePlace: > 0, QueueSlots: > 0 }
        ? new(
            $"Number {PlainWords.Number(facts.QueuePlace)} in the queue ({PlainWords.Number(facts.QueueRunning)} of {PlainWords.Number(facts.QueueSlots)} running).",
            [Number("place", facts.QueuePlace), Number("running", facts.QueueRunning), Number("slots", facts.QueueSlots)])
        : new("Waits for its turn.");

    private static Wording Moving(DiagnosisFacts facts)
    {
        var percent = 100 * Math.Min(facts.MovedBytes, facts.WantedBytes) / Math.Max(1, facts.WantedBytes);
        return new(
            $"Moving the files to {PlainWords.Quoted(facts.MoveTo)}: {percent} % ({PlainWords.Bytes(facts.MovedBytes)} of {PlainWords.Bytes(facts.WantedBytes)}).",
            [Words("path", facts.MoveTo), Bytes("moved", facts.MovedBytes), Bytes("total", facts.WantedBytes), Percent("percent", percent)]);
    }

    private static Wording Checking(DiagnosisFacts facts)
    {
        var purpose = string.IsNullOrEmpty(facts.CheckPurpose) ? "Checking the files" : facts.CheckPurpose;
        var percent = 100L * Math.Clamp(facts.CheckedPieces, 0, facts.PiecesToCheck) / facts.PiecesToCheck;
        var speed = facts.CheckRate > 0 ? $", {PlainWords.Rate(facts.CheckRate)}" : "";
        return new(
            $"{purpose}: {percent} % of {PlainWords.Counted(facts.PiecesToCheck, "piece")}{speed}.",
            [
                Words("purpose", purpose), Number("checked", facts.CheckedPieces), Number("pieces", facts.PiecesToCheck), Percent("percent", percent),
                Rate("rate", facts.CheckRate),
            ]);
    }

    private static Wording TrackerError(DiagnosisFacts facts)
    {
        var message = TrackerFault(facts)!;
        var next = NextAnnounce(facts);
        var when = next is { } at ? $" Next try {PlainWords.In(at - facts.Now)}." : "";
        return new($"No peers: the tracker fails ({PlainWords.Quoted(message)}).{when}", next is null ? [Words("message", message)] : [Words("message", message), Moment("next", next.Value)]);
    }

    private static Wording Unreachable(DiagnosisFacts facts)
    {
        var sentence = $"None of {PlainWords.Counted(facts.Reach.Dialable, "known peer")} could be reached.";
        if (facts.Reach.NextInMs < 0)
        {
            return new(sentence, [Number("known", facts.Reach.Dialable)]);
        }

        var wait = TimeSpan.FromMilliseconds(Math.Min(facts.Reach.NextInMs, (long)TimeSpan.FromDays(1).TotalMilliseconds));
        return new($"{sentence} Next try {PlainWords.In(wait)}.", [Number("known", facts.Reach.Dialable), Moment("next", RoundedUp(facts.Now + wait))]);
    }

    private static Wording Metadata(DiagnosisFacts facts) => new(
        $"Fetching the metadata: {PlainWords.Number(facts.MetadataReceived / 1024)} of {PlainWords.Number((facts.MetadataSize + 1023L) / 1024)} KiB from {PlainWords.Counted(facts.MetadataOffers, "peer")}.",
        [Bytes("received", facts.MetadataReceived), Bytes("size", facts.MetadataSize), Number("peers", facts.MetadataOffers)]);

    private static Wording NotAvailable(DiagnosisFacts facts)
    {
        var existing = Math.Max(0, facts.Pieces - facts.MissingEverywhere);
        var verb = facts.MissingEverywhere == 1 ? "is" : "are";
        return new(
            $"{PlainWords.Number(existing)} of {PlainWords.Counted(facts.Pieces, "piece")} exist in the swarm; {PlainWords.Number(facts.MissingEverywhere)} {verb} on no connected peer.",
            [Number("existing", existing), Number("pieces", facts.Pieces), Number("missing", facts.MissingEverywhere)]);
    }

    private static Wording Normal(DiagnosisFacts facts)
    {
        var served = facts.Served == 0 ? "" : $", uploading to {PlainWords.Number(facts.Served)}";
        return new(
            $"Downloading from {PlainWords.Number(facts.Giving)} of {PlainWords.Counted(facts.Peers, "peer")}{served}.",
            [Number("giving", facts.Giving), Number("peers", facts.Peers), Number("served", facts.Served)]);
    }

    // What the trackers say when not one of them works: the first that tells something.
    private static string? TrackerFault(DiagnosisFacts facts)
    {
        if (facts.Trackers.Any(tracker => tracker.State is TrackerState.Working or TrackerState.Announcing or TrackerState.Idle))
        {
            return null;
        }

        var told = facts.Trackers.FirstOrDefault(tracker => tracker is { State: TrackerState.Failing, Message.Length: > 0 })
            ?? facts.Trackers.FirstOrDefault(tracker => tracker.Message.Length > 0);
        return told?.Failure ?? told?.Message;
    }

    private static bool Announcing(DiagnosisFacts facts) => facts.Trackers.Any(tracker => tracker.State == TrackerState.Announcing);

    private static DateTimeOffset? NextAnnounce(DiagnosisFacts facts) =>
        facts.Trackers.Where(tracker => tracker.State != TrackerState.Unusable).Min(tracker => tracker.NextAnnounceAt);

    // Computed from a wait each time: to the second, so that it stays the same.
    private static DateTimeOffset RoundedUp(DateTimeOffset at) => DateTimeOffset.FromUnixTimeSeconds((at.ToUnixTimeMilliseconds() + 999) / 1000);

    private sealed record Row(
        DiagnosisCode Code, DiagnosisRemedy Remedy, Func<DiagnosisFacts, bool> When, Func<DiagnosisFacts, Wording> Words);

    private readonly record struct Wording(string Sentence, ImmutableArray<DiagnosisArgument> Values = default)
    {
        public ImmutableArray<DiagnosisArgument> Arguments => Values.IsDefault ? [] : Values;
    }
}
