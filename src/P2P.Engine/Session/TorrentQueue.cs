namespace P2P.Engine.Session;

/// <summary>What the queue needs to know of one torrent.</summary>
/// <param name="IsWanting">It is to run, and can: not stopped by its user, not failed.</param>
/// <param name="IsForced">It runs whatever the queue says.</param>
/// <param name="IsSeed">It is complete: counted among the seeds and not the downloads.</param>
/// <param name="IsRunning">It runs now.</param>
/// <param name="IsSlow">It has been slower than the limit for a minute.</param>
/// <param name="HasTurn">A slot of its present kind was given to it, and it still runs.</param>
internal readonly record struct QueueFacts(bool IsWanting, bool IsForced, bool IsSeed, bool IsRunning, bool IsSlow, bool HasTurn);

/// <summary>What the queue decided of one torrent, with the numbers that say why.</summary>
/// <param name="MayRun">It may run.</param>
/// <param name="Place">Its place among those that wait, from 1; 0 when it does not wait.</param>
/// <param name="Running">Torrents that hold a slot of its kind.</param>
/// <param name="Slots">Slots of its kind.</param>
internal readonly record struct QueueVerdict(bool MayRun, int Place, int Running, int Slots);

/// <summary>Decides which torrents may run: in the order of the queue, as many downloads and seeds as there are slots. Pure.</summary>
/// <remarks>
/// A forced torrent holds no slot, nor does one that runs slowly: it costs next to nothing, and the next may use what it leaves. When it gets
/// fast again both run on: nobody who has a turn is stopped unless one before it in the queue gets a turn, or the limits were changed.
/// </remarks>
internal static class TorrentQueue
{
    /// <summary>Decides for all torrents <paramref name="inOrder"/> of the queue; <paramref name="verdicts"/> is as long. A limit of 0 is none.</summary>
    /// <param name="inOrder">Facts, in the order of the queue.</param>
    /// <param name="maxDownloads">Slots of downloads.</param>
    /// <param name="maxSeeds">Slots of seeds.</param>
    /// <param name="isChanged">The limits are not those of the last time: they are kept to at once.</param>
    /// <param name="verdicts">What is decided of each.</param>
    public static void Decide(ReadOnlySpan<QueueFacts> inOrder, int maxDownloads, int maxSeeds, bool isChanged, Span<QueueVerdict> verdicts)
    {
        Span<bool> isStrict = [isChanged, isChanged];
        Span<int> used = [0, 0];
        Span<int> waiting = [0, 0];
        ReadOnlySpan<int> slots = [maxDownloads, maxSeeds];
        for (var i = 0; i < inOrder.Length; i++)
        {
            var facts = inOrder[i];
            var kind = facts.IsSeed ? 1 : 0;
            if (!facts.IsWanting)
            {
                verdicts[i] = default;
            }
            else if (facts.IsForced || slots[kind] == 0 || facts is { IsRunning: true, IsSlow: true })
            {
                verdicts[i] = new QueueVerdict(true, 0, 0, slots[kind]);
            }
            else if (used[kind] < slots[kind] || (facts.HasTurn && !isStrict[kind]))
            {
                used[kind]++;
                isStrict[kind] |= !facts.HasTurn;
                verdicts[i] = new QueueVerdict(true, 0, 0, slots[kind]);
            }
            else
            {
                verdicts[i] = new QueueVerdict(false, ++waiting[kind], slots[kind], slots[kind]);
            }
        }
    }
}
