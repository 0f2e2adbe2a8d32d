using System.Collections.Immutable;
using P2P.Blazor.Live;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Tests.Fakes;

/// <summary>One torrent of a <see cref="FakeEngine"/>: set <see cref="Details"/> or <see cref="Snapshot"/>, then call <see cref="FakeEngine.Publish"/>.</summary>
public sealed class FakeTorrent : ITorrentAccess
{
    private readonly FakeEngine _engine;
    private TorrentDetails _details;
    private int _openWatches;

    internal FakeTorrent(FakeEngine engine, TorrentDetails details)
    {
        _engine = engine;
        _details = details;
        Rounds = FakeHistory.Rounds(details.Choking.History);
    }

    /// <inheritdoc/>
    public InfoHash InfoHash => _details.Summary.InfoHash;

    /// <inheritdoc/>
    public TorrentSnapshot Snapshot
    {
        get => _details.Summary;
        set => _details = _details with { Summary = value };
    }

    /// <summary>Always there, watched or not; null cannot be set.</summary>
    public TorrentDetails? Details
    {
        get => _details;
        set => _details = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>Watches not yet disposed.</summary>
    public int OpenWatches => _openWatches;

    /// <inheritdoc/>
    public IDisposable Watch()
    {
        Interlocked.Increment(ref _openWatches);
        return new OpenWatch(this);
    }

    /// <summary>The metadata of a magnet link arrives: files are known, and it waits for the choice (stopped) or downloads.</summary>
    public void ReceiveMetadata(bool isWaiting)
    {
        var made = FakeSession.Details(0, 0, _details.At, isWaiting ? TorrentState.Stopped : TorrentState.Downloading, InfoHash, _details.Summary.Name);
        _details = made with { Version = _details.Version + 1, Summary = made.Summary with { Downloaded = 0, Wasted = 0, Uploaded = 0 } };
        _engine.Publish();
    }

    /// <summary>What the journal holds, oldest first.</summary>
    public ImmutableArray<ChokeJournalRound> Rounds { get; set; } = [];

    /// <inheritdoc/>
    public Task<ImmutableArray<ChokeJournalRound>> GetChokeJournalAsync(long fromRound, int count, CancellationToken cancellationToken = default) =>
        Task.FromResult<ImmutableArray<ChokeJournalRound>>(
            fromRound < 1 ? [.. Rounds.TakeLast(count)] : [.. Rounds.Where(round => round.Round >= fromRound).Take(count)]);

    /// <inheritdoc/>
    public Task<RateHistory> GetRateHistoryAsync(RateRange range, CancellationToken cancellationToken = default) => Task.FromResult(_engine.Rates(range, _engine.Now));

    /// <inheritdoc/>
    public Task<TorrentDetails> GetDetailsAsync(CancellationToken cancellationToken = default) => Task.FromResult(_details);

    /// <inheritdoc/>
    public Task StartAsync() =>
        Run("start", row => row with { State = _details.Metadata is not null ? TorrentState.Metadata : row.Progress < 1 ? TorrentState.Downloading : TorrentState.Seeding, Error = null, ErrorCode = null });

    /// <inheritdoc/>
    public Task StopAsync() => Run("stop", row => row with { State = TorrentState.Stopped, DownloadRate = 0, UploadRate = 0, EtaSeconds = null });

    /// <inheritdoc/>
    public Task RecheckAsync() => Run("recheck", row => row with { State = TorrentState.Checking, Progress = 0 });

    /// <inheritdoc/>
    public Task AddPeerAsync(PeerEndpoint endpoint) => Run($"peer {endpoint}", row => row with { KnownPeers = row.KnownPeers + 1 });

    /// <inheritdoc/>
    public Task SetFilePrioritiesAsync(IReadOnlyDictionary<int, FilePriority> priorities)
    {
        if (priorities.Keys.Any(index => index < 0 || index >= _details.Files.Length))
        {
            throw new TorrentEngineException("file.not_found", $"This torrent has the files 0 to {_details.Files.Length - 1}.");
        }

        var changes = string.Join(',', priorities.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}={pair.Value}"));
        _details = _details with
        {
            Files = [.. _details.Files.Select(file => priorities.TryGetValue(file.Index, out var priority) ? file with { Priority = priority } : file)],
        };
        return Run($"priorities {changes}", row => row);
    }

    /// <inheritdoc/>
    public Task SetSequentialAsync(bool isSequential) => Run($"sequential {isSequential}", row => row with { IsSequential = isSequential });

    /// <inheritdoc/>
    public Task SetStrictTitForTatAsync(bool? isStrict) => Run($"strict {isStrict?.ToString() ?? "session"}", row => row with { StrictTitForTat = isStrict });

    /// <inheritdoc/>
    public Task SetLabelAsync(string? label) => label is null || _engine.Options.Labels.Any(known => known.Name == label)
        ? Run($"label {label}", row => row with { Label = label })
        : throw new TorrentEngineException("label.unknown", "There is no such label.");

    /// <inheritdoc/>
    public Task SetShareLimitsAsync(ShareLimits? limits) => Run($"share limits {limits?.MaxRatio}", row => row with { ShareLimits = limits });

    /// <inheritdoc/>
    public Task SetRateLimitsAsync(long maxDownloadRate, long maxUploadRate) =>
        Run($"rates {maxDownloadRate} {maxUploadRate}", row => row with { MaxDownloadRate = maxDownloadRate, MaxUploadRate = maxUploadRate });

    /// <inheritdoc/>
    public Task MoveInQueueAsync(QueueMove move) => Run($"queue {move}", row => row);

    /// <inheritdoc/>
    public Task SetForcedAsync(bool isForced) =>
        Run($"forced {isForced}", row => row with { IsForced = isForced, State = isForced && row.State == TorrentState.Queued ? TorrentState.Downloading : row.State });

    /// <inheritdoc/>
    public Task MoveStorageAsync(string folder, CancellationToken cancellationToken = default) => Run($"move {folder}", row => row with { SavePath = folder });

    /// <inheritdoc/>
    public Task RenameAsync(string name) => Run($"name {name}", row => row with { Name = name });

    /// <inheritdoc/>
    public Task SetTrackersAsync(ImmutableArray<ImmutableArray<string>> tiers)
    {
        _details = _details with { Trackers = [.. tiers.SelectMany((tier, number) => tier.Select(url => new TrackerSnapshot { Url = url, Tier = number }))] };
        return Run($"trackers {string.Join(' ', tiers.SelectMany(tier => tier))}", row => row);
    }

    /// <inheritdoc/>
    public async Task<int> AddTrackersAsync(ImmutableArray<string> urls)
    {
        var fresh = urls.Where(url => _details.Trackers.All(tracker => tracker.Url != url)).ToList();
        _details = _details with { Trackers = [.. _details.Trackers, .. fresh.Select((url, place) => new TrackerSnapshot { Url = url, Tier = _details.Trackers.Length + place })] };
        await Run($"add trackers {string.Join(' ', fresh)}", row => row);
        return fresh.Count;
    }

    /// <inheritdoc/>
    /// <remarks>Every file is its own number as a byte, over and over.</remarks>
    public Task<Stream> OpenFileAsync(int index, CancellationToken cancellationToken = default) => index >= 0 && index < _details.Files.Length
        ? Task.FromResult<Stream>(new MemoryStream([.. Enumerable.Repeat((byte)index, (int)Math.Min(_details.Files[index].Length, 1 << 20))], writable: false))
        : throw new TorrentEngineException("file.not_found", $"This torrent has the files 0 to {_details.Files.Length - 1}.");

    /// <inheritdoc/>
    public Task<ImmutableArray<byte>> GetPeerPiecesAsync(PeerEndpoint endpoint, CancellationToken cancellationToken = default) =>
        Task.FromResult<ImmutableArray<byte>>(_details.Peers.FirstOrDefault(one => one.Endpoint == endpoint) is { } peer ? FakePeers.Pieces(peer, _details.Pieces.Count) : []);

    /// <inheritdoc/>
    public Task DropPeerAsync(PeerEndpoint endpoint, bool isBanned)
    {
        _details = _details with { Peers = _details.Peers.RemoveAll(peer => peer.Endpoint == endpoint) };
        return Run($"{(isBanned ? "ban" : "drop")} {endpoint}", row => row);
    }

    /// <inheritdoc/>
    public Task<byte[]> GetMetainfoAsync(CancellationToken cancellationToken = default) => _details.Metadata is null
        ? Task.FromResult(FakeEngine.TorrentFile(_details.Summary.Name))
        : throw new TorrentEngineException("metainfo.missing", "The metadata of this magnet link is not here yet.");

    /// <inheritdoc/>
    public Task AnnounceAsync() => Run("announce", row => row);

    private Task Run(string command, Func<TorrentSnapshot, TorrentSnapshot> change)
    {
        _engine.Obey($"{command} {InfoHash}");
        if (!_engine.Holds(this))
        {
            throw new TorrentEngineException("torrent.not_found", "This torrent is not in the list.");
        }

        Snapshot = change(Snapshot);
        _engine.Publish();
        return Task.CompletedTask;
    }

    private sealed class OpenWatch(FakeTorrent torrent) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Interlocked.Decrement(ref torrent._openWatches);
            }
        }
    }
}
