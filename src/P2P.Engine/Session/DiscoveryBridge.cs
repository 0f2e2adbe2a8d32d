using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using P2P.Engine.Discovery;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Discovery.Serving;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>The only place where discovery and swarms meet: endpoints go one way, totals and wishes the other. Session loop only.</summary>
/// <remarks>
/// Owns the DHT node, the local discovery and the embedded tracker, each while its switch is on. Private torrents (BEP 27) are told to their
/// trackers and to nobody else: this class never hands their infohash to the DHT or the local discovery.
/// </remarks>
internal sealed class DiscoveryBridge(
    EngineEnvironment environment, PeerId ourId, Func<int> port, Func<InfoHash, string?> nameOf, Action<PeerEndpoint> onNode, Random random, ILogger logger)
{
    private const string IsPrivateWords = "This torrent is private: only its trackers may name peers.";

    private readonly Dictionary<InfoHash, TorrentEntry> _followed = [];
    private TorrentEngineOptions _options = new();
    private ReadOnlyMemory<byte> _dhtState;
    private int _listenPort;
    private bool _isApplied;
    private DhtLoop? _dht;
    private LocalDiscovery? _local;
    private TrackerServer? _tracker;

    /// <summary>UDP port of the DHT node; 0 while it is off or not bound. Any thread.</summary>
    public int DhtPort => Volatile.Read(ref _dht)?.Port ?? 0;

    /// <summary>Good nodes known; -1 while the DHT is off. Any thread.</summary>
    public int DhtNodes => Volatile.Read(ref _dht)?.GoodNodes ?? -1;

    /// <summary>Peers the embedded tracker knows; -1 while it is off. Any thread.</summary>
    public int TrackerPeers => Volatile.Read(ref _tracker)?.Peers ?? -1;

    /// <summary>Brings what runs in line with the settings. Loops that end say good-bye in the tasks returned.</summary>
    /// <param name="options">Settings in force.</param>
    /// <param name="dhtState">The DHT's id and nodes as last kept.</param>
    public ImmutableArray<Task> Apply(TorrentEngineOptions options, ReadOnlyMemory<byte> dhtState = default)
    {
        var before = _options;
        (_options, _isApplied) = (options, true);
        _dhtState = dhtState.IsEmpty ? _dhtState : dhtState;
        var ended = ImmutableArray.CreateBuilder<Task>();
        var dhtPort = options.ListenPort != 0 ? options.ListenPort : port();
        if (_dht is not null && (!options.Dht || dhtPort != _listenPort))
        {
            ended.Add(StopDhtAsync(_dht));
            Volatile.Write(ref _dht, null);
            TellAll(DiscoverySource.Dht);
        }

        if (_dht is null && options.Dht && dhtPort != 0)
        {
            _listenPort = dhtPort;
            StartDht(dhtPort);
        }
        else if (_dht is not null && !before.DhtBootstrap.AsSpan().SequenceEqual(options.DhtBootstrap.AsSpan()))
        {
            _dht.SetBootstrap(options.DhtBootstrap);
        }

        if (_local is not null && !options.LocalDiscovery)
        {
            ended.Add(_local.StopAsync());
            _local = null;
            TellAll(DiscoverySource.LocalNetwork);
        }
        else if (_local is null && options.LocalDiscovery)
        {
            StartLocal();
        }

        if (_tracker is not null && (!options.Tracker.Enabled || options.Tracker != before.Tracker))
        {
            ended.Add(_tracker.StopAsync());
            Volatile.Write(ref _tracker, null);
        }

        if (_tracker is null && options.Tracker.Enabled)
        {
            StartTracker(ended.Count > 0 ? Task.WhenAll(ended.ToArray()) : Task.CompletedTask);
        }

        return ended.ToImmutable();
    }

    /// <summary>The port of peers is known now; a DHT that waited for it begins.</summary>
    public void OnListening()
    {
        if (_dht is null && _options.Dht && _isApplied)
        {
            Apply(_options);
        }
    }

    /// <summary>A torrent transfers, or fetches its metadata, from now on: it is announced wherever it may be.</summary>
    public void Follow(TorrentEntry entry)
    {
        if (!_followed.TryAdd(entry.Record.InfoHash, entry))
        {
            return;
        }

        FollowTrackers(entry);
        FollowDht(entry);
        FollowLocal(entry);
        foreach (var node in entry.Metainfo is { IsPrivate: false } metainfo ? metainfo.Nodes : [])
        {
            _dht?.AddNode(node);
        }
    }

    /// <summary>Its trackers are others now; the task completes when those before know that it left them.</summary>
    public Task Retrack(TorrentEntry entry)
    {
        var before = entry.Announcer;
        entry.Announcer = null;
        entry.SilenceAnnouncer?.Invoke();
        TellUntried(entry);
        if (_followed.ContainsKey(entry.Record.InfoHash))
        {
            FollowTrackers(entry);
        }

        return before?.StopAsync() ?? Task.CompletedTask;
    }

    /// <summary>Tells a torrent its trackers before any was asked.</summary>
    public static void TellUntried(TorrentEntry entry) => entry.Port.Post(new TorrentCommand.TrackersChanged(
    [
        .. entry.Tiers.SelectMany((tier, index) => tier.Select(url => new TrackerSnapshot { Url = url, Tier = index, Message = "not tried yet" })),
    ]));

    private void FollowTrackers(TorrentEntry entry)
    {
        var sink = new TrackerSink(entry.Port);
        entry.SilenceAnnouncer = sink.Silence;
        entry.Announcer = entry.Tiers.IsDefaultOrEmpty
            ? null
            : new TorrentAnnouncer(
                entry.Record.InfoHash, ourId, port, entry.Tiers, environment.Network, environment.Clock, environment.Scheduler,
                new Random(random.Next()), _options.MinTrackerInterval, sink, logger);
        entry.Announcer?.Start();
    }

    /// <summary>The metadata is here, and with it the answer whether the torrent is private.</summary>
    public void OnMetadata(TorrentEntry entry)
    {
        if (entry.IsPrivate)
        {
            _dht?.Unfollow(entry.Record.InfoHash);
            _local?.Unfollow(entry.Record.InfoHash);
        }

        FollowDht(entry);
        FollowLocal(entry);
    }

    /// <summary>A torrent no longer transfers; the task completes when its trackers know.</summary>
    public Task Unfollow(TorrentEntry entry)
    {
        if (!_followed.Remove(entry.Record.InfoHash))
        {
            return Task.CompletedTask;
        }

        _dht?.Unfollow(entry.Record.InfoHash);
        _local?.Unfollow(entry.Record.InfoHash);
        var announcer = entry.Announcer;
        entry.Announcer = null;
        return announcer?.StopAsync() ?? Task.CompletedTask;
    }

    /// <summary>The download finished.</summary>
    public void Completed(TorrentEntry entry)
    {
        entry.Announcer?.Completed();
        _dht?.SetSeed(entry.Record.InfoHash, true);
    }

    /// <summary>The torrent lacks peers, or no longer does.</summary>
    public void SetWantsPeers(TorrentEntry entry, bool isWanting)
    {
        entry.Announcer?.SetWantsPeers(isWanting);
        _dht?.SetWantsPeers(entry.Record.InfoHash, isWanting);
    }

    /// <summary>The user asks every source now.</summary>
    public void AnnounceNow(TorrentEntry entry)
    {
        entry.Announcer?.AnnounceNow();
        if (!entry.IsPrivate && _followed.ContainsKey(entry.Record.InfoHash))
        {
            _dht?.SearchNow(entry.Record.InfoHash);
            _local?.SearchNow(entry.Record.InfoHash);
        }
    }

    /// <summary>Somebody told of a DHT node; it is believed once it answered.</summary>
    public void AddNode(PeerEndpoint node) => _dht?.AddNode(node);

    /// <summary>The DHT node now.</summary>
    public Task<DhtSnapshot> GetDhtAsync() => _dht?.GetSnapshotAsync() ?? Task.FromResult(new DhtSnapshot { IsRunning = false });

    /// <summary>The embedded tracker now.</summary>
    public Task<TrackerServerSnapshot> GetTrackerAsync() => _tracker?.GetSnapshotAsync() ?? Task.FromResult(new TrackerServerSnapshot
    {
        IsRunning = false,
        ServesAny = _options.Tracker.ServesAny,
    });

    /// <summary>The DHT's id and nodes, to be kept; null while it is off.</summary>
    public Task<byte[]>? SaveDhtAsync() => _dht?.SaveAsync();

    /// <summary>Ends the DHT node and returns what is worth keeping of it; null when it is off.</summary>
    public Task<byte[]>? StopDhtAsync()
    {
        var dht = _dht;
        Volatile.Write(ref _dht, null);
        return dht?.StopAsync();
    }

    /// <summary>Ends local discovery and the tracker.</summary>
    public Task StopOthersAsync()
    {
        var (local, tracker) = (_local, _tracker);
        _local = null;
        Volatile.Write(ref _tracker, null);
        return Task.WhenAll(local?.StopAsync() ?? Task.CompletedTask, tracker?.StopAsync() ?? Task.CompletedTask);
    }

    private async Task StopDhtAsync(DhtLoop dht)
    {
        // Switched off in the settings: should it be switched on again, it knows its neighbours still.
        _dhtState = await dht.StopAsync().ConfigureAwait(false);
    }

    private void StartDht(int udpPort)
    {
        var dht = new DhtLoop(new DhtSetup
        {
            Network = environment.Network,
            Clock = environment.Clock,
            Scheduler = environment.Scheduler,
            Seed = random.Next(),
            Entropy = environment.Entropy,
            Address = _options.ListenAddress,
            Port = udpPort,
            PeerPort = port,
            Bootstrap = _options.DhtBootstrap,
            State = _dhtState,
            Logger = logger,
        });
        Volatile.Write(ref _dht, dht);
        dht.Start();
        foreach (var entry in _followed.Values)
        {
            FollowDht(entry);
        }
    }

    private void StartLocal()
    {
        _local = new LocalDiscovery(new LocalDiscoverySetup
        {
            Network = environment.Network,
            Clock = environment.Clock,
            Scheduler = environment.Scheduler,
            Seed = random.Next(),
            Entropy = environment.Entropy,
            Address = _options.ListenAddress,
            PeerPort = port,
            OnNeighbour = onNode,
            Logger = logger,
        });
        _local.Start();
        foreach (var entry in _followed.Values)
        {
            FollowLocal(entry);
        }
    }

    private void StartTracker(Task portsFree)
    {
        var network = environment.Network;
        var tracker = new TrackerServer(new TrackerServerSetup
        {
            Network = network,
            Clock = environment.Clock,
            Scheduler = environment.Scheduler,
            Seed = random.Next(),
            Entropy = environment.Entropy,
            Address = _options.ListenAddress,
            Options = _options.Tracker,
            NameOf = nameOf,
            LocalAddresses = () => _options.ListenAddress is { } address && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
                ? [address]
                : network.LocalAddresses(),
            Logger = logger,
        });
        Volatile.Write(ref _tracker, tracker);
        _ = StartWhenFreeAsync();

        async Task StartWhenFreeAsync()
        {
            await portsFree.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // The old one's failure to stop shows in the new one's bind.
            tracker.Start();
        }
    }

    private void FollowDht(TorrentEntry entry)
    {
        if (entry.IsPrivate || _dht is null)
        {
            Tell(entry, DiscoverySource.Dht);
        }
        else
        {
            _dht.Follow(entry.Record.InfoHash, entry.Record.Name, entry.Record.CompletedAt is not null, new PeerSink(entry.Port));
        }
    }

    private void FollowLocal(TorrentEntry entry)
    {
        if (entry.IsPrivate || _local is null)
        {
            Tell(entry, DiscoverySource.LocalNetwork);
        }
        else
        {
            _local.Follow(entry.Record.InfoHash, new PeerSink(entry.Port));
        }
    }

    private void TellAll(DiscoverySource source)
    {
        foreach (var entry in _followed.Values)
        {
            Tell(entry, source);
        }
    }

    private static void Tell(TorrentEntry entry, DiscoverySource source) => entry.Loop.Post(new TorrentCommand.DiscoveryChanged(new DiscoverySnapshot
    {
        Source = source,
        State = entry.IsPrivate ? DiscoveryState.Forbidden : DiscoveryState.Off,
        Message = entry.IsPrivate ? IsPrivateWords : "Switched off in the settings.",
    }));

    private sealed class TrackerSink(TorrentPort torrent) : IAnnounceSink
    {
        private volatile bool _isSilent;

        public void Silence() => _isSilent = true;

        public TransferTotals Totals
        {
            get
            {
                var (uploaded, downloaded, left) = torrent.Loop.Totals;
                return new TransferTotals(uploaded, downloaded, left);
            }
        }

        public void OnPeersFound(ImmutableArray<PeerEndpoint> peers) => torrent.Loop.Post(new TorrentCommand.PeersFound(peers, PeerSource.Tracker));

        public void OnTrackersChanged(ImmutableArray<TrackerSnapshot> trackers)
        {
            if (!_isSilent)
            {
                torrent.Post(new TorrentCommand.TrackersChanged(trackers));
            }
        }
    }

    private sealed class PeerSink(TorrentPort torrent) : IDiscoverySink
    {
        public void OnPeersFound(DiscoverySource source, ImmutableArray<PeerEndpoint> peers) => torrent.Loop.Post(
            new TorrentCommand.PeersFound(peers, source == DiscoverySource.Dht ? PeerSource.Dht : PeerSource.LocalDiscovery));

        public void OnStatus(DiscoverySnapshot status) => torrent.Post(new TorrentCommand.DiscoveryChanged(status));
    }
}
