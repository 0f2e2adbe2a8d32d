using System.Collections.Immutable;
using P2P.Engine.Metainfo;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>The state of one torrent that its loop lends to its parts: the desk of its peers, what they say, the downloader, its life.</summary>
/// <remarks>Owned by one <see cref="TorrentLoop"/>; every member is loop only but for <see cref="Totals"/>.</remarks>
internal sealed class TorrentCore
{
    private long _downloaded;
    private long _uploaded;
    private long _left;
    private CancellationTokenSource? _checking;

    public TorrentCore(TorrentContext context, TorrentSetup setup, SwarmRules rules)
    {
        Context = context;
        Setup = setup;
        Rules = rules;
        Random = new Random(setup.Seed);
        Selection = new FileSelection(setup.Metainfo, setup.Priorities);
        View = new TorrentView(setup, Selection);
        OwnDownload = new TokenBucket(setup.MaxDownloadRate, context.Clock.NowMs());
        OwnUploadRate = setup.MaxUploadRate;
        StrictOverride = setup.IsStrict;
        WillStart = setup.WillStart;
        CompletedAt = setup.CompletedAt;
        IsInSharedRoot = setup.Storage.StartsInSharedRoot;
        Picker = new PiecePicker(Geometry, Random) { IsSequential = setup.IsSequential };
        Ledger = new FlushLedger(Geometry.PieceCount);
        Have = setup.Have is { } have && Bitfield.TryRead(have, Geometry.PieceCount, out var recorded) ? recorded! : new Bitfield(Geometry.PieceCount);
        ApplyPriorities();
    }

    public TorrentContext Context { get; }

    public TorrentSetup Setup { get; }

    public TorrentMetainfo Metainfo => Setup.Metainfo;

    public PieceGeometry Geometry => Setup.Metainfo.Geometry;

    public FileSelection Selection { get; }

    public TorrentView View { get; }

    public Random Random { get; }

    public PeerPool Pool { get; } = new();

    public Dictionary<PeerConnection, PeerState> Peers { get; } = [];

    /// <summary>Payload in and out of the whole torrent.</summary>
    public RateMeter Received { get; } = new();

    public RateMeter Sent { get; } = new();

    public SwarmRules Rules { get; set; }

    /// <summary>Its own download limit; a rate of 0 is none.</summary>
    public TokenBucket OwnDownload { get; }

    /// <summary>Its own upload limit, bytes per second; 0 = none.</summary>
    public long OwnUploadRate { get; set; }

    /// <summary>Some limit holds what it receives.</summary>
    public bool IsDownloadBound => Context.DownloadBudget.Rate > 0 || OwnDownload.Rate > 0;

    /// <summary>Some limit holds what it sends.</summary>
    public bool IsUploadBound => Rules.MaxUploadRate > 0 || OwnUploadRate > 0;

    /// <summary>Bytes that may be asked for now under every limit.</summary>
    public long DownloadAllowance(long nowMs) => Math.Min(Context.DownloadBudget.Available(nowMs), OwnDownload.Available(nowMs));

    public TorrentPhase Phase { get; set; } = TorrentPhase.Stopped;

    /// <summary>The files; null while closed.</summary>
    public ITorrentStorage? Storage { get; set; }

    public PiecePicker Picker { get; private set; }

    /// <summary>Verified pieces: what is served and announced.</summary>
    public Bitfield Have { get; private set; }

    public FlushLedger Ledger { get; private set; }

    /// <summary>Its own strict switch; null follows the session.</summary>
    public bool? StrictOverride { get; set; }

    public bool IsInSharedRoot { get; set; }

    /// <summary>Files are on their way to the shared folder.</summary>
    public bool IsMoving { get; set; }

    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>When it last stopped, in this run; null while it runs.</summary>
    public DateTimeOffset? StoppedAt { get; set; }

    /// <summary>Bytes received in vain.</summary>
    public long Wasted { get; set; }

    /// <summary>Pieces whose hash was wrong, in this run.</summary>
    public int FailedHashes { get; set; }

    /// <summary>The last look found less budget than the peer had room for.</summary>
    public bool IsDownloadLimited { get; set; }

    /// <summary>Why it cannot go on; null when it can.</summary>
    public DiskError? Error { get; set; }

    /// <summary>Told to start, but not yet begun.</summary>
    public bool WillStart { get; set; }

    /// <summary>The next start hashes everything, trusted or not.</summary>
    public bool RecheckAsked { get; set; }

    /// <summary>A check runs that was not given up.</summary>
    public bool IsChecking => _checking is not null;

    public long NowMs => Context.Clock.NowMs();

    /// <summary>Every wanted piece is verified.</summary>
    public bool IsComplete => Picker.MissingWanted == 0;

    public bool IsStrict => StrictOverride ?? Rules.IsStrict;

    public bool IsTransferring => Phase == TorrentPhase.Active;

    /// <summary>Bytes moved in this run, and wanted bytes missing; any thread.</summary>
    public (long Uploaded, long Downloaded, long Left) Totals =>
        (Interlocked.Read(ref _uploaded), Interlocked.Read(ref _downloaded), Interlocked.Read(ref _left));

    /// <summary>Payload arrived.</summary>
    public void AddReceived(int bytes, long nowMs)
    {
        Received.Add(nowMs, bytes);
        Interlocked.Add(ref _downloaded, bytes);
    }

    /// <summary>Payload left.</summary>
    public void AddSent(int bytes, long nowMs)
    {
        Sent.Add(nowMs, bytes);
        Interlocked.Add(ref _uploaded, bytes);
    }

    /// <summary>Begins anew from pieces that need no hash: a start or a re-check.</summary>
    public void Begin(Bitfield trusted)
    {
        Have = new Bitfield(Geometry.PieceCount);
        Picker = new PiecePicker(Geometry, Random) { IsSequential = Picker.IsSequential };
        Ledger = new FlushLedger(Geometry.PieceCount);
        ApplyPriorities();
        for (var piece = 0; piece < Geometry.PieceCount; piece++)
        {
            if (trusted[piece])
            {
                TakeVerified(piece);
                Ledger.Flushed.Set(piece);
            }
        }

        UpdateLeft();
    }

    /// <summary>The files' remote control, from where they are now.</summary>
    public ITorrentStorage OpenStorage(IDiskSink sink) =>
        Context.Disk.Open(Setup.Storage with { StartsInSharedRoot = IsInSharedRoot }, sink);

    /// <summary>A check begins; the token ends it early.</summary>
    public CancellationToken BeginCheck()
    {
        _checking = new CancellationTokenSource();
        return _checking.Token;
    }

    /// <summary>The check ended, or is given up.</summary>
    public void EndCheck()
    {
        _checking?.Cancel();
        _checking = null;
    }

    /// <summary>A piece's hash was right.</summary>
    public void TakeVerified(int piece)
    {
        if (Have.Set(piece))
        {
            Picker.SetVerified(piece);
            Interlocked.Add(ref _left, Picker.IsWanted(piece) ? -Geometry.LengthOf(piece) : 0);
        }
    }

    /// <summary>A piece is no longer known to be right.</summary>
    public void LoseVerified(int piece)
    {
        Have.Clear(piece);
        Picker.SetUnverified(piece);
    }

    /// <summary>Tells the picker what the files' priorities mean for pieces.</summary>
    public void ApplyPriorities()
    {
        var pieces = Selection.PiecePriorities();
        for (var piece = 0; piece < pieces.Length; piece++)
        {
            Picker.SetPriority(piece, pieces[piece]);
        }

        UpdateLeft();
    }

    /// <summary>Counts the wanted bytes that are missing.</summary>
    public void UpdateLeft()
    {
        long left = 0;
        for (var piece = 0; piece < Geometry.PieceCount; piece++)
        {
            left += Picker.IsWanted(piece) && !Have[piece] ? Geometry.LengthOf(piece) : 0;
        }

        Interlocked.Exchange(ref _left, left);
        View.IsDirty = true;
    }

    /// <summary>How many pieces of a peer's we want and miss decides our interest; counted anew after a change of many.</summary>
    public void CountInteresting(PeerState peer)
    {
        var count = 0;
        for (var piece = 0; piece < peer.Have.Length; piece++)
        {
            count += peer.Have[piece] && !Have[piece] && Picker.IsWanted(piece) ? 1 : 0;
        }

        peer.InterestingPieces = count;
        peer.UpdateInterest();
    }

    /// <summary>A reason to part when neither side can want anything of the other.</summary>
    public DisconnectReason? Redundancy(PeerState peer) =>
        IsComplete && peer.IsSeed ? new DisconnectReason("local.redundant", "Both of us have everything.") : null;
}
