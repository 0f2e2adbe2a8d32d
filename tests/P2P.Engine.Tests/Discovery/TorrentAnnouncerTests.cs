using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;
using Xunit;

namespace P2P.Engine.Tests.Discovery;

public sealed class TorrentAnnouncerTests : ILoopScheduler, IAnnounceSink
{
    private const string Peer = "5:peers6:\x5d\x38\x58\x22\x1a\x61"; // 93.56.88.34:6753

    private readonly FakeTimeProvider _time = new();
    private readonly FakeTrackerNetwork _network = new();
    private readonly Queue<IThreadPoolWorkItem> _work = new();
    private readonly List<PeerEndpoint> _found = [];
    private ImmutableArray<TrackerSnapshot> _shown = [];
    private TransferTotals _totals = new(0, 0, 1000);

    public TorrentAnnouncerTests() => SynchronizationContext.SetSynchronizationContext(null);

    TransferTotals IAnnounceSink.Totals => _totals;

    void ILoopScheduler.Schedule(IThreadPoolWorkItem item) => _work.Enqueue(item);

    void IAnnounceSink.OnPeersFound(ImmutableArray<PeerEndpoint> peers) => _found.AddRange(peers);

    void IAnnounceSink.OnTrackersChanged(ImmutableArray<TrackerSnapshot> trackers) => _shown = trackers;

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
        Assert.Contains("&uploaded=5&downloaded=1000&left=0&", _network.Gets[1].Query, StringComparison.Ordinal);
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
        Assert.Contains("&numwant=0&", _network.Gets[^1].Query, StringComparison.Ordinal);
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
        Assert.Single(_network.Gets);
        Advance(1);

        Assert.Equal(2, _network.Gets.Count);
        Assert.Contains("&numwant=200&", _network.Gets[1].Query, StringComparison.Ordinal);
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

    private static HttpReply Reply(string latin1) => new(200, Encoding.Latin1.GetBytes(latin1));

    private TorrentAnnouncer Announcer(params string[][] tiers) => new(
        new InfoHash(new byte[20]), new PeerId(new byte[20]), () => 6881, [.. tiers.Select(tier => tier.ToImmutableArray())], _network, _time, this,
        new Random(3), TimeSpan.FromSeconds(300), this, NullLogger.Instance);

    private IEnumerable<string> Events(string host) => _network.Gets.Where(uri => uri.Host == host)
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
