using P2P.Engine.Primitives;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Tests.Wire;

public sealed class HandshakeTests
{
    private static readonly InfoHash Hash = InfoHash.Parse("0123456789abcdef0123456789abcdef01234567");
    private static readonly PeerId Id = new("-P20100-abcdefghijkl"u8);

    [Fact]
    public void Write_AllFeatures_SetsTheBitsOfBeps5And6And10()
    {
        var bytes = new byte[Handshake.Length];
        new Handshake(Hash, Id, HandshakeFeatures.Fast | HandshakeFeatures.Extensions | HandshakeFeatures.Dht).Write(bytes);

        Assert.Equal(
            "13" + Convert.ToHexString("BitTorrent protocol"u8) + "0000000000100005"
            + Hash.ToString().ToUpperInvariant() + Convert.ToHexString("-P20100-abcdefghijkl"u8),
            Convert.ToHexString(bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(7)]
    public void Read_WhatWasWritten_IsTheSame(int features)
    {
        var bytes = new byte[Handshake.Length];
        var handshake = new Handshake(Hash, Id, (HandshakeFeatures)features);
        handshake.Write(bytes);

        Assert.True(Handshake.CanBegin(bytes));
        Assert.Equal(Hash, Handshake.ReadInfoHash(bytes));
        Assert.Equal(handshake, Handshake.Read(bytes));
    }

    [Fact]
    public void Read_UnknownReservedBits_AreIgnored()
    {
        var bytes = new byte[Handshake.Length];
        new Handshake(Hash, Id, HandshakeFeatures.None).Write(bytes);
        bytes.AsSpan(20, 8).Fill(0xFF);

        Assert.Equal(HandshakeFeatures.Fast | HandshakeFeatures.Extensions | HandshakeFeatures.Dht, Handshake.Read(bytes).Features);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("\u0013", true)]
    [InlineData("\u0013Bit", true)]
    [InlineData("\u0013BitTorrent protocol", true)]
    [InlineData("\u0000", false)]
    [InlineData("\u0012", false)]
    [InlineData("GET / HTTP/1.1", false)]
    [InlineData("SSH-2.0", false)]
    [InlineData("\u0016\u0003\u0001", false)]
    [InlineData("\u0013BitTorrent protocoL", false)]
    public void CanBegin_Prefix_IsJudgedByItsFirstWrongByte(string prefix, bool expected) =>
        Assert.Equal(expected, Handshake.CanBegin(prefix.Select(letter => (byte)letter).ToArray()));
}
