using System.Net;
using System.Text;
using CsCheck;
using P2P.Engine.Discovery;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery;

public sealed class LsdMessageTests
{
    private const string Hash = "000102030405060708090a0b0c0d0e0f10111213";
    private const string Other = "ffffffffffffffffffffffffffffffffffffffff";

    private static readonly string[] Words =
    [
        "BT-SEARCH * HTTP/1.1\r\n", "Port: ", "6881", "-1", "\r\n", "\n", ":", " ", "Infohash: ", Hash, Other, "cookie: x\r\n", "\0", "\u00ff", "Host: [ff15::efc0:988f]:6771\r\n",
    ];

    [Fact]
    public void Write_OneTorrent_IsTheFormOfBep14() => Assert.Equal(
        $"BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: {Hash}\r\ncookie: 1a2b\r\n\r\n\r\n",
        Encoding.ASCII.GetString(new LsdMessage([InfoHash.Parse(Hash)], 6881).Write(LsdMessage.GroupIPv4, "1a2b")));

    [Fact]
    public void Write_ToTheGroupOfIPv6_NamesItAsHost() => Assert.Contains(
        "\r\nHost: [ff15::efc0:988f]:6771\r\n",
        Encoding.ASCII.GetString(new LsdMessage([InfoHash.Parse(Hash)], 6881).Write(LsdMessage.GroupIPv6, "1a2b")),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: {0}\r\n\r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nHost: [ff15::efc0:988f]:6771\r\nPort: 6881\r\nInfohash: {0}\r\ncookie: 7\r\n\r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nInfohash: {0}\r\ncookie: x:y\r\nPORT:6881\r\nHost: anything\r\n\r\n")]
    [InlineData("bt-search * http/1.1\ninfohash:   {0}  \nport: 6881\n\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nX-Later: \u00ff\r\nPort: 6881\r\nInfohash: {0}")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\nInfohash: {0}\r\nInfohash: {0}\r\n\r\nPort: 0\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\nInfohash: {0}\r\nInfohash: {0}{0}\r\n\r\n")]
    public void TryRead_AnyOrderCaseAndExtras_GivesPortAndTorrent(string form)
    {
        Assert.True(LsdMessage.TryRead(Bytes(string.Format(null, form, Hash.ToUpperInvariant())), out var message));
        Assert.Equal(6881, message.Port);
        Assert.Equal([InfoHash.Parse(Hash)], message.InfoHashes.AsEnumerable());
    }

    [Theory]
    [InlineData("L01", "Port: 6881\r\n")]
    [InlineData("L01", "Port: 6881\r\nInfohash: 000102030405060708090a0b0c0d0e0f1011121\r\n")]
    [InlineData("L01", "Port: 6881\r\nInfohash: 000102030405060708090a0b0c0d0e0f101112131\r\n")]
    [InlineData("L01", "Port: 6881\r\nInfohash: 000102030405060708090a0b0c0d0e0f1011121g\r\n")]
    [InlineData("L01", "Port: 6881\r\nInfohash:\r\n")]
    [InlineData("L01", "Port: 6881\r\n\r\nInfohash: 000102030405060708090a0b0c0d0e0f10111213\r\n")]
    [InlineData("L02", "Port: 0\r\nInfohash: 000102030405060708090a0b0c0d0e0f10111213\r\n")]
    [InlineData("L02", "Port: -1\r\nInfohash: 000102030405060708090a0b0c0d0e0f10111213\r\n")]
    [InlineData("L02", "Port: 70000\r\nInfohash: 000102030405060708090a0b0c0d0e0f10111213\r\n")]
    [InlineData("L02", "Port: 99999999999999999999\r\nInfohash: 000102030405060708090a0b0c0d0e0f10111213\r\n")]
    [InlineData("L02", "Port: 6881x\r\nInfohash: 000102030405060708090a0b0c0d0e0f10111213\r\n")]
    [InlineData("L02", "Infohash: 000102030405060708090a0b0c0d0e0f10111213\r\n")]
    [InlineData("no header", "Port: 6881\r\nInfohash: 000102030405060708090a0b0c0d0e0f10111213\r\nnonsense\r\n")]
    public void TryRead_BadHeaders_IsDropped(string row, string headers) =>
        Assert.False(LsdMessage.TryRead(Bytes("BT-SEARCH * HTTP/1.1\r\n" + headers + "\r\n\r\n"), out _), row);

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("M-SEARCH * HTTP/1.1\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1x\r\n")]
    public void TryRead_AnotherProtocol_IsDropped(string start) =>
        Assert.False(LsdMessage.TryRead(Bytes($"{start}Port: 6881\r\nInfohash: {Hash}\r\n\r\n"), out _));

    [Theory]
    [InlineData("L01", 1400, true)]
    [InlineData("L01", 1401, false)]
    public void TryRead_LongDatagram_IsReadUpTo1400Bytes(string row, int length, bool expected)
    {
        var start = $"BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\nInfohash: {Hash}\r\nX: ";
        var datagram = Bytes(start + new string('x', length - start.Length - 4) + "\r\n\r\n");

        Assert.Equal(length, datagram.Length);
        Assert.True(expected == LsdMessage.TryRead(datagram, out _), row);
    }

    [Fact]
    public void TryRead_L03_AThousandInfohashes_TheFirstTenCount()
    {
        // A thousand do not fit into a datagram that is read at all; as many as fit do.
        var lines = string.Concat(Enumerable.Range(0, 25).Select(i => $"Infohash: {i:x40}\r\n"));

        Assert.True(LsdMessage.TryRead(Bytes($"BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\n{lines}\r\n"), out var message));

        Assert.Equal(Enumerable.Range(0, 10).Select(i => InfoHash.Parse($"{i:x40}")), message.InfoHashes);
        Assert.False(LsdMessage.TryRead(Bytes($"BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\n{string.Concat(Enumerable.Repeat(lines, 40))}\r\n"), out _));
    }

    [Fact]
    public void HasCookie_L05_OurOwnWords_AreKnown()
    {
        var ours = new LsdMessage([InfoHash.Parse(Hash)], 6881).Write(LsdMessage.GroupIPv4, "0123456789abcdef");

        Assert.True(LsdMessage.HasCookie(ours, "0123456789abcdef"u8));
        Assert.False(LsdMessage.HasCookie(ours, "0123456789abcdee"u8));
        Assert.False(LsdMessage.HasCookie([], "0123456789abcdef"u8));
    }

    [Fact]
    public void Write_AnyTorrents_ReadsBackAndFitsIntoADatagram() =>
        Gen.Select(Gen.Byte.Array[20].Array[1, 10], Gen.Int[1, 65535], Gen.Bool).Sample((hashes, port, isIPv6) =>
        {
            var infoHashes = hashes.Select(hash => new InfoHash(hash)).Distinct().ToArray();

            var datagram = new LsdMessage([.. infoHashes], port).Write(isIPv6 ? LsdMessage.GroupIPv6 : LsdMessage.GroupIPv4, "0123456789abcdef");

            Assert.True(datagram.Length <= LsdMessage.MaxLength);
            Assert.True(LsdMessage.TryRead(datagram, out var message));
            Assert.Equal(infoHashes, message.InfoHashes);
            Assert.Equal(port, message.Port);
        });

    [Fact]
    public void TryRead_AnyBytes_NeverThrowsAndKeepsBounds() =>
        Gen.OneOf(Gen.Byte.Array[0, 2000], Pieces.Select(Bytes)).Sample(datagram =>
        {
            if (LsdMessage.TryRead(datagram, out var message))
            {
                Assert.InRange(message.Port, 1, 65_535);
                Assert.InRange(message.InfoHashes.Length, 1, LsdMessage.MaxInfoHashes);
                Assert.True(datagram.Length <= LsdMessage.MaxLength);
            }
        });

    /// <summary>Pieces of real announces in any order: what random bytes would never come to.</summary>
    private static Gen<string> Pieces => Gen.Int[0, Words.Length - 1].Select(i => Words[i])
        .Array[0, 40].Select(pieces => (pieces.Length % 2 == 0 ? "BT-SEARCH * HTTP/1.1\r\nPort: 1\r\n" : "") + string.Concat(pieces));

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
