using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using P2P.Engine.Diagnostics;
using P2P.Engine.Metainfo;
using P2P.Engine.Persistence;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Session;
using P2P.Engine.Session.Creation;
using P2P.Engine.Session.History;
using P2P.Engine.Storage;
using P2P.Engine.Transport;

namespace P2P.Engine;

/// <summary>The engine: start, stop, add, find, remove, watch. No logic; forwards to the session. Thread-safe.</summary>
public sealed class TorrentEngine : IAsyncDisposable
{
    private readonly SessionLoop _session;
    private readonly ISessionStore _store;
    private readonly ILogger _logger;
    private readonly CreationDesk _creations;
    private int _isDisposed;

    private TorrentEngine(SessionLoop session, ISessionStore store, ILogger logger)
    {
        _session = session;
        _store = store;
        _logger = logger;
        _creations = new CreationDesk(session.Clock, logger, AddMadeAsync);
    }

    /// <summary>Settings in force: those given at the start, overlaid by those kept from the page.</summary>
    public TorrentEngineOptions Options => _session.Options;

    /// <summary>The session as of the last beat; never null, never waits.</summary>
    public SessionSnapshot Snapshot => _session.Publisher.Latest;

    /// <summary>The last 1,000 events, newest first.</summary>
    public ImmutableArray<EngineEvent> Events => GetEvents(new EventFilter(), before: null, 1_000);

    /// <summary>Events that pass, newest first: those older than number <paramref name="before"/> (null: from the newest), at most <paramref name="count"/>.</summary>
    /// <remarks>10,000 are kept in memory, the last 2,000 over a restart. Never waits.</remarks>
    public ImmutableArray<EngineEvent> GetEvents(EventFilter filter, long? before, int count)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return _session.Events.Read(filter, before, Math.Clamp(count, 0, EventRing.Capacity));
    }

    /// <summary>Rates of all torrents together over time; the ranges from six hours up go on over restarts.</summary>
    public Task<RateHistory> GetRateHistoryAsync(RateRange range, CancellationToken cancellationToken = default) => _session.ReadRatesAsync(null, range, cancellationToken);

    /// <summary>The session itself, for the simulation.</summary>
    internal SessionLoop Session => _session;

    /// <summary>Locks the data directory, loads the state, listens, and resumes every started torrent.</summary>
    /// <remarks>Throws <see cref="TorrentEngineException"/>: "state.locked" when another process has the directory, "disk.*" when it cannot be used.
    /// A port in use is not fatal: see <see cref="SessionSnapshot.ListenError"/>; it is tried again every 10 s.</remarks>
    public static Task<TorrentEngine> StartAsync(
        TorrentEngineOptions options, ILoggerFactory? loggerFactory = null, CancellationToken cancellationToken = default) =>
        StartAsync(options, static network => network, loggerFactory, cancellationToken);

    /// <summary>Starts on the real seams, the network seen through another: what tests that watch every packet call.</summary>
    internal static async Task<TorrentEngine> StartAsync(
        TorrentEngineOptions options, Func<INetwork, INetwork> watch, ILoggerFactory? loggerFactory, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<TorrentEngine>();
        MakeFolders(options);
        var environment = new EngineEnvironment(
            TimeProvider.System,
            watch(new SystemNetwork(options.ListenAddress, TimeProvider.System)),
            blocks => new DiskQueue(blocks, options.DiskThreads),
            new ThreadPoolLoopScheduler(),
            System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue));
        var store = new LiteDbSessionStore(Path.GetFullPath(options.DataDirectory), TimeProvider.System, logger);
        return await StartAsync(environment, options, store, logger, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Starts on other seams than the real ones: what the simulation calls.</summary>
    internal static async Task<TorrentEngine> StartAsync(
        EngineEnvironment environment, TorrentEngineOptions options, ISessionStore store, ILogger logger, CancellationToken cancellationToken)
    {
        LoadedSession loaded;
        HistoryAtStart history;
        try
        {
            loaded = await store.LoadAsync(cancellationToken).ConfigureAwait(false);
            history = await HistoryAtStart.LoadAsync(store.Journals).ConfigureAwait(false);
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        var session = new SessionLoop(environment, options, store, logger);
        var done = new TaskCompletionSource();
        session.Post(new SessionCommand.Loaded(loaded, history, done));
        await done.Task.ConfigureAwait(false);
        return new TorrentEngine(session, store, logger);
    }

    /// <summary>Looks inside a .torrent without adding it. Throws <see cref="TorrentEngineException"/> with the parse error.</summary>
    public TorrentPreview Inspect(ReadOnlyMemory<byte> torrentFile)
    {
        var metainfo = Read(torrentFile);
        return new TorrentPreview(
            metainfo.InfoHash, metainfo.Name, metainfo.PayloadLength, metainfo.Geometry.PieceLength, metainfo.Geometry.PieceCount, metainfo.IsPrivate,
            metainfo.Comment, metainfo.CreatedBy, metainfo.CreatedAt,
            [.. metainfo.Files.Where(file => !file.IsPad).Select((file, index) => new PreviewFile(index, file.Path, file.Length))],
            metainfo.Trackers, Find(metainfo.InfoHash) is not null, metainfo.Warnings);
    }

    /// <summary>Reads a magnet link without adding it. Throws <see cref="TorrentEngineException"/> "magnet.*".</summary>
    public MagnetPreview InspectMagnet(string magnet)
    {
        var link = ReadMagnet(magnet);
        return new MagnetPreview(link.InfoHash, link.Name, link.Trackers, link.Peers.Length, Find(link.InfoHash) is not null, link.Warnings);
    }

    /// <summary>The DHT node now; built when asked.</summary>
    public Task<DhtSnapshot> GetDhtAsync(CancellationToken cancellationToken = default) => AskAsync(discovery => discovery.GetDhtAsync(), cancellationToken);

    /// <summary>The embedded tracker now; built when asked.</summary>
    public Task<TrackerServerSnapshot> GetTrackerServerAsync(CancellationToken cancellationToken = default) =>
        AskAsync(discovery => discovery.GetTrackerAsync(), cancellationToken);

    /// <summary>Lists what a torrent made by <paramref name="request"/> would hold. Throws <see cref="TorrentEngineException"/> "create.*", "disk.*".</summary>
    public Task<CreationPreview> PreviewCreationAsync(CreateTorrentRequest request, CancellationToken cancellationToken = default) =>
        _creations.PreviewAsync(request, cancellationToken);

    /// <summary>Begins to make a torrent; progress is in <see cref="Creations"/>. Throws <see cref="TorrentEngineException"/> "create.*" for a request that cannot work.</summary>
    public TorrentCreationSnapshot StartCreation(CreateTorrentRequest request) => _creations.Start(request);

    /// <summary>Torrents being made and the last 20 that ended, newest first.</summary>
    public ImmutableArray<TorrentCreationSnapshot> Creations => _creations.All;

    /// <summary>Gives up making a torrent; nothing when it ended already.</summary>
    public void CancelCreation(string id) => _creations.Cancel(id);

    /// <summary>Adds a torrent by its file or a magnet link; durable when the task completes. Throws "torrent.duplicate" and every parse error.</summary>
    /// <remarks>The file of a torrent whose magnet link still lacks its metadata is taken as that.</remarks>
    public async Task<TorrentHandle> AddAsync(AddTorrentRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Label is { } label && Labels.Find(_session.Options.Labels, label) is null)
        {
            throw Labels.Unknown(label);
        }

        var reply = new TaskCompletionSource<TorrentPort>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (request.Magnet is { } magnet)
        {
            if (!request.TorrentFile.IsEmpty)
            {
                throw new ArgumentException("A magnet link and a file are two torrents.", nameof(request));
            }

            _session.Post(new SessionCommand.AddMagnet(ReadMagnet(magnet), request, reply));
        }
        else
        {
            // The caller's buffer may be reused once we return; the bytes are kept as they are.
            var copy = request with { TorrentFile = request.TorrentFile.ToArray() };
            _session.Post(new SessionCommand.Add(Read(copy.TorrentFile), copy, Made: null, reply));
        }

        return new TorrentHandle(await reply.Task.WaitAsync(cancellationToken).ConfigureAwait(false), _session, _store);
    }

    /// <summary>The torrent's remote control, or null.</summary>
    public TorrentHandle? Find(InfoHash infoHash) => _session.Ports.TryGetValue(infoHash, out var port) ? new TorrentHandle(port, _session, _store) : null;

    /// <summary>Removes a torrent, and its files if asked; durable when the task completes.</summary>
    public Task RemoveAsync(InfoHash infoHash, bool deleteData)
    {
        var reply = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _session.Post(new SessionCommand.Remove(infoHash, deleteData, reply));
        return reply.Task;
    }

    /// <summary>Changes settings, kept over restarts; throws "settings.invalid" with a sentence naming each mistake.</summary>
    public Task UpdateSettingsAsync(EngineSettingsPatch patch)
    {
        ArgumentNullException.ThrowIfNull(patch);
        var reply = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _session.Post(new SessionCommand.ChangeSettings(patch, reply));
        return reply.Task;
    }

    /// <summary>Waits until the snapshot's version differs from <paramref name="seenVersion"/>, and returns it.</summary>
    public ValueTask<SessionSnapshot> WaitForChangeAsync(long seenVersion, CancellationToken cancellationToken) =>
        _session.Publisher.WaitAsync(seenVersion, cancellationToken);

    /// <summary>Stops cleanly: announces "stopped", flushes pieces, saves records; each step has a deadline.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _creations.StopAsync().ConfigureAwait(false);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _session.Post(new SessionCommand.Shutdown(stopped));
        await stopped.Task.ConfigureAwait(false);
        await _store.FlushAsync().ConfigureAwait(false);
        await _session.CloseAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        EngineLog.EngineStopped(_logger);
    }

    private static void MakeFolders(TorrentEngineOptions options)
    {
        foreach (var folder in (string[])[options.DataDirectory, options.IncompleteDirectory, options.SharedDirectory])
        {
            try
            {
                Directory.CreateDirectory(folder);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new TorrentEngineException(
                    "disk.denied", $"The folder {Path.GetFullPath(folder)} cannot be made ({exception.Message}); choose another one in the settings or mend its rights.", exception);
            }
        }
    }

    private async Task AddMadeAsync(CreationResult made)
    {
        var reply = new TaskCompletionSource<TorrentPort>(TaskCreationOptions.RunContinuationsAsynchronously);
        var request = new AddTorrentRequest { TorrentFile = made.TorrentFile, SavePath = made.SaveRoot, Start = made.Request.Start };
        _session.Post(new SessionCommand.Add(Read(made.TorrentFile), request, made, reply));
        await reply.Task.ConfigureAwait(false);
    }

    private async Task<T> AskAsync<T>(Func<DiscoveryBridge, Task<T>> question, CancellationToken cancellationToken)
    {
        var reply = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _session.Post(new SessionCommand.Ask(discovery => reply.TrySetResult(question(discovery))));
        var answer = await reply.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static MagnetLink ReadMagnet(string text)
    {
        try
        {
            return MagnetLink.Parse(text);
        }
        catch (MetainfoException exception)
        {
            throw new TorrentEngineException(exception.Code, exception.Message, exception);
        }
    }

    private static TorrentMetainfo Read(ReadOnlyMemory<byte> torrentFile)
    {
        try
        {
            return MetainfoReader.Read(torrentFile);
        }
        catch (MetainfoException exception)
        {
            throw new TorrentEngineException(exception.Code, exception.Message, exception) { Offset = exception.Offset };
        }
    }
}
