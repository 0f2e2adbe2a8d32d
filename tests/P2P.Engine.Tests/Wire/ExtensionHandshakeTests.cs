using System.Net;
using System.Text;
using CsCheck;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Tests.Wire;

public sealed class ExtensionHandshakeTests
{
    /// <summary>The shape of BEP 10's example, with the fields of BEP 9 and 21.</summary>
    [Fact]
    public void TryRead_FullHandshake_GivesEveryField()
    {
        var handshake = Read(
            "d1:md7:LT_metai1e7:\u00b5T_PEXi2e6:ut_pexi3ee13:metadata_sizei31235e1:pi6881e4:reqqi500e11:upload_onlyi1e"
            + "1:v13:\u00b5Torrent 1.26:yourip4:\u0001\u0002\u0003\u0004e");

        Assert.NotNull(handshake);
        Assert.Equal(["LT_meta", "ut_pex"], handshake.Messages.Keys.Order());
        Assert.Equal(3, handshake.Messages["ut_pex"]);
        Assert.Equal(31235, handshake.MetadataSize);
        Assert.Equal(6881, handshake.ListenPort);
        Assert.Equal(500, handshake.MaxRequests);
        Assert.True(handshake.UploadOnly);
        Assert.Equal("\u00b5Torrent 1.2", handshake.Client);
        Assert.Equal(IPAddress.Parse("1.2.3.4"), handshake.YourAddress);
    }

    [Fact]
    public void TryRead_WhatWasWritten_IsTheSame()
    {
        var written = new ExtensionHandshake
        {
            Messages = new Dictionary<string, byte> { ["ut_pex"] = 1, ["ut_metadata"] = 2 },
            Client = "P2P.Blazor 0.1.0",
            MaxRequests = ExtensionHandshake.OurMaxRequests,
            ListenPort = 6881,
            UploadOnly = false,
            YourAddress = IPAddress.IPv6Loopback,
            MetadataSize = 1,
        };
        var message = written.ToMessage();

        Assert.True(ExtensionHandshake.TryRead(message.Payload, out var read, out _));
        Assert.Equal(written.Messages, read.Messages);
        Assert.Equal(written with { Messages = read.Messages }, read);
        Assert.Equal((MessageId.Extended, 0u), (message.Id, message.Begin));
    }

    [Theory]
    [InlineData("")]
    [InlineData("le")]
    [InlineData("i1e")]
    [InlineData("d1:md")]
    [InlineData("d1:mi1e1:mi1ee")]
    public void TryRead_NoDictionary_IsAFault(string body) // W48
    {
        Assert.False(ExtensionHandshake.TryRead(Encoding.UTF8.GetBytes(body), out _, out var fault));
        Assert.Equal("peer.ext", fault.Code);
    }

    [Fact]
    public void TryRead_TooLong_IsAFault()
    {
        var body = Encoding.ASCII.GetBytes("d1:v65529:" + new string('a', 65_529) + "e");
        Assert.False(ExtensionHandshake.TryRead(body.Concat(new byte[65_537 - body.Length + 3]).ToArray(), out _, out var fault));
        Assert.Equal("peer.ext", fault.Code);
    }

    [Theory]
    [InlineData("d1:mi7ee")]
    [InlineData("d1:md6:ut_pexi-1e11:ut_metadatai256e2:xyi1099511627776eee")]
    [InlineData("d1:pi70000ee")]
    [InlineData("d1:pi0ee")]
    [InlineData("d1:p4:6881e")]
    [InlineData("d6:yourip5:12345e")]
    [InlineData("d13:metadata_sizei-1ee")]
    [InlineData("d13:metadata_sizei33554433ee")]
    [InlineData("d11:upload_only1:1e")]
    [InlineData("d1:vi1ee")]
    [InlineData("de")]
    public void TryRead_BadField_IsSkipped(string body) // W48
    {
        var handshake = Read(body);

        Assert.NotNull(handshake);
        Assert.Empty(handshake.Messages);
        Assert.Equal(new ExtensionHandshake { Messages = handshake.Messages }, handshake);
    }

    [Theory]
    [InlineData("-5", 1)]
    [InlineData("0", 1)]
    [InlineData("250", 250)]
    [InlineData("2147483648", 2_000)]
    public void TryRead_Reqq_IsClamped(string reqq, int expected) => Assert.Equal(expected, Read($"d4:reqqi{reqq}ee")?.MaxRequests);

    [Fact]
    public void TryRead_LongClientWithEscapes_IsCutAndCleaned()
    {
        var text = "\u001b[31m<b>x\n\u202egnp" + new string('y', 10_000);

        var client = Read($"d1:v{Encoding.UTF8.GetByteCount(text)}:{text}e")?.Client;

        Assert.Equal("[31m<b>xgnp" + new string('y', 53), client);
    }

    [Fact]
    public void TryRead_RandomBytes_NeverThrows() =>
        Gen.Char["di0123456789e:lmvpreqyouipabc"].Array[0, 200].Sample(
            letters =>
            {
                var isRead = ExtensionHandshake.TryRead(letters.Select(letter => (byte)letter).ToArray(), out _, out var fault);
                Assert.Equal(isRead ? null : "peer.ext", fault.Code);
            });

    private static ExtensionHandshake? Read(string body) =>
        ExtensionHandshake.TryRead(Encoding.UTF8.GetBytes(body), out var handshake, out _) ? handshake : null;
}
