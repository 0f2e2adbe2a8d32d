using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using P2P.Engine;
using P2P.Engine.Persistence;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Session;
using P2P.Engine.Storage;
using P2P.Engine.Transport;

namespace P2P.Harness;

/// <summary>What a canary breaks in the engine, through its seams: the engine itself knows nothing of it.</summary>
internal static class Sabotage
{
    /// <summary>The start does not see which pieces were written and not yet recorded.</summary>
    public const string Journal = "journal";

    /// <summary>Payload is recorded without having been made durable.</summary>
    public const string Flush = "flush";

    /// <summary>Starts the engine as the program does, or a broken one.</summary>
    public static Task<TorrentEngine> StartEngineAsync(TorrentEngineOptions options, ILoggerFactory log, string? kind)
    {
        if (kind is null)
        {
            return TorrentEngine.StartAsync(options, log);
        }

        var environment = new EngineEnvironment(
            TimeProvider.System,
            new SystemNetwork(options.ListenAddress, TimeProvider.System),
            blocks => kind == Journal ? new JournalBlindDisk(new DiskQueue(blocks)) : new DiskQueue(blocks, files: new FlushlessFiles(new LinuxFileSystem())),
            new ThreadPoolLoopScheduler(),
            Seed: 1);
        var logger = log.CreateLogger("sabotaged");
        var store = new LiteDbSessionStore(Path.GetFullPath(options.DataDirectory), TimeProvider.System, logger);
        return TorrentEngine.StartAsync(environment, options, store, logger, CancellationToken.None);
    }
}

/// <summary>A disk that says the dirty journal is empty.</summary>
internal sealed class JournalBlindDisk(IDisk disk) : IDisk
{
    public int PendingJobs => disk.PendingJobs;

    public DiskCounters Counters => disk.Counters;

    public ITorrentStorage Open(StorageSpec spec, IDiskSink sink) => disk.Open(spec, new Sink(sink));

    public ValueTask DisposeAsync() => disk.DisposeAsync();

    private sealed class Sink(IDiskSink sink) : IDiskSink
    {
        public void OnDisk(DiskCompletion completion) =>
            sink.OnDisk(completion is DiskCompletion.Probed probed ? probed with { DirtyPieces = [] } : completion);
    }
}

/// <summary>Files that are never flushed; everything else is the real thing.</summary>
internal sealed class FlushlessFiles(IFileSystem files) : IFileSystem
{
    public void Flush(SafeFileHandle handle)
    {
    }

    public void FlushFolder(string root, string folder)
    {
    }

    public FileEntry Look(string root, string path) => files.Look(root, path);

    public SafeFileHandle Open(string root, string path, FileUse use) => files.Open(root, path, use);

    public long Read(SafeFileHandle handle, IReadOnlyList<Memory<byte>> buffers, long offset) => files.Read(handle, buffers, offset);

    public void Write(SafeFileHandle handle, IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset) => files.Write(handle, buffers, offset);

    public void SetLength(SafeFileHandle handle, long length) => files.SetLength(handle, length);

    public long LengthOf(SafeFileHandle handle) => files.LengthOf(handle);

    public void SetModified(SafeFileHandle handle, long utcTicks) => files.SetModified(handle, utcTicks);

    public void DropCache(SafeFileHandle handle) => files.DropCache(handle);

    public long NextData(SafeFileHandle handle, long offset) => files.NextData(handle, offset);

    public bool TryRename(string root, string path, string toRoot, string toPath) => files.TryRename(root, path, toRoot, toPath);

    public void Delete(string root, string path) => files.Delete(root, path);

    public void DeleteFolderIfEmpty(string root, string folder) => files.DeleteFolderIfEmpty(root, folder);

    public long? FreeBytes(string root) => files.FreeBytes(root);
}
