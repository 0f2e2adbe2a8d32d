using System.IO.Compression;
using System.Net;
using System.Text;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;
using Xunit;

namespace P2P.Engine.Interop.Tests.Transport;

public sealed class HttpFetcherTests : IDisposable
{
    private readonly SystemNetwork _network = new(null, TimeProvider.System);
    private readonly IListener _listener;
    private readonly Task _serving;
    private Func<string, byte[]> _answer = _ => Ok("hello"u8);
    private string _lastRequest = "";

    public HttpFetcherTests()
    {
        _listener = _network.Listen(IPAddress.Loopback, 0);
        _serving = ServeAsync();
    }

    private string Base => $"http://127.0.0.1:{_listener.Local.Port}";

    public void Dispose()
    {
        _listener.Dispose();
        _network.Dispose();
    }

    [Fact]
    public async Task Get_Tracker_GivesStatusAndBody()
    {
        var reply = await GetAsync("/announce?info_hash=%01%FF");
        Assert.Equal((200, "hello"), (reply.Status, Encoding.ASCII.GetString(reply.Body)));
        Assert.StartsWith("GET /announce?info_hash=%01%FF HTTP/1.1\r\n", _lastRequest, StringComparison.Ordinal);
        Assert.Contains("User-Agent: P2P.Blazor/", _lastRequest, StringComparison.Ordinal);

        _answer = _ => Reply("503 Busy", "", "later"u8);
        Assert.Equal(503, (await GetAsync("/scrape")).Status);
    }

    [Fact]
    public async Task Get_CompressedBody_IsUnpackedAndBoundedAfterwards()
    {
        _answer = _ => Reply("200 OK", "Content-Encoding: gzip\r\n", Gzip(new byte[1 << 20]));
        Assert.Equal(1 << 20, (await GetAsync("/announce")).Body.Length);

        _answer = _ => Reply("200 OK", "Content-Encoding: gzip\r\n", Gzip(new byte[(1 << 20) + 1]));
        Assert.Equal("tracker.too_big", await FailAsync("/announce"));
        _answer = _ => Reply("200 OK", "Content-Encoding: gzip\r\n", "no gzip at all"u8);
        Assert.Equal("tracker.http", await FailAsync("/announce"));
    }

    [Fact]
    public async Task Get_Redirects_AreFollowedFiveTimes()
    {
        _answer = path => path == "/announce0" ? Ok("end"u8) : Redirect($"/announce{path[^1] - '1'}");
        Assert.Equal("end"u8.ToArray(), (await GetAsync("/announce5")).Body);
        Assert.Equal("tracker.redirects", await FailAsync("/announce6"));
    }

    [Theory]
    [InlineData("http://10.0.0.1/announce", "tracker.ssrf")]
    [InlineData("http://[::1]/announce", "tracker.ssrf")]
    [InlineData("/admin", "tracker.ssrf")]
    [InlineData("file:///etc/passwd", "tracker.scheme")]
    [InlineData("ftp://192.0.2.1/announce", "tracker.scheme")]
    public async Task Get_RedirectToWhereItMustNotLead_IsRefused(string location, string code)
    {
        _answer = _ => Redirect(location);
        Assert.Equal(code, await FailAsync("/announce"));
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/announce", "tracker.scheme")]
    [InlineData("http://b\u00fccher.example/announce", "tracker.idn")]
    [InlineData("http://127.0.0.1:1/", "tracker.ssrf")]
    [InlineData("http://192.168.1.1/setup", "tracker.ssrf")]
    [InlineData("http://127.0.0.1:1/announce", "net.refused")]
    public async Task Get_BadUrl_IsRefused(string url, string code) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<NetworkException>(() => _network.HttpGetAsync(new Uri(url), 100, default).AsTask())).Code);

    [Fact]
    public async Task Get_PublicNameWithPrivateAddress_IsRefusedAtConnect()
    {
        using var fetcher = new HttpFetcher(
            (_, _) => ValueTask.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("::ffff:10.0.0.1")]),
            (_, _) => throw new InvalidOperationException("Must not be dialled."),
            TimeProvider.System);
        var get = fetcher.GetAsync(new Uri("http://tracker.example/announce"), 100, default).AsTask();

        Assert.Equal("tracker.ssrf", (await Assert.ThrowsAsync<NetworkException>(() => get)).Code);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "tracker.http")]
    [InlineData("nonsense\r\n\r\n", "tracker.http")]
    public async Task Get_BrokenAnswer_IsTrackerHttp(string answer, string code)
    {
        _answer = _ => Encoding.ASCII.GetBytes(answer);
        Assert.Equal(code, await FailAsync("/announce"));
    }

    [Fact]
    public async Task Get_HeadersTooLong_IsTooBig()
    {
        _answer = _ => Reply("200 OK", $"X-Long: {new string('x', 40_000)}\r\n", "hello"u8);
        Assert.Equal("tracker.too_big", await FailAsync("/announce"));
    }

    [Fact]
    public async Task Get_Stopped_SaysSo()
    {
        using var stop = new CancellationTokenSource();
        _answer = _ =>
        {
            stop.Cancel();
            return [];
        };
        var get = _network.HttpGetAsync(new Uri(Base + "/announce"), 100, stop.Token).AsTask();
        var code = (await Assert.ThrowsAsync<NetworkException>(() => get)).Code;
        Assert.Contains(code, new[] { "tracker.cancelled", "tracker.http" });
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("0.1.2.3", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.31.0.1", false)]
    [InlineData("192.168.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2002:7f00:1::", false)]
    public void IsPublic_Address_IsJudgedByItsRange(string address, bool expected) =>
        Assert.Equal(expected, HttpFetcher.IsPublic(IPAddress.Parse(address)));

    private static byte[] Ok(ReadOnlySpan<byte> body) => Reply("200 OK", "", body);

    private static byte[] Redirect(string location) => Reply("302 Found", $"Location: {location}\r\n", default);

    private static byte[] Reply(string status, string headers, ReadOnlySpan<byte> body) =>
        [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{headers}Content-Length: {body.Length}\r\n\r\n"), .. body];

    private static byte[] Gzip(byte[] bytes)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Optimal))
        {
            gzip.Write(bytes);
        }

        return output.ToArray();
    }

    private async Task<HttpReply> GetAsync(string path) => await _network.HttpGetAsync(new Uri(Base + path), 1 << 20, default);

    private async Task<string> FailAsync(string path) => (await Assert.ThrowsAsync<NetworkException>(() => GetAsync(path))).Code;

    /// <summary>One request per connection: read up to the empty line, answer, hang up.</summary>
    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var connection = await _listener.AcceptAsync(default);
                var request = new StringBuilder();
                var buffer = new byte[4096];
                int received;
                do
                {
                    received = await connection.ReceiveAsync(buffer, default);
                    request.Append(Encoding.ASCII.GetString(buffer, 0, received));
                }
                while (received > 0 && !request.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal));
                _lastRequest = request.ToString();
                await connection.SendAsync([_answer(_lastRequest.Split(' ')[1])], default);
            }
        }
        catch (NetworkException)
        {
            // The listener was disposed: the test is over.
        }
    }
}
