using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

/// <summary>What a round is kept as, how rounds are numbered over restarts, and when they are due.</summary>
public sealed class RoundJournalTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly RoundJournal _journal = new();

    [Fact]
    public void Add_PeersComeAndGo_SaysWhoCameInAndWentOut()
    {
        Add(Holds(1), Holds(2), Waits(3, rank: 3));
        Add(Holds(1), Holds(3), Waits(2, rank: 3));
        Add(Holds(3));

        Assert.Equal(
            [
                "1 In, 2 In, 3 None",
                "1 Kept, 3 In, 2 Out",
                "3 Kept, 1 Out left",
            ],
            Rounds().Select(round => string.Join(", ", round.Entries.Select(entry => $"{entry.Peer.Port} {entry.Change}{(entry.HasLeft ? " left" : "")}"))));
    }

    [Fact]
    public void Add_ManyPeers_KeepsHoldersAndTheBestEightOfTheOthers()
    {
        Add([.. Enumerable.Range(1, 4).Select(Holds), .. Enumerable.Range(5, 90).Select(id => Waits(id, rank: id)), Waits(200, rank: 0)]);

        var round = Rounds().Single();
        Assert.Equal(Enumerable.Range(1, 12), round.Entries.Select(entry => (int)entry.Peer.Port));
        Assert.Equal(95, round.Peers);
    }

    [Fact]
    public void Add_FortySlots_KeepsThirtyTwoEntries()
    {
        Add([.. Enumerable.Range(1, 40).Select(Holds)]);
        Add([.. Enumerable.Range(21, 40).Select(Holds)]);

        Assert.All(Rounds(), round => Assert.Equal(32, round.Entries.Length));
    }

    [Fact]
    public void Add_NobodyThere_IsCountedButNotKept()
    {
        Add();
        Add(Holds(1));
        Add();
        Add();

        Assert.Equal([2L, 3L], Rounds().Select(round => round.Round));
        Assert.Equal(4, _journal.Round);
    }

    [Fact]
    public void Reset_NextRound_IsFirstOfARunAndNobodyWentOut()
    {
        Add(Holds(1));
        Add(Holds(1));
        _journal.Reset();
        Assert.Null(_journal.Last);
        Add(Holds(2));

        var rounds = Rounds();
        Assert.Equal([true, false, true], rounds.Select(round => round.IsFirstOfRun));
        Assert.Equal(ChokeChange.In, Assert.Single(rounds[2].Entries).Change);
    }

    [Fact]
    public void Continue_AfterARestart_GoesOnCounting()
    {
        Add(Holds(1));
        Assert.Empty(_journal.TakeDue(0, force: true)); // Not before the number is known.

        Assert.Equal(147, _journal.Continue(147));
        Assert.Equal(0, _journal.Continue(999));
        Add(Holds(1));

        Assert.Equal([148L, 149L], Rounds().Select(round => round.Round));
        Assert.Equal(149, _journal.Last!.Round);
    }

    [Fact]
    public void TakeDue_RoundsEveryFiveSeconds_AreGatheredForThirty()
    {
        _journal.Continue(0);
        var batches = new List<(long At, int Rounds)>();
        for (var now = 0L; now <= 90_000; now += 1_000)
        {
            if (now % 5_000 == 0)
            {
                Add(Holds(1));
            }

            if (_journal.TakeDue(now, force: false) is { Length: > 0 } due)
            {
                batches.Add((now, due.Length));
            }
        }

        Assert.Equal([(0, 1), (30_000, 6), (60_000, 6), (90_000, 6)], batches);
        Add(Holds(1));
        Assert.Single(_journal.TakeDue(90_500, force: true));
        Assert.False(_journal.HasWaiting);
    }

    [Fact]
    public void TakeDue_RoundsEveryThirtySeconds_GoAtOnce()
    {
        _journal.Continue(0);
        for (var now = 0L; now <= 300_000; now += 30_000)
        {
            Add(Holds(1));
            Assert.Single(_journal.TakeDue(now, force: false));
        }
    }

    [Fact]
    public void Add_StoreNeverAnswers_IsBounded()
    {
        for (var i = 0; i < 2_000; i++)
        {
            Add(Holds(1));
        }

        Assert.Equal(500, Rounds().Length);
    }

    private ImmutableArray<ChokeJournalRound> Rounds()
    {
        _journal.Continue(0);
        return _journal.TakeDue(0, force: true);
    }

    private void Add(params ChokeDecision[] decisions) => _journal.Add(Start, new SwarmRules(), (false, false), [.. decisions]);

    private static ChokeDecision Holds(int id) => Waits(id, id) with { Slot = SlotKind.Regular };

    private static ChokeDecision Waits(int id, int rank) =>
        new() { Peer = new PeerEndpoint(IPAddress.Loopback, id), PeerId = id, Rank = rank, IsInterested = true };
}
