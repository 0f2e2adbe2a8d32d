using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>What the view needs to know of a torrent at one beat. The references are the loop's own: read them on the loop only.</summary>
internal sealed record TorrentFacts(
    TorrentPhase Phase, DiskError? Error, Bitfield Have, PiecePicker Picker, IReadOnlyCollection<PeerState> Peers, long NowMs)
{
    public long Downloaded { get; init; }

    public long Uploaded { get; init; }

    public long Wasted { get; init; }

    public int FailedHashes { get; init; }

    public long DownloadRate { get; init; }

    public long UploadRate { get; init; }

    public int KnownPeers { get; init; }

    public long Left { get; init; }

    public int CheckedPieces { get; init; }

    public int PiecesToCheck { get; init; }

    public string? Sentence { get; init; }

    public bool IsInSharedRoot { get; init; }

    /// <summary>Bytes copied by the move under way; null when none is.</summary>
    public long? MovedBytes { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public bool IsSequential { get; init; }

    public bool? IsStrict { get; init; }

    public bool IsDownloadLimited { get; init; }

    public bool WillStart { get; init; }

    /// <summary>Bytes per second hashed by a check.</summary>
    public long CheckRate { get; init; }

    /// <summary>When it was stopped, in this run.</summary>
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>Why the session's state cannot be saved.</summary>
    public string? StateError { get; init; }

    /// <summary>The session's limit, bytes per second; 0 = none.</summary>
    public long DownloadLimit { get; init; }

    /// <summary>How far known endpoints can be reached; told only while no peer is connected.</summary>
    public PeerReach Reach { get; init; }

    /// <summary>UTC time of the beat.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Endpoints known; told only for details.</summary>
    public ImmutableArray<KnownPeerSnapshot> Known { get; init; } = [];

    /// <summary>One row for each source of peers.</summary>
    public ImmutableArray<DiscoverySnapshot> Discovery { get; init; } = [];

    public bool IsComplete => Picker.MissingWanted == 0;
}

/// <summary>Builds the immutable snapshots of one torrent. Loop only.</summary>
internal sealed class TorrentView(TorrentSetup setup, FileSelection selection)
{
    private const int MostSuppliers = 8;

    private readonly long _size = setup.Metainfo.PayloadLength;
    private readonly string _magnet = Metainfo.MagnetLink.Of(setup.Metainfo).ToString();
    private readonly RowHints _hints = new();
    private long _version;
    private Diagnosis _diagnosis = Diagnosis.Unknown;
    private TorrentSnapshot? _row;

    /// <summary>Something visible changed since the last snapshot.</summary>
    public bool IsDirty { get; set; } = true;

    /// <summary>Pages that watch the details.</summary>
    public int Watchers { get; set; }

    /// <summary>As last told by the announcer.</summary>
    public ImmutableArray<TrackerSnapshot> Trackers { get; set; } =
    [
        .. setup.Metainfo.Trackers.SelectMany((tier, index) => tier.Select(url => new TrackerSnapshot { Url = url, Tier = index, Message = "not tried yet" })),
    ];

    /// <summary>As last told by each source of peers.</summary>
    public ImmutableDictionary<DiscoverySource, DiscoverySnapshot> Discovery { get; set; } = ImmutableDictionary<DiscoverySource, DiscoverySnapshot>.Empty;

    /// <summary>The row; the same instance as the last while it says the same.</summary>
    public TorrentSnapshot Snapshot(TorrentFacts facts)
    {
        var state = StateOf(facts);
        var wanted = selection.WantedBytes;
        var isChecking = state == TorrentState.Checking && facts.PiecesToCheck > 0;
        var diagnosis = Diagnose(facts, state);
        var row = new TorrentSnapshot
        {
            InfoHash = setup.Metainfo.InfoHash,
            Name = setup.Metainfo.Name,
            State = state,
            Progress = isChecking
                ? (double)facts.CheckedPieces / facts.PiecesToCheck
                : wanted == 0 ? 1 : Math.Clamp((double)(wanted - Math.Min(wanted, facts.Left)) / wanted, 0, 1),
            Size = _size,
            WantedSize = wanted,
            HaveBytes = Math.Max(0, wanted - Math.Min(wanted, facts.Left)),
            Downloaded = facts.Downloaded,
            Uploaded = facts.Uploaded,
            Wasted = facts.Wasted,
            FailedHashes = facts.FailedHashes,
            DownloadRate = facts.DownloadRate,
            UploadRate = facts.UploadRate,
            ConnectedPeers = facts.Peers.Count,
            Seeds = facts.Peers.Count(peer => peer.IsSeed),
            KnownPeers = facts.KnownPeers,
            UnchokingUs = facts.Peers.Count(peer => !peer.IsChoking),
            Unchoked = facts.Peers.Count(peer => !peer.AmChoking),
            Availability = facts.Peers.Count == 0 ? -1 : facts.Picker.DistributedCopies(),
            EtaSeconds = state == TorrentState.Downloading && facts.DownloadRate > 0 ? facts.Left / facts.DownloadRate : null,
            Ratio = (double)facts.Uploaded / Math.Max(1, facts.Downloaded > 0 ? facts.Downloaded : _size),
            Error = facts.Error?.Message,
            ErrorCode = facts.Error?.Code,
            Reason = diagnosis.Sentence,
            Diagnosis = diagnosis,
            AddedAt = setup.AddedAt,
            CompletedAt = facts.CompletedAt,
            SavePath = facts.IsInSharedRoot ? setup.Storage.SharedRoot : setup.Storage.IncompleteRoot,
            Move = facts.MovedBytes is { } moved ? new MoveProgress(setup.Storage.SharedRoot, moved, wanted) : null,
            IsSequential = facts.IsSequential,
            StrictTitForTat = facts.IsStrict,
            IsPrivate = setup.Metainfo.IsPrivate,
            PieceCount = setup.Metainfo.Geometry.PieceCount,
            PieceLength = setup.Metainfo.Geometry.PieceLength,
            HavePieces = facts.Have.Count,
            PieceHint = _hints.Pieces(facts.Have),
            Tracker = RowHints.Host(Trackers),
        };
        return _row = row.Equals(_row) ? _row : row;
    }

    /// <summary>Everything, for whoever watches.</summary>
    public TorrentDetails Details(TorrentFacts facts, ChokingSnapshot choking, PiecePicker picker, DateTimeOffset at)
    {
        var count = setup.Metainfo.Geometry.PieceCount;
        var availability = new byte[count];
        picker.CopyAvailability(availability);
        var wanted = new Bitfield(count);
        for (var piece = 0; piece < count; piece++)
        {
            if (picker.IsWanted(piece))
            {
                wanted.Set(piece);
            }
        }

        return new TorrentDetails
        {
            Version = ++_version,
            At = at,
            Summary = Snapshot(facts),
            Peers = [.. facts.Peers.Select(peer => PeerRow(peer, facts))],
            KnownPeers = facts.Known,
            Files = selection.Snapshot(facts.Have, availability, facts.Peers.Count > 0, facts.IsInSharedRoot ? setup.Storage.SharedRoot : null),
            Trackers = Trackers,
            Discovery = facts.Discovery,
            Magnet = _magnet,
            Pieces = new PieceMapSnapshot(
                count,
                [.. facts.Have.Bytes],
                [.. picker.Partials.Select(partial => new ActivePieceSnapshot(partial.Piece, partial.BlockCount, partial.ReceivedCount, partial.RequestedCount) { Suppliers = Suppliers(partial, facts.Peers) })],
                ImmutableArray.Create(availability),
                [.. wanted.Bytes]),
            Choking = choking,
            Comment = setup.Metainfo.Comment,
            CreatedBy = setup.Metainfo.CreatedBy,
            CreatedAt = setup.Metainfo.CreatedAt,
        };
    }

    /// <summary>U = Umax / F and D = the sum of its terms.</summary>
    public RateTerms Rates(TorrentFacts facts, SwarmRules rules, (long Share, long Lent, int Torrents, DateTimeOffset? At) computed)
    {
        var terms = facts.Peers
            .Select(peer => new RateTerm(peer.Endpoint, peer.Received.RecentBytesPerSecond(facts.NowMs)))
            .Where(term => term.Rate > 0)
            .OrderByDescending(term => term.Rate)
            .ToImmutableArray();
        return new RateTerms
        {
            MaxUploadRate = rules.MaxUploadRate,
            UploadingTorrents = computed.Torrents,
            UploadShare = computed.Share,
            UploadLent = Math.Max(0, computed.Lent), // a lender's part is negative; what it keeps is in UploadRate
            UploadRate = facts.UploadRate,
            MaxDownloadRate = rules.MaxDownloadRate,
            DownloadRate = terms.Sum(term => term.Rate),
            DownloadTerms = terms,
            ComputedAt = computed.At,
        };
    }

    // The last one is kept while it says the same, so that whoever compares references sees no change.
    private Diagnosis Diagnose(TorrentFacts facts, TorrentState state)
    {
        var (interesting, giving, served) = (0, 0, 0);
        foreach (var peer in facts.Peers)
        {
            interesting += peer.AmInterested ? 1 : 0;
            giving += peer.AmInterested && !peer.IsChoking ? 1 : 0;
            served += peer.IsInterested && !peer.AmChoking ? 1 : 0;
        }

        var diagnosis = DiagnosisTable.Of(new DiagnosisFacts
        {
            State = state,
            Now = facts.At,
            Error = facts.Error,
            StateError = facts.StateError,
            IsNew = facts is { Downloaded: 0, Have.IsEmpty: true },
            StoppedAt = facts.StoppedAt,
            CheckPurpose = facts.Sentence,
            CheckedPieces = facts.CheckedPieces,
            PiecesToCheck = facts.PiecesToCheck,
            CheckRate = facts.CheckRate,
            TrustedPieces = facts.Phase == TorrentPhase.Checking ? facts.Have.Count : 0,
            MoveTo = setup.Storage.SharedRoot,
            MovedBytes = facts.MovedBytes ?? 0,
            WantedBytes = selection.WantedBytes,
            IsComplete = facts.IsComplete,
            Peers = facts.Peers.Count,
            Interesting = interesting,
            Giving = giving,
            Served = served,
            KnownPeers = facts.KnownPeers,
            Reach = facts.Reach,
            Trackers = Trackers,
            IsLimited = facts.IsDownloadLimited,
            DownloadLimit = facts.DownloadLimit,
            Pieces = setup.Metainfo.Geometry.PieceCount,
            MissingEverywhere = facts.Peers.Count > 0 ? facts.Picker.CountNowhere() : 0,
        });
        return _diagnosis = diagnosis.Equals(_diagnosis) ? _diagnosis : diagnosis;
    }

    private static TorrentState StateOf(TorrentFacts facts) => facts.Phase switch
    {
        TorrentPhase.Failed => TorrentState.Error,
        TorrentPhase.Probing or TorrentPhase.Checking => TorrentState.Checking,
        // Complete but not yet in the shared folder: still finishing, so that "seeding" always means the files are where they belong.
        TorrentPhase.Active => facts.IsComplete && facts.IsInSharedRoot ? TorrentState.Seeding : TorrentState.Downloading,
        _ => facts.WillStart ? TorrentState.Checking : TorrentState.Stopped,
    };

    private static ImmutableArray<PeerEndpoint> Suppliers(PartialPiece partial, IReadOnlyCollection<PeerState> peers)
    {
        HashSet<int> ids = [];
        for (var block = 0; block < partial.BlockCount; block++)
        {
            ids.Add(partial.SupplierOf(block));
            ids.Add(partial.RequesterOf(block));
        }

        return [.. peers.Where(peer => ids.Contains(peer.Id)).Take(MostSuppliers).Select(peer => peer.Endpoint)];
    }

    // Bits of one set that are not in the other, a word at a time.
    private static int CountWithout(Bitfield these, Bitfield others)
    {
        var count = 0;
        for (var word = 0; word * 64 < these.Length; word++)
        {
            count += System.Numerics.BitOperations.PopCount(RarityIndex.Word(these, word) & ~RarityIndex.Word(others, word));
        }

        return count;
    }

    private PeerSnapshot PeerRow(PeerState peer, TorrentFacts facts) => PeerRow(peer, facts.NowMs) with
    {
        WeWantPieces = peer.InterestingPieces,
        TheyLackPieces = CountWithout(facts.Have, peer.Have),
    };

    private PeerSnapshot PeerRow(PeerState peer, long nowMs) => new()
    {
        Endpoint = peer.Endpoint,
        Client = peer.Client,
        IsIncoming = peer.Connection.Handshake.IsIncoming,
        IsSeed = peer.IsSeed,
        Progress = (double)peer.Have.Count / setup.Metainfo.Geometry.PieceCount,
        AmChoking = peer.AmChoking,
        AmInterested = peer.AmInterested,
        IsChoking = peer.IsChoking,
        IsInterested = peer.IsInterested,
        IsSnubbed = peer.Window.IsSnubbed,
        IsOptimistic = peer.Slot == SlotKind.Optimistic,
        DownloadRate = peer.Received.RecentBytesPerSecond(nowMs),
        UploadRate = peer.Sent.RecentBytesPerSecond(nowMs),
        Downloaded = peer.Received.Total,
        Uploaded = peer.Sent.Total,
        RequestsOut = peer.Requests.Count,
        RequestsIn = peer.UploadQueue.Count + peer.Reading.Count,
        ConnectedAt = peer.ConnectedAt,
        HasFast = peer.HasFast,
    };
}
