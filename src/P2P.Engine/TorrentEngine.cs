using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>The engine: start, stop, add, find, remove, watch. No logic; forwards to the session. Thread-safe.</summary>
public sealed class TorrentEngine : IAsyncDisposable
{
    private TorrentEngine()
    {
    }

    /// <summary>Settings in force: those given at the start, overlaid by those kept from the page.</summary>
    public TorrentEngineOptions Options => throw new NotImplementedException();

    /// <summary>The session as of the last beat; never null, never waits.</summary>
    public SessionSnapshot Snapshot => throw new NotImplementedException();

    /// <summary>The last 1,000 events, newest first.</summary>
    public ImmutableArray<EngineEvent> Events => throw new NotImplementedException();

    /// <summary>Locks the data directory, loads the state, listens, and resumes every started torrent.</summary>
    /// <remarks>Throws <see cref="TorrentEngineException"/>: "state.locked" when another process has the directory, "disk.*" when it cannot be used.
    /// A port in use is not fatal: see <see cref="SessionSnapshot.ListenError"/>; it is tried again every 10 s.</remarks>
    public static Task<TorrentEngine> StartAsync(TorrentEngineOptions options, ILoggerFactory? loggerFactory = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Looks inside a .torrent without adding it. Throws <see cref="TorrentEngineException"/> with the parse error.</summary>
    public TorrentPreview Inspect(ReadOnlyMemory<byte> torrentFile) => throw new NotImplementedException();

    /// <summary>Adds a torrent; durable when the task completes. Throws "torrent.duplicate" and every parse error.</summary>
    public Task<TorrentHandle> AddAsync(AddTorrentRequest request, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>The torrent's remote control, or null.</summary>
    public TorrentHandle? Find(InfoHash infoHash) => throw new NotImplementedException();

    /// <summary>Removes a torrent, and its files if asked; durable when the task completes.</summary>
    public Task RemoveAsync(InfoHash infoHash, bool deleteData) => throw new NotImplementedException();

    /// <summary>Changes settings, kept over restarts; throws "settings.invalid" with a sentence naming each mistake.</summary>
    public Task UpdateSettingsAsync(EngineSettingsPatch patch) => throw new NotImplementedException();

    /// <summary>Waits until the snapshot's version differs from <paramref name="seenVersion"/>, and returns it.</summary>
    public ValueTask<SessionSnapshot> WaitForChangeAsync(long seenVersion, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stops cleanly: announces "stopped", flushes pieces, saves records; each step has a deadline.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
