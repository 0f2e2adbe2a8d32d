using System.Collections.Immutable;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Live;

/// <summary>What pages and API may ask of the engine: the calls of <see cref="TorrentEngine"/>, so that tests can stand in for it. Thread-safe.</summary>
/// <remarks>Commands throw <see cref="TorrentEngineException"/> with a stable code and one sentence for the user; reading never waits and never throws.</remarks>
public interface IEngineAccess
{
    /// <summary>The session as of the last beat; never null. Empty with version 0 while the engine is not running.</summary>
    SessionSnapshot Snapshot { get; }

    /// <summary>Settings in force, the page's own included.</summary>
    TorrentEngineOptions Options { get; }

    /// <summary>The last 1,000 events, newest first.</summary>
    ImmutableArray<EngineEvent> Events { get; }

    /// <summary>Events that pass, newest first: older than number <paramref name="before"/> (null: from the newest), at most <paramref name="count"/>.</summary>
    ImmutableArray<EngineEvent> GetEvents(EventFilter filter, long? before, int count);

    /// <summary>Rates of all torrents together over time.</summary>
    Task<RateHistory> GetRateHistoryAsync(RateRange range, CancellationToken cancellationToken = default);

    /// <summary>Waits until the version differs from <paramref name="seenVersion"/>, and returns the newest snapshot.</summary>
    ValueTask<SessionSnapshot> WaitForChangeAsync(long seenVersion, CancellationToken cancellationToken);

    /// <summary>Looks inside a .torrent without adding it; throws with the parse error.</summary>
    TorrentPreview Inspect(ReadOnlyMemory<byte> torrentFile);

    /// <summary>Reads a magnet link without adding it; throws "magnet.*".</summary>
    MagnetPreview InspectMagnet(string magnet);

    /// <summary>The DHT node now.</summary>
    Task<DhtSnapshot> GetDhtAsync(CancellationToken cancellationToken = default);

    /// <summary>The embedded tracker now.</summary>
    Task<TrackerServerSnapshot> GetTrackerServerAsync(CancellationToken cancellationToken = default);

    /// <summary>Lists what a torrent would hold, without hashing; throws "create.*", "disk.*".</summary>
    Task<CreationPreview> PreviewCreationAsync(CreateTorrentRequest request, CancellationToken cancellationToken = default);

    /// <summary>Begins to make a torrent; throws "create.*" for a request that cannot work.</summary>
    TorrentCreationSnapshot StartCreation(CreateTorrentRequest request);

    /// <summary>Torrents being made and the last that ended, newest first.</summary>
    ImmutableArray<TorrentCreationSnapshot> Creations { get; }

    /// <summary>Gives up making a torrent; nothing when it ended already.</summary>
    void CancelCreation(string id);

    /// <summary>Adds a torrent; durable when the task completes. Throws "torrent.duplicate" and every parse error.</summary>
    Task<ITorrentAccess> AddAsync(AddTorrentRequest request, CancellationToken cancellationToken = default);

    /// <summary>One torrent's remote control, or null. A new object may be answered each time.</summary>
    ITorrentAccess? Find(InfoHash infoHash);

    /// <summary>Removes a torrent, and its files if asked; durable when the task completes. Throws "torrent.not_found".</summary>
    Task RemoveAsync(InfoHash infoHash, bool deleteData);

    /// <summary>Changes settings, kept over restarts; throws "settings.invalid" naming each mistake.</summary>
    Task UpdateSettingsAsync(EngineSettingsPatch patch);
}

/// <summary>The calls of <see cref="TorrentHandle"/>. Thread-safe; commands complete when obeyed.</summary>
/// <remarks>Commands on a removed torrent throw <see cref="TorrentEngineException"/> "torrent.not_found".</remarks>
public interface ITorrentAccess
{
    /// <summary>Its name in the network.</summary>
    InfoHash InfoHash { get; }

    /// <summary>The row as of the last beat.</summary>
    TorrentSnapshot Snapshot { get; }

    /// <summary>Details as of the last beat; null until a watch has seen one beat.</summary>
    TorrentDetails? Details { get; }

    /// <summary>Keeps <see cref="Details"/> fresh until disposed.</summary>
    IDisposable Watch();

    /// <summary>Builds details once, now, watched or not.</summary>
    Task<TorrentDetails> GetDetailsAsync(CancellationToken cancellationToken = default);

    /// <summary>Past rounds of tit-for-tat, restarts notwithstanding: from a number upwards, oldest first; the newest when it is below 1.</summary>
    Task<ImmutableArray<ChokeJournalRound>> GetChokeJournalAsync(long fromRound, int count, CancellationToken cancellationToken = default);

    /// <summary>Rates over time, in this run of the client.</summary>
    Task<RateHistory> GetRateHistoryAsync(RateRange range, CancellationToken cancellationToken = default);

    /// <summary>Starts, or retries after an error.</summary>
    Task StartAsync();

    /// <summary>Stops; unfinished pieces are kept.</summary>
    Task StopAsync();

    /// <summary>Hashes everything on disk again; progress shows in the snapshot.</summary>
    Task RecheckAsync();

    /// <summary>Connects to a peer by hand.</summary>
    Task AddPeerAsync(PeerEndpoint endpoint);

    /// <summary>Sets the priority of files by index.</summary>
    Task SetFilePrioritiesAsync(IReadOnlyDictionary<int, FilePriority> priorities);

    /// <summary>Asks for pieces in order, or rarest first again.</summary>
    Task SetSequentialAsync(bool isSequential);

    /// <summary>Sets its own strict switch; null follows the session.</summary>
    Task SetStrictTitForTatAsync(bool? isStrict);

    /// <summary>Gives it a label, or none; throws "label.unknown".</summary>
    Task SetLabelAsync(string? label);

    /// <summary>Sets its own share limits; null follows its label, then the session.</summary>
    Task SetShareLimitsAsync(ShareLimits? limits);

    /// <summary>Sets its own rate limits, bytes per second; 0 = none.</summary>
    Task SetRateLimitsAsync(long maxDownloadRate, long maxUploadRate);

    /// <summary>Moves it in the queue.</summary>
    Task MoveInQueueAsync(QueueMove move);

    /// <summary>Starts it whatever the queue says, or lets the queue decide again.</summary>
    Task SetForcedAsync(bool isForced);

    /// <summary>Moves its files to another folder; completes when they are there. Throws "move.*", "disk.*".</summary>
    Task MoveStorageAsync(string folder, CancellationToken cancellationToken = default);

    /// <summary>Gives it another name in the list; throws "rename.*".</summary>
    Task RenameAsync(string name);

    /// <summary>Replaces its trackers; throws "tracker.invalid".</summary>
    Task SetTrackersAsync(ImmutableArray<ImmutableArray<string>> tiers);

    /// <summary>Adds trackers that are not there yet; answers how many were new. Throws "tracker.invalid".</summary>
    Task<int> AddTrackersAsync(ImmutableArray<string> urls);

    /// <summary>Opens a file to read while it downloads: seekable, reads wait for pieces. Throws "file.not_found", "file.not_wanted".</summary>
    Task<Stream> OpenFileAsync(int index, CancellationToken cancellationToken = default);

    /// <summary>Which pieces a connected peer has, as wire bytes; empty when it is not connected.</summary>
    Task<ImmutableArray<byte>> GetPeerPiecesAsync(PeerEndpoint endpoint, CancellationToken cancellationToken = default);

    /// <summary>Closes the connection to a peer; banned, it is refused until the client stops.</summary>
    Task DropPeerAsync(PeerEndpoint endpoint, bool isBanned);

    /// <summary>The .torrent file; throws "metainfo.missing" while a magnet link has no info dictionary.</summary>
    Task<byte[]> GetMetainfoAsync(CancellationToken cancellationToken = default);

    /// <summary>Asks every source of peers now: trackers, DHT, local network.</summary>
    Task AnnounceAsync();
}
