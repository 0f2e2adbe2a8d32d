using Microsoft.Extensions.Time.Testing;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Tests.Transport;
using P2P.Engine.Wire;

namespace P2P.Engine.Tests.Peers;

/// <summary>A clock, a pool and a sink, and connections between them and the test.</summary>
public abstract class PeerConnectionFixture
{
    private protected const int PieceCount = 1000;

    private protected FakeTimeProvider Clock { get; } = new();

    private protected BlockPool Pool { get; } = new(256);

    private protected RecordingSink Sink { get; } = new();

    private protected static HandshakeInfo Info() =>
        new(default, new PeerId("-XX0000-123456789012"u8), default, false, SupportsFast: true, SupportsExtensions: true, SupportsDht: false);

    private protected static byte[] Frame(byte id, int piece, int? begin, byte[] payload)
    {
        int[] integers = begin is { } known ? [piece, known] : [piece];
        var body = integers.SelectMany(value => BitConverter.GetBytes(System.Net.IPAddress.HostToNetworkOrder(value))).ToArray();
        return [.. BitConverter.GetBytes(System.Net.IPAddress.HostToNetworkOrder(1 + body.Length + payload.Length)), id, .. body, .. payload];
    }

    private protected static byte[] Filled(int piece, int begin, int length)
    {
        var bytes = new byte[length];
        new Random(piece + begin).NextBytes(bytes);
        return bytes;
    }

    private protected PeerConnection Connect(MemoryConnection connection, RecordingSink sink)
    {
        var peer = new PeerConnection(connection, Info(), Pool, Clock);
        peer.Start(sink, PieceCount);
        return peer;
    }

    private protected PeerMessage Block(int piece, int begin, int length)
    {
        var block = Pool.TryRent()!;
        Filled(piece, begin, length).CopyTo(block.Array, 0);
        block.Length = length;
        return new PeerMessage(MessageId.Piece, (uint)piece, (uint)begin, (uint)length) { Data = block };
    }

    private protected void Tick(PeerConnection peer) => peer.Tick(Clock.GetTimestamp());
}
