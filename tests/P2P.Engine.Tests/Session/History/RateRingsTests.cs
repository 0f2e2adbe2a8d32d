using System.Collections.Immutable;
using CsCheck;
using P2P.Engine.Session.History;
using Xunit;

namespace P2P.Engine.Tests.Session.History;

/// <summary>Rates over time: what is added is what is read, bounded, cold when nothing moves, kept over restarts with a hole where nobody ran.</summary>
public sealed class RateRingsTests
{
    private const long Start = 1_767_225_600; // A multiple of every period.

    private readonly RateRings _rates = new();

    [Theory]
    [InlineData(RateRange.FiveMinutes, 1, 300)]
    [InlineData(RateRange.HalfHour, 5, 360)]
    [InlineData(RateRange.SixHours, 30, 720)]
    [InlineData(RateRange.Day, 300, 288)]
    [InlineData(RateRange.Week, 1_200, 504)]
    public void Read_SteadyFlow_IsThatRateOverTheWholeRange(RateRange range, int seconds, int length)
    {
        var end = Start + ((long)seconds * (length + 7)) + (seconds / 2);
        for (var second = Start; second <= end; second++)
        {
            _rates.Add(second, 1_000, 250);
        }

        var history = _rates.Read(range, end);
        Assert.Equal((range, TimeSpan.FromSeconds(seconds), length, length), (history.Range, history.Period, history.Down.Length, history.Up.Length));
        Assert.All(history.Down, rate => Assert.Equal(1_000, rate));
        Assert.All(history.Up, rate => Assert.Equal(250, rate));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(Start + (seconds * 8L)), history.StartAt);
    }

    [Fact]
    public void Read_FlowThenNothing_FallsToZeroAndIsCold()
    {
        _rates.Add(Start, 0, 0);
        Assert.True(_rates.IsCold);
        _rates.Add(Start + 1, 5_000, 0);
        _rates.Add(Start + 2, 0, 0);
        Assert.False(_rates.IsCold);
        Assert.Equal([0L, 5_000, 0], _rates.Read(RateRange.FiveMinutes, Start + 2).Down);
        Assert.Equal([1_666L], _rates.Read(RateRange.HalfHour, Start + 2).Down);

        _rates.Add(Start + 400, 0, 0);
        Assert.All(_rates.Read(RateRange.FiveMinutes, Start + 400).Down, rate => Assert.Equal(0, rate));
        _rates.Add(Start + (8 * 86_400), 0, 0);
        Assert.True(_rates.IsCold);
    }

    [Fact]
    public void Read_NothingAdded_IsEmpty() => Assert.Empty(_rates.Read(RateRange.Week, Start).Down);

    [Fact]
    public void Read_AnyFlow_SumsToWhatWasAdded() => Gen.Select(Gen.Int[0, 4], Gen.Int[0, 5_000].Array[1, 250]).Sample((gap, bytes) =>
    {
        // Each sample holds a whole number of seconds; multiples of the period make division exact.
        var rates = new RateRings();
        var second = Start;
        foreach (var amount in bytes)
        {
            rates.Add(second, amount * 30L, amount);
            second += 1 + gap;
        }

        var sum = bytes.Sum(amount => (long)amount);
        var end = second - 1 - gap;
        var fine = rates.Read(RateRange.FiveMinutes, end);
        Assert.Equal(bytes.Where((_, i) => Start + (i * (1L + gap)) > end - 300).Sum(amount => (long)amount), fine.Up.Sum());
        var coarse = rates.Read(RateRange.SixHours, end);
        var running = end - (end / 30 * 30) + 1;
        Assert.InRange(
            (coarse.Down.SkipLast(1).Sum() * 30) + (coarse.Down[^1] * running), (sum * 30) - 30 - (30L * coarse.Down.Length), sum * 30);
    });

    [Fact]
    public void Begin_AfterARestart_HasTheCoarseRangesWithAHole()
    {
        for (var second = Start; second < Start + 7_200; second++)
        {
            _rates.Add(second, 600, 60);
        }

        var after = new RateRings();
        var restart = Start + 7_200 + 3_600;
        after.Begin(_rates.Write(), restart);
        after.Add(restart, 30, 0);
        after.Add(restart + 30, 0, 0);

        var day = after.Read(RateRange.SixHours, restart + 30);
        Assert.Equal([600L, -1, 30 / 30, 0], day.Down.Aggregate(ImmutableArray<long>.Empty, (runs, rate) => runs is [.., var last] && last == rate ? runs : runs.Add(rate)));
        Assert.Equal((240, 120), (day.Down.Count(rate => rate == 600), day.Down.Count(rate => rate == -1)));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(Start), day.StartAt);
        Assert.Single(after.Read(RateRange.FiveMinutes, restart + 30).Down.Distinct(), rate => rate > 0);
        Assert.Equal(24, after.Read(RateRange.Day, restart + 30).Down.Count(rate => rate == 600));
    }

    [Fact]
    public void Begin_WithinTheSamePeriod_GoesOnWithIt()
    {
        _rates.Add(Start + 10, 60_000, 0);
        var after = new RateRings();
        after.Begin(_rates.Write(), Start + 29);
        after.Add(Start + 29, 30_000, 0);

        Assert.Equal([3_000L], after.Read(RateRange.SixHours, Start + 29).Down);
        Assert.Equal([3_000L, 0], after.Read(RateRange.SixHours, Start + 30).Down);
        Assert.Equal([90_000L / 31], after.Read(RateRange.Week, Start + 30).Down);
    }

    [Theory]
    [InlineData(-3_600)] // The clock was set back.
    [InlineData(40 * 86_400)] // It is all past.
    public void Begin_TimeDoesNotFit_BeginsAnew(long later)
    {
        _rates.Add(Start, 100, 100);
        _rates.Add(Start + 1_200, 100, 100);
        var after = new RateRings();
        after.Begin(_rates.Write(), Start + 1_200 + later);

        Assert.Empty(after.Read(RateRange.Week, Start + 1_200 + later).Down);
    }

    [Fact]
    public void Begin_AnyBytes_NeverThrows()
    {
        _rates.Add(Start, 100, 100);
        _rates.Add(Start + 86_400, 100, 100);
        var good = _rates.Write();
        Gen.Select(Gen.Byte.Array[0, 60], Gen.Int[0, 100_000], Gen.Byte).Sample((bytes, place, value) =>
        {
            var damaged = good.ToArray();
            damaged[place % damaged.Length] = value;
            foreach (var frame in (byte[][])[bytes, [1, .. bytes], damaged, good[..(place % good.Length)]])
            {
                var rates = new RateRings();
                rates.Begin(frame, Start + 90_000);
                rates.Add(Start + 90_001, 5, 5);
                Assert.All(Enum.GetValues<RateRange>(), range => Assert.InRange(rates.Read(range, Start + 90_001).Down.Length, 1, 720));
            }
        });
    }

    [Fact]
    public void Write_FullRings_FitIntoAFrame()
    {
        for (var second = Start; second < Start + (8 * 86_400); second += 15)
        {
            _rates.Add(second, 1L << 50, 1L << 50);
        }

        Assert.InRange(_rates.Write().Length, 10_000, JournalName.MaxFrame);
    }
}
