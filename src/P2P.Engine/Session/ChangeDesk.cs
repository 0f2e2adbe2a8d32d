using P2P.Engine.Primitives;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>Obeys what users change about one torrent: its record first, then its loop, its trackers, its place. Session loop only.</summary>
/// <param name="find">The torrent in the session's table; null when it is not there.</param>
/// <param name="queue">Where places are.</param>
/// <param name="discovery">Where trackers are.</param>
/// <param name="store">Where records go.</param>
/// <param name="farewells">Trackers that are left.</param>
/// <param name="post">The session's mailbox.</param>
/// <param name="turned">Something that the queue goes by has changed.</param>
internal sealed class ChangeDesk(
    Func<InfoHash, TorrentEntry?> find, QueueDesk queue, DiscoveryBridge discovery, ISessionStore store, Farewells farewells, Action<SessionCommand> post, Action turned)
{
    /// <summary>Changes a torrent's intent.</summary>
    public void Change(SessionCommand.Change change) => Answer(change.InfoHash, change.Reply, entry =>
    {
        entry.Record = change.Edit(entry.Record);
        if (change.Command is TorrentCommand.Start or TorrentCommand.Stop)
        {
            entry.Forget(); // The queue decides whether it starts now; a stop is a stop.
        }

        if (change.Command is not (null or TorrentCommand.Start))
        {
            entry.Loop.Post(change.Command);
        }

        turned();
        return store.SaveAsync(entry.Record);
    });

    /// <summary>Asks every source of peers now.</summary>
    public void Announce(SessionCommand.Announce announce) => Answer(announce.InfoHash, announce.Reply, entry =>
    {
        discovery.AnnounceNow(entry);
        return Task.CompletedTask;
    });

    /// <summary>Moves a torrent in the queue.</summary>
    public void MoveInQueue(SessionCommand.MoveInQueue move) => Answer(move.InfoHash, move.Reply, entry =>
    {
        var changed = queue.Move(entry, move.Move);
        turned();
        return Task.WhenAll(changed.Select(one => store.SaveAsync(one.Record)));
    });

    /// <summary>Gives a torrent other trackers.</summary>
    public void SetTrackers(SessionCommand.SetTrackers set) => Answer(set.InfoHash, set.Reply, entry =>
    {
        entry.Record = entry.Record with { Trackers = set.Tiers };
        farewells.Add(discovery.Retrack(entry));
        post(new SessionCommand.Tell(set.InfoHash, new TorrentNews(
            EngineEventKind.TrackersChanged, $"The trackers of {entry.Record.DisplayName ?? entry.Record.Name} were changed.", [DiagnosisArgument.Number("trackers", set.Tiers.Sum(tier => tier.Length))])));
        return store.SaveAsync(entry.Record);
    });

    /// <summary>Moves a torrent's files: stops it, and has it made anew with the other folder; the way of a finished torrent into its folder does the rest.</summary>
    /// <remarks>
    /// The record says from where and to where before a byte moves, so a kill in between goes on at the next start. The files of a download
    /// stay where partial files are; its other folder is where they will go.
    /// </remarks>
    public void MoveStorage(SessionCommand.MoveStorage move, TorrentEngineOptions options, Func<TorrentEntry, TorrentEngineException?> refusal)
    {
        if (find(move.InfoHash) is not { } entry || entry.Metainfo is null)
        {
            move.Reply.TrySetException(NotFound(move.InfoHash));
            return;
        }

        if (entry.Record.MovedFrom is not null || entry.Row?.State == TorrentState.Checking || entry.MoveReply is not null)
        {
            move.Reply.TrySetException(new TorrentEngineException("move.busy", "Its files are being checked or moved: wait until that is done."));
            return;
        }

        if (string.Equals(TorrentFactory.RootOf(entry.Record, options), move.Folder, StringComparison.Ordinal))
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
        _ = RelocateAsync(entry, move.Folder);
    }

    /// <summary>Progress of a torrent is on record: a move may be over.</summary>
    public static void OnProgress(TorrentEntry entry)
    {
        if (entry is { MoveReply: { } reply, IsRelocated: true, Record: { MovedFrom: null, IsInSharedRoot: true } })
        {
            entry.MoveReply = null;
            reply.TrySetResult();
            if (!entry.Record.IsStarted)
            {
                entry.Loop.Post(new TorrentCommand.Stop(null)); // It ran only for this.
            }
        }
    }

    // A servant: waits for the loop and the store, and posts back.
    private async Task RelocateAsync(TorrentEntry entry, string folder)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        entry.Loop.Post(new TorrentCommand.Stop(stopped));
        await stopped.Task.ConfigureAwait(false);
        post(new SessionCommand.Relocate(entry.Record.InfoHash, folder));
    }

    private void Answer(InfoHash infoHash, TaskCompletionSource reply, Func<TorrentEntry, Task> obey) =>
        _ = StoreServant.AnswerAsync(find(infoHash) is { } entry ? obey(entry) : Task.FromException(NotFound(infoHash)), reply);

    private static TorrentEngineException NotFound(InfoHash infoHash) => new("torrent.not_found", $"No torrent with the infohash {infoHash} is here.");
}
