using CsCheck;
using P2P.Engine.Session.History;
using Xunit;

namespace P2P.Engine.Tests.Session.History;

/// <summary>Sums over torrents and over runs, as frames and back.</summary>
public sealed class StatisticsKeeperTests
{
    private static Gen<SessionTotals> Totals { get; } =
        from n in Gen.Long[0, long.MaxValue].Array[7]
        select new SessionTotals
        {
            Downloaded = n[0],
            Uploaded = n[1],
            Wasted = n[2],
            FailedHashes = n[3],
            FinishedDownloads = n[4],
            Sessions = n[5],
            SecondsRunning = n[6],
        };

    [Fact]
    public void Write_KnownTotals_IsThisVector() => Assert.Equal(
        "01" + "80897A" + "01" + "02" + "03" + "04" + "05" + "901C",
        Convert.ToHexString(StatisticsKeeper.Write(new()
        {
            Downloaded = 2_000_000,
            Uploaded = 1,
            Wasted = 2,
            FailedHashes = 3,
            FinishedDownloads = 4,
            Sessions = 5,
            SecondsRunning = 3_600,
        })));

    [Fact]
    public void TryRead_AnyTotals_AreAsWritten() => Totals.Sample(totals =>
    {
        Assert.True(StatisticsKeeper.TryRead(StatisticsKeeper.Write(totals), out var read));
        Assert.Equal(totals, read);
        Assert.False(StatisticsKeeper.TryRead(StatisticsKeeper.Write(totals)[..^1], out _));
    });

    [Fact]
    public void TryRead_AnyBytes_NeverThrows() => Gen.Byte.Array[0, 80].Sample(bytes =>
    {
        StatisticsKeeper.TryRead(bytes, out _);
        StatisticsKeeper.TryRead([1, .. bytes], out _);
    });

    [Fact]
    public void AllTime_SecondRun_AddsToTheFirst()
    {
        var keeper = new StatisticsKeeper();
        keeper.Begin(new SessionTotals { Downloaded = 100, Sessions = 7, SecondsRunning = 1_000 });
        keeper.OnRunning(TimeSpan.FromSeconds(5));
        keeper.OnFinished();

        Assert.Equal(new SessionTotals { Downloaded = 100, Sessions = 8, SecondsRunning = 1_005, FinishedDownloads = 1 }, keeper.AllTime);
        Assert.Equal(new SessionTotals { Sessions = 1, SecondsRunning = 5, FinishedDownloads = 1 }, keeper.SinceStart);
    }
}
