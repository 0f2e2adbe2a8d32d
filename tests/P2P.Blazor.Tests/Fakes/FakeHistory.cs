using System.Collections.Immutable;
using System.Net;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Tests.Fakes;

/// <summary>Made-up past: rates, rounds, events and sums.</summary>
internal static class FakeHistory
{
    /// <summary>Sixty samples, rising by 1,000 each; the first is not known.</summary>
    public static RateHistory Rates(RateRange range, DateTimeOffset now)
    {
        var period = TimeSpan.FromSeconds(range switch { RateRange.FiveMinutes => 1, RateRange.HalfHour => 5, RateRange.SixHours => 30, RateRange.Day => 300, _ => 1_200 });
        return new RateHistory
        {
            Range = range,
            Period = period,
            StartAt = now - (60 * period),
            Down = [-1, .. Enumerable.Range(1, 59).Select(sample => sample * 1_000L)],
            Up = [-1, .. Enumerable.Range(1, 59).Select(sample => sample * 100L)],
        };
    }

    /// <summary>Gives a session a past to show in pictures: events, sums, and rates as a line has them.</summary>
    public static void Furnish(FakeEngine engine)
    {
        var (now, torrents) = (engine.Now, engine.Torrents);
        (EngineEventKind Kind, int Torrent, string Message)[] happened =
        [
            (EngineEventKind.DiskFull, 5, "The disk is full: free 1.2 GiB on the volume of /srv/p2p."),
            (EngineEventKind.PeerBanned, 0, "198.51.100.23 is refused for a day: it sent 3 pieces that failed their check."),
            (EngineEventKind.BadData, 0, "Piece 17 failed its check; it is fetched again."),
            (EngineEventKind.TrackerFailing, 0, "udp://tracker.example:6969 does not answer within 15 s; it is asked again in 4 min."),
            (EngineEventKind.Finished, 1, "Complete: all files are verified."),
            (EngineEventKind.Stopped, 2, "Stopped by you."),
            (EngineEventKind.Queued, 4, "Waits for its turn: 5 of 5 downloads run."),
            (EngineEventKind.Started, 0, "Started."),
            (EngineEventKind.Added, 0, "Added."),
            (EngineEventKind.SettingsChanged, -1, "The settings were changed: upload limit = 4 MiB/s."),
            (EngineEventKind.SessionStarted, -1, "The client started; the last stop was clean."),
        ];
        engine.Events =
        [
            .. happened.Select((one, place) => new EngineEvent(now - TimeSpan.FromMinutes(2 + (7 * place)), one.Kind, one.Torrent < 0 ? null : torrents[one.Torrent].InfoHash, one.Message)
            {
                Sequence = happened.Length - place,
            }),
        ];
        engine.Rates = Wavy;
        engine.Publish(session => session with
        {
            Statistics = new SessionStatistics
            {
                SinceStart = new SessionTotals { Downloaded = 5_800_000_000, Uploaded = 7_100_000_000, Wasted = 900_000, FailedHashes = 3, FinishedDownloads = 4, Sessions = 1, SecondsRunning = 93_600 },
                AllTime = new SessionTotals { Downloaded = 912_000_000_000, Uploaded = 1_430_000_000_000, Wasted = 210_000_000, FailedHashes = 61, FinishedDownloads = 318, Sessions = 41, SecondsRunning = 11_200_000 },
                Disk = new DiskStatistics { WaitingJobs = 2, OldestWait = TimeSpan.FromSeconds(1), WriteRate = 3_100_000, ReadRate = 1_200_000, BytesWritten = 5_900_000_000, BytesRead = 7_300_000_000 },
                Network = new NetworkStatistics { Incoming = 418, IncomingRefused = 12, Outgoing = 655, OutgoingFailed = 240, Open = 29, MaxOpen = 500 },
            },
        });
    }

    /// <summary>Rounds 30 s apart, the last one now, each with one holder.</summary>
    public static ChokeJournalRound Round(long number, DateTimeOffset at) => new()
    {
        Round = number,
        At = at,
        RegularSlots = 3,
        OptimisticSlots = 1,
        Interval = TimeSpan.FromSeconds(30),
        CutRate = 190_000,
        Peers = 12,
        Interested = 5,
        Entries =
        [
            new ChokeJournalEntry
            {
                Peer = new PeerEndpoint(IPAddress.Parse("198.51.100.4"), 6881),
                Client = "qBittorrent 5.0.2",
                Slot = SlotKind.Regular,
                Reason = ChokeReason.TopRate,
                Change = ChokeChange.In,
                Rank = 3,
                RateUsed = 212_000,
            },
        ],
    };

    private static RateHistory Wavy(RateRange range, DateTimeOffset now) => Rates(range, now) with
    {
        StartAt = now - (240 * Rates(range, now).Period),
        Down = [.. Enumerable.Range(0, 240).Select(i => (long)(3_000_000 + (700_000 * Math.Sin(i / 17.0)) + (260_000 * Math.Sin(i / 2.3)) - (i is > 96 and < 118 ? 1_900_000 : 0)))],
        Up = [.. Enumerable.Range(0, 240).Select(i => (long)(1_300_000 + (240_000 * Math.Sin(i / 29.0)) + (90_000 * Math.Cos(i / 1.9))))],
    };

    /// <summary>The rounds of a snapshot (newest first) as a journal keeps them (oldest first).</summary>
    public static ImmutableArray<ChokeJournalRound> Rounds(ImmutableArray<ChokeRound> history) =>
    [
        .. history.Reverse().Select((round, place) => new ChokeJournalRound
        {
            Round = round.Round,
            At = round.At,
            IsSeeding = round.IsSeeding,
            IsFirstOfRun = place == 0,
            RegularSlots = 3,
            OptimisticSlots = 1,
            Interval = TimeSpan.FromSeconds(30),
            CutRate = 190_000,
            Peers = round.Decisions.Length,
            Interested = round.Decisions.Count(decision => decision.IsInterested),
            Entries =
            [
                .. round.Decisions.Take(12).Select(decision => new ChokeJournalEntry
                {
                    Peer = decision.Peer,
                    Client = decision.Client,
                    Slot = decision.Slot,
                    Reason = decision.Reason,
                    Change = decision.Slot == SlotKind.None ? ChokeChange.None : place == 0 ? ChokeChange.In : ChokeChange.Kept,
                    Rank = decision.Rank,
                    RateUsed = decision.RateUsed,
                    DownloadRate = decision.DownloadRate,
                    UploadRate = decision.UploadRate,
                }),
            ],
        }),
    ];
}
