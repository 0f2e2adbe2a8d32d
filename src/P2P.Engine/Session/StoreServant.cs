using Microsoft.Extensions.Logging;
using P2P.Engine.Diagnostics;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>Waits for the store, so that the session need not, and posts what came of it.</summary>
/// <param name="store">The state at rest.</param>
/// <param name="post">The session's mailbox.</param>
/// <param name="logger">For what nobody waits for.</param>
internal sealed class StoreServant(ISessionStore store, Action<SessionCommand> post, ILogger logger)
{
    /// <summary>Keeps a new torrent; posts <see cref="SessionCommand.Added"/>.</summary>
    public async Task AddAsync(TorrentRecord record, ReadOnlyMemory<byte> file, TaskCompletionSource<TorrentPort> reply) =>
        post(new SessionCommand.Added(record.InfoHash, await FailureOf(store.AddAsync(record, file)).ConfigureAwait(false), reply));

    /// <summary>Keeps the .torrent that a magnet link became; posts <see cref="SessionCommand.MetadataKept"/>.</summary>
    public async Task KeepMetadataAsync(SessionCommand.MetadataKept kept, ReadOnlyMemory<byte> file) =>
        post(kept with { Failure = await FailureOf(store.AddAsync(kept.Record, file)).ConfigureAwait(false) });

    /// <summary>Forgets a torrent when its loop let go of its files; posts <see cref="SessionCommand.Removed"/>.</summary>
    public async Task RemoveAsync(InfoHash infoHash, Task letGo, TaskCompletionSource reply)
    {
        var failure = await FailureOf(letGo).ConfigureAwait(false)
            ?? await FailureOf(store.RemoveAsync(infoHash)).ConfigureAwait(false);
        post(new SessionCommand.Removed(infoHash, failure, reply));
    }

    /// <summary>Answers a command when its change is durable.</summary>
    public static async Task AnswerAsync(Task durable, TaskCompletionSource reply)
    {
        if (await FailureOf(durable).ConfigureAwait(false) is { } failure)
        {
            reply.TrySetException(Explain(failure, "The change could not be saved"));
        }
        else
        {
            reply.TrySetResult();
        }
    }

    /// <summary>Puts a torrent's progress on record and tells its loop; one that is urgent takes along what waits.</summary>
    public async Task RecordAsync(SwarmLoop loop, TorrentRecord record, TorrentProgress progress)
    {
        var saved = store.SaveAsync(record);
        if (progress.IsUrgent)
        {
            // When it fails the store says so itself, and the save waits for the retry that works.
            await store.FlushAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (await FailureOf(saved).ConfigureAwait(false) is { } failure)
        {
            // The store keeps what failed and tries again; the torrent's record is simply not durable yet.
            EngineLog.SaveFailed(logger, failure.Message);
        }
        else
        {
            loop.Post(new TorrentCommand.ProgressRecorded(progress.Sequence));
        }
    }

    /// <summary>Saves a record nobody waits for; the store tries again by itself, so a failure is only logged.</summary>
    public async Task SaveAsync(TorrentRecord record)
    {
        if (await FailureOf(store.SaveAsync(record)).ConfigureAwait(false) is { } failure)
        {
            EngineLog.SaveFailed(logger, failure.Message);
        }
    }

    /// <summary>Keeps the DHT's nodes; a failure costs a bootstrap at the next start and is only logged.</summary>
    public async Task KeepDhtAsync(Task<byte[]> state)
    {
        if (await FailureOf(KeepAsync()).ConfigureAwait(false) is { } failure)
        {
            EngineLog.SaveFailed(logger, failure.Message);
        }

        async Task KeepAsync() => await store.SaveDhtAsync(await state.ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>A failure of the store as the public exception, with what was to be done.</summary>
    public static TorrentEngineException Explain(Exception failure, string what) =>
        failure as TorrentEngineException ?? new TorrentEngineException("state.not_saved", $"{what}: {failure.Message}", failure);

    /// <summary>What a task failed with; null when it did not.</summary>
    public static async Task<Exception?> FailureOf(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
            return null;
        }
#pragma warning disable CA1031 // Any failure of the store is handed to whoever waits for the change.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return exception;
        }
    }
}
