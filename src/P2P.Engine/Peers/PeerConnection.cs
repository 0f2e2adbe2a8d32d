using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Transport;
using P2P.Engine.Wire;

namespace P2P.Engine.Peers;

/// <summary>One live connection after the handshake: a receive pump and a send pump, no opinions.</summary>
/// <remarks>Send, Cancel, DiscardPieces and Close may be called from any thread; the owner of the torrent is the only caller in practice.</remarks>
internal sealed class PeerConnection
{
    /// <summary>Takes over <paramref name="connection"/> after a successful handshake; nothing runs before <see cref="Start"/>.</summary>
    public PeerConnection(IConnection connection, HandshakeInfo handshake, BlockPool pool, TimeProvider clock) => throw new NotImplementedException();

    /// <summary>What the other side said in its handshake.</summary>
    public HandshakeInfo Handshake { get; } = null!;

    /// <summary>Whatever the owner wants to find again.</summary>
    public object? Tag { get; set; }

    /// <summary>Blocks waiting in the outbox or being written to the socket.</summary>
    public int QueuedBlocks => throw new NotImplementedException();

    /// <summary>Starts both pumps. Frames are checked against R-P03; <paramref name="pieceCount"/> gives the bitfield's exact length.</summary>
    public void Start(IPeerSink sink, int pieceCount) => throw new NotImplementedException();

    /// <summary>Queues a message; a Piece's block now belongs to the connection, which returns it when sent, discarded or closed.</summary>
    public void Send(in PeerMessage message) => throw new NotImplementedException();

    /// <summary>Takes a queued Piece message back out (their cancel); false when it is gone or never was.</summary>
    public bool TryCancelPiece(BlockRef block) => throw new NotImplementedException();

    /// <summary>Takes all queued Piece messages out (we choke) and returns which, so that they can be rejected (BEP 6).</summary>
    public IReadOnlyList<BlockRef> DiscardPieces() => throw new NotImplementedException();

    /// <summary>Ends the connection; OnClosed follows once, with the first reason given.</summary>
    public void Close(DisconnectReason reason) => throw new NotImplementedException();
}

/// <summary>What a finished handshake told (BEP 3, 6, 10).</summary>
internal sealed record HandshakeInfo(
    InfoHash InfoHash, PeerId PeerId, PeerEndpoint Remote, bool IsIncoming, bool SupportsFast, bool SupportsExtensions, bool SupportsDht);
