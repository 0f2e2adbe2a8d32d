using System.Text;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Primitives;

/// <summary>Client names from the ids that clients really send (BEP 20).</summary>
public sealed class PeerIdTests
{
    [Theory]
    [InlineData("A2-1-36-0-\u0001\u0002345678\u00FF0", "aria2 1.36.0")]
    [InlineData("A2-1-18-8-0123456789", "aria2 1.18.8")]
    [InlineData("A2-x-18-8-0123456789", "aria2")]
    [InlineData("A2-12345678901234567", "aria2")]
    [InlineData("-LT2080-0123456789ab", "libtorrent 2.0.8")]
    [InlineData("-LT20B0-0123456789ab", "libtorrent 2.0.11")]
    [InlineData("-lt0D80-0123456789ab", "rTorrent 0.13.8")]
    [InlineData("-TR2940-0123456789ab", "Transmission 2.94")]
    [InlineData("-TR3000-0123456789ab", "Transmission 3.00")]
    [InlineData("-TR4050-0123456789ab", "Transmission 4.0.5")]
    [InlineData("-TR400Z-0123456789ab", "Transmission 4.0.0")]
    [InlineData("-qB4650-0123456789ab", "qBittorrent 4.6.5")]
    [InlineData("-qB51A0-0123456789ab", "qBittorrent 5.1.10")]
    [InlineData("-DE211s-0123456789ab", "Deluge 2.1.1")]
    [InlineData("-DE13F0-0123456789ab", "Deluge 1.3.15")]
    [InlineData("-UT355S-0123456789ab", "uTorrent 3.5.5")]
    [InlineData("-WW0112-0123456789ab", "WebTorrent 1.12")]
    [InlineData("-P20100-0123456789ab", "P2P.Blazor 0.1.0")]
    [InlineData("-TR!!!!-0123456789ab", "Transmission")]
    [InlineData("-ZZ1234-0123456789ab", "Unknown")]
    [InlineData("M7-4-3--0123456789ab", "Unknown")]
    [InlineData("\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000A\u000B\u000C\u000D\u000E\u000F\u0010\u0011\u0012\u0013", "Unknown")]
    [InlineData("-<script>alert(1)</s", "Unknown")]
    public void ClientName_KnownStyles_GivesNameAndVersion(string id, string expected) =>
        Assert.Equal(expected, new PeerId(Encoding.Latin1.GetBytes(id)).ClientName());

    [Fact]
    public void Create_SameSeed_IsOursAndTheSame()
    {
        var id = PeerId.Create(new Random(1));

        Assert.Equal(id, PeerId.Create(new Random(1)));
        Assert.NotEqual(id, PeerId.Create(new Random(2)));
        Assert.StartsWith("-P20100-", id.ToString(), StringComparison.Ordinal);
        Assert.Equal(id, new PeerId(id.ToArray()));
    }

    [Fact]
    public void ToString_UnprintableBytes_AreDots() => Assert.Equal("ab..................", new PeerId("ab\0\u001b[2J"u8.ToArray().Take(4).Concat(new byte[16]).ToArray()).ToString());
}
