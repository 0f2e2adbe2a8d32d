using CsCheck;
using P2P.Engine.Discovery.Trackers;
using Xunit;

namespace P2P.Engine.Tests.Discovery;

public sealed class AnnounceScheduleTests
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(300);
    private static readonly AnnounceResponse Good = new() { Interval = TimeSpan.FromMinutes(30) };
    private static readonly AnnounceResponse Bad = new() { Failure = ("tracker.http", "no") };

    [Fact]
    public void Next_BeforeStart_IsNothing()
    {
        var schedule = Schedule(["a"]);

        Assert.Null(schedule.Next(T0));
        Assert.Null(schedule.NextAt(T0));
    }

    [Fact]
    public void Next_ThreeTiers_EachIsAnnouncedToThroughOneTracker()
    {
        var schedule = Schedule(["a", "b"], ["c"], ["d", "e"]);
        schedule.Start();

        var due = Drain(schedule, T0);

        Assert.Equal([0, 1, 2], due.Select(tracker => tracker.Entry.Tier));
        Assert.All(due, tracker => Assert.Equal(AnnounceEvent.Started, tracker.Event));
    }

    [Fact]
    public void Ended_FirstFails_NextOfTheTierIsTriedAndPromoted()
    {
        var schedule = Schedule(["a", "b", "c"]);
        schedule.Start();
        var order = schedule.Entries.ToArray();

        Fail(schedule, T0);
        Succeed(schedule, T0);

        Assert.Equal([order[1], order[0], order[2]], schedule.Entries);
        Assert.Null(schedule.Next(T0 + TimeSpan.FromMinutes(29)));
        Assert.Equal(order[1], schedule.Next(T0 + TimeSpan.FromMinutes(30))?.Tracker);
    }

    [Fact]
    public void Next_FirstSilentFor15Seconds_NextOfTheTierIsTried()
    {
        var schedule = Schedule(["a", "b"]);
        schedule.Start();
        var first = schedule.Next(T0)!.Value.Tracker;

        Assert.Equal(T0 + TimeSpan.FromSeconds(15), schedule.NextAt(T0));
        Assert.Null(schedule.Next(T0 + TimeSpan.FromSeconds(14.9)));
        var second = schedule.Next(T0 + TimeSpan.FromSeconds(15));

        Assert.NotNull(second);
        Assert.NotEqual(first, second.Value.Tracker);
    }

    [Fact]
    public void Construct_ManyOrders_TiersAreShuffledWithinThemselvesOnly()
    {
        var firsts = Enumerable.Range(0, 100).Select(seed => new AnnounceSchedule(
            [[("a", null), ("b", null), ("c", null)], [("d", null)]], MinInterval, new Random(seed)).Entries.Select(entry => entry.Url).ToArray()).ToArray();

        Assert.Equal(6, firsts.Select(urls => string.Concat(urls)).Distinct().Count());
        Assert.All(firsts, urls => Assert.Equal("d", urls[3]));
    }

    [Fact]
    public void Construct_SameUrlTwice_IsOneTracker() =>
        Assert.Equal(["a", "b"], Schedule(["a"], ["a", "b"]).Entries.Select(entry => entry.Url));

    [Fact]
    public void Next_UnusableTracker_IsPassedOver()
    {
        var schedule = new AnnounceSchedule([[("x", "no such scheme")], [("a", null)]], MinInterval, new Random(1));
        schedule.Start();

        Assert.Equal(["a"], Drain(schedule, T0).Select(due => due.Entry.Url));
        Assert.Equal(TrackerState.Unusable, schedule.Entries.First().State);
    }

    [Fact]
    public void Ended_FailuresInARow_BackOffDoublesFrom15SecondsToAnHour()
    {
        var schedule = Schedule(["a"]);
        schedule.Start();
        var now = T0;
        var waits = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            Fail(schedule, now);
            var next = schedule.NextAt(now)!.Value;
            waits.Add((next - now).TotalSeconds);
            now = next;
        }

        Assert.InRange(waits[0], 15, 18.75);
        Assert.All(waits.Select((wait, i) => (wait, i)), x =>
            Assert.InRange(x.wait, Math.Max(15, 0.75 * Math.Min(3600, 15 * Math.Pow(2, x.i))), Math.Min(3600, 1.25 * Math.Min(3600, 15 * Math.Pow(2, x.i)))));
        Assert.True(waits.Distinct().Count() > 10, "jitter");
    }

    [Fact]
    public void SetWantsPeers_LackingPeers_AnnouncesAtMinInterval()
    {
        var schedule = Schedule(["a"]);
        schedule.Start();
        Succeed(schedule, T0, Good with { MinInterval = TimeSpan.FromSeconds(400) });

        Assert.Equal(T0 + TimeSpan.FromMinutes(30), schedule.NextAt(T0));
        schedule.SetWantsPeers(true);
        Assert.Equal(T0 + TimeSpan.FromSeconds(400), schedule.NextAt(T0));
    }

    [Fact]
    public void AskNow_WithinMinInterval_WaitsForItAndIsOnce()
    {
        var schedule = Schedule(["a"]);
        schedule.Start();
        Succeed(schedule, T0);
        schedule.AskNow();

        var soon = T0 + MinInterval;
        Assert.Equal(soon, schedule.NextAt(T0));
        Succeed(schedule, soon);
        Assert.Equal(soon + TimeSpan.FromMinutes(30), schedule.NextAt(soon));
    }

    [Fact]
    public void Completed_OnlyTrackersThatHeardStarted_AreTold()
    {
        var schedule = Schedule(["a"], ["b"]);
        schedule.Start();
        var a = schedule.Next(T0)!.Value;
        var b = schedule.Next(T0)!.Value;
        schedule.Ended(a.Tracker, a.Event, Good, T0);
        schedule.Ended(b.Tracker, b.Event, Bad, T0);

        schedule.Completed();

        Assert.Equal((a.Tracker, AnnounceEvent.Completed), schedule.Next(T0));
        Assert.Null(schedule.Next(T0));
        schedule.Ended(a.Tracker, AnnounceEvent.Completed, Good, T0);
        Assert.Equal((b.Tracker, AnnounceEvent.Started), schedule.Next(T0 + TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void Completed_WhileStartedIsUnderWay_IsSaidAfterIt()
    {
        var schedule = Schedule(["a"]);
        schedule.Start();
        var started = schedule.Next(T0)!.Value;
        schedule.Completed();
        schedule.Ended(started.Tracker, started.Event, Good, T0);

        Assert.Equal(AnnounceEvent.Completed, schedule.Next(T0)?.Event);
    }

    [Fact]
    public void Stop_HearersAndThoseHearing_AreTold()
    {
        var schedule = Schedule(["a"], ["b"], ["c"]);
        schedule.Start();
        var a = schedule.Next(T0)!.Value.Tracker;
        var b = schedule.Next(T0)!.Value.Tracker;
        var c = schedule.Next(T0)!.Value.Tracker;
        schedule.Ended(a, AnnounceEvent.Started, Good, T0);
        schedule.Ended(b, AnnounceEvent.Started, Bad, T0);

        Assert.Equal([a, c], schedule.Stop(T0).AsEnumerable());
        Assert.Null(schedule.Next(T0 + TimeSpan.FromDays(1)));
        Assert.Null(schedule.NextAt(T0));
    }

    [Fact]
    public void Next_ThousandTiers_AtMost20AreUnderWayAndAllAreTried()
    {
        var schedule = Schedule([.. Enumerable.Range(0, 1000).Select(i => new[] { $"t{i}" })]);
        schedule.Start();
        var tried = 0;
        while (Drain(schedule, T0) is { Count: > 0 } due)
        {
            Assert.InRange(due.Count, 1, 20);
            Assert.Equal(T0 + TimeSpan.FromSeconds(15), due.Count == 20 ? schedule.NextAt(T0) : T0 + TimeSpan.FromSeconds(15));
            tried += due.Count;
            due.ForEach(tracker => schedule.Ended(tracker.Entry, tracker.Event, Good, T0));
        }

        Assert.Equal(1000, tried);
    }

    /// <summary>Any tiers, answers, delays and user's wishes: bounds are kept, every tier is tried, nobody is announced to twice at once.</summary>
    [Fact]
    public void Schedule_AnyHistory_KeepsItsPromises() =>
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Int[1, 4], Gen.Int[1, 4]).Sample((seed, tierCount, tierSize) =>
        {
            var random = new Random(seed);
            var schedule = Schedule(random, [.. Enumerable.Range(0, tierCount).Select(t => Enumerable.Range(0, tierSize).Select(i => $"{t}.{i}").ToArray())]);
            schedule.Start();
            var now = T0;
            var running = new List<(TrackerEntry Entry, AnnounceEvent Event, DateTimeOffset EndsAt)>();
            var lastEnd = new Dictionary<TrackerEntry, (DateTimeOffset At, bool Worked, TimeSpan MinInterval)>();
            var tiersTried = new HashSet<int>();
            for (var step = 0; step < 300; step++)
            {
                switch (random.Next(6))
                {
                    case 0: schedule.AskNow(); break;
                    case 1: schedule.SetWantsPeers(random.Next(2) == 0); break;
                }

                while (schedule.Next(now) is { } due)
                {
                    Assert.DoesNotContain(running, other => other.Entry == due.Tracker);
                    if (lastEnd.TryGetValue(due.Tracker, out var last) && due.Event != AnnounceEvent.Completed)
                    {
                        var least = last.Worked ? last.MinInterval : AnnounceSchedule.FirstBackOff;
                        Assert.True(now - last.At >= least, $"announced {now - last.At} after the last, {least} is the least");
                    }

                    tiersTried.Add(due.Tracker.Tier);
                    running.Add((due.Tracker, due.Event, now + TimeSpan.FromSeconds(random.Next(60))));
                }

                var next = schedule.NextAt(now) ?? DateTimeOffset.MaxValue;
                var ended = running.OrderBy(one => one.EndsAt).FirstOrDefault();
                if (ended.Entry is not null && ended.EndsAt <= next)
                {
                    now = ended.EndsAt > now ? ended.EndsAt : now;
                    running.Remove(ended);
                    var least = TimeSpan.FromSeconds(random.Next(300, 900));
                    var works = random.Next(3) > 0;
                    schedule.Ended(ended.Entry, ended.Event, works ? Good with { MinInterval = least } : Bad, now);
                    lastEnd[ended.Entry] = (now, works, least);
                }
                else
                {
                    Assert.True(next > now, "what is due was begun");
                    now = next == DateTimeOffset.MaxValue ? now + TimeSpan.FromMinutes(1) : next;
                }
            }

            Assert.Equal(tierCount, tiersTried.Count);
        }, iter: 300);

    private static AnnounceSchedule Schedule(params string[][] tiers) => Schedule(new Random(7), tiers);

    private static AnnounceSchedule Schedule(Random random, string[][] tiers) =>
        new(tiers.Select(tier => tier.Select(url => (url, (string?)null))), MinInterval, random);

    private static List<(TrackerEntry Entry, AnnounceEvent Event)> Drain(AnnounceSchedule schedule, DateTimeOffset now)
    {
        var due = new List<(TrackerEntry, AnnounceEvent)>();
        while (schedule.Next(now) is { } next)
        {
            due.Add(next);
        }

        return due;
    }

    private static void Succeed(AnnounceSchedule schedule, DateTimeOffset now, AnnounceResponse? response = null)
    {
        var due = schedule.Next(now)!.Value;
        schedule.Ended(due.Tracker, due.Event, response ?? Good, now);
    }

    private static void Fail(AnnounceSchedule schedule, DateTimeOffset now) => Succeed(schedule, now, Bad);
}
