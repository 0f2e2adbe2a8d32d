using P2P.Engine.Primitives;

namespace P2P.Engine.Peers;

/// <summary>What a finished handshake told (BEP 3, 6, 10), and the id that we told the peer.</summary>
internal sealed record HandshakeInfo(
    InfoHash InfoHash, PeerId PeerId, PeerEndpoint Remote, bool IsIncoming, bool SupportsFast, bool SupportsExtensions, bool SupportsDht, PeerId OurId = default);
