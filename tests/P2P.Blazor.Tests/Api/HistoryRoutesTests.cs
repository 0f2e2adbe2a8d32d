using System.Net;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>Events, sums, rates and past rounds over the API.</summary>
public sealed class HistoryRoutesTests : IClassFixture<ApiFixture>
{
    private readonly FakeHost _host;
    private readonly HttpClient _client;

    public HistoryRoutesTests(ApiFixture fixture)
    {
        (_host, _client) = (fixture.Host, fixture.Client);
        _host.Engine.Reset(torrents: 2);
        var torrent = _host.Engine.Torrents[0].InfoHash;
        _host.Engine.Events =
        [
            new(_host.Engine.Now, EngineEventKind.DiskFull, torrent, "The disk is full.") { Sequence = 4, Arguments = [new("free", DiagnosisArgumentKind.Bytes, 5)] },
            new(_host.Engine.Now, EngineEventKind.TrackerFailing, torrent, "The tracker fails.") { Sequence = 3 },
            new(_host.Engine.Now, EngineEventKind.Finished, torrent, "Done.") { Sequence = 2 },
            new(_host.Engine.Now, EngineEventKind.SessionStarted, null, "The client started.") { Sequence = 1 },
        ];
    }

    private string First => $"/api/v1/torrents/{_host.Engine.Torrents[0].InfoHash}";

    [Theory]
    [InlineData("", "4 3 2 1")]
    [InlineData("?severity=warning", "4 3")]
    [InlineData("?severity=ERROR", "4")]
    [InlineData("?category=torrent,session", "2 1")]
    [InlineData("?text=disk", "4")]
    [InlineData("?before=3&count=1", "2")]
    [InlineData("?count=0", "")]
    public async Task GetEvents_Filtered_NamesThose(string query, string sequences)
    {
        var events = await (await _client.GetAsync("/api/v1/events" + query)).JsonAsync();
        Assert.Equal(sequences, string.Join(' ', events.EnumerateArray().Select(happened => happened.GetProperty("sequence").GetInt64())));
    }

    [Fact]
    public async Task GetEvents_OfATorrent_SayEverythingOfEach()
    {
        var events = await (await _client.GetAsync($"/api/v1/events?torrent={_host.Engine.Torrents[0].InfoHash}")).JsonAsync();
        Assert.Equal(3, events.GetArrayLength());
        Assert.Equal(
            ("diskFull", "error", "disk", "free", "bytes", 5),
            (events[0].GetProperty("kind").GetString(), events[0].GetProperty("severity").GetString(), events[0].GetProperty("category").GetString(),
                events[0].GetProperty("arguments")[0].GetProperty("name").GetString(), events[0].GetProperty("arguments")[0].GetProperty("kind").GetString(),
                events[0].GetProperty("arguments")[0].GetProperty("value").GetInt64()));
        Assert.Equal(0, (await (await _client.GetAsync($"/api/v1/events?torrent={_host.Engine.Torrents[1].InfoHash}")).JsonAsync()).GetArrayLength());
    }

    [Theory]
    [InlineData("/api/v1/events?severity=loud")]
    [InlineData("/api/v1/events?severity=1")]
    [InlineData("/api/v1/events?category=peer,weather")]
    [InlineData("/api/v1/events?before=-1")]
    [InlineData("/api/v1/events?count=10001")]
    [InlineData("/api/v1/events?count=many")]
    [InlineData("/api/v1/rates?range=year")]
    [InlineData("first/rates?range=0")]
    [InlineData("first/choking/rounds?from=x")]
    [InlineData("first/choking/rounds?count=2001")]
    public async Task Get_WrongQuery_Is400WithASentence(string path)
    {
        var response = await _client.GetAsync(path.Replace("first", First, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("query.invalid", await response.CodeAsync());
    }

    [Fact]
    public async Task GetEvents_WrongInfohash_Is400() =>
        Assert.Equal("infohash.invalid", await (await _client.GetAsync("/api/v1/events?torrent=xyz")).CodeAsync());

    [Theory]
    [InlineData("?count=2", "9 10")]
    [InlineData("?from=3&count=2", "3 4")]
    [InlineData("?from=10", "10")]
    [InlineData("", "1 2 3 4 5 6 7 8 9 10")]
    public async Task GetRounds_Some_AreOldestFirst(string query, string numbers)
    {
        _host.Engine.Torrents[0].Rounds = [.. Enumerable.Range(1, 10).Select(number => FakeHistory.Round(number, _host.Engine.Now))];
        var rounds = await (await _client.GetAsync($"{First}/choking/rounds{query}")).JsonAsync();
        Assert.Equal(numbers, string.Join(' ', rounds.EnumerateArray().Select(round => round.GetProperty("round").GetInt64())));
        var entry = rounds[0].GetProperty("entries")[0];
        Assert.Equal(("198.51.100.4:6881", "regular", "in"), (entry.GetProperty("peer").GetString(), entry.GetProperty("slot").GetString(), entry.GetProperty("change").GetString()));
    }

    [Theory]
    [InlineData("", "fiveMinutes", "00:00:01")]
    [InlineData("?range=week", "week", "00:20:00")]
    public async Task GetRates_OfAllAndOfOne_AreTwoRowsOfSamples(string query, string range, string period)
    {
        foreach (var path in (string[])["/api/v1/rates", $"{First}/rates"])
        {
            var rates = await (await _client.GetAsync(path + query)).JsonAsync();
            Assert.Equal((range, period, 60, -1), (rates.GetProperty("range").GetString(), rates.GetProperty("period").GetString(), rates.GetProperty("down").GetArrayLength(), rates.GetProperty("up")[0].GetInt64()));
        }
    }

    [Fact]
    public async Task GetStatistics_Always_HasSumsAndFigures()
    {
        _host.Engine.Publish(session => session with
        {
            Statistics = new() { AllTime = new() { Downloaded = 7 }, Disk = new() { OldestWait = TimeSpan.FromSeconds(2) }, Network = new() { OutgoingFailed = 3 } },
        });
        var statistics = await (await _client.GetAsync("/api/v1/statistics")).JsonAsync();
        Assert.Equal(7, statistics.GetProperty("allTime").GetProperty("downloaded").GetInt64());
        Assert.Equal("00:00:02", statistics.GetProperty("disk").GetProperty("oldestWait").GetString());
        Assert.Equal(3, statistics.GetProperty("network").GetProperty("outgoingFailed").GetInt64());
    }

    [Theory]
    [InlineData("/rates")]
    [InlineData("/choking/rounds")]
    public async Task Get_NoSuchTorrent_Is404(string route) =>
        Assert.Equal("torrent.not_found", await (await _client.GetAsync($"/api/v1/torrents/{new string('0', 40)}{route}")).CodeAsync());

    [Fact]
    public async Task GetTorrent_Always_HasItsDiagnosis()
    {
        var row = _host.Engine.Torrents[0].Snapshot;
        _host.Engine.Torrents[0].Snapshot = row with
        {
            Diagnosis = new Diagnosis(DiagnosisCode.RateLimited, [new("limit", DiagnosisArgumentKind.Rate, 500_000)], "Held.", DiagnosisRemedy.ChangeLimit),
        };
        var diagnosis = (await (await _client.GetAsync(First)).JsonAsync()).GetProperty("diagnosis");
        Assert.Equal(
            ("rateLimited", "changeLimit", "Held.", 500_000),
            (diagnosis.GetProperty("code").GetString(), diagnosis.GetProperty("remedy").GetString(), diagnosis.GetProperty("sentence").GetString(),
                diagnosis.GetProperty("arguments")[0].GetProperty("value").GetInt64()));
    }
}
