using System.Collections.Immutable;
using System.Net;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Tests.Fakes;

/// <summary>Made-up past: rates and rounds.</summary>
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
