using System.Buffers.Binary;
using System.Net;
using System.Text;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Bencode;
using P2P.Engine.Discovery.Serving;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery.Serving;

/// <summary>The embedded tracker without sockets: its table, its HTTP and its UDP answers.</summary>
public sealed class TrackerServerTests
{
    private static readonly InfoHash Ours = InfoHash.Parse("0123456789abcdef0123456789abcdef01234567");
    private static readonly InfoHash Theirs = InfoHash.Parse("ffffffffffffffffffffffffffffffffffffffff");
    private static readonly string Escaped = string.Concat(Ours.ToArray().Select(part => $"%{part:x2}"));
    private readonly FakeTimeProvider _clock = new();
    private readonly Random _entropy = new(5);
    private readonly TrackerDesk _desk;

    public TrackerServerTests() => _desk = new TrackerDesk(_clock, new TrackerServerOptions { Enabled = true }, infoHash => infoHash == Ours ? "age.txt" : null, new Random(1));

    [Fact]
    public void Table_Announces_CountGiveAndForget()
    {
        var table = new SwarmTable(TimeSpan.FromMinutes(30), new Random(1));
        var into = new PeerEndpoint[50];
        table.Announce(Ours, At(1), left: 0, AnnounceEvent.Started, into, 0);
        var second = table.Announce(Ours, At(2), left: 5, AnnounceEvent.Started, into, 1);
        Assert.Equal(new SwarmAnswer(1, 1, 0, 1), second);
        Assert.Equal(At(1), into[0]);
        Assert.Equal(new SwarmAnswer(2, 0, 1, 0), table.Announce(Ours, At(2), 0, AnnounceEvent.Completed, into, 2)); // a seed is given no seeds
        Assert.Equal(1, table.Announce(Ours, At(2), 0, AnnounceEvent.Completed, into, 3).Downloads); // told twice, counted once
        table.Announce(Ours, At(1), 0, AnnounceEvent.Stopped, into, 4);
        Assert.Equal(new SwarmAnswer(1, 0, 1, 0), table.Scrape(Ours));
        table.Sweep(3_600_003);
        Assert.Equal(1, table.Peers);
        table.Sweep(3_600_010);
        Assert.Equal((0, 0), (table.Peers, table.Swarms));
    }

    [Fact]
    public void Table_OneSwarmOfManyPeers_GivesDifferentOnesAndNeverTheAsker()
    {
        var table = new SwarmTable(TimeSpan.FromMinutes(30), new Random(1));
        var into = new PeerEndpoint[50];
        for (var number = 1; number <= 1_000; number++)
        {
            table.Announce(Ours, At(number), 1, AnnounceEvent.Started, into, 0);
        }

        var seen = new HashSet<PeerEndpoint>();
        for (var round = 0; round < 200; round++)
        {
            var given = table.Announce(Ours, At(500), 1, AnnounceEvent.None, into, 1).Peers;
            Assert.Equal(50, given);
            Assert.DoesNotContain(At(500), into);
            seen.UnionWith(into);
        }

        Assert.InRange(seen.Count, 900, 999);
    }

    [Fact]
    public void Table_TooManySwarms_ForgetsTheIdlest()
    {
        var table = new SwarmTable(TimeSpan.FromMinutes(30), new Random(1));
        for (var number = 0; number <= SwarmTable.MaxSwarms; number++)
        {
            table.Announce(InfoHash.Parse(number.ToString("x40", System.Globalization.CultureInfo.InvariantCulture)), At(1), 1, AnnounceEvent.None, [], number);
        }

        Assert.Equal((SwarmTable.MaxSwarms, SwarmTable.MaxSwarms), (table.Swarms, table.Peers));
        Assert.Null(table.Scrape(InfoHash.Parse(new string('0', 40))));
    }

    [Fact]
    public void Http_Announce_IsCompactWithOurAddress()
    {
        Get($"/announce?info_hash={Escaped}&peer_id=aaaaaaaaaaaaaaaaaaaa&port=7000&left=0&event=started&ip=8.8.8.8", At(1));
        var body = Body(Get($"/announce?info_hash={Escaped}&peer_id=bbbbbbbbbbbbbbbbbbbb&port=7001&left=9&compact=1", At(2)));
        Assert.Equal((1L, 1L, 1_800L), (body.GetNumber("complete"u8), body.GetNumber("incomplete"u8), body.GetNumber("interval"u8)));
        Assert.Equal(At(1).WithPort(7000), PeerEndpoint.FromCompact(body.GetString("peers"u8)!.Span));
        Assert.Equal(At(2).Address.GetAddressBytes(), body.GetString("external ip"u8)!.Span.ToArray());
    }

    [Fact]
    public void Http_IPv6AndLongForm_AreAnswered()
    {
        var six = new PeerEndpoint(IPAddress.Parse("2001:db8::1"), 1);
        Get($"/announce?info_hash={Escaped}&peer_id=aaaaaaaaaaaaaaaaaaaa&port=7000&left=0", six);
        var other = Body(Get($"/announce?info_hash={Escaped}&peer_id=bbbbbbbbbbbbbbbbbbbb&port=7001&left=1", six));
        Assert.Equal(six.WithPort(7000), PeerEndpoint.FromCompact(other.GetString("peers6"u8)!.Span));
        var dictionaries = Body(Get($"/announce?info_hash={Escaped}&peer_id=bbbbbbbbbbbbbbbbbbbb&port=7001&left=1&compact=0", six));
        Assert.Equal("2001:db8::1", ((BDictionary)dictionaries.GetList("peers"u8)![0]).GetString("ip"u8)!.ToString());
    }

    [Theory]
    [InlineData("/announce", "info_hash")]
    [InlineData("/announce?info_hash=abc&peer_id=aaaaaaaaaaaaaaaaaaaa&port=7000", "info_hash")]
    [InlineData("/announce?info_hash=%zz&port=1", "info_hash")]
    [InlineData("/announce?info_hash={0}&peer_id=aaaaaaaaaaaaaaaaaaaa", "port")]
    [InlineData("/announce?info_hash={0}&peer_id=aaaaaaaaaaaaaaaaaaaa&port=0", "port")]
    [InlineData("/announce?info_hash={0}&peer_id=aaaaaaaaaaaaaaaaaaaa&port=65536", "port")]
    [InlineData("/announce?info_hash={0}&peer_id=short&port=7000", "peer_id")]
    [InlineData("/announce?info_hash=ffffffffffffffffffff&peer_id=aaaaaaaaaaaaaaaaaaaa&port=7000", "owner's")]
    [InlineData("/scrape", "info_hash")]
    public void Http_WrongRequest_IsOneSentence(string target, string word) => Assert.Contains(
        word, Body(Get(target.Replace("{0}", Escaped, StringComparison.Ordinal), At(1))).GetString("failure reason"u8)!.ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("POST /announce HTTP/1.1", 405)]
    [InlineData("GET /secret HTTP/1.1", 404)]
    [InlineData("GET", 400)]
    [InlineData("\0\0\0", 400)]
    public void Http_NoTrackerRequest_IsRefused(string line, int status)
    {
        var answer = Server().Answer(Encoding.ASCII.GetBytes(line + "\r\n"), At(1), out _);
        Assert.StartsWith($"HTTP/1.1 {status} ", Encoding.ASCII.GetString(answer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1", "", true)]
    [InlineData("HTTP/1.1", "Connection: close\r\n", false)]
    [InlineData("HTTP/1.0", "", false)]
    public void Http_Connection_IsKeptAsAsked(string version, string header, bool kept)
    {
        Server().Answer(Encoding.ASCII.GetBytes($"GET /announce {version}\r\n{header}"), At(1), out var isKept);
        Assert.Equal(kept, isKept);
    }

    [Fact]
    public void Http_Scrape_HasAnEntryForEachInfohash_ZerosForWhatIsNotServed()
    {
        Get($"/announce?info_hash={Escaped}&peer_id=aaaaaaaaaaaaaaaaaaaa&port=7000&left=0", At(1));
        var files = Body(Get($"/scrape?info_hash={Escaped}&info_hash=ffffffffffffffffffff", At(2))).GetDictionary("files"u8)!;
        Assert.Equal(2, files.Count);
        Assert.Equal(0, files.GetDictionary("ffffffffffffffffffff"u8)!.GetNumber("complete"u8));
        Assert.Equal(1, files.GetDictionary(Ours.ToArray())!.GetNumber("complete"u8));
    }

    [Fact]
    public void AnyQuery_IsReadAndAnswered()
    {
        Gen.Byte.Array[0, 300].Sample(bytes =>
        {
            _ = AnnounceQuery.Read(bytes).AnnounceProblem();
            _ = Server().Answer([.. "GET /announce?"u8, .. bytes, .. " HTTP/1.1\r\n"u8], At(1), out _);
            _ = Server().Answer(bytes, At(1), out _);
        }, iter: 20_000);
    }

    [Fact]
    public void Udp_ConnectThenAnnounce_GivesPeers()
    {
        var server = Udp();
        UdpAnnounce(server, At(1), 7000, left: 0);
        var reply = UdpAnnounce(server, At(2), 7001, left: 9);
        Assert.Equal((1, 77, 1_800, 1, 1), (Number(reply, 0), Number(reply, 4), Number(reply, 8), Number(reply, 12), Number(reply, 16)));
        Assert.Equal(At(1).WithPort(7000), PeerEndpoint.FromCompact(reply.AsSpan(20, 6)));
    }

    [Fact] // R-U01, R-U02: nobody is answered more than he sent before he proved himself
    public void Udp_UnprovedOrMalformed_GetsNothingOrNoMoreThanItSent()
    {
        var server = Udp();
        var reply = new byte[2_048];
        var announce = new byte[98];
        BinaryPrimitives.WriteInt32BigEndian(announce.AsSpan(8), 1);
        Assert.Equal(0, server.Answer(announce, At(1), reply));
        Assert.Equal(0, server.Answer(new byte[15], At(1), reply));
        Assert.Equal(0, server.Answer(new byte[16], At(1), reply)); // the magic number is missing
        var connected = Connect(server, At(1));
        BinaryPrimitives.WriteInt64BigEndian(announce, connected);
        Assert.Equal(0, server.Answer(announce, At(2), reply)); // somebody else's id
        Assert.Equal(0, server.Answer(announce.AsSpan(0, 97), At(1), reply));
        _clock.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(0, server.Answer(announce, At(1), reply)); // too old
        Gen.Byte.Array[0, 200].Sample(bytes => Assert.True(server.Answer(bytes, At(3), reply) <= Math.Max(16, bytes.Length)), iter: 5_000);
    }

    [Fact]
    public void Udp_TorrentOfSomebodyElse_IsAnError()
    {
        var server = Udp();
        var reply = UdpAnnounce(server, At(1), 7000, 1, Theirs);
        Assert.Equal((3, TrackerDesk.NotOurs), (Number(reply, 0), Encoding.ASCII.GetString(reply.AsSpan(8))));
    }

    private static PeerEndpoint At(int number) => new(new IPAddress([10, 0, (byte)(number >> 8), (byte)number]), 6881);

    private static int Number(byte[] reply, int at) => BinaryPrimitives.ReadInt32BigEndian(reply.AsSpan(at));

    private static long Connect(UdpTrackerServer server, PeerEndpoint from)
    {
        var request = new byte[16];
        BinaryPrimitives.WriteInt64BigEndian(request, 0x41727101980);
        var reply = new byte[2_048];
        Assert.Equal(16, server.Answer(request, from, reply));
        return BinaryPrimitives.ReadInt64BigEndian(reply.AsSpan(8));
    }

    private static byte[] UdpAnnounce(UdpTrackerServer server, PeerEndpoint from, int port, long left, InfoHash? infoHash = null)
    {
        var request = new byte[98];
        BinaryPrimitives.WriteInt64BigEndian(request, Connect(server, from));
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(8), 1);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(12), 77);
        (infoHash ?? Ours).CopyTo(request.AsSpan(16));
        BinaryPrimitives.WriteInt64BigEndian(request.AsSpan(64), left);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(92), -1);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(96), (ushort)port);
        var reply = new byte[2_048];
        return reply[..server.Answer(request, from, reply)];
    }

    private static BDictionary Body(string answer) =>
        (BDictionary)BValue.Parse(Encoding.Latin1.GetBytes(answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]), BencodeLimits.Wire);

    private HttpTrackerServer Server() => new(null!, _desk, _clock);

    private UdpTrackerServer Udp() => new(null!, _desk, _clock, bytes => _entropy.NextBytes(bytes));

    private string Get(string target, PeerEndpoint from) =>
        Encoding.Latin1.GetString(Server().Answer(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: x"), from, out _));
}
