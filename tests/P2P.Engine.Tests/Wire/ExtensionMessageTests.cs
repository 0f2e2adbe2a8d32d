using System.Net;
using System.Text;
using CsCheck;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Tests.Wire;

/// <summary>ut_metadata (BEP 9) and ut_pex (BEP 11).</summary>
public sealed class ExtensionMessageTests
{
    [Theory] // BEP 9's examples
    [InlineData("d8:msg_typei0e5:piecei0ee", MetadataMessageType.Request, 0)]
    [InlineData("d8:msg_typei1e5:piecei0e10:total_sizei34256eexxxxxxxx", MetadataMessageType.Data, 34_256)]
    [InlineData("d8:msg_typei2e5:piecei0ee", MetadataMessageType.Reject, 0)]
    [InlineData("d8:msg_typei99e5:piecei0ee", MetadataMessageType.Unknown, 0)] // G27
    internal void Metadata_BepExamples_AreRead(string body, MetadataMessageType type, int total)
    {
        Assert.True(MetadataMessage.TryRead(Encoding.ASCII.GetBytes(body), out var message));
        Assert.Equal((type, 0, total), (message.Type, message.Part, message.TotalSize));
        Assert.Equal(type == MetadataMessageType.Data ? "xxxxxxxx" : "", Encoding.ASCII.GetString(message.Data.Span));
    }

    [Theory] // G26
    [InlineData("le")]
    [InlineData("d5:piecei0ee")]
    [InlineData("d8:msg_typei0ee")]
    [InlineData("d8:msg_type1:05:piecei0ee")]
    [InlineData("")]
    [InlineData("d8:msg_typei0e5:piecei99999999999ee")]
    public void Metadata_NoSuchMessage_IsNotRead(string body) => Assert.False(MetadataMessage.TryRead(Encoding.ASCII.GetBytes(body), out _));

    [Fact]
    public void Metadata_TooLong_IsNotRead() => Assert.False(MetadataMessage.TryRead(new byte[17_409], out _));

    [Fact]
    public void Metadata_Written_IsReadAgain()
    {
        var message = new MetadataMessage(MetadataMessageType.Data, 3, 50_000, new byte[] { 1, 2, 3 }).ToMessage(7);
        Assert.Equal((MessageId.Extended, 7u), (message.Id, message.Begin));
        Assert.True(MetadataMessage.TryRead(message.Payload, out var read));
        Assert.Equal((3, 50_000, 3), (read.Part, read.TotalSize, read.Data.Length));
    }

    [Fact]
    public void Pex_BothFamilies_AreReadAgain()
    {
        PeerEndpoint four = new(IPAddress.Parse("192.0.2.1"), 6881), six = new(IPAddress.Parse("2001:db8::1"), 6882), gone = new(IPAddress.Parse("192.0.2.9"), 1);
        var sent = new PexMessage([(four, PexFlags.IsSeed | PexFlags.IsReachable), (six, PexFlags.None)], [gone]).ToMessage(1);

        Assert.True(PexMessage.TryRead(sent.Payload, out var read));
        Assert.Equal([(four, PexFlags.IsSeed | PexFlags.IsReachable), (six, PexFlags.None)], read!.Added);
        Assert.Equal([gone], read.Dropped);
    }

    [Fact] // W53: lists of a wrong length are read as far as they go, flags may be missing, nothing undiallable is believed
    public void Pex_OddLists_AreReadAsFarAsTheyGo()
    {
        byte[] body = [.. "d5:added13:"u8, 192, 0, 2, 1, 0x1A, 0xE1, 0, 0, 0, 0, 0, 0, 7, .. "6:added6i7ee"u8];
        Assert.True(PexMessage.TryRead(body, out var read));
        Assert.Equal([(new PeerEndpoint(IPAddress.Parse("192.0.2.1"), 6881), PexFlags.None)], read!.Added);
    }

    [Theory] // W51
    [InlineData("le")]
    [InlineData("5:added")]
    [InlineData("")]
    [InlineData("d5:added")]
    public void Pex_NoDictionary_IsNotRead(string body) => Assert.False(PexMessage.TryRead(System.Text.Encoding.ASCII.GetBytes(body), out _));

    [Fact] // W51
    public void Pex_TooLong_IsNotRead() =>
        Assert.False(PexMessage.TryRead((byte[])[.. "d5:added65520:"u8, .. new byte[65_520], .. "ee"u8, 0], out _));

    [Fact] // W53
    public void Pex_ThousandsOfPeers_AreCut()
    {
        byte[] body = [.. "d5:added60000:"u8, .. Enumerable.Range(0, 10_000).SelectMany(number => new byte[] { 10, 0, (byte)(number >> 8), (byte)(number | 1), 1, 1 }), .. "e"u8];
        Assert.True(PexMessage.TryRead(body, out var read));
        Assert.Equal(PexMessage.MaxPeers, read!.Added.Length);
    }

    [Fact]
    public void AnyBytes_AreReadOrNot()
    {
        Gen.Byte.Array[0, 400].Sample(bytes =>
        {
            _ = MetadataMessage.TryRead(bytes, out _);
            _ = PexMessage.TryRead(bytes, out _);
            byte[] framed = [(byte)'d', .. bytes, (byte)'e'];
            _ = MetadataMessage.TryRead(framed, out _);
            _ = PexMessage.TryRead(framed, out _);
        }, iter: 20_000);
    }
}
