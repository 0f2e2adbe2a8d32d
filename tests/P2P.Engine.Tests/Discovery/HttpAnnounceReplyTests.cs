using System.Net;
using System.Text;
using CsCheck;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery;

public sealed class HttpAnnounceReplyTests
{
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(300);

    [Fact]
    public void Read_CompactAnswer_IsUnderstood()
    {
        var response = Read("d8:completei5e10:downloadedi9e11:external ip4:\x01\x02\x03\x04" + "10:incompletei7e8:intervali1800e12:min intervali600e"
            + "5:peers12:\x5d\xb8\xd8\x22\x1a\xe1\x5d\xb8\xd8\x23\x1a\xe2" + "10:tracker id2:ab15:warning message4:slowe");

        Assert.Null(response.Failure);
        Assert.Equal(["93.184.216.34:6881", "93.184.216.35:6882"], response.Peers.Select(peer => peer.ToString()));
        Assert.Equal((5, 7, 9), (response.Seeds, response.Leechers, response.Downloads));
        Assert.Equal((TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(10)), (response.Interval, response.MinInterval));
        Assert.Equal(("ab", "slow", IPAddress.Parse("1.2.3.4")), (response.TrackerId, response.Warning, response.ExternalAddress));
    }

    [Fact]
    public void Read_DictionaryPeersAndPeers6_AreBothTaken()
    {
        var six = "\x20\x01\x0d\xb8" + new string('\0', 11) + "\x09\x1a\xe1";
        var response = Read($"d5:peersld2:ip13:93.184.216.344:porti6881eed2:ip11:2001:db8::74:porti6882eee6:peers618:{six}e");

        Assert.Equal(["93.184.216.34:6881", "[2001:db8::7]:6882", "[2001:db8::9]:6881"], response.Peers.Select(peer => peer.ToString()));
        Assert.Null(response.Warning);
        Assert.Equal(TimeSpan.FromSeconds(1800), response.Interval);
    }

    [Theory] // row H02
    [InlineData("")]
    [InlineData("<html>404</html>")]
    [InlineData("le")]
    [InlineData("i1e")]
    [InlineData("d5:peers")]
    [InlineData("dexx")]
    public void Read_NotADictionary_IsBencodeFailure(string body) => Assert.Equal("tracker.bencode", Read(body).Failure?.Code);

    [Theory] // row H18
    [InlineData("i0e", 300)]
    [InlineData("i1e", 300)]
    [InlineData("i-5e", 300)]
    [InlineData("i9223372036854775807e", 86400)]
    [InlineData("i-9223372036854775808e", 300)]
    [InlineData("3:abc", 1800)]
    [InlineData("i901e", 901)]
    public void Read_Interval_IsClamped(string interval, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read($"d8:interval{interval}e").Interval);

    [Fact]
    public void Read_TenYearsOfMinInterval_IsADay() =>
        Assert.Equal(TimeSpan.FromDays(1), Read("d12:min intervali315360000ee").MinInterval);

    [Theory] // row H19
    [InlineData("d5:peers5:abcdee")]
    [InlineData("d5:peers7:abcdefge")]
    [InlineData("d6:peers617:abcdefghijklmnopqe")]
    [InlineData("d5:peersi1ee")]
    [InlineData("d5:peersld2:ip13:93.184.216.34eee")]
    [InlineData("d5:peersld2:ip13:93.184.216.344:porti65536eeee")]
    [InlineData("d5:peersld2:ip11:example.org4:porti6881eeee")]
    [InlineData("d5:peersli1e1:xee")]
    public void Read_BrokenPeers_AreSkippedWithANote(string body)
    {
        var response = Read(body);

        Assert.Null(response.Failure);
        Assert.Empty(response.Peers);
        Assert.Contains("tracker.peers", response.Warning, StringComparison.Ordinal);
    }

    [Fact] // row H20
    public void Read_TooManyPeers_First2000OrTooBig()
    {
        var compact = string.Concat(Enumerable.Range(0, 2001).Select(i => $"\x5d\xb8{(char)(i >> 8)}{(char)(i & 255)}\x1a\xe1"));
        var dictionaries = string.Concat(Enumerable.Range(0, 10_000).Select(_ => "d2:ip13:93.184.216.344:porti6881ee"));

        Assert.Equal(2000, Read($"d5:peers{compact.Length}:{compact}e").Peers.Length);
        Assert.Equal("tracker.too_big", Read($"d5:peersl{dictionaries}ee").Failure?.Code);
    }

    [Theory] // row H21
    [InlineData("0.0.0.0", 6881, false)]
    [InlineData("127.0.0.1", 6881, false)]
    [InlineData("::ffff:127.0.0.1", 6881, false)]
    [InlineData("224.0.0.5", 6881, false)]
    [InlineData("255.255.255.255", 6881, false)]
    [InlineData("93.184.216.34", 0, false)]
    [InlineData("93.184.216.34", 22, false)]
    [InlineData("93.184.216.34", 25, false)]
    [InlineData("93.184.216.34", 1024, true)]
    [InlineData("10.0.0.1", 6881, true)]
    [InlineData("ff02::1", 6881, false)]
    [InlineData("::", 6881, false)]
    public void Read_PeerNobodyCanBe_IsLeftOut(string ip, int port, bool isTaken) =>
        Assert.Equal(isTaken ? 1 : 0, Read($"d5:peersld2:ip{ip.Length}:{ip}4:porti{port}eeee").Peers.Length);

    [Fact]
    public void Read_LoopbackPeerFromLoopbackTracker_IsTaken() =>
        Assert.Single(HttpAnnounceReply.Read(Latin1("d5:peers6:\u007f\0\0\u0001\u001a\u001be"), MinInterval, trackerIsLoopback: true).Peers);

    [Fact] // row H22
    public void Read_HugeFailureWithControls_IsCutAndClean()
    {
        var reason = "\x1b[31m<script>\n" + "a\u202eb" + new string('x', 1 << 20);
        var bytes = Encoding.UTF8.GetBytes(reason);

        var failure = HttpAnnounceReply.Read((byte[])[.. Encoding.ASCII.GetBytes($"d14:failure reason{bytes.Length}:"), .. bytes, (byte)'e'], MinInterval, false).Failure;

        Assert.Equal("tracker.failure", failure?.Code);
        Assert.InRange(failure!.Value.Message.Length, 1000, 1024);
        Assert.StartsWith("[31m<script> a bx", failure.Value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EmptyFailure_StillSaysSomething() =>
        Assert.Equal("The tracker refused without a reason.", Read("d14:failure reason0:e").Failure?.Message);

    [Fact] // row H23
    public void Read_AbsurdTrackerIdAndAddress_AreIgnored()
    {
        var response = Read($"d11:external ip3:abc10:tracker id1000000:{new string('x', 1_000_000)}e");

        Assert.Null(response.Failure);
        Assert.Null(response.TrackerId);
        Assert.Null(response.ExternalAddress);
    }

    [Fact] // row H24
    public void Read_AbsurdCounts_AreClamped()
    {
        var response = Read("d8:completei-1e10:incompletei1099511627776ee");

        Assert.Equal((0, int.MaxValue), (response.Seeds, response.Leechers));
    }

    [Fact]
    public void Read_AnyBytes_NeverThrowsAndKeepsBounds() =>
        Gen.Byte.Array[0, 400].Sample(Check);

    [Fact]
    public void Read_BrokenAnswer_NeverThrowsAndKeepsBounds()
    {
        var good = Latin1("d8:completei5e11:external ip4:abcd8:intervali1800e5:peersld2:ip13:93.184.216.344:porti6881eee6:peers618:0123456789abcdef??e");
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value, at2, value2) =>
        {
            var body = good.ToArray();
            body[at] = value;
            body[at2] = value2;
            Check(body);
        });
    }

    private static void Check(byte[] body)
    {
        var response = HttpAnnounceReply.Read(body, MinInterval, trackerIsLoopback: false);
        Assert.InRange(response.Peers.Length, 0, 2000);
        Assert.All(response.Peers, peer => Assert.True(peer.IsConnectable && peer.Port >= 1024 && !IPAddress.IsLoopback(peer.Address)));
        Assert.True(response.Failure is not null || (response.Interval >= MinInterval && response.Interval <= TimeSpan.FromDays(1)));
    }

    private static AnnounceResponse Read(string latin1) => HttpAnnounceReply.Read(Latin1(latin1), MinInterval, trackerIsLoopback: false);

    private static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);
}
