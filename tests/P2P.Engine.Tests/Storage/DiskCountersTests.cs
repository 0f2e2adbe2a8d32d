using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Storage;
using Xunit;

namespace P2P.Engine.Tests.Storage;

/// <summary>Jobs waiting and the age of the oldest, in whatever order they end.</summary>
public sealed class DiskCountersTests
{
    [Fact]
    public void OldestWait_JobsEndInAnyOrder_IsThatOfTheOldestLeft()
    {
        var clock = new FakeTimeProvider();
        var counters = new DiskCounters(clock);
        var first = counters.Begin();
        clock.Advance(TimeSpan.FromSeconds(3));
        var second = counters.Begin();
        clock.Advance(TimeSpan.FromSeconds(1));
        var third = counters.Begin();

        Assert.Equal((3, TimeSpan.FromSeconds(4)), (counters.Pending, counters.OldestWait));
        counters.End(second);
        Assert.Equal(TimeSpan.FromSeconds(4), counters.OldestWait);
        counters.End(first);
        Assert.Equal((1, TimeSpan.Zero), (counters.Pending, counters.OldestWait));
        counters.End(third);
        Assert.Equal((0, TimeSpan.Zero), (counters.Pending, counters.OldestWait));
    }
}
