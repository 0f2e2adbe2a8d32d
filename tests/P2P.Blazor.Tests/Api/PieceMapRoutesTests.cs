using System.Net;
using P2P.Blazor.Components.TorrentDetail;
using P2P.Blazor.Tests.Fakes;
using P2P.Engine;
using Xunit;

namespace P2P.Blazor.Tests.Api;

/// <summary>The piece map by HTTP: half a byte a piece, of states, copies, or what a peer has.</summary>
public sealed class PieceMapRoutesTests : IClassFixture<ApiFixture>
{
    private readonly FakeHost _host;
    private readonly HttpClient _client;

    public PieceMapRoutesTests(ApiFixture fixture)
    {
        (_host, _client) = (fixture.Host, fixture.Client);
        _host.Engine.Reset(torrents: 1);
    }

    private FakeTorrent Torrent => _host.Engine.Torrents[0];

    private string Route => $"/api/v1/torrents/{Torrent.InfoHash}/pieces/map";

    [Fact]
    public async Task Map_States_AreThoseOfTheEngine()
    {
        var details = Torrent.Details!;
        Torrent.Snapshot = Torrent.Snapshot with { FailedHashes = 1 };
        _host.Engine.Events =
        [
            new(_host.Engine.Now, EngineEventKind.BadData, Torrent.InfoHash, ".") { Arguments = [new("piece", DiagnosisArgumentKind.Number, 39)] },
        ];
        var response = await _client.GetAsync(Route);

        Assert.Equal(("application/octet-stream", "no-store"), (response.Content.Headers.ContentType!.MediaType, response.Headers.CacheControl!.ToString()));
        Assert.Equal(("40", $"{details.Version}"), (response.Headers.GetValues("P2P-Pieces").Single(), response.Headers.GetValues("P2P-Version").Single()));
        var states = new PieceStates(1, details.Pieces, [39]);
        Assert.Equal(Enumerable.Range(0, 40).Select(piece => (int)states[piece]), await ValuesAsync(response));
        Assert.Equal((int)PieceState.Failed, (await ValuesAsync(response))[39]);
    }

    [Fact]
    public async Task Map_AHundredThousandPieces_IsFiftyThousandBytes()
    {
        var bits = new byte[12_500];
        Torrent.Details = Torrent.Details! with { Pieces = new PieceMapSnapshot(100_000, [.. bits], [], [], [.. bits]) };

        Assert.Equal(50_000, (await _client.GetByteArrayAsync(Route)).Length);
    }

    [Fact]
    public async Task Map_Copies_AreInSixSteps() =>
        Assert.Equal(Torrent.Details!.Pieces.Availability.Select(copies => PieceStates.LevelOf(copies)), await ValuesAsync(await _client.GetAsync($"{Route}?layer=copies")));

    [Fact]
    public async Task Map_OfAPeer_TellsBothSidesAndTheWish()
    {
        var details = Torrent.Details!;
        var peer = details.Peers[1];
        var theirs = FakePeers.Pieces(peer, 40);
        var values = await ValuesAsync(await _client.GetAsync($"{Route}?peer={Uri.EscapeDataString(peer.Endpoint.ToString())}"));

        Assert.Equal(Enumerable.Range(0, 40).Select(piece => (PieceStates.IsSet(details.Pieces.Have, piece) ? 1 : 0) + (PieceStates.IsSet(theirs, piece) ? 2 : 0) + 4), values);
    }

    [Fact]
    public async Task Map_OfAPeerThatLeft_TellsThatItHasNothing() =>
        Assert.All(await ValuesAsync(await _client.GetAsync($"{Route}?peer=203.0.113.200%3A1")), value => Assert.Equal(0, value & 2));

    [Theory]
    [InlineData("?layer=colours", HttpStatusCode.BadRequest, "query.invalid")]
    [InlineData("?peer=nobody", HttpStatusCode.BadRequest, "peer.invalid")]
    public async Task Map_BadQuery_IsRefused(string query, HttpStatusCode status, string code)
    {
        var response = await _client.GetAsync(Route + query);
        Assert.Equal((status, code), (response.StatusCode, (await response.JsonAsync()).GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Map_UnknownTorrent_Is404() =>
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync("/api/v1/torrents/0000000000000000000000000000000000000000/pieces/map")).StatusCode);

    // As every other GET: the page of another site may not read it.
    [Fact]
    public async Task Map_AskedByAnotherSite_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Route) { Headers = { { "Sec-Fetch-Site", "cross-site" } } };
        Assert.Equal(HttpStatusCode.Forbidden, (await _client.SendAsync(request)).StatusCode);
    }

    private static async Task<List<int>> ValuesAsync(HttpResponseMessage response)
    {
        var count = int.Parse(response.Headers.GetValues("P2P-Pieces").Single(), System.Globalization.CultureInfo.InvariantCulture);
        return [.. (await response.Content.ReadAsByteArrayAsync()).SelectMany(both => new[] { both >> 4, both & 15 }).Take(count)];
    }
}
