using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;
using Xunit;

namespace P2P.Engine.Tests.Discovery.Dht;

/// <summary>What is answered and kept for others: rows D14 to D18, D24, vectors of BEP 33 and 44.</summary>
public sealed class DhtAnswerTests
{
    private static readonly InfoHash Torrent = InfoHash.Parse("0123456789abcdef0123456789abcdef01234567");
    private static readonly NodeId Us = NodeId.Of(InfoHash.Parse("ffffffffffffffffffffffffffffffffffffffff"));
    private readonly Random _entropy = new(1);
    private readonly DhtResponder _responder;

    public DhtAnswerTests() => _responder = new DhtResponder(new DhtResponderSetup
    {
        OurId = _ => Us,
        Closest = (_, isIPv6, count) => isIPv6 ? [] : [.. Enumerable.Range(1, count).Select(number => new DhtContact(Us, At(number)))],
        Entropy = bytes => _entropy.NextBytes(bytes),
        Clock = new FakeTimeProvider(),
    });

    [Fact]
    public void Announce_WithToken_IsKeptAndFound()
    {
        Assert.Equal(KrpcKind.Response, Announce(At(1), Token(At(1), 0), 0).Kind);
        var answer = Ask(KrpcQuery.GetPeers, At(2), 1);
        Assert.Equal([At(1).WithPort(7_000)], answer.Values);
        Assert.Equal((8, 8), (answer.Nodes.Length, answer.Token.Length));
        Assert.Equal(At(2), answer.YourEndpoint);
    }

    [Theory] // D16
    [InlineData("bad")]
    [InlineData("old")]
    [InlineData("other")]
    [InlineData("port")]
    public void Announce_Wrongly_IsError203AndNotKept(string how)
    {
        var token = Token(how == "other" ? At(9) : At(1), 0);
        var at = how == "old" ? (2 * TokenKeeper.RotationMs) + 1 : 0;
        token = how == "bad" ? new byte[8] : token;

        Assert.Equal(203, Announce(At(1), token, at, how == "port" ? 0 : 7_000).ErrorCode);
        Assert.Empty(Ask(KrpcQuery.GetPeers, At(2), at).Values);
    }

    [Fact]
    public void Token_WithinItsTime_IsAcceptedOverARotation()
    {
        var token = Token(At(1), TokenKeeper.RotationMs - 1);
        Assert.Equal(KrpcKind.Response, Announce(At(1), token, (2 * TokenKeeper.RotationMs) - 2).Kind);
    }

    [Fact] // D17
    public void Store_TooMany_ForgetsTheOldest()
    {
        var store = new PeerStore(new Random(1));
        for (var number = 0; number < 2_001; number++)
        {
            store.Add(Hash(number), At(1), isSeed: false, number);
        }

        for (var number = 0; number < 501; number++)
        {
            store.Add(Hash(2_000), At(number + 2), isSeed: false, 3_000 + number);
        }

        Assert.Equal(2_000, store.InfoHashes);
        Assert.Empty(store.Sample(Hash(0), isIPv6: false, 100, withoutSeeds: false, 4_000));
        Assert.Equal(500, store.Sample(Hash(2_000), isIPv6: false, 1_000, withoutSeeds: false, 4_000).Length);
        Assert.DoesNotContain(At(1), store.Sample(Hash(2_000), isIPv6: false, 1_000, withoutSeeds: false, 4_000));
        store.Sweep(4_000 + PeerStore.ExpiryMs);
        Assert.Equal(0, store.Peers);
    }

    [Fact]
    public void GetPeers_OfAFullSwarm_FitsOneDatagramAndLeavesSeedsOut()
    {
        for (var number = 1; number < 300; number++)
        {
            Announce(At(number), Token(At(number), 0), 0, seed: number % 2 == 0);
        }

        var all = Ask(KrpcQuery.GetPeers, At(900), 1);
        Assert.InRange(KrpcCodecTests.Print(all).Length, 800, KrpcCodec.MaxOut);
        var leechers = Ask(KrpcQuery.GetPeers, At(900), 1, query => query with { WantsNoSeeds = true });
        Assert.All(leechers.Values, peer => Assert.Equal(1, peer.Address.GetAddressBytes()[3] % 2));
        var counted = Ask(KrpcQuery.GetPeers, At(900), 1, query => query with { IsScrape = true });
        Assert.InRange(PeerFilter.Estimate(counted.SeedFilter.Span), 130, 170);
        Assert.InRange(KrpcCodecTests.Print(counted).Length, 800, KrpcCodec.MaxOut);
    }

    [Fact] // the test vector of BEP 33
    public void Filter_OfBep33_IsItsBytes()
    {
        var filter = new PeerFilter();
        for (var number = 0; number < 256; number++)
        {
            filter.Add(new IPAddress([192, 0, 2, (byte)number]));
        }

        for (var number = 0; number <= 0x3E7; number++)
        {
            filter.Add(IPAddress.Parse("2001:db8::" + number.ToString("x", CultureInfo.InvariantCulture)));
        }

        Assert.StartsWith("F6C3F5EAA07FFD91BDE89F777F26FB2BFF37BDB8FB2BBAA2FD3DDDE7BACFFF75EE7CCBAE", Convert.ToHexString(filter.Bytes.Span), StringComparison.Ordinal);
        Assert.InRange(PeerFilter.Estimate(filter.Bytes.Span), 1224.93, 1224.94);
    }

    [Theory] // BEP 44's mutable vectors: without and with salt
    [InlineData("", "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01", "4a533d47ec9c7d95b1ad75f576cffc641853b750")]
    [InlineData("foobar", "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17ddf9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08", "411eba73b6f087ca51a3795d9c8c938d365e32c1")]
    public void Item_MutableVectorOfBep44_IsKept(string salt, string signature, string target)
    {
        var put = Mutable(salt, signature, 1);
        var store = new ItemStore();

        Assert.Null(store.Put(put, 0));
        var item = store.Find(NodeId.Of(InfoHash.Parse(target)), 1);
        Assert.Equal("12:Hello World!", Encoding.ASCII.GetString(item!.Value));
        Assert.Equal(301, store.Put(put with { CompareAndSwap = 9 }, 1)!.Value.Code); // D18
        Assert.Equal(302, store.Put(put with { Sequence = 0 }, 1)!.Value.Code);
        Assert.Equal(206, store.Put(put with { Sequence = 2 }, 1)!.Value.Code);
        Assert.Null(store.Find(NodeId.Of(InfoHash.Parse(target)), ItemStore.ExpiryMs));
    }

    [Fact] // D18 and BEP 44's immutable vector
    public void Item_ImmutableAndTooLarge_ByBep44()
    {
        var store = new ItemStore();
        var put = new KrpcMessage { Kind = KrpcKind.Query, Transaction = new byte[1], Query = KrpcQuery.Put, Value = "12:Hello World!"u8.ToArray() };

        Assert.Null(store.Put(put, 0));
        Assert.NotNull(store.Find(NodeId.Of(InfoHash.Parse("e5f96f6f38320f0f33959cb4d3d656452117aadb")), 0));
        Assert.Equal(205, store.Put(put with { Value = new byte[1_001] }, 0)!.Value.Code);
        Assert.Equal(207, store.Put(Mutable(new string('s', 65), new string('0', 128), 1), 0)!.Value.Code);
        for (var number = 0; number < 800; number++)
        {
            store.Put(put with { Value = Encoding.ASCII.GetBytes($"i{number}e") }, number);
        }

        Assert.Equal(ItemStore.MaxItems, store.Count);
    }

    [Fact]
    public void PutThenGet_ThroughTheResponder_GivesTheItemBack()
    {
        var target = ItemStore.TargetOf("12:Hello World!"u8);
        var token = Ask(KrpcQuery.Get, At(1), 0, query => query with { Target = target }).Token;
        var answer = Ask(KrpcQuery.Put, At(1), 0, query => query with { Token = token, Value = "12:Hello World!"u8.ToArray() });
        Assert.Equal(KrpcKind.Response, answer.Kind);
        Assert.Equal("12:Hello World!", Encoding.ASCII.GetString(Ask(KrpcQuery.Get, At(2), 1, query => query with { Target = target }).Value.Span));
        Assert.Equal(203, Ask(KrpcQuery.Put, At(2), 0, query => query with { Token = token, Value = "1:a"u8.ToArray() }).ErrorCode);
    }

    [Fact] // D24
    public void Samples_AreGivenOnceAMinuteToAnAddress()
    {
        Announce(At(1), Token(At(1), 0), 0);
        Assert.Equal([Torrent], Ask(KrpcQuery.SampleInfoHashes, At(2), 0).Samples);
        Assert.Null(_responder.Answer(Query(KrpcQuery.SampleInfoHashes), At(2), 59_999));
        Assert.NotNull(_responder.Answer(Query(KrpcQuery.SampleInfoHashes), At(2), 60_000));
    }

    [Fact] // D14
    public void Limiter_Flood_IsSilencedForFiveMinutes()
    {
        var limiter = new SourceLimiter();
        Assert.Equal(50, Enumerable.Range(0, 1_000).Count(number => limiter.Allows(At(1).Address, number)));
        Assert.False(limiter.Allows(At(1).Address, 50 + SourceLimiter.SilenceMs - 1));
        Assert.True(limiter.Allows(At(1).Address, 50 + SourceLimiter.SilenceMs));
        Assert.True(limiter.Allows(At(2).Address, 1));
    }

    [Fact] // D15: 100,000 forged sources ask for a minute; bounded memory, bounded output
    public void ForgedSources_CostBoundedMemoryAndOutput()
    {
        for (var number = 1; number < 300; number++)
        {
            Announce(At(number), Token(At(number), 0), 0);
        }

        var (limiter, budget) = (new SourceLimiter(), new OutputBudget());
        long bytesIn = 0, bytesOut = 0;
        var question = KrpcCodecTests.Print(Query(KrpcQuery.GetPeers)).Length;
        for (var number = 0; number < 100_000; number++)
        {
            var now = number * 60_000L / 100_000;
            var from = new PeerEndpoint(new IPAddress([(byte)(20 + (number >> 16)), (byte)(number >> 8), (byte)number, 1]), 6881);
            bytesIn += question;
            if (limiter.Allows(from.Address, now) && _responder.Answer(Query(KrpcQuery.GetPeers), from, now) is { } answer && KrpcCodecTests.Print(answer).Length is var length && budget.TryTake(length, now))
            {
                bytesOut += length;
            }
        }

        Assert.InRange(limiter.Count, 1, SourceLimiter.Capacity);
        Assert.InRange(bytesOut, 1, 61 * OutputBudget.BytesPerSecond);
        TestContext.Current.TestOutputHelper?.WriteLine($"{bytesIn} bytes in, {bytesOut} out: {(double)bytesOut / bytesIn:0.000}");
    }

    private static PeerEndpoint At(int number) => new(new IPAddress([192, 0, (byte)(2 + (number >> 8)), (byte)number]), 6881);

    private static InfoHash Hash(int number) => InfoHash.Parse(number.ToString("x40", CultureInfo.InvariantCulture));

    private static KrpcMessage Mutable(string salt, string signature, long sequence) => new()
    {
        Kind = KrpcKind.Query,
        Transaction = new byte[1],
        Query = KrpcQuery.Put,
        Value = "12:Hello World!"u8.ToArray(),
        PublicKey = Convert.FromHexString("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548"),
        Salt = Encoding.ASCII.GetBytes(salt),
        Signature = Convert.FromHexString(signature),
        Sequence = sequence,
    };

    private static KrpcMessage Query(KrpcQuery query) => new() { Kind = KrpcKind.Query, Transaction = "aa"u8.ToArray(), Query = query, Id = default(NodeId), InfoHash = Torrent, Target = NodeId.Of(Torrent) };

    private KrpcMessage Ask(KrpcQuery query, PeerEndpoint from, long now, Func<KrpcMessage, KrpcMessage>? change = null) =>
        _responder.Answer(change?.Invoke(Query(query)) ?? Query(query), from, now)!;

    private ReadOnlyMemory<byte> Token(PeerEndpoint from, long now) => Ask(KrpcQuery.GetPeers, from, now).Token;

    private KrpcMessage Announce(PeerEndpoint from, ReadOnlyMemory<byte> token, long now, int port = 7_000, bool seed = false) =>
        Ask(KrpcQuery.AnnouncePeer, from, now, query => query with { Token = token, Port = port, IsSeed = seed });
}
