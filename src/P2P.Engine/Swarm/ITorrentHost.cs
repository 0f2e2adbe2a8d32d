using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>What a torrent tells the session above it. Called on the torrent's loop; implementations only post.</summary>
internal interface ITorrentHost
{
    /// <summary>The row changed.</summary>
    void OnSnapshot(SwarmLoop torrent, TorrentSnapshot snapshot);

    /// <summary>Details were built, because somebody watches.</summary>
    void OnDetails(SwarmLoop torrent, TorrentDetails details);

    /// <summary>The torrent transfers from now on: announce it. <paramref name="isComplete"/>: it lacks nothing.</summary>
    void OnActive(SwarmLoop torrent, bool isComplete);

    /// <summary>The torrent no longer transfers: announce "stopped".</summary>
    void OnInactive(SwarmLoop torrent);

    /// <summary>The download finished just now.</summary>
    void OnCompleted(SwarmLoop torrent);

    /// <summary>It wants more peers than it has, or no longer does.</summary>
    void OnWantsPeers(SwarmLoop torrent, bool wantsPeers);

    /// <summary>Progress to put on record. All of it is durable on disk already; <see cref="TorrentCommand.ProgressRecorded"/> answers when the record is.</summary>
    void OnProgress(SwarmLoop torrent, TorrentProgress progress);

    /// <summary>The exact bytes of the info dictionary of a magnet link, whose SHA-1 is right: make a torrent of it. The loop has parted from its peers.</summary>
    void OnMetadata(SwarmLoop torrent, ReadOnlyMemory<byte> infoBytes, ImmutableArray<PeerEndpoint> peers);

    /// <summary>A peer told the UDP port of its DHT node.</summary>
    void OnDhtNode(SwarmLoop torrent, PeerEndpoint node);

    /// <summary>Something worth telling a person.</summary>
    void OnEvent(SwarmLoop torrent, TorrentNews news);
}

/// <summary>Permits to hold and to open connections, handed out by the session. Thread-safe.</summary>
internal interface IConnectionPermits
{
    /// <summary>Takes a permit to dial (half-open and total limits); false when there is none now.</summary>
    bool TryTakeDial();

    /// <summary>The dial ended: gives the half-open part back, and the connection's too unless it was opened.</summary>
    void EndDial(bool wasOpened);

    /// <summary>An open connection closed.</summary>
    void Release();
}

/// <summary>The part of a torrent's record that its loop owns. Everything in it is true on disk when it is handed out.</summary>
/// <param name="Have">Verified and flushed pieces, wire bytes.</param>
/// <param name="PartialPieces">Blocks of unfinished pieces in the partial file, as of the last clean stop.</param>
/// <param name="Fingerprints">Size and mtime of every file at the flush.</param>
/// <param name="IsInSharedRoot">Finished files are in the shared folder.</param>
/// <param name="IsCleanStop">Nothing unrecorded is on disk.</param>
/// <param name="Downloaded">Payload bytes, all runs.</param>
/// <param name="Uploaded">Payload bytes, all runs.</param>
/// <param name="CompletedAt">When it finished.</param>
/// <param name="Sequence">Rises with every hand-out; comes back with ProgressRecorded.</param>
/// <param name="IsUrgent">A start or a stop waits for it: save it now, not with the next batch.</param>
internal sealed record TorrentProgress(
    byte[] Have,
    ImmutableArray<(int Piece, byte[] Blocks)> PartialPieces,
    ImmutableArray<FileFact> Fingerprints,
    bool IsInSharedRoot,
    bool IsCleanStop,
    long Downloaded,
    long Uploaded,
    DateTimeOffset? CompletedAt,
    long Sequence,
    bool IsUrgent);

/// <summary>Limits and switches of the swarm, as of now. Immutable; replaced when the settings change.</summary>
internal sealed record SwarmRules
{
    public int RegularSlots { get; init; } = 3;

    public int OptimisticSlots { get; init; } = 1;

    public TimeSpan ChokeInterval { get; init; } = TimeSpan.FromSeconds(30);

    public bool IsStrict { get; init; }

    public int MaxConnections { get; init; } = 100;

    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(5);

    public long FlushBytes { get; init; } = 64L << 20;

    /// <summary>Port told to peers in the extension handshake; 0 while not listening.</summary>
    public int ListenPort { get; init; }

    /// <summary>UDP port of our DHT node, told to peers that have one too; 0 while the DHT is off.</summary>
    public int DhtPort { get; init; }

    /// <summary>Exchange known peers with connected ones, unless the torrent is private.</summary>
    public bool IsExchanging { get; init; }

    /// <summary>Dmax and Umax, for the rate terms; 0 = no limit.</summary>
    public long MaxDownloadRate { get; init; }

    public long MaxUploadRate { get; init; }

    /// <summary>Why the session's state cannot be saved now; null when it can.</summary>
    public string? StateError { get; init; }

    internal static SwarmRules From(TorrentEngineOptions options, int listenPort, int dhtPort, string? stateError) => new()
    {
        StateError = stateError,
        RegularSlots = options.RegularSlots,
        OptimisticSlots = options.OptimisticSlots,
        ChokeInterval = options.ChokeInterval,
        IsStrict = options.StrictTitForTat,
        MaxConnections = options.MaxConnectionsPerTorrent,
        FlushInterval = options.FlushInterval,
        FlushBytes = options.FlushBytes,
        ListenPort = listenPort,
        DhtPort = dhtPort,
        IsExchanging = options.PeerExchange,
        MaxDownloadRate = options.DownloadLimit,
        MaxUploadRate = options.UploadLimit,
    };
}

/// <summary>Makes a connection to an endpoint for a torrent and posts what came of it; a servant with no opinions.</summary>
internal interface IPeerDialer
{
    /// <summary>Dials and shakes hands; posts <see cref="TorrentCommand.PeerJoined"/> or <see cref="TorrentCommand.DialFailed"/> to the torrent.</summary>
    void Dial(SwarmLoop torrent, PeerEndpoint endpoint);
}
