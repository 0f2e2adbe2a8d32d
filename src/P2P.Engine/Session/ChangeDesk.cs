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

    /// <summary>Adds trackers that are not there yet, each as a tier of its own.</summary>
    public void AddTrackers(SessionCommand.AddTrackers add)
    {
        if (find(add.InfoHash) is not { } entry)
        {
            add.Reply.TrySetException(NotFound(add.InfoHash));
            return;
        }

        var (tiers, added) = TrackerList.Merge(entry.Tiers, add.Urls);
        if (added == 0)
        {
            add.Reply.TrySetResult(0);
        }
        else if (tiers.Sum(tier => tier.Length) > TrackerList.Most)
        {
            add.Reply.TrySetException(new TorrentEngineException("tracker.invalid", $"A torrent can have {TrackerList.Most} trackers at most; this one has {tiers.Sum(tier => tier.Length) - added}."));
        }
        else
        {
            var saved = new TaskCompletionSource(); // Answered by a servant; what follows only answers.
            SetTrackers(new SessionCommand.SetTrackers(add.InfoHash, tiers, saved));
            _ = CountAsync(saved.Task, added, add.Reply);
        }
    }

    private static async Task CountAsync(Task saved, int added, TaskCompletionSource<int> reply)
    {
        if (await StoreServant.FailureOf(saved).ConfigureAwait(false) is { } failure)
        {
            reply.TrySetException(failure);
        }
        else
        {
            reply.TrySetResult(added);
        }
    }

    private void Answer(InfoHash infoHash, TaskCompletionSource reply, Func<TorrentEntry, Task> obey) =>
        _ = StoreServant.AnswerAsync(find(infoHash) is { } entry ? obey(entry) : Task.FromException(NotFound(infoHash)), reply);

    private static TorrentEngineException NotFound(InfoHash infoHash) => new("torrent.not_found", $"No torrent with the infohash {infoHash} is here.");
}
