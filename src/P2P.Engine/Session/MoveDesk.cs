using P2P.Engine.Primitives;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>Moves torrents' files to other folders: stops a torrent, and has its loop made anew with the other folder; the way of a finished torrent into its folder does the rest. Session loop only.</summary>
/// <remarks>
/// The record that says from where and to where is durable before a byte moves, so a kill at any time goes on at the next start. The files of a
/// download stay where partial files are; its other folder is where they will go. A moving torrent runs whatever the queue or its user says of
/// it, and holds no slot.
/// </remarks>
/// <param name="find">The torrent in the session's table; null when it is not there.</param>
/// <param name="store">Where records go.</param>
/// <param name="post">The session's mailbox.</param>
/// <param name="remake">Gives a torrent that has stopped another loop, made from its record.</param>
/// <param name="turned">Something that the queue goes by has changed.</param>
internal sealed class MoveDesk(Func<InfoHash, TorrentEntry?> find, ISessionStore store, Action<SessionCommand> post, Action<TorrentEntry> remake, Action turned)
{
    /// <summary>Somebody wants a torrent's files elsewhere; answered when they are there.</summary>
    public void Move(SessionCommand.MoveStorage move, TorrentEngineOptions options, Func<TorrentEntry, TorrentEngineException?> refusal)
    {
        if (find(move.InfoHash) is not { Metainfo: not null } entry)
        {
            move.Reply.TrySetException(NotFound(move.InfoHash));
            return;
        }

        if (Busy(entry, move.Folder, options) is { } busy)
        {
            move.Reply.TrySetException(busy);
            return;
        }

        if (entry.Record.MovedFrom is null && string.Equals(TorrentFactory.RootOf(entry.Record, options), move.Folder, StringComparison.Ordinal))
        {
            move.Reply.TrySetResult(); // It is there already.
            return;
        }

        if (refusal(entry) is { } because)
        {
            move.Reply.TrySetException(because);
            return;
        }

        (entry.MoveReply, entry.IsRelocated) = (move.Reply, false);
        _ = StopAsync(entry, move.Folder);
    }

    /// <summary>A torrent that is to move has let go of its files.</summary>
    public void OnStopped(SessionCommand.Relocate relocate, TorrentEngineOptions options)
    {
        if (find(relocate.InfoHash) is not { Metainfo: not null } entry)
        {
            return; // It was removed, and whoever waited was told.
        }

        var before = entry.Record;
        if (before is { IsInSharedRoot: false, CompletedAt: not null, MovedFrom: null })
        {
            // It got done in the meantime, and its files are on their way to the present folder.
            Answer(entry, new TorrentEngineException("move.busy", "It has just become complete, and its files are being moved into its folder: try again in a moment."));
            entry.Forget();
            turned();
            return;
        }

        var from = TorrentFactory.RootOf(before, options);
        entry.Record = before with { SharedRoot = relocate.Folder, IsInSharedRoot = false, MovedFrom = before.IsInSharedRoot || before.MovedFrom is not null ? from : null };
        entry.IsReady = false;
        remake(entry);
        _ = SaveAsync(entry.Record, before);
    }

    /// <summary>The record of a move is durable, or could not be saved: then the torrent stays where it is.</summary>
    public void OnSaved(SessionCommand.Relocated relocated)
    {
        if (find(relocated.Before.InfoHash) is not { } entry)
        {
            return;
        }

        (entry.IsReady, entry.IsRelocated) = (true, true);
        if (relocated.Failure is { } failure)
        {
            entry.Record = relocated.Before;
            remake(entry);
            Answer(entry, StoreServant.Explain(failure, "The files stay where they are, because the move could not be noted down"));
        }
        else if (entry.Record.MovedFrom is null)
        {
            Answer(entry, null); // Nothing is there yet: what is downloaded goes there when it is whole.
        }

        turned();
    }

    /// <summary>A torrent's progress goes into its record: a move may be over with it.</summary>
    public static void Take(TorrentEntry entry, TorrentProgress progress)
    {
        var wasMoving = entry.Record.MovedFrom is not null;
        entry.Merge(progress);
        if (wasMoving && entry.Record.MovedFrom is null)
        {
            Answer(entry, null);
            if (!entry.Record.IsStarted)
            {
                entry.Forget();
                entry.Loop.Post(new TorrentCommand.Stop(null)); // It ran only for this.
            }
        }
    }

    /// <summary>A torrent's state has changed: a move may have failed.</summary>
    public static void OnState(TorrentEntry entry)
    {
        if (entry is { IsRelocated: true, MoveReply: not null, Row: { State: TorrentState.Error } row })
        {
            Answer(entry, new TorrentEngineException(row.ErrorCode ?? "disk.failed", row.Error ?? "The files could not be moved."));
        }
    }

    /// <summary>A torrent is gone.</summary>
    public static void OnGone(TorrentEntry entry) => Answer(entry, NotFound(entry.Record.InfoHash));

    // Half here and half there it can only go on, or back.
    private static TorrentEngineException? Busy(TorrentEntry entry, string folder, TorrentEngineOptions options) => entry switch
    {
        { MoveReply: not null } or { Row.State: TorrentState.Checking } or { Row.Move: not null } or { Record.MovedFrom: not null, Row.State: not TorrentState.Error } =>
            new TorrentEngineException("move.busy", "Its files are being checked or moved: wait until that is done."),
        { Record.IsInSharedRoot: true, Row.Progress: < 1 } => new TorrentEngineException(
            "move.unfinished", "Some of its files are still being downloaded, the others are in their folder already: move it when all are there."),
        { Record.MovedFrom: { } from } when from != folder => new TorrentEngineException(
            "move.unfinished", $"Its last move did not end: some files are in {from}, some in {TorrentFactory.RootOf(entry.Record, options)}. Press Start to go on with it, or move it back to {from} first."),
        _ => null,
    };

    private static void Answer(TorrentEntry entry, TorrentEngineException? failure)
    {
        var reply = entry.MoveReply;
        entry.MoveReply = null;
        if (failure is null)
        {
            reply?.TrySetResult();
        }
        else
        {
            reply?.TrySetException(failure);
        }
    }

    private static TorrentEngineException NotFound(InfoHash infoHash) => new("torrent.not_found", $"No torrent with the infohash {infoHash} is here.");

    // Servants: they wait for a loop or the store, and post back.
    private async Task StopAsync(TorrentEntry entry, string folder)
    {
        var stopped = new TaskCompletionSource(); // Answered on a loop; what follows only posts.
        entry.Loop.Post(new TorrentCommand.Stop(stopped));
        await stopped.Task.ConfigureAwait(false);
        post(new SessionCommand.Relocate(entry.Record.InfoHash, folder));
    }

    private async Task SaveAsync(TorrentRecord record, TorrentRecord before) =>
        post(new SessionCommand.Relocated(before, await StoreServant.FailureOf(store.SaveAsync(record)).ConfigureAwait(false)));
}
