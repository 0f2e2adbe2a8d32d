using System.Collections.Immutable;
using CsCheck;
using P2P.Engine.Primitives;
using P2P.Engine.Session.History;
using P2P.Engine.Swarm;
using Xunit;

namespace P2P.Engine.Tests.Session.History;

/// <summary>The log of events: numbered, bounded, filtered, paged; as frames and back; and what the session and trackers make events of.</summary>
public sealed class EventTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 13, 0, 0, TimeSpan.Zero);
    private static readonly InfoHash One = new(new byte[20]);

    private static Gen<DiagnosisArgument> Arguments { get; } =
        from name in Gen.String[Gen.Char['a', 'z'], 0, 64]
        from kind in Gen.Enum<DiagnosisArgumentKind>()
        from value in Gen.Long
        from text in Gen.OneOf(Gen.Const((string?)null), Gen.String[Gen.Char['a', 'z'], 0, 1_000].Select(text => (string?)text))
        select new DiagnosisArgument(name, kind, value, text);

    private static Gen<EngineEvent> Events { get; } =
        from kind in Gen.Enum<EngineEventKind>()
        from hash in Gen.Byte.Array[20]
        from hasTorrent in Gen.Bool
        from message in Gen.String[Gen.Char['a', 'z'], 0, 2_000]
        from sequence in Gen.Long[0, long.MaxValue]
        from milliseconds in Gen.Long[0, 253_402_300_799_999]
        from arguments in Arguments.Array[0, 24]
        select new EngineEvent(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), kind, hasTorrent ? new InfoHash(hash) : null, message)
        {
            Sequence = sequence,
            Arguments = [.. arguments],
        };

    [Fact]
    public void TryRead_AnyEvent_IsAsWritten() => Events.Sample(
        happened =>
        {
            var frame = EventCodec.Write(happened);
            Assert.InRange(frame.Length, 1, JournalName.MaxFrame);
            Assert.True(EventCodec.TryRead(frame, out var read));
            Assert.Equal(happened with { Arguments = [] }, read with { Arguments = [] });
            Assert.Equal(happened.Arguments, read.Arguments);
            Assert.False(EventCodec.TryRead(frame[..^1], out _));
        },
        iter: 50);

    [Fact]
    public void TryRead_AnyBytes_NeverThrows() => Gen.Select(Events, Gen.Int[0, 100_000], Gen.Byte).Sample((happened, place, value) =>
    {
        var frame = EventCodec.Write(happened);
        frame[place % frame.Length] = value;
        EventCodec.TryRead(frame, out _);
        EventCodec.TryRead(frame.AsSpan(place % frame.Length), out _);
    });

    [Fact]
    public void Write_KnownEvent_IsThisVector() => Assert.Equal(
        "01" + "07" + "80D0EAB6B733" + "0F" + "02" + "04" + "00" + "03426164" + "01" + "0161" + "02" + "FFFFFFFFFFFFFFFF" + "00",
        Convert.ToHexString(EventCodec.Write(new EngineEvent(DateTimeOffset.FromUnixTimeMilliseconds(1_767_225_600_000), EngineEventKind.DiskFull, null, "Bad")
        {
            Sequence = 7,
            Arguments = [DiagnosisArgument.Bytes("a", -1)],
        })));

    [Fact]
    public void Add_MoreThanAreKept_ForgetsTheOldestAndGoesOnCounting()
    {
        var ring = new EventRing();
        ring.Begin([Event("first") with { Sequence = 40 }, Event("second") with { Sequence = 41 }]);
        for (var i = 0; i < EventRing.Capacity; i++)
        {
            ring.Add(Event("more"));
        }

        Assert.Equal(EventRing.Capacity, ring.All.Count);
        Assert.Equal((10_041, 42), (ring.All[0].Sequence, ring.All[^1].Sequence));
    }

    [Fact]
    public void Read_PageByPage_GivesEachOnceNewestFirst()
    {
        var ring = new EventRing();
        for (var i = 0; i < 95; i++)
        {
            ring.Add(i % 3 == 0 ? Event("odd", EngineEventKind.Failed, One) : Event("Even"));
        }

        foreach (var (filter, expected) in (ReadOnlySpan<(EventFilter, int)>)[
            (new(), 95), (new() { Torrent = One }, 32), (new() { MinSeverity = EngineEventSeverity.Error }, 32), (new() { Text = "eVEN" }, 63),
            (new() { Categories = [EngineEventCategory.Session] }, 63), (new() { Categories = [EngineEventCategory.Peer] }, 0)])
        {
            var read = new List<long>();
            for (var page = ring.Read(filter, null, 10); page.Length > 0; page = ring.Read(filter, page[^1].Sequence, 10))
            {
                read.AddRange(page.Select(happened => happened.Sequence));
            }

            Assert.Equal(expected, read.Count);
            Assert.Equal(read.OrderDescending().Distinct(), read);
        }

        Assert.Empty(ring.Read(new EventFilter(), 1, 10));
        Assert.Equal(95, ring.Read(new EventFilter(), long.MaxValue, 1)[0].Sequence);
    }

    [Fact]
    public void Observe_SessionChanges_TellsEachTurnOnce()
    {
        var watch = new SessionWatch();
        var well = new SessionFacts(null, 6881, null, 10, 200);
        SessionFacts[] beats =
        [
            well, well with { ListenError = "In use." }, well with { ListenError = "Still in use." }, well, well with { StateError = "Full." }, well,
            well with { OpenConnections = 200 }, well with { OpenConnections = 190 }, well with { OpenConnections = 200 }, well with { OpenConnections = 180 },
            well with { OpenConnections = 200 },
        ];

        Assert.Equal(
            [
                EngineEventKind.PortUnavailable, EngineEventKind.PortAvailable, EngineEventKind.StateNotSaved, EngineEventKind.StateSaved,
                EngineEventKind.LimitReached, EngineEventKind.LimitReached,
            ],
            beats.SelectMany(facts => watch.Observe(facts, Now)).Select(happened => happened.Kind));
    }

    [Fact]
    public void Observe_TrackerFailsAndWorks_TellsEachTurnOnceAndNoSecret()
    {
        var watch = new TrackerWatch();
        var tracker = new TrackerSnapshot { Url = "http://tracker.example:8080/secret/announce?key=42", State = TrackerState.Announcing };
        TrackerSnapshot Fails(string why) => tracker with { State = TrackerState.Failing, Message = why };
        TrackerSnapshot[] states = [tracker, Fails("timed out."), tracker, Fails("refused"), tracker with { State = TrackerState.Working }, tracker, tracker with { State = TrackerState.Working }];

        var news = states.SelectMany(state => watch.Observe([state])).ToArray();
        Assert.Equal(["The tracker tracker.example:8080 fails: timed out.", "The tracker tracker.example:8080 works again."], news.Select(item => item.Sentence));
        Assert.DoesNotContain(news.SelectMany(item => item.Arguments), argument => argument.Text!.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void Severity_EveryKind_IsThere() => Assert.Equal(
        [EngineEventSeverity.Info, EngineEventSeverity.Warning, EngineEventSeverity.Error],
        Enum.GetValues<EngineEventKind>().Select(kind => Event("x", kind).Severity).Distinct().Order());

    private static EngineEvent Event(string message, EngineEventKind kind = EngineEventKind.SessionStarted, InfoHash? torrent = null) => new(Now, kind, torrent, message);
}
