using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Session.History;
using P2P.Engine.Storage;

namespace P2P.Engine.Session;

/// <summary>The state at rest: loaded once at start, saved in batches. Implemented by <c>Persistence.LiteDbSessionStore</c>.</summary>
/// <remarks>Calls post to one dedicated thread; a returned task completes only when the change is durable (commit, checkpoint, flush).</remarks>
internal interface ISessionStore : IAsyncDisposable
{
    /// <summary>Opens, verifies and loads everything; runs the recovery ladder when needed and says which step was used.</summary>
    Task<LoadedSession> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Keeps the .torrent file (or the magnet link in its place) and the record of a torrent; durable when the task completes. What was there is replaced.</summary>
    Task AddAsync(TorrentRecord record, ReadOnlyMemory<byte> torrentFile);

    /// <summary>The .torrent file as kept; empty when it is missing.</summary>
    Task<byte[]> ReadTorrentAsync(InfoHash infoHash);

    /// <summary>Marks the torrent's record to be written with the next batch (about once a second); the task completes when it is durable.</summary>
    /// <remarks>A later record of the same torrent replaces one that waits; both tasks complete together.</remarks>
    Task SaveAsync(TorrentRecord record);

    /// <summary>Forgets a torrent and its .torrent file; durable when the task completes.</summary>
    Task RemoveAsync(InfoHash infoHash);

    /// <summary>Saves the settings changed in the page; durable when the task completes.</summary>
    Task SaveSettingsAsync(ImmutableDictionary<string, string> settings);

    /// <summary>Keeps the DHT's id and nodes, replacing what was kept; losing them costs a bootstrap, nothing else.</summary>
    Task SaveDhtAsync(ReadOnlyMemory<byte> state);

    /// <summary>Logs beside the records.</summary>
    IJournalStore Journals { get; }

    /// <summary>Why state cannot be saved now, in one sentence; null when it can. Any thread.</summary>
    string? StateError { get; }

    /// <summary>Writes what waits, now.</summary>
    Task FlushAsync();
}

/// <summary>What a start finds.</summary>
/// <param name="Torrents">Records with the bytes of their .torrent files.</param>
/// <param name="Settings">Settings kept by the page.</param>
/// <param name="RecoveryNotice">Null after a normal load; else one sentence: what was wrong and which step was used.</param>
/// <param name="WasCleanStop">The last process stopped cleanly.</param>
internal sealed record LoadedSession(
    ImmutableArray<(TorrentRecord Record, byte[] TorrentFile)> Torrents,
    ImmutableDictionary<string, string> Settings,
    string? RecoveryNotice,
    bool WasCleanStop)
{
    /// <summary>The DHT's id and nodes as last kept; empty when there are none or they cannot be read.</summary>
    public ReadOnlyMemory<byte> DhtState { get; init; }
}

/// <summary>One torrent at rest. Immutable; every field has a safe default so that old records load.</summary>
internal sealed record TorrentRecord
{
    public required InfoHash InfoHash { get; init; }

    public string Name { get; init; } = "";

    /// <summary>Should it run (start again after a restart)?</summary>
    public bool IsStarted { get; init; } = true;

    public bool IsSequential { get; init; }

    public bool? StrictTitForTat { get; init; }

    public DateTimeOffset AddedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public long Downloaded { get; init; }

    public long Uploaded { get; init; }

    /// <summary>Absolute shared folder of this torrent; null for the session's default.</summary>
    public string? SharedRoot { get; init; }

    /// <summary>Absolute folder its finished files are being moved from, to <see cref="SharedRoot"/>; null when they are not.</summary>
    public string? MovedFrom { get; init; }

    /// <summary>The files are in the shared folder.</summary>
    public bool IsInSharedRoot { get; init; }

    /// <summary>Pieces that are verified, written and flushed; wire bytes, null when none was ever recorded.</summary>
    public byte[]? Have { get; init; }

    /// <summary>Blocks of unfinished pieces flushed at the last clean stop: piece and its block bitmap (wire bit order).</summary>
    public ImmutableArray<(int Piece, byte[] Blocks)> PartialPieces { get; init; } = [];

    /// <summary>Priority per file, in metainfo order; empty for all normal.</summary>
    public ImmutableArray<FilePriority> FilePriorities { get; init; } = [];

    /// <summary>Size and mtime per file at the time of the record; contradicted, the file is re-checked.</summary>
    public ImmutableArray<FileFact> Fingerprints { get; init; } = [];

    /// <summary>This record was written by a clean stop, so nothing unrecorded can be on disk.</summary>
    public bool IsCleanStop { get; init; }

    /// <summary>The existing data was looked for (and checked) already.</summary>
    public bool WasChecked { get; init; }

    /// <summary>Of a magnet link: wait, stopped, for the choice of files when the metadata is here.</summary>
    public bool ChoosesFiles { get; init; }

    /// <summary>Its place in the queue: smaller first; null in records of older versions.</summary>
    public long? QueueKey { get; init; }

    /// <summary>Runs whatever the queue says.</summary>
    public bool IsForced { get; init; }

    public string? Label { get; init; }

    /// <summary>Its own limits, bytes per second; 0 = none.</summary>
    public long MaxDownloadRate { get; init; }

    public long MaxUploadRate { get; init; }

    /// <summary>Its own share limits; null follows its label, then the session.</summary>
    public ShareLimits? ShareLimits { get; init; }

    /// <summary>The share limit it was stopped by; null when it was not.</summary>
    public string? LimitReached { get; init; }

    /// <summary>Limits that had stopped it when its user started it again: they stop it no more until its share limits are set anew.</summary>
    public WaivedLimits Waived { get; init; }

    /// <summary>Time spent seeding, all runs.</summary>
    public TimeSpan SeedingTime { get; init; }

    /// <summary>When payload last went either way; null when it never did.</summary>
    public DateTimeOffset? LastActivityAt { get; init; }

    /// <summary>Its name in the list; null for its own.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Trackers as edited by the user; null for those of the .torrent.</summary>
    public ImmutableArray<ImmutableArray<string>>? Trackers { get; init; }
}
