using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using P2P.Blazor.Live;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Tests.Fakes;

/// <summary>A session that moves only when told to: torrents, peers and failures are set by the test. Thread-safe.</summary>
/// <remarks>
/// The same arguments give the same session. <see cref="Tick"/> moves everything by one second; <see cref="Publish"/> replaces the
/// snapshot and wakes waiters. Anything a caller did is in <see cref="Commands"/> as text. <see cref="FailNext"/> makes the next command throw.
/// A "torrent file" is any bytes that begin with 'd' (see <see cref="TorrentFile"/>): its infohash is the SHA-1 of all of it.
/// </remarks>
public sealed class FakeEngine : IEngineAccess
{
    private readonly Lock _lock = new();
    private readonly List<FakeTorrent> _torrents = [];
    private readonly List<string> _commands = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TorrentEngineException? _nextFailure;

    /// <summary>Makes a session of <paramref name="torrents"/> torrents in all states, each with <paramref name="peers"/> peers.</summary>
    public FakeEngine(int torrents = 3, int peers = 8, DateTimeOffset? now = null)
    {
        PeerCount = peers;
        Snapshot = Begin(torrents, now ?? new DateTimeOffset(2026, 3, 14, 12, 0, 0, TimeSpan.Zero), version: 1);
    }

    /// <summary>The session's time, UTC; moved by <see cref="Tick"/>.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>Peers given to every torrent made here.</summary>
    public int PeerCount { get; }

    /// <inheritdoc/>
    public SessionSnapshot Snapshot { get; private set; }

    /// <inheritdoc/>
    public TorrentEngineOptions Options { get; set; } = new() { MaxUploadRate = 4 << 20, SharedDirectory = Path.GetFullPath("/srv/p2p/shared") };

    /// <inheritdoc/>
    public ImmutableArray<EngineEvent> Events { get; set; } = [];

    /// <inheritdoc/>
    public ImmutableArray<EngineEvent> GetEvents(EventFilter filter, long? before, int count) =>
        [.. Events.Where(happened => filter.Passes(happened) && (before is null || happened.Sequence < before)).Take(count)];

    /// <inheritdoc/>
    /// <remarks>By default an hour of samples, rising by 1,000 a sample; the first is not known.</remarks>
    public Task<RateHistory> GetRateHistoryAsync(RateRange range, CancellationToken cancellationToken = default) => Task.FromResult(Rates(range, Now));

    /// <summary>Makes the rates over time, of the session and of each torrent.</summary>
    public Func<RateRange, DateTimeOffset, RateHistory> Rates { get; set; } = FakeHistory.Rates;

    /// <summary>What the DHT is: set it for other states; the default follows the option "Dht".</summary>
    public DhtSnapshot? Dht { get; set; }

    /// <summary>The last request to make or preview a torrent; null before the first.</summary>
    public CreateTorrentRequest? LastCreation { get; private set; }

    /// <summary>What is made, newest first; <see cref="FinishCreation"/> ends one.</summary>
    public ImmutableArray<TorrentCreationSnapshot> Creations { get; set; } = [];

    /// <inheritdoc/>
    /// <remarks>Reads "magnet:?xt=urn:btih:&lt;40 hex&gt;", "dn", "tr" and "x.pe", or 40 hex digits alone.</remarks>
    public MagnetPreview InspectMagnet(string magnet)
    {
        var isLink = magnet.StartsWith("magnet:?", StringComparison.OrdinalIgnoreCase);
        var fields = (isLink ? magnet[8..].Split('&') : [$"xt=urn:btih:{magnet}"]).Select(field => field.Split('=', 2)).Where(field => field.Length == 2)
            .Select(field => (Key: field[0], Value: Uri.UnescapeDataString(field[1].Replace('+', ' ')))).ToList();
        var hash = fields.FirstOrDefault(field => field.Key == "xt").Value?.Split(':')[^1];
        if (!InfoHash.TryParse(hash, out var infoHash))
        {
            throw new TorrentEngineException("magnet.invalid", "This is neither a magnet link with an infohash nor an infohash of 40 hex or 32 base32 digits.");
        }

        return new MagnetPreview(
            infoHash, fields.FirstOrDefault(field => field.Key == "dn").Value, [.. fields.Where(field => field.Key == "tr").Select(field => field.Value)],
            fields.Count(field => field.Key == "x.pe"), Find(infoHash) is not null, []);
    }

    /// <inheritdoc/>
    public Task<DhtSnapshot> GetDhtAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult(Dht ?? (Options.Dht ? FakeDiscovery.Dht(Now) : new DhtSnapshot { IsRunning = false }));

    /// <inheritdoc/>
    public Task<TrackerServerSnapshot> GetTrackerServerAsync(CancellationToken cancellationToken = default) => Task.FromResult(Options.Tracker.Enabled
        ? FakeDiscovery.Tracker(Options.Tracker, Now, Torrents.FirstOrDefault()?.Snapshot)
        : new TrackerServerSnapshot { IsRunning = false });

    /// <inheritdoc/>
    /// <remarks>Whatever the path: 3 files of 40 MiB in all, unless it ends with "missing".</remarks>
    public Task<CreationPreview> PreviewCreationAsync(CreateTorrentRequest request, CancellationToken cancellationToken = default)
    {
        Obey($"preview {request.Path}");
        LastCreation = request;
        var length = request.PieceLength ?? (64 << 10);
        return request.Path.EndsWith("missing", StringComparison.Ordinal)
            ? throw new TorrentEngineException("create.no_source", "There is no such file or folder.")
            : Task.FromResult(new CreationPreview(3, 40L << 20, length, (40 << 20) / length, 20L * (40 << 20) / length, ["1 hidden file is left out."]));
    }

    /// <inheritdoc/>
    public TorrentCreationSnapshot StartCreation(CreateTorrentRequest request)
    {
        Obey($"create {request.Path}");
        LastCreation = request;
        var creation = new TorrentCreationSnapshot
        {
            Id = $"c{Creations.Length + 1}",
            Path = request.Path,
            State = TorrentCreationState.Hashing,
            HashedBytes = 15L << 20,
            TotalBytes = 40L << 20,
            Files = 3,
            PieceLength = 64 << 10,
            PieceCount = 640,
        };
        Creations = Creations.Insert(0, creation);
        return creation;
    }

    /// <inheritdoc/>
    public void CancelCreation(string id)
    {
        Obey($"cancel {id}");
        Change(id, creation => creation.State == TorrentCreationState.Hashing ? creation with { State = TorrentCreationState.Cancelled } : creation);
    }

    /// <summary>Ends the making of a torrent: with an error, or as a seeding torrent in the list.</summary>
    public void FinishCreation(string id, string? errorCode = null)
    {
        if (errorCode is not null)
        {
            Change(id, creation => creation with { State = TorrentCreationState.Failed, ErrorCode = errorCode, Error = "It could not be read." });
            return;
        }

        var path = Creations.Single(creation => creation.Id == id).Path;
        var details = FakeSession.Details(Torrents.Count, 0, Now, TorrentState.Seeding, new InfoHash(SHA1.HashData(Encoding.UTF8.GetBytes(path))), Path.GetFileName(path));
        Insert(new FakeTorrent(this, details));
        Change(id, creation => creation with { State = TorrentCreationState.Done, HashedBytes = creation.TotalBytes, InfoHash = details.Summary.InfoHash });
        Publish();
    }

    /// <summary>The torrents, in the order they were added.</summary>
    public IReadOnlyList<FakeTorrent> Torrents
    {
        get
        {
            lock (_lock)
            {
                return [.. _torrents];
            }
        }
    }

    /// <summary>What was asked for: "start &lt;infohash&gt;", "remove &lt;infohash&gt; deleteData=true", ...</summary>
    public IReadOnlyList<string> Commands
    {
        get
        {
            lock (_lock)
            {
                return [.. _commands];
            }
        }
    }

    /// <summary>The last request to add; null before the first.</summary>
    public AddTorrentRequest? LastAdd { get; private set; }

    /// <summary>The last change of settings; null before the first.</summary>
    public EngineSettingsPatch? LastPatch { get; private set; }

    /// <summary>Watches open now, over all torrents.</summary>
    public int OpenWatches => Torrents.Sum(torrent => torrent.OpenWatches);

    /// <summary>Bytes that <see cref="Inspect"/> and <see cref="AddAsync"/> take for a .torrent called <paramref name="name"/>.</summary>
    public static byte[] TorrentFile(string name = "example") =>
        Encoding.UTF8.GetBytes($"d8:announce30:http://127.0.0.1:6969/announce4:infod4:name{Encoding.UTF8.GetByteCount(name)}:{name}ee");

    /// <summary>The infohash a file made by <see cref="TorrentFile"/> gets.</summary>
    public static InfoHash HashOf(ReadOnlyMemory<byte> torrentFile) => new(SHA1.HashData(torrentFile.Span));

    /// <summary>Begins anew, as if just made: for a host that several tests share. The version goes on rising; options stay.</summary>
    public void Reset(int torrents = 3)
    {
        lock (_lock)
        {
            _torrents.Clear();
            _commands.Clear();
            (LastAdd, LastPatch, LastCreation, Dht, _nextFailure, Events, Creations) = (null, null, null, null, null, [], []);
            Snapshot = Begin(torrents, Now, Snapshot.Version);
        }

        Publish();
    }

    /// <summary>The next command throws this, once.</summary>
    public void FailNext(string code, string message) => _nextFailure = new TorrentEngineException(code, message);

    /// <summary>Replaces the session's own numbers (its torrents and version are kept right) and wakes waiters.</summary>
    public void Publish(Func<SessionSnapshot, SessionSnapshot>? change = null)
    {
        TaskCompletionSource woken;
        lock (_lock)
        {
            var version = Snapshot.Version + 1;
            var rows = _torrents.Select(torrent => torrent.Snapshot).ToImmutableArray();
            var next = change is null ? Snapshot : change(Snapshot);
            Snapshot = next with
            {
                Version = version,
                At = Now,
                Torrents = rows,
                DownloadRate = rows.Sum(row => row.DownloadRate),
                UploadRate = rows.Sum(row => row.UploadRate),
                Connections = rows.Sum(row => row.ConnectedPeers),
            };
            (woken, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        woken.SetResult();
    }

    /// <summary>One second passes: running torrents receive and send what their rates say, finished ones become seeds. <paramref name="moves"/> says which do; all without it.</summary>
    public void Tick(Func<FakeTorrent, bool>? moves = null)
    {
        Now += TimeSpan.FromSeconds(1);
        foreach (var torrent in Torrents)
        {
            if (moves is not null && !moves(torrent))
            {
                continue;
            }

            torrent.Details = torrent.Details!.Metadata is not null ? torrent.Details : FakeSession.After(torrent.Details!, TimeSpan.FromSeconds(1), Now);
        }

        Publish();
    }

    /// <inheritdoc/>
    public async ValueTask<SessionSnapshot> WaitForChangeAsync(long seenVersion, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (Snapshot.Version != seenVersion)
                {
                    return Snapshot;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public TorrentPreview Inspect(ReadOnlyMemory<byte> torrentFile) =>
        FakeSession.Preview(torrentFile, hash => Find(hash) is not null);

    /// <inheritdoc/>
    public Task<ITorrentAccess> AddAsync(AddTorrentRequest request, CancellationToken cancellationToken = default)
    {
        if (request.Magnet is { } magnet)
        {
            return AddMagnet(InspectMagnet(magnet), request);
        }

        var preview = Inspect(request.TorrentFile);
        Obey($"add {preview.InfoHash}");
        if (preview.IsPresent)
        {
            throw new TorrentEngineException("torrent.duplicate", $"\"{preview.Name}\" is in the list already.");
        }

        LastAdd = request;
        var details = FakeSession.Details(Torrents.Count, PeerCount, Now, request.Start ? TorrentState.Downloading : TorrentState.Stopped, preview.InfoHash, preview.Name);
        var summary = details.Summary with { IsSequential = request.Sequential, SavePath = request.SavePath ?? Options.SharedDirectory };
        var torrent = new FakeTorrent(this, details with { Summary = summary });
        Insert(torrent);
        Publish();
        return Task.FromResult<ITorrentAccess>(torrent);
    }

    /// <inheritdoc/>
    public ITorrentAccess? Find(InfoHash infoHash) => Torrents.FirstOrDefault(torrent => torrent.InfoHash == infoHash);

    /// <inheritdoc/>
    public Task RemoveAsync(InfoHash infoHash, bool deleteData)
    {
        Obey($"remove {infoHash} deleteData={(deleteData ? "true" : "false")}");
        lock (_lock)
        {
            if (_torrents.RemoveAll(torrent => torrent.InfoHash == infoHash) == 0)
            {
                throw new TorrentEngineException("torrent.not_found", "This torrent is not in the list.");
            }
        }

        Publish();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task UpdateSettingsAsync(EngineSettingsPatch patch)
    {
        Obey("settings");
        if (patch.MaxUploadRate < 0 || patch.MaxDownloadRate < 0)
        {
            throw new TorrentEngineException("settings.invalid", "A rate cannot be negative.");
        }

        LastPatch = patch;
        Options = patch.ApplyTo(Options);
        Publish(session => session with { MaxDownloadRate = Options.MaxDownloadRate, MaxUploadRate = Options.MaxUploadRate, DhtNodes = Options.Dht ? 312 : -1, TrackerPeers = Options.Tracker.Enabled ? 19 : -1 });
        return Task.CompletedTask;
    }

    private Task<ITorrentAccess> AddMagnet(MagnetPreview preview, AddTorrentRequest request)
    {
        Obey($"add {preview.InfoHash}");
        if (preview.IsKnown)
        {
            throw new TorrentEngineException("torrent.duplicate", $"\"{preview.Name}\" is in the list already.");
        }

        LastAdd = request;
        var torrent = new FakeTorrent(this, FakeSession.Metadata(preview.InfoHash, preview.Name, Now));
        Insert(torrent);
        Publish();
        return Task.FromResult<ITorrentAccess>(torrent);
    }

    private void Insert(FakeTorrent torrent)
    {
        lock (_lock)
        {
            _torrents.Add(torrent);
        }
    }

    private void Change(string id, Func<TorrentCreationSnapshot, TorrentCreationSnapshot> change) =>
        Creations = [.. Creations.Select(creation => creation.Id == id ? change(creation) : creation)];

    private SessionSnapshot Begin(int torrents, DateTimeOffset now, long version)
    {
        Now = now;
        _torrents.AddRange(Enumerable.Range(0, torrents).Select(i => new FakeTorrent(this, FakeSession.Details(i, PeerCount, now))));
        return FakeSession.Session(version, now, [.. _torrents.Select(torrent => torrent.Snapshot)]);
    }

    /// <summary>Notes a command, then throws what <see cref="FailNext"/> left.</summary>
    internal void Obey(string command)
    {
        lock (_lock)
        {
            _commands.Add(command);
        }

        if (Interlocked.Exchange(ref _nextFailure, null) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>Is the torrent still in the list?</summary>
    internal bool Holds(FakeTorrent torrent)
    {
        lock (_lock)
        {
            return _torrents.Contains(torrent);
        }
    }
}
