using System.Buffers;
using System.Net;
using System.Text;
using CsCheck;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery.Dht;

/// <summary>KRPC datagrams: BEP 5's examples, rows D01 to D13, and bytes that are anything.</summary>
public sealed class KrpcCodecTests
{
    private const string Ping = "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe";
    private const string FindNode = "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe";
    private const string GetPeers = "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe";
    private const string Announce = "d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe";

    [Theory]
    [InlineData(Ping, KrpcQuery.Ping)]
    [InlineData(FindNode, KrpcQuery.FindNode)]
    [InlineData(GetPeers, KrpcQuery.GetPeers)]
    [InlineData(Announce, KrpcQuery.AnnouncePeer)]
    internal void Query_Bep5Example_IsReadAndPrintedTheSame(string text, KrpcQuery query)
    {
        Assert.True(KrpcCodec.TryRead(Bytes(text), out var message, out _));
        Assert.Equal((KrpcKind.Query, query, "aa"), (message!.Kind, message.Query, Encoding.ASCII.GetString(message.Transaction.Span)));
        Assert.Equal("abcdefghij0123456789", Encoding.ASCII.GetString(message.Id!.Value.ToArray()));
        Assert.Equal(text, Encoding.Latin1.GetString(Print(message)));
    }

    [Theory]
    [InlineData("d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re")]
    [InlineData("d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re")]
    [InlineData("d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee")]
    public void Response_Bep5Example_IsReadAndPrintedTheSame(string text)
    {
        Assert.True(KrpcCodec.TryRead(Bytes(text), out var message, out _));
        Assert.Equal(text, Encoding.Latin1.GetString(Print(message!)));
    }

    [Theory] // D01, D02, D04: dropped without an answer
    [InlineData("")]
    [InlineData("le")]
    [InlineData("not bencode")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:y1:qe")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t33:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1:y1:qe")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:ze")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aae")]
    [InlineData("d1:rd2:id19:mnopqrstuvwxyz12345e1:t2:aa1:y1:re")]
    [InlineData("d1:t2:aa1:y1:re")]
    [InlineData("d1:ei7e1:t2:aa1:y1:ee")]
    public void Datagram_ThatCannotBe_IsDroppedSilently(string text)
    {
        Assert.False(KrpcCodec.TryRead(Bytes(text), out _, out var error));
        Assert.Null(error);
    }

    [Fact] // D01
    public void Datagram_TooLongOrTooDeep_IsDroppedSilently()
    {
        Assert.False(KrpcCodec.TryRead(Bytes($"d1:ad2:id20:abcdefghij01234567891:x1500:{new string('x', 1500)}e1:q4:ping1:t2:aa1:y1:qe"), out _, out var tooLong));
        Assert.False(KrpcCodec.TryRead(Bytes($"d1:a{new string('l', 17)}{new string('e', 17)}1:q4:ping1:t2:aa1:y1:qe"), out _, out var tooDeep));
        Assert.Null(tooLong ?? tooDeep);
    }

    [Theory] // D03, D04: one short error
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q3:foo1:t2:aa1:y1:qe", 204)]
    [InlineData("d1:ad2:id19:abcdefghij012345678e1:q4:ping1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ade1:q4:ping1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q9:find_node1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij01234567899:info_hash3:abce1:q9:get_peers1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q3:put1:t2:aa1:y1:qe", 203)]
    public void Query_Wrong_GetsOneShortError(string text, int code)
    {
        Assert.False(KrpcCodec.TryRead(Bytes(text), out _, out var error));
        Assert.Equal(code, error!.ErrorCode);
        Assert.True(Print(error).Length <= 100);
    }

    [Fact] // BEP 5 lets later queries be answered like find_node
    public void Query_UnknownWithTarget_IsUnknown()
    {
        Assert.True(KrpcCodec.TryRead(Bytes("d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q3:foo1:t2:aa1:y1:qe"), out var message, out _));
        Assert.Equal(KrpcQuery.Unknown, message!.Query);
    }

    [Fact] // D11, D13
    public void Response_OddListsAndTooMany_AreCutOrLeftOut()
    {
        Assert.True(KrpcCodec.TryRead(Bytes($"d1:rd2:id20:mnopqrstuvwxyz1234565:nodes25:{new string('n', 25)}6:nodes6i7e6:valuesl5:abcde6:axje.uee1:t2:aa1:y1:re"), out var odd, out _));
        Assert.Empty(odd!.Nodes);
        Assert.Single(odd.Values);
        Assert.True(KrpcCodec.TryRead(Bytes($"d1:rd2:id20:mnopqrstuvwxyz1234565:nodes{26 * 40}:{new string('n', 26 * 40)}e1:t2:aa1:y1:re"), out var many, out _));
        Assert.Equal(16, many!.Nodes.Length);
    }

    [Fact]
    public void EveryField_IsReadAgain()
    {
        var peer = new PeerEndpoint(IPAddress.Parse("192.0.2.1"), 6881);
        var peer6 = new PeerEndpoint(IPAddress.Parse("2001:db8::1"), 6881);
        var id = NodeId.Of(InfoHash.Parse("0123456789abcdef0123456789abcdef01234567"));
        var sent = new KrpcMessage
        {
            Kind = KrpcKind.Response,
            Transaction = new byte[] { 1, 2 },
            Id = id,
            YourEndpoint = peer,
            Version = "PB01"u8.ToArray(),
            Token = new byte[8],
            Nodes = [new DhtContact(id, peer)],
            Nodes6 = [new DhtContact(id, peer6)],
            Values = [peer, peer6],
            Interval = 60,
            Stored = 7,
            Samples = [InfoHash.Parse("0123456789abcdef0123456789abcdef01234567")],
            Value = "5:hello"u8.ToArray(),
            PublicKey = new byte[32],
            Signature = new byte[64],
            Sequence = 4,
        };

        Assert.True(KrpcCodec.TryRead(Print(sent), out var read, out _));
        Assert.Equal(Print(sent), Print(read!));
        Assert.Equal((peer, 60, 7, 4L), (read!.YourEndpoint!.Value, read.Interval, read.Stored, read.Sequence!.Value));
        Assert.Equal(sent.Nodes6, read.Nodes6);
        Assert.Equal("5:hello", Encoding.ASCII.GetString(read.Value.Span));
    }

    [Fact]
    public void AnyBytes_AreReadOrDropped()
    {
        string[] seeds = [Ping, FindNode, GetPeers, Announce, "d1:rd2:id20:mnopqrstuvwxyz1234565:nodes26:abcdefghijabcdefghijabcdefe1:t2:aa1:y1:re"];
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Int[0, 200], Gen.Byte, Gen.Byte.Array[0, 20]).Sample((seed, at, value, tail) =>
        {
            var bytes = Bytes(seeds[seed]);
            bytes[at % bytes.Length] = value;
            Check(bytes);
            Check([.. bytes.AsSpan(0, at % bytes.Length), .. tail]);
            Check(tail);
        }, iter: 20_000);

        static void Check(byte[] datagram)
        {
            if (KrpcCodec.TryRead(datagram, out var message, out var error))
            {
                Assert.NotNull(message);
            }
            else if (error is not null)
            {
                Assert.True(Print(error).Length <= 100);
            }
        }
    }

    internal static byte[] Print(KrpcMessage message)
    {
        var output = new ArrayBufferWriter<byte>();
        KrpcCodec.Write(message, output);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
