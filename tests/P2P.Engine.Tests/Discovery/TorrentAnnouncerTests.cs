using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;
using Xunit;

namespace P2P.Engine.Tests.Discovery;

public sealed class TorrentAnnouncerTests : ILoopScheduler, IAnnounceSink, ILogger
{
    private const string Peer = "5:peers6:\x5d\x38\x58\x22\x1a\x61"; // 93.56.88.34:6753

    private readonly FakeTimeProvider _time = new();
    private readonly FakeTrackerNetwork _network = new();
    private readonly Queue<IThreadPoolWorkItem> _work = new();
    private readonly List<PeerEndpoint> _found = [];
    private readonly List<string> _log = [];
    private ImmutableArray<TrackerSnapshot> _shown = [];
    private TransferTotals _totals = new(0, 0, 1000);

    public TorrentAnnouncerTests() => SynchronizationContext.SetSynchronizationContext(null);

    TransferTotals IAnnounceSink.Totals => _totals;

    private List<Uri> Announces => [.. _network.Gets.Where(uri => uri.AbsolutePath == "/announce")];

    private int Scrapes => _network.Gets.Count(uri => uri.AbsolutePath == "/scrape");

    void ILoopScheduler.Schedule(IThreadPoolWorkItem item) => _work.Enqueue(item);

    void IAnnounceSink.OnPeersFound(ImmutableArray<PeerEndpoint> peers) => _found.AddRange(peers);

    void IAnnounceSink.OnTrackersChanged(ImmutableArray<TrackerSnapshot> trackers) => _shown = trackers;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _log.Add($"{formatter(state, exception)} {exception}");

    [Fact]
    public void Start_TrackerWorks_PeersArriveAndStateSaysSo()
    {
        _network.Http = _ => Reply($"d8:completei3e10:incompletei4e8:intervali900e{Peer}e");
        var announcer = Announcer(["http://t.example.org/announce"]);

        announcer.Start();
        Advance(0);

        Assert.Equal("93.56.88.34:6753", Assert.Single(_found).ToString());
        var shown = Assert.Single(_shown);
        Assert.Equal((TrackerState.Working, "working, 1 peer", 3, 4, 1), (shown.State, shown.Message, shown.Seeds, shown.Leechers, shown.Peers));
        Assert.Equal(_time.GetUtcNow() + TimeSpan.FromMinutes(15), shown.NextAnnounceAt);
        Assert.Equal(["started"], Events("t.example.org"));
        Advance(899);
        Assert.Equal(["started"], Events("t.example.org"));
        Advance(1);
        Assert.Equal(["started", ""], Events("t.example.org"));
    }

    [Fact]
    public void Start_TrackerSilent_StateSaysTimedOutAndNextTry()
    {
        var announcer = Announcer(["http://t.example.org/announce"]);

        announcer.Start();
        Advance(1);
        Assert.Equal((TrackerState.Announcing, "announcing: we have come"), (_shown[0].State, _shown[0].Message));
        Advance(29);

        Assert.Equal(TrackerState.Failing, _shown[0].State);
        Assert.Matches(@"^timed out after 30 s, next try after 1[5-9] s$", _shown[0].Message);
        Assert.NotNull(_shown[0].NextAnnounceAt);
        Advance(20);
        Assert.Equal(["started", "started"], Events("t.example.org"));
    }

    [Fact]
    public void Start_UnusableUrl_StateSaysWhy()
    {
        var announcer = Announcer(["wss://t.example.org/announce"]);

        announcer.Start();
        Advance(0);

        Assert.Equal((TrackerState.Unusable, "Only http, https and udp trackers can be used."), (_shown[0].State, _shown[0].Message));
        Assert.Null(_shown[0].NextAnnounceAt);
    }

    [Fact]
    public void Start_FirstTrackerDead_SecondOfTheTierGivesPeers()
    {
        _network.Http = uri => uri.Host == "good.example.org" ? Reply($"d{Peer}e") : throw new NetworkException("net.refused", "refused");
        var announcer = Announcer(["http://bad.example.org/announce", "http://good.example.org/announce"]);

        announcer.Start();
        Advance(0);

        Assert.Single(_found);
        Assert.Equal("http://good.example.org/announce", _shown[0].Url);
    }

    [Fact]
    public void Completed_AfterStarted_IsSaidAtOnceAndOnce()
    {
        _network.Http = _ => Reply("de");
        var announcer = Announcer(["http://t.example.org/announce"]);
        announcer.Start();
        Advance(10);

        _totals = new(5, 1000, 0);
        announcer.Completed();
        Advance(3600);

        Assert.Equal(["started", "completed", "", ""], Events("t.example.org"));
        Assert.Contains("&uploaded=5&downloaded=1000&left=0&", Announces[1].Query, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_AlreadyComplete_CompletedIsNeverSaid()
    {
        _totals = new(0, 0, 0);
        _network.Http = _ => Reply("de");
        var announcer = Announcer(["http://t.example.org/announce"]);
        announcer.Start();
        Advance(7200);

        Assert.DoesNotContain("completed", Events("t.example.org"));
    }

    [Fact]
    public void StopAsync_HeardStarted_StoppedIsSaidAndNothingAfter()
    {
        _network.Http = _ => Reply("de");
        var announcer = Announcer(["http://t.example.org/announce"]);
        announcer.Start();
        Advance(10);

        var stop = announcer.StopAsync();
        Advance(0);

        Assert.True(stop.IsCompletedSuccessfully);
        Assert.Equal("told that we left", _shown[0].Message);
        Assert.Contains("&numwant=0&", Announces[^1].Query, StringComparison.Ordinal);
        announcer.AnnounceNow();
        Advance(100_000);
        Assert.Equal(["started", "stopped"], Events("t.example.org"));
        var again = announcer.StopAsync();
        Advance(0);
        Assert.True(again.IsCompletedSuccessfully);
    }

    [Fact]
    public void StopAsync_NobodyHeardStarted_IsDoneAtOnce()
    {
        _network.Http = _ => throw new NetworkException("net.refused", "refused");
        var announcer = Announcer(["http://t.example.org/announce"]);
        announcer.Start();
        Advance(0);

        var stop = announcer.StopAsync();
        Advance(0);

        Assert.True(stop.IsCompletedSuccessfully);
        Assert.DoesNotContain("stopped", Events("t.example.org"));
    }

    [Fact] // row H31
    public void StopAsync_TrackerHangs_EndsAfter5Seconds()
    {
        var announcer = Announcer(["http://t.example.org/announce"]);
        announcer.Start();
        Advance(1);

        var stop = announcer.StopAsync();
        Advance(4);
        Assert.False(stop.IsCompleted);
        Advance(1);

        Assert.True(stop.IsCompletedSuccessfully);
        Assert.Equal(["started", "stopped"], Events("t.example.org"));
    }

    [Fact]
    public void SetWantsPeers_True_AsksForMoreAtMinInterval()
    {
        _network.Http = _ => Reply("d8:intervali1800ee");
        var announcer = Announcer(["http://t.example.org/announce"]);
        announcer.SetWantsPeers(true);
        announcer.Start();
        Advance(299);
        Assert.Single(Announces);
        Advance(1);

        Assert.Equal(2, Announces.Count);
        Assert.Contains("&numwant=200&", Announces[1].Query, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_UdpTracker_Works()
    {
        _network.Udp = (packet, _) => [(UdpTrackerTests.Answer(packet), null)];
        var announcer = Announcer(["udp://127.0.0.1:6969/announce"]);

        announcer.Start();
        Advance(0);

        Assert.Equal("127.0.0.9:7000", Assert.Single(_found).ToString());
        Assert.Equal("working, 1 peer", _shown[0].Message);
    }

    [Fact]
    public void Announcer_SameSeed_SameTrace()
    {
        string[] Trace()
        {
            _network.Gets.Clear();
            _network.Http = uri => uri.Host == "a.example.org" ? throw new NetworkException("net.refused", "refused") : Reply("d8:intervali400ee");
            var announcer = Announcer(["http://a.example.org/announce", "http://b.example.org/announce"], ["http://c.example.org/announce"]);
            announcer.Start();
            Advance(3000);
            announcer.StopAsync();
            Advance(0);
            return [.. _network.Gets.Select(uri => uri.ToString())];
        }

        var first = Trace();
        Assert.Equal(first, Trace());
        Assert.True(first.Length > 10);
    }

    [Fact]
    public void Start_AnswerWithoutCounts_IsScrapedOnceAnInterval()
    {
        _network.Http = uri => uri.AbsolutePath == "/scrape" ? Scraped(7, 8, 9) : Reply($"d8:intervali900e{Peer}e");
        var announcer = Announcer(["http://t.example.org/announce"]);
        announcer.SetWantsPeers(true); // announces every 300 s
        announcer.Start();
        Advance(0);

        Assert.Equal((7, 8, 9), (_shown[0].Seeds, _shown[0].Downloads, _shown[0].Leechers));
        Assert.Equal("working, 1 peer", _shown[0].Message);
        Advance(899);
        Assert.Equal((3, 1), (Announces.Count, Scrapes));
        Advance(1);
        Assert.Equal((4, 2), (Announces.Count, Scrapes));
    }

    [Fact]
    public void Start_AnswerWithAllCounts_IsNotScraped()
    {
        _network.Http = _ => Reply("d8:completei1e10:downloadedi2e10:incompletei3ee");
        Announcer(["http://t.example.org/announce"]).Start();
        Advance(4000);

        Assert.Equal(0, Scrapes);
        Assert.Equal((1, 2, 3), (_shown[0].Seeds, _shown[0].Downloads, _shown[0].Leechers));
    }

    [Fact]
    public void Start_AnswerWithSomeCounts_KeepsThemAndTakesTheRestFromTheScrape()
    {
        _network.Http = uri => uri.AbsolutePath == "/scrape" ? Scraped(7, 8, 9) : Reply("d8:completei1ee");
        Announcer(["http://t.example.org/announce"]).Start();
        Advance(0);

        Assert.Equal((1, 8, 9), (_shown[0].Seeds, _shown[0].Downloads, _shown[0].Leechers));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Start_ScrapeFails_OnlyTheLogSaysSo(bool isRefused)
    {
        _network.Http = uri => uri.AbsolutePath == "/announce" ? Reply($"d{Peer}e")
            : isRefused ? throw new NetworkException("net.refused", "refused") : null;
        Announcer(["http://user:pass@t.example.org/announce?passkey=secret"]).Start();
        Advance(60);

        Assert.Equal((TrackerState.Working, "working, 1 peer", 1), (_shown[0].State, _shown[0].Message, Scrapes));
        Assert.Contains(_log, line => line.Contains("scrape of t.example.org failed", StringComparison.Ordinal));
        Assert.DoesNotContain(_log, line => line.Contains("pass", StringComparison.Ordinal) || line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact] // row H15
    public void Start_UrlWithPasskeyAndPassword_NeitherIsLogged()
    {
        _network.Http = uri => uri.Host == "bad.example.org" ? throw new NetworkException("net.refused", "refused") : Reply("d14:failure reason2:noe");
        Announcer(["http://user:pass@bad.example.org/key1/announce?passkey=secret"], ["https://user:pass@t.example.org/key1/announce?passkey=secret"]).Start();
        Advance(60);

        Assert.True(_log.Count >= 2);
        Assert.DoesNotContain(_log, line => line.Contains("pass", StringComparison.Ordinal) || line.Contains("secret", StringComparison.Ordinal) || line.Contains("key1", StringComparison.Ordinal));
    }

    [Fact]
    public void StopAsync_ScrapeUnderWay_DoesNotWaitForIt()
    {
        _network.Http = uri => uri.AbsolutePath == "/scrape" ? null : Reply("de");
        var announcer = Announcer(["http://t.example.org/announce"]);
        announcer.Start();
        Advance(1);

        var stop = announcer.StopAsync();
        Advance(0);

        Assert.True(stop.IsCompletedSuccessfully);
        Assert.Equal(1, Scrapes);
    }

    private static HttpReply Reply(string latin1) => new(200, Encoding.Latin1.GetBytes(latin1));

    private static HttpReply Scraped(int seeds, int downloads, int leechers) =>
        Reply($"d5:filesd20:{new string('\0', 20)}d8:completei{seeds}e10:downloadedi{downloads}e10:incompletei{leechers}eeee");

    private TorrentAnnouncer Announcer(params string[][] tiers) => new(
        new InfoHash(new byte[20]), new PeerId(new byte[20]), () => 6881, [.. tiers.Select(tier => tier.ToImmutableArray())], _network, _time, this,
        new Random(3), TimeSpan.FromSeconds(300), this, this);

    private IEnumerable<string> Events(string host) => Announces.Where(uri => uri.Host == host)
        .Select(uri => uri.Query.Split("&event=") is [_, var rest] ? rest.Split('&')[0] : "");

    /// <summary>Lets virtual time pass second by second, running every loop to its end in between.</summary>
    private void Advance(int seconds)
    {
        Run();
        for (var second = 0; second < seconds; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Run();
        }
    }

    private void Run()
    {
        while (_work.TryDequeue(out var item))
        {
            item.Execute();
        }
    }
}
