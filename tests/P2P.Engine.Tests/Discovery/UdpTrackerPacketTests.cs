using System.Buffers.Binary;
using System.Net;
using System.Text;
using CsCheck;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery;

public sealed class UdpTrackerPacketTests
{
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(300);

    private static AnnounceRequest Request => new(
        InfoHash.Parse("000102030405060708090a0b0c0d0e0f10111213"), new PeerId("-P20100-abcdefghijkl"u8), Port: 6881, Uploaded: 3, Downloaded: 1,
        Left: 2, AnnounceEvent.Started, NumWant: 50, Key: 0xDEADBEEF, TrackerId: null);

    [Fact]
    public void Connect_ByBep15_IsMagicActionTransaction() =>
        Assert.Equal("00000417271019800000000011223344", Convert.ToHexStringLower(UdpTrackerPacket.Connect(0x11223344)));

    [Fact]
    public void Announce_ByBep15_Has98Bytes()
    {
        var packet = UdpTrackerPacket.Announce(0x0102030405060708, 0x11223344, Request, "/");

        const string Expected = "0102030405060708" + "00000001" + "11223344" + "000102030405060708090a0b0c0d0e0f10111213"
            + "2d5032303130302d6162636465666768696a6b6c" + "0000000000000001" + "0000000000000002" + "0000000000000003"
            + "00000002" + "00000000" + "deadbeef" + "00000032" + "1ae1";
        Assert.Equal(Expected, Convert.ToHexStringLower(packet));
    }

    [Fact]
    public void Announce_LongPath_IsSentInOptionsOf255()
    {
        var path = "/announce?k=" + new string('x', 300);

        var packet = UdpTrackerPacket.Announce(1, 2, Request, path);

        Assert.Equal(98 + 2 + 255 + 2 + (path.Length - 255), packet.Length);
        Assert.Equal([2, 255], packet.AsSpan(98, 2).ToArray());
        Assert.Equal([2, (byte)(path.Length - 255)], packet.AsSpan(98 + 257, 2).ToArray());
        Assert.Equal(path, Encoding.ASCII.GetString(packet, 100, 255) + Encoding.ASCII.GetString(packet.AsSpan(98 + 259)));
    }

    [Theory] // rows V01, V02, V05, V10
    [InlineData(0, 7, false)]
    [InlineData(0, 15, false)]
    [InlineData(0, 16, true)]
    [InlineData(1, 16, false)]
    public void IsAnswer_ConnectReply_NeedsItsLength(uint action, int length, bool expected) =>
        Assert.Equal(expected, UdpTrackerPacket.IsAnswer(Reply(action, 5, length), 5, UdpTrackerAction.Connect));

    [Theory]
    [InlineData(1, 19, false)]
    [InlineData(1, 20, true)]
    [InlineData(1, 8192, true)]
    [InlineData(1, 8193, false)]
    [InlineData(2, 20, false)]
    [InlineData(255, 20, false)]
    [InlineData(3, 7, false)]
    [InlineData(3, 8, true)]
    public void IsAnswer_AnnounceReply_NeedsItsLengthAndAction(uint action, int length, bool expected) =>
        Assert.Equal(expected, UdpTrackerPacket.IsAnswer(Reply(action, 5, length), 5, UdpTrackerAction.Announce));

    [Fact]
    public void IsAnswer_OtherTransaction_IsDropped() =>
        Assert.False(UdpTrackerPacket.IsAnswer(Reply(1, 6, 20), 5, UdpTrackerAction.Announce));

    [Fact] // row V03
    public void ErrorText_LongWithControls_IsCutAndClean()
    {
        var packet = Reply(3, 5, 8192);
        packet.AsSpan(8).Fill((byte)'a');
        packet[9] = 0x1b;

        var text = UdpTrackerPacket.ErrorText(packet);

        Assert.Equal(1024, text.Length);
        Assert.StartsWith("a aaa", text, StringComparison.Ordinal);
    }

    [Fact] // row V04
    public void ReadAnnounce_PeersWithTail_WholeGroupsAreUsed()
    {
        var packet = Reply(1, 5, 20 + 6 + 6 + 3);
        BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(8), 1900);
        BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(12), 7);
        BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(16), -1);
        PeerEndpoint[] peers = [new(IPAddress.Parse("93.184.216.34"), 6881), new(IPAddress.Parse("93.184.216.35"), 6882)];
        peers[0].WriteCompact(packet.AsSpan(20));
        peers[1].WriteCompact(packet.AsSpan(26));

        var response = UdpTrackerPacket.ReadAnnounce(packet, isIPv6: false, MinInterval, trackerIsLoopback: false);

        Assert.Equal(peers, response.Peers.AsEnumerable());
        Assert.Equal((7, 0, TimeSpan.FromSeconds(1900)), (response.Leechers, response.Seeds, response.Interval));
    }

    [Fact]
    public void ReadAnnounce_OverIPv6_GroupsHave18Bytes()
    {
        var packet = Reply(1, 5, 20 + 18 + 17);
        var peer = new PeerEndpoint(IPAddress.Parse("2001:db8::7"), 51413);
        peer.WriteCompact(packet.AsSpan(20));

        Assert.Equal([peer], UdpTrackerPacket.ReadAnnounce(packet, isIPv6: true, MinInterval, trackerIsLoopback: false).Peers.AsEnumerable());
    }

    [Fact]
    public void ReadAnnounce_AnyBytes_NeverThrowsAndKeepsBounds() =>
        Gen.Select(Gen.Byte.Array[20, 3000], Gen.Bool, Gen.Bool).Sample((packet, isIPv6, isLoopback) =>
        {
            var response = UdpTrackerPacket.ReadAnnounce(packet, isIPv6, MinInterval, isLoopback);
            Assert.InRange(response.Interval, MinInterval, TimeSpan.FromDays(1));
            Assert.All(response.Peers, peer => Assert.True(peer.IsConnectable && peer.Port >= 1024));
            Assert.InRange(response.Peers.Length, 0, 2000);
            UdpTrackerPacket.IsAnswer(packet, 5, UdpTrackerAction.Announce);
            Assert.InRange(UdpTrackerPacket.ErrorText(packet).Length, 1, 1024);
        });

    private static byte[] Reply(uint action, uint transaction, int length)
    {
        var packet = new byte[length];
        Span<byte> header = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(header, action);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], transaction);
        header[..Math.Min(8, length)].CopyTo(packet);
        return packet;
    }
}
