using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Tests.Transport;
using P2P.Engine.Wire;
using Xunit;

namespace P2P.Engine.Tests.Peers;

public sealed class PeerHandshakerTests
{
    private static readonly InfoHash Hash = InfoHash.Parse("0123456789abcdef0123456789abcdef01234567");
    private static readonly InfoHash Other = InfoHash.Parse("ffffffffffffffffffffffffffffffffffffffff");
    private static readonly PeerId Alice = new("-P20100-alicealiceal"u8);
    private static readonly PeerId Bob = new("-TR3000-bobbobbobbob"u8);

    private readonly FakeTimeProvider _clock = new();
    private readonly MemoryConnection _ours;
    private readonly MemoryConnection _theirs;

    public PeerHandshakerTests() => (_ours, _theirs) = MemoryConnection.Pair();

    [Fact]
    public async Task BothSides_KnownTorrent_LearnOfEachOther()
    {
        var outbound = new PeerHandshaker(Alice, _clock).OutboundAsync(_ours, Hash, default);
        var inbound = new PeerHandshaker(Bob, _clock).InboundAsync(_theirs, hash => hash == Hash, default);
        var (dialled, answered) = ((await outbound).Info, (await inbound).Info);

        Assert.Equal(new HandshakeInfo(Hash, Bob, _theirs.Local, false, true, true, false, Alice), dialled);
        Assert.Equal(new HandshakeInfo(Hash, Alice, _ours.Local, true, true, true, false, Bob), answered);
    }

    [Fact]
    public async Task Inbound_BytesBehindTheHandshake_AreLeftForTheConnection()
    {
        var answer = Inbound();
        _theirs.Send([.. Bytes(Hash, Bob), 1, 2, 3]);

        Assert.NotNull((await answer).Info);
        Assert.Equal([1, 2, 3], _ours.TakeAll());
    }

    [Fact]
    public async Task Inbound_HandshakeByteByByte_IsRead()
    {
        var answer = Inbound();
        foreach (var value in Bytes(Hash, Bob))
        {
            _theirs.Send([value]);
        }

        Assert.NotNull((await answer).Info);
    }

    [Theory]
    [InlineData("\0")] // W04
    [InlineData("\u0012BitTorrent protoco")]
    [InlineData("\u00ffBitTorrent protocol")]
    [InlineData("GET / HTTP/1.1\r\n")] // W05
    [InlineData("\u0016\u0003\u0001\u0002\0")]
    [InlineData("SSH-2.0-OpenSSH")]
    public async Task Inbound_NoBitTorrent_ClosesAtOnceAndSendsNothing(string bytes)
    {
        var answer = Inbound();
        _theirs.Send(bytes.Select(letter => (byte)letter).ToArray());

        Assert.True(answer.IsCompleted);
        Assert.Equal("peer.protocol", (await answer).Failure?.Code);
        Assert.Equal(0, _ours.SentBytes);
        Assert.True(_ours.IsDisposed);
    }

    [Fact]
    public async Task Inbound_UnknownInfoHash_ClosesAndSendsNothing() // W06
    {
        var answer = Inbound();
        _theirs.Send(Bytes(Other, Bob));

        Assert.Equal("peer.unknown_torrent", (await answer).Failure?.Code);
        Assert.Equal(0, _ours.SentBytes);
        Assert.True(_ours.IsDisposed);
    }

    [Fact]
    public async Task EitherSide_OwnPeerId_IsPeerSelf() // W07
    {
        var outbound = new PeerHandshaker(Alice, _clock).OutboundAsync(_ours, Hash, default);
        var inbound = new PeerHandshaker(Alice, _clock).InboundAsync(_theirs, _ => true, default);

        Assert.Equal("peer.self", (await inbound).Failure?.Code);
        Assert.Equal("peer.self", (await outbound).Failure?.Code);
        Assert.True(_ours.IsDisposed && _theirs.IsDisposed);
    }

    [Fact]
    public async Task Outbound_AnswerForAnotherTorrent_Fails()
    {
        var answer = new PeerHandshaker(Alice, _clock).OutboundAsync(_ours, Hash, default);
        _theirs.Send(Bytes(Other, Bob));

        Assert.Equal("peer.infohash", (await answer).Failure?.Code);
    }

    [Fact]
    public async Task Inbound_Silence_EndsAtTenSeconds() // W01
    {
        var answer = Inbound();
        _clock.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(answer.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal("peer.handshake_timeout", (await answer).Failure?.Code);
        Assert.True(_ours.IsDisposed);
    }

    [Fact]
    public async Task Inbound_OneByteEveryTwoSeconds_EndsAtTenSecondsToo() // W02
    {
        var answer = Inbound();
        for (var i = 0; i < 5; i++)
        {
            Assert.False(answer.IsCompleted);
            _theirs.Send(Bytes(Hash, Bob).AsSpan(i, 1));
            _clock.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Equal("peer.handshake_timeout", (await answer).Failure?.Code);
    }

    [Fact]
    public async Task Inbound_Stopped_SaysSo()
    {
        using var stop = new CancellationTokenSource();
        var answer = new PeerHandshaker(Alice, _clock).InboundAsync(_ours, _ => true, stop.Token);
        stop.Cancel();

        Assert.Equal("local.stopped", (await answer).Failure?.Code);
        Assert.True(_ours.IsDisposed);
    }

    [Fact]
    public async Task Outbound_OtherSideHangsUp_IsPeerClosed()
    {
        var answer = new PeerHandshaker(Alice, _clock).OutboundAsync(_ours, Hash, default);
        _theirs.Dispose();

        Assert.Equal("peer.closed", (await answer).Failure?.Code);
    }

    private static byte[] Bytes(InfoHash infoHash, PeerId peerId)
    {
        var bytes = new byte[Handshake.Length];
        new Handshake(infoHash, peerId, HandshakeFeatures.Fast).Write(bytes);
        return bytes;
    }

    private ValueTask<(HandshakeInfo? Info, DisconnectReason? Failure)> Inbound() =>
        new PeerHandshaker(Alice, _clock).InboundAsync(_ours, hash => hash == Hash, default);
}
