using System.Collections.Immutable;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Live;

/// <summary>The real engine behind <see cref="IEngineAccess"/>; empty until the hosted service attaches a running one.</summary>
internal sealed class EngineAccess(TorrentEngineOptions configured) : IEngineAccess
{
    private static readonly SessionSnapshot Nothing = new() { Version = 0, At = DateTimeOffset.UnixEpoch, Torrents = [] };

    private readonly TaskCompletionSource<TorrentEngine> _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TorrentEngine? _engine;

    /// <inheritdoc/>
    public SessionSnapshot Snapshot => _engine?.Snapshot ?? Nothing;

    /// <inheritdoc/>
    public TorrentEngineOptions Options => _engine?.Options ?? configured;

    /// <inheritdoc/>
    public ImmutableArray<EngineEvent> Events => _engine?.Events ?? [];

    /// <inheritdoc/>
    public ImmutableArray<EngineEvent> GetEvents(EventFilter filter, long? before, int count) => _engine?.GetEvents(filter, before, count) ?? [];

    /// <inheritdoc/>
    public Task<RateHistory> GetRateHistoryAsync(RateRange range, CancellationToken cancellationToken = default) => Running.GetRateHistoryAsync(range, cancellationToken);

    private TorrentEngine Running =>
        _engine ?? throw new TorrentEngineException("engine.starting", "The client is still starting; try again in a moment.");

    /// <summary>Hands over the running engine; once, by the hosted service, which keeps owning it.</summary>
    public void Attach(TorrentEngine engine)
    {
        _engine = engine;
        _attached.TrySetResult(engine);
    }

    /// <inheritdoc/>
    public async ValueTask<SessionSnapshot> WaitForChangeAsync(long seenVersion, CancellationToken cancellationToken)
    {
        var engine = await _attached.Task.WaitAsync(cancellationToken);
        return await engine.WaitForChangeAsync(seenVersion, cancellationToken);
    }

    /// <inheritdoc/>
    public TorrentPreview Inspect(ReadOnlyMemory<byte> torrentFile) => Running.Inspect(torrentFile);

    /// <inheritdoc/>
    public MagnetPreview InspectMagnet(string magnet) => Running.InspectMagnet(magnet);

    /// <inheritdoc/>
    public Task<DhtSnapshot> GetDhtAsync(CancellationToken cancellationToken = default) => Running.GetDhtAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<TrackerServerSnapshot> GetTrackerServerAsync(CancellationToken cancellationToken = default) => Running.GetTrackerServerAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<CreationPreview> PreviewCreationAsync(CreateTorrentRequest request, CancellationToken cancellationToken = default) =>
        Running.PreviewCreationAsync(request, cancellationToken);

    /// <inheritdoc/>
    public TorrentCreationSnapshot StartCreation(CreateTorrentRequest request) => Running.StartCreation(request);

    /// <inheritdoc/>
    public ImmutableArray<TorrentCreationSnapshot> Creations => _engine?.Creations ?? [];

    /// <inheritdoc/>
    public void CancelCreation(string id) => Running.CancelCreation(id);

    /// <inheritdoc/>
    public async Task<ITorrentAccess> AddAsync(AddTorrentRequest request, CancellationToken cancellationToken = default) =>
        new TorrentAccess(await Running.AddAsync(request, cancellationToken));

    /// <inheritdoc/>
    public ITorrentAccess? Find(InfoHash infoHash) => _engine?.Find(infoHash) is { } handle ? new TorrentAccess(handle) : null;

    /// <inheritdoc/>
    public Task RemoveAsync(InfoHash infoHash, bool deleteData) => Running.RemoveAsync(infoHash, deleteData);

    /// <inheritdoc/>
    public Task UpdateSettingsAsync(EngineSettingsPatch patch) => Running.UpdateSettingsAsync(patch);

    private sealed class TorrentAccess(TorrentHandle handle) : ITorrentAccess
    {
        public InfoHash InfoHash => handle.InfoHash;

        public TorrentSnapshot Snapshot => handle.Snapshot;

        public TorrentDetails? Details => handle.Details;

        public IDisposable Watch() => handle.Watch();

        public Task<TorrentDetails> GetDetailsAsync(CancellationToken cancellationToken = default) => handle.GetDetailsAsync(cancellationToken);

        public Task<ImmutableArray<ChokeJournalRound>> GetChokeJournalAsync(long fromRound, int count, CancellationToken cancellationToken = default) =>
            handle.GetChokeJournalAsync(fromRound, count, cancellationToken);

        public Task<RateHistory> GetRateHistoryAsync(RateRange range, CancellationToken cancellationToken = default) => handle.GetRateHistoryAsync(range, cancellationToken);

        public Task StartAsync() => handle.StartAsync();

        public Task StopAsync() => handle.StopAsync();

        public Task RecheckAsync() => handle.RecheckAsync();

        public Task AddPeerAsync(PeerEndpoint endpoint) => handle.AddPeerAsync(endpoint);

        public Task SetFilePrioritiesAsync(IReadOnlyDictionary<int, FilePriority> priorities) => handle.SetFilePrioritiesAsync(priorities);

        public Task SetSequentialAsync(bool isSequential) => handle.SetSequentialAsync(isSequential);

        public Task SetStrictTitForTatAsync(bool? isStrict) => handle.SetStrictTitForTatAsync(isStrict);

        public Task SetLabelAsync(string? label) => handle.SetLabelAsync(label);

        public Task SetShareLimitsAsync(ShareLimits? limits) => handle.SetShareLimitsAsync(limits);

        public Task SetRateLimitsAsync(long maxDownloadRate, long maxUploadRate) => handle.SetRateLimitsAsync(maxDownloadRate, maxUploadRate);

        public Task MoveInQueueAsync(QueueMove move) => handle.MoveInQueueAsync(move);

        public Task SetForcedAsync(bool isForced) => handle.SetForcedAsync(isForced);

        public Task MoveStorageAsync(string folder, CancellationToken cancellationToken = default) => handle.MoveStorageAsync(folder, cancellationToken);

        public Task RenameAsync(string name) => handle.RenameAsync(name);

        public Task SetTrackersAsync(ImmutableArray<ImmutableArray<string>> tiers) => handle.SetTrackersAsync(tiers);

        public Task<int> AddTrackersAsync(ImmutableArray<string> urls) => handle.AddTrackersAsync(urls);

        public Task<Stream> OpenFileAsync(int index, CancellationToken cancellationToken = default) => handle.OpenFileAsync(index, cancellationToken);

        public Task<ImmutableArray<byte>> GetPeerPiecesAsync(PeerEndpoint endpoint, CancellationToken cancellationToken = default) => handle.GetPeerPiecesAsync(endpoint, cancellationToken);

        public Task DropPeerAsync(PeerEndpoint endpoint, bool isBanned) => handle.DropPeerAsync(endpoint, isBanned);

        public Task<byte[]> GetMetainfoAsync(CancellationToken cancellationToken = default) => handle.GetMetainfoAsync(cancellationToken);

        public Task AnnounceAsync() => handle.AnnounceAsync();
    }
}
