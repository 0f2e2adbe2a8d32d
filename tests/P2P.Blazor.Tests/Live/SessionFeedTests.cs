using Microsoft.Extensions.Time.Testing;
using P2P.Blazor.Live;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Live;

public sealed class SessionFeedTests
{
    [Fact]
    public async Task Listen_ManyChangesInOneBeat_WakesOnceThenWithTheLatest()
    {
        var engine = new FakeEngine();
        var clock = new FakeTimeProvider();
        using var feed = new SessionFeed(engine, clock);
        var wakes = new SemaphoreSlim(0);
        using var listening = feed.Listen(() => wakes.Release());
        engine.Publish();
        Assert.True(await wakes.WaitAsync(TimeSpan.FromSeconds(10)));
        for (var i = 0; i < 50; i++)
        {
            engine.Publish();
        }

        Assert.Equal(0, wakes.CurrentCount);
        await UntilAsync(() =>
        {
            clock.Advance(SessionFeed.MinBeat);
            return wakes.CurrentCount == 1;
        });
        Assert.Equal(52, feed.Current.Version);
    }

    [Fact]
    public async Task Dispose_LastListener_StopsTheLoopAndANewOneStartsIt()
    {
        var engine = new FakeEngine();
        using var feed = new SessionFeed(engine, new FakeTimeProvider());
        var (old, young) = (0, new SemaphoreSlim(0));
        feed.Listen(() => old++).Dispose();
        using var listening = feed.Listen(() => young.Release());
        engine.Publish();

        Assert.True(await young.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(0, old);
    }

    [Fact]
    public void Watch_DetailsChanged_TellsOnceAndIsClosedWithTheOwner()
    {
        var engine = new FakeEngine();
        var clock = new FakeTimeProvider();
        var told = 0;
        var torrent = engine.Torrents[0];
        var watch = TorrentWatch.Open(engine, torrent.InfoHash, clock, () => told++)!;
        Assert.Equal(1, engine.OpenWatches);
        watch.Take();
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(0, told);
        torrent.Details = torrent.Details! with { Version = 2 };
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, told);
        Assert.Equal(2, watch.Take()!.Version);
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(1, told);
        watch.Dispose();

        Assert.Equal(0, engine.OpenWatches);
        Assert.Null(TorrentWatch.Open(engine, default, clock, () => told++));
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (var i = 0; i < 10_000 && !isSo(); i++)
        {
            await Task.Yield();
        }
    }
}
