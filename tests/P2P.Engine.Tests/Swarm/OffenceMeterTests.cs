using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Swarm;

public sealed class OffenceMeterTests
{
    [Fact]
    public void IsOneTooMany_LimitInOneWindow_IsAllowedAndOneMoreIsNot()
    {
        var meter = new OffenceMeter(limit: 3, windowMs: 60_000);
        Assert.Equal([false, false, false, true], new long[] { 0, 10, 59_000, 59_999 }.Select(meter.IsOneTooMany));
    }

    [Fact]
    public void IsOneTooMany_WindowPassed_CountsAnew()
    {
        var meter = new OffenceMeter(limit: 1, windowMs: 60_000);
        Assert.Equal([false, true, false, true], new long[] { 5, 6, 60_005, 60_006 }.Select(meter.IsOneTooMany));
    }
}
