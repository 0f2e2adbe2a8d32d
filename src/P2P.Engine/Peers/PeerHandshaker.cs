using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Peers;

/// <summary>Does the 68-byte handshake on a fresh connection, both directions, with one deadline of 10 s (R-P01).</summary>
internal sealed class PeerHandshaker(PeerId ourId, TimeProvider clock)
{
    /// <summary>Our id.</summary>
    public PeerId OurId { get; } = ourId;

    /// <summary>We dialled: send ours, read theirs. Returns null with a reason when it fails; the connection is then disposed.</summary>
    public ValueTask<(HandshakeInfo? Info, DisconnectReason? Failure)> OutboundAsync(
        IConnection connection, InfoHash infoHash, CancellationToken cancellationToken) => throw new NotImplementedException(clock.ToString());

    /// <summary>They dialled: read theirs first; answer only when <paramref name="isServed"/> (W06: an unknown infohash gets 0 bytes).</summary>
    public ValueTask<(HandshakeInfo? Info, DisconnectReason? Failure)> InboundAsync(
        IConnection connection, Func<InfoHash, bool> isServed, CancellationToken cancellationToken) => throw new NotImplementedException();
}
