using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>Remote control of one torrent: commands complete when obeyed; reading never waits. Thread-safe.</summary>
/// <remarks>Commands on a removed torrent throw <see cref="TorrentEngineException"/> "torrent.not_found".</remarks>
public sealed class TorrentHandle
{
    internal TorrentHandle(InfoHash infoHash) => InfoHash = infoHash;

    /// <summary>Its name in the network.</summary>
    public InfoHash InfoHash { get; }

    /// <summary>The row as of the last beat.</summary>
    public TorrentSnapshot Snapshot => throw new NotImplementedException();

    /// <summary>Details as of the last beat; null until a watch has seen one beat.</summary>
    public TorrentDetails? Details => throw new NotImplementedException();

    /// <summary>Keeps <see cref="Details"/> fresh until disposed.</summary>
    public IDisposable Watch() => throw new NotImplementedException();

    /// <summary>Builds details once, now, watched or not.</summary>
    public Task<TorrentDetails> GetDetailsAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Starts (or retries after an error). Saved when the task completes.</summary>
    public Task StartAsync() => throw new NotImplementedException();

    /// <summary>Stops: "stopped" is announced, unfinished pieces are kept. Saved when the task completes.</summary>
    public Task StopAsync() => throw new NotImplementedException();

    /// <summary>Hashes everything on disk again; progress shows in the snapshot.</summary>
    public Task RecheckAsync() => throw new NotImplementedException();

    /// <summary>Connects to a peer by hand.</summary>
    public Task AddPeerAsync(PeerEndpoint endpoint) => throw new NotImplementedException();

    /// <summary>Sets the priority of files by index. Saved when the task completes.</summary>
    public Task SetFilePrioritiesAsync(IReadOnlyDictionary<int, FilePriority> priorities) => throw new NotImplementedException();

    /// <summary>Asks for pieces in order, or rarest first again.</summary>
    public Task SetSequentialAsync(bool isSequential) => throw new NotImplementedException();

    /// <summary>Sets its own strict switch; null follows the session.</summary>
    public Task SetStrictTitForTatAsync(bool? isStrict) => throw new NotImplementedException();

    /// <summary>Announces to the trackers now.</summary>
    public Task AnnounceAsync() => throw new NotImplementedException();
}
