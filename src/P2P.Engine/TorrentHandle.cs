using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Session;
using P2P.Engine.Storage;
using P2P.Engine.Swarm;

namespace P2P.Engine;

/// <summary>Remote control of one torrent: commands complete when obeyed; reading never waits. Thread-safe.</summary>
/// <remarks>Commands on a removed torrent throw <see cref="TorrentEngineException"/> "torrent.not_found".</remarks>
public sealed class TorrentHandle
{
    private const int LongestName = 255;

    private readonly TorrentPort _port;
    private readonly SessionLoop _session;
    private readonly ISessionStore _store;

    internal TorrentHandle(TorrentPort port, SessionLoop session, ISessionStore store)
    {
        _store = store;
        _port = port;
        _session = session;
    }

    /// <summary>Its name in the network.</summary>
    public InfoHash InfoHash => _port.InfoHash;

    /// <summary>The row as of the last beat.</summary>
    public TorrentSnapshot Snapshot => _port.Snapshot;

    /// <summary>Details as of the last beat; null until a watch has seen one beat.</summary>
    public TorrentDetails? Details => _port.Details;

    /// <summary>Keeps <see cref="Details"/> fresh until disposed.</summary>
    public IDisposable Watch() => new WatchScope(_port);

    /// <summary>Builds details once, now, watched or not.</summary>
    public Task<TorrentDetails> GetDetailsAsync(CancellationToken cancellationToken = default)
    {
        var reply = new TaskCompletionSource<TorrentDetails>(TaskCreationOptions.RunContinuationsAsynchronously);
        _port.Loop.Post(new TorrentCommand.BuildDetails(reply, _port.Complete));
        return reply.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Starts (or retries after an error) when it is its turn. Saved when the task completes.</summary>
    /// <remarks>Started after a share limit had stopped it, it is not stopped by that one again until its share limits are set anew.</remarks>
    public Task StartAsync() => ChangeAsync(Started, new TorrentCommand.Start());

    /// <summary>Stops: "stopped" is announced, unfinished pieces are kept. Saved when the task completes.</summary>
    public async Task StopAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await ChangeAsync(record => record with { IsStarted = false, IsForced = false, LimitReached = null }, new TorrentCommand.Stop(done)).ConfigureAwait(false);
        await done.Task.ConfigureAwait(false);
    }

    /// <summary>Hashes everything on disk again; progress shows in the snapshot.</summary>
    public Task RecheckAsync() => ChangeAsync(record => record, new TorrentCommand.Recheck());

    /// <summary>Connects to a peer by hand.</summary>
    public Task AddPeerAsync(PeerEndpoint endpoint) =>
        ChangeAsync(record => record, new TorrentCommand.PeersFound([endpoint], PeerSource.Manual));

    /// <summary>Sets the priority of files by index. Saved when the task completes.</summary>
    public async Task SetFilePrioritiesAsync(IReadOnlyDictionary<int, FilePriority> priorities)
    {
        ArgumentNullException.ThrowIfNull(priorities);
        var files = (await GetDetailsAsync().ConfigureAwait(false)).Files;
        if (priorities.Keys.Any(index => index < 0 || index >= files.Length))
        {
            throw new TorrentEngineException("file.not_found", $"This torrent has the files 0 to {files.Length - 1}.");
        }

        ImmutableArray<FilePriority> all = [.. files.Select(file => priorities.TryGetValue(file.Index, out var priority) ? priority : file.Priority)];
        await ChangeAsync(record => record with { FilePriorities = all }, new TorrentCommand.SetPriorities(all)).ConfigureAwait(false);
    }

    /// <summary>Asks for pieces in order, or rarest first again.</summary>
    public Task SetSequentialAsync(bool isSequential) =>
        ChangeAsync(record => record with { IsSequential = isSequential }, new TorrentCommand.SetSequential(isSequential));

    /// <summary>Sets its own strict switch; null follows the session.</summary>
    public Task SetStrictTitForTatAsync(bool? isStrict) =>
        ChangeAsync(record => record with { StrictTitForTat = isStrict }, new TorrentCommand.SetStrict(isStrict));

    /// <summary>Gives it a label, or none (null). Throws "label.unknown".</summary>
    public async Task SetLabelAsync(string? label)
    {
        var name = label is null ? null : Labels.Find(_session.Options.Labels, label)?.Name
            ?? throw Labels.Unknown(label);
        await ChangeAsync(record => record with { Label = name }, null).ConfigureAwait(false);
    }

    /// <summary>Sets its own share limits; null follows its label, then the session.</summary>
    /// <remarks>Throws "limits.invalid".</remarks>
    public Task SetShareLimitsAsync(ShareLimits? limits) => limits?.Mistake() is { } mistake
        ? throw new TorrentEngineException("limits.invalid", mistake)
        : ChangeAsync(record => record with { ShareLimits = limits, Waived = WaivedLimits.None }, null);

    /// <summary>Sets its own rate limits, bytes per second; 0 = none.</summary>
    /// <remarks>Throws "limits.invalid".</remarks>
    public Task SetRateLimitsAsync(long maxDownloadRate, long maxUploadRate) => maxDownloadRate < 0 || maxUploadRate < 0
        ? throw new TorrentEngineException("limits.invalid", "A rate limit is a number of bytes per second, 0 for none.")
        : ChangeAsync(
            record => record with { MaxDownloadRate = maxDownloadRate, MaxUploadRate = maxUploadRate }, new TorrentCommand.SetOwnRates(maxDownloadRate, maxUploadRate));

    /// <summary>Moves it in the queue.</summary>
    public Task MoveInQueueAsync(QueueMove move)
    {
        var reply = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _session.Post(new SessionCommand.MoveInQueue(InfoHash, move, reply));
        return reply.Task;
    }

    /// <summary>Starts it whatever the queue says (a stopped one, too), or lets the queue decide again.</summary>
    public Task SetForcedAsync(bool isForced) => isForced
        ? ChangeAsync(record => Started(record) with { IsForced = true }, new TorrentCommand.Start())
        : ChangeAsync(record => record with { IsForced = false }, null);

    /// <summary>Moves its files to another absolute folder; completes when they are there, progress shows in <see cref="TorrentSnapshot.Move"/>. Throws "move.*", "disk.*".</summary>
    /// <remarks>Of a torrent that is not complete the folder changes where its files will go. Cancelling ends the wait, not the move.</remarks>
    public Task MoveStorageAsync(string folder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Path.IsPathFullyQualified(folder) || folder.Contains('\0', StringComparison.Ordinal))
        {
            throw new TorrentEngineException("move.invalid", "The folder to move to must be an absolute path.");
        }

        var reply = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _session.Post(new SessionCommand.MoveStorage(InfoHash, Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), reply));
        return reply.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Gives the torrent another name in the list; its files keep theirs. Throws "rename.*".</summary>
    public Task RenameAsync(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var trimmed = name.Trim();
        return trimmed.Length is 0 or > LongestName || trimmed.Any(char.IsControl)
            ? throw new TorrentEngineException("rename.invalid", $"A name is 1 to {LongestName} printable characters.")
            : ChangeAsync(record => record with { DisplayName = trimmed == record.Name ? null : trimmed }, null);
    }

    /// <summary>Replaces its trackers, tier by tier. Throws "tracker.invalid"; of a private torrent too, because the user decides.</summary>
    public Task SetTrackersAsync(ImmutableArray<ImmutableArray<string>> tiers) => PostTrackersAsync(TrackerList.Clean(tiers));

    /// <summary>Adds trackers that are not there yet, each as a tier of its own; answers how many were new. Throws "tracker.invalid".</summary>
    public Task<int> AddTrackersAsync(ImmutableArray<string> urls)
    {
        var reply = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _session.Post(new SessionCommand.AddTrackers(InfoHash, TrackerList.Clean(urls), reply));
        return reply.Task;
    }

    /// <summary>Opens a file to read while it downloads: a seekable stream whose reads wait for the pieces, which get deadlines.</summary>
    /// <remarks>A finished file is read whatever the torrent does. Throws "file.not_found", "file.not_wanted", "stream.stopped", "disk.read".</remarks>
    public async Task<Stream> OpenFileAsync(int index, CancellationToken cancellationToken = default)
    {
        var details = await GetDetailsAsync(cancellationToken).ConfigureAwait(false);
        var reply = new TaskCompletionSource<(long Begin, long Length)?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _port.Loop.Post(new TorrentCommand.FindFile(index, reply));
        if (await reply.Task.WaitAsync(cancellationToken).ConfigureAwait(false) is not var (begin, length))
        {
            throw new TorrentEngineException("file.not_found", "This torrent has no file of that number.");
        }

        var file = details.Files[index];
        if (details.Summary.State is TorrentState.Downloading or TorrentState.Seeding)
        {
            return file.HaveBytes < file.Length && file.Priority == FilePriority.Skip ? throw TorrentStreams.NotWanted() : new TorrentFileStream(_port, begin, length);
        }

        return file.HaveBytes == file.Length && file.DiskPath is { } path ? FinishedFile.Open(path) : throw TorrentStreams.Stopped();
    }

    /// <summary>Which pieces a connected peer has, as wire bytes; empty when it is not connected.</summary>
    public Task<ImmutableArray<byte>> GetPeerPiecesAsync(PeerEndpoint endpoint, CancellationToken cancellationToken = default)
    {
        var reply = new TaskCompletionSource<ImmutableArray<byte>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _port.Loop.Post(new TorrentCommand.ReadPeerPieces(endpoint, reply));
        return reply.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Closes the connection to a peer; banned, its address is refused for a day.</summary>
    public Task DropPeerAsync(PeerEndpoint endpoint, bool isBanned) => ChangeAsync(record => record, new TorrentCommand.DropPeer(endpoint, isBanned));

    /// <summary>The .torrent file. Throws "metainfo.missing" while a magnet link has no info dictionary.</summary>
    public async Task<byte[]> GetMetainfoAsync(CancellationToken cancellationToken = default)
    {
        var file = await _store.ReadTorrentAsync(InfoHash).WaitAsync(cancellationToken).ConfigureAwait(false);
        return file is [(byte)'d', ..] ? file : throw new TorrentEngineException(
            "metainfo.missing", "There is no .torrent of it yet: its metadata is still being fetched from other peers.");
    }

    /// <summary>Rates over time, in this run of the client; empty when nothing moved yet.</summary>
    public Task<RateHistory> GetRateHistoryAsync(RateRange range, CancellationToken cancellationToken = default) => _session.ReadRatesAsync(InfoHash, range, cancellationToken);

    /// <summary>Rounds of tit-for-tat, restarts notwithstanding: from number <paramref name="fromRound"/> upwards, oldest first; the newest when it is below 1.</summary>
    /// <remarks>The last 2,000 rounds are kept; a killed process loses 30 s at most. <paramref name="count"/> rounds at most are answered.</remarks>
    public Task<ImmutableArray<ChokeJournalRound>> GetChokeJournalAsync(long fromRound, int count, CancellationToken cancellationToken = default)
    {
        var reply = new TaskCompletionSource<ImmutableArray<ChokeJournalRound>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _port.Loop.Post(new TorrentCommand.ReadRounds(fromRound, count, reply));
        return reply.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Asks every source of peers now: trackers, DHT, local network.</summary>
    public Task AnnounceAsync()
    {
        var reply = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _session.Post(new SessionCommand.Announce(InfoHash, reply));
        return reply.Task;
    }

    private static TorrentRecord Started(TorrentRecord record) =>
        record with { IsStarted = true, Waived = record.Waived | ShareLimitRule.WaivedBy(record.LimitReached), LimitReached = null };

    private Task PostTrackersAsync(ImmutableArray<ImmutableArray<string>> tiers)
    {
        var reply = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _session.Post(new SessionCommand.SetTrackers(InfoHash, tiers, reply));
        return reply.Task;
    }

    private Task ChangeAsync(Func<TorrentRecord, TorrentRecord> edit, TorrentCommand? command)
    {
        var reply = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _session.Post(new SessionCommand.Change(InfoHash, edit, command, reply));
        return reply.Task;
    }

    private sealed class WatchScope : IDisposable
    {
        private TorrentPort? _port;

        public WatchScope(TorrentPort port)
        {
            _port = port;
            port.Watch(+1);
        }

        public void Dispose() => Interlocked.Exchange(ref _port, null)?.Watch(-1);
    }
}
