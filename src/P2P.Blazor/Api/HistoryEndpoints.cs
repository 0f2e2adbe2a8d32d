using System.Collections.Immutable;
using System.Globalization;
using P2P.Blazor.Live;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Api;

/// <summary>What was: events, sums, rates over time, past rounds of tit-for-tat. Read only.</summary>
internal static class HistoryEndpoints
{
    private const int MostEvents = 10_000;
    private const int MostRounds = 2_000;

    /// <summary>Maps "events", "statistics", "rates", and of one torrent "choking/rounds" and "rates".</summary>
    public static void MapHistory(this RouteGroupBuilder api)
    {
        var session = api.MapGroup("").WithTags("History").ProducesProblem(400);
        session.MapGet("/events", Events)
            .WithSummary("Events, newest first: of one torrent, from a severity up (info, warning, error), of categories (session,torrent,peer,tracker,disk,choking), with a text; pages by before=sequence and count");
        session.MapGet("/statistics", (IEngineAccess engine) => engine.Snapshot.Statistics).WithSummary("Sums of all runs and of this one; what disk and network do");
        session.MapGet("/rates", (IEngineAccess engine, CancellationToken cancellationToken, string? range = null) =>
            engine.GetRateHistoryAsync(OneOf(range, "range", RateRange.FiveMinutes), cancellationToken))
            .WithSummary("Rates of all torrents together: range fiveMinutes, halfHour, sixHours, day or week; -1 where the client did not run").Produces<RateHistory>();

        var one = api.MapGroup("/torrents/{infoHash}").WithTags("History").ProducesProblem(400).ProducesProblem(404);
        one.MapGet("/choking/rounds", Rounds)
            .WithSummary("Past rounds of tit-for-tat, oldest first: from a number upwards, the newest without one; count at most 2,000").Produces<ImmutableArray<ChokeJournalRound>>();
        one.MapGet("/rates", (string infoHash, IEngineAccess engine, CancellationToken cancellationToken, string? range = null) =>
            TorrentEndpoints.Find(engine, infoHash).GetRateHistoryAsync(OneOf(range, "range", RateRange.FiveMinutes), cancellationToken))
            .WithSummary("Rates of one torrent in this run of the client; ranges as of all").Produces<RateHistory>();
    }

    private static ImmutableArray<EngineEvent> Events(
        IEngineAccess engine, string? torrent = null, string? severity = null, string? category = null, string? text = null, string? before = null, string? count = null)
    {
        var filter = new EventFilter
        {
            Torrent = torrent is null ? null
                : InfoHash.TryParse(torrent, out var infoHash) ? infoHash
                : throw new TorrentEngineException("infohash.invalid", "A torrent is named by 40 hex digits."),
            MinSeverity = OneOf(severity, "severity", EngineEventSeverity.Info),
            Categories = [.. (category ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(word => OneOf(word, "category", EngineEventCategory.Session))],
            Text = text,
        };
        return engine.GetEvents(filter, before is null ? null : Number(before, "before", long.MaxValue, 0), (int)Number(count, "count", MostEvents, 1_000));
    }

    private static Task<ImmutableArray<ChokeJournalRound>> Rounds(
        string infoHash, IEngineAccess engine, CancellationToken cancellationToken, string? from = null, string? count = null) =>
        TorrentEndpoints.Find(engine, infoHash).GetChokeJournalAsync(
            Number(from, "from", long.MaxValue, 0), (int)Number(count, "count", MostRounds, 200), cancellationToken);

    private static T OneOf<T>(string? word, string name, T without)
        where T : struct, Enum =>
        string.IsNullOrEmpty(word) ? without
        : char.IsAsciiLetter(word[0]) && Enum.TryParse<T>(word, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value
        : throw new TorrentEngineException("query.invalid", $"\"{name}\" must be one of {string.Join(", ", Enum.GetNames<T>().Select(each => char.ToLowerInvariant(each[0]) + each[1..]))}.");

    private static long Number(string? digits, string name, long most, long without) =>
        string.IsNullOrEmpty(digits) ? without
        : long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most ? number
        : throw new TorrentEngineException("query.invalid", string.Create(CultureInfo.InvariantCulture, $"\"{name}\" must be a number from 0 to {most}."));
}
