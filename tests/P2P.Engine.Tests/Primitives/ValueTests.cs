using System.Net;
using CsCheck;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Primitives;

/// <summary>Infohashes and endpoints as text and as bytes.</summary>
public sealed class ValueTests
{
    [Fact]
    public void InfoHash_BytesAndText_AreTheSameValue() => Gen.Byte.Array[20].Sample(bytes =>
    {
        var hash = new InfoHash(bytes);
        return hash.ToArray().AsSpan().SequenceEqual(bytes) && hash.ToString() == Convert.ToHexStringLower(bytes)
            && InfoHash.Parse(hash.ToString().ToUpperInvariant()) == hash && hash.CompareTo(hash) == 0;
    });

    [Fact]
    public void InfoHash_Order_IsThatOfTheBytes() => Gen.Select(Gen.Byte.Array[20], Gen.Byte.Array[20]).Sample((a, b) =>
        Math.Sign(new InfoHash(a).CompareTo(new InfoHash(b))) == Math.Sign(a.AsSpan().SequenceCompareTo(b)));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0123456789012345678901234567890123456789a")]
    [InlineData("012345678901234567890123456789012345678")]
    [InlineData("012345678901234567890123456789012345678g")]
    [InlineData(" 12345678901234567890123456789012345678 ")]
    [InlineData("+123456789012345678901234567890123456789")]
    public void InfoHash_OtherText_IsRefused(string? text) => Assert.False(InfoHash.TryParse(text, out _));

    [Theory]
    [InlineData("1.2.3.4:6881", "010203041AE1")]
    [InlineData("[2001:db8::1]:80", "20010DB80000000000000000000000010050")]
    public void PeerEndpoint_Compact_GoesThereAndBack(string text, string hex)
    {
        Assert.True(PeerEndpoint.TryParse(text, out var endpoint));
        var bytes = new byte[18];
        var written = endpoint.WriteCompact(bytes);

        Assert.Equal(hex, Convert.ToHexString(bytes.AsSpan(0, written)));
        Assert.Equal(endpoint, PeerEndpoint.FromCompact(bytes.AsSpan(0, written)));
        Assert.Equal(text, endpoint.ToString());
    }

    [Fact]
    public void PeerEndpoint_MappedAddress_IsTheIPv4One()
    {
        var mapped = new PeerEndpoint(IPAddress.Parse("::ffff:1.2.3.4"), 80);

        Assert.Equal(new PeerEndpoint(IPAddress.Parse("1.2.3.4"), 80), mapped);
        Assert.True(mapped.IsIPv4);
        Assert.Equal("1.2.3.4:80", mapped.ToString());
        Assert.Equal(81, mapped.WithPort(81).Port);
    }

    [Theory]
    [InlineData("1.2.3.4")]
    [InlineData("1.2.3.4:0")]
    [InlineData("1.2.3.4:65536")]
    [InlineData("host:80")]
    [InlineData("::1")]
    [InlineData("")]
    [InlineData(null)]
    public void PeerEndpoint_OtherText_IsRefused(string? text) => Assert.False(PeerEndpoint.TryParse(text, out _));

    [Theory]
    [InlineData("1.2.3.4", 80, true)]
    [InlineData("127.0.0.1", 80, true)]
    [InlineData("1.2.3.4", 0, false)]
    [InlineData("0.0.0.0", 80, false)]
    [InlineData("224.0.0.1", 80, false)]
    [InlineData("255.255.255.255", 80, false)]
    [InlineData("::", 80, false)]
    [InlineData("ff02::1", 80, false)]
    [InlineData("::1", 80, true)]
    public void IsConnectable_Address_TellsWhetherSomebodyCanListen(string address, int port, bool expected) =>
        Assert.Equal(expected, new PeerEndpoint(IPAddress.Parse(address), port).IsConnectable);
}
