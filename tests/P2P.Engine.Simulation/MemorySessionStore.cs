using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Session;
using P2P.Engine.Session.History;

namespace P2P.Engine.Simulation;

/// <summary>What a machine's session store holds, durable; survives processes and power cuts.</summary>
internal sealed class StoreState
{
    /// <summary>Records and .torrent files.</summary>
    public Dictionary<InfoHash, (TorrentRecord Record, byte[] File)> Torrents { get; } = [];

    /// <summary>Settings changed in the page.</summary>
    public ImmutableDictionary<string, string> Settings { get; set; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The last process stopped cleanly.</summary>
    public bool IsClean { get; set; } = true;

    /// <summary>Saves that became durable.</summary>
    public int Commits { get; set; }

    /// <summary>The DHT's id and nodes.</summary>
    public byte[] Dht { get; set; } = [];

    /// <summary>Frames of the logs, by name.</summary>
    public Dictionary<string, List<byte[]>> Journals { get; } = [];

    /// <summary>Told every record that became durable.</summary>
    public Action<TorrentRecord>? OnCommitted { get; set; }
}

/// <summary>A session store in memory: a change is durable after <paramref name="delay"/> of virtual time, and lost if the process dies before.</summary>
internal sealed class MemorySessionStore(SimulatedProcess process, StoreState state, TimeSpan delay) : ISessionStore
{
    private readonly Dictionary<InfoHash, TorrentRecord> _waiting = [];

    // One per save: of several who await one task, .NET resumes all but one on the thread pool.
    private readonly List<TaskCompletionSource> _savers = [];

    /// <inheritdoc/>
    public string? StateError => null;

    /// <inheritdoc/>
    public IJournalStore Journals { get; } = new MemoryJournals(process, state);

    /// <inheritdoc/>
    public Task<LoadedSession> LoadAsync(CancellationToken cancellationToken)
    {
        process.World.AssertOnThread();
        var wasClean = state.IsClean;
        state.IsClean = false;
        return Task.FromResult(new LoadedSession(
            [.. state.Torrents.Values.OrderBy(static torrent => torrent.Record.AddedAt)], state.Settings, RecoveryNotice: null, wasClean)
        {
            DhtState = state.Dht,
        });
    }

    /// <inheritdoc/>
    public Task AddAsync(TorrentRecord record, ReadOnlyMemory<byte> torrentFile)
    {
        var file = torrentFile.ToArray();
        return Later(() => Commit(record, file));
    }

    /// <inheritdoc/>
    public Task SaveAsync(TorrentRecord record)
    {
        process.World.AssertOnThread();
        _waiting[record.InfoHash] = record;
        var saver = new TaskCompletionSource();
        _savers.Add(saver);
        if (_savers.Count == 1)
        {
            process.After(delay, WriteBatch);
        }

        return saver.Task;
    }

    /// <inheritdoc/>
    public Task RemoveAsync(InfoHash infoHash) => Later(() =>
    {
        _waiting.Remove(infoHash);
        state.Torrents.Remove(infoHash);
        state.Journals.Remove(JournalName.Rounds(infoHash).File);
    });

    /// <inheritdoc/>
    public Task SaveSettingsAsync(ImmutableDictionary<string, string> settings) => Later(() => state.Settings = settings);

    /// <inheritdoc/>
    public Task<byte[]> ReadTorrentAsync(InfoHash infoHash) => Task.FromResult(state.Torrents.TryGetValue(infoHash, out var torrent) ? torrent.File : []);

    /// <inheritdoc/>
    public Task SaveDhtAsync(ReadOnlyMemory<byte> dht)
    {
        var copy = dht.ToArray();
        return Later(() => state.Dht = copy);
    }

    /// <inheritdoc/>
    public Task FlushAsync()
    {
        WriteBatch();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        WriteBatch();
        state.IsClean = true;
        return ValueTask.CompletedTask;
    }

    private Task Later(Action change)
    {
        process.World.AssertOnThread();
        var done = new TaskCompletionSource();
        process.After(delay, () =>
        {
            change();
            done.TrySetResult();
        });
        return done.Task;
    }

    private void WriteBatch()
    {
        var (records, savers) = (_waiting.Values.ToArray(), _savers.ToArray());
        _waiting.Clear();
        _savers.Clear();
        foreach (var record in records)
        {
            if (state.Torrents.TryGetValue(record.InfoHash, out var known))
            {
                Commit(record, known.File);
            }
        }

        Array.ForEach(savers, static saver => saver.TrySetResult());
    }

    private void Commit(TorrentRecord record, byte[] file)
    {
        state.Torrents[record.InfoHash] = (record, file);
        state.Commits++;
        state.OnCommitted?.Invoke(record);
    }
}
