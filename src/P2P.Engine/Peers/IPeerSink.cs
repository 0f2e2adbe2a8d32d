using P2P.Engine.Wire;

namespace P2P.Engine.Peers;

/// <summary>Where a connection's news goes: a torrent loop's mailbox. Called on pump tasks; must only post.</summary>
internal interface IPeerSink
{
    /// <summary>Messages of one receive, in order. The sink owns the batch, every block in it, and returns the batch with <c>Recycle</c>.</summary>
    void OnMessages(PeerConnection peer, PeerBatch batch);

    /// <summary>Piece messages left the outbox for the socket: room for more uploads.</summary>
    /// <param name="peer">Which connection.</param>
    /// <param name="blocks">Blocks sent since the last call.</param>
    /// <param name="payloadBytes">Their bytes.</param>
    void OnSent(PeerConnection peer, int blocks, int payloadBytes);

    /// <summary>The connection is over; the last call for this peer. First reason wins.</summary>
    void OnClosed(PeerConnection peer, DisconnectReason reason);
}

/// <summary>Messages decoded from one receive; pooled by the connection.</summary>
internal sealed class PeerBatch
{
    /// <summary>The messages, in the order received.</summary>
    public List<PeerMessage> Messages { get; } = [];

    /// <summary>Bytes of the wire behind these messages, headers included.</summary>
    public int WireBytes { get; set; }

    internal Action<PeerBatch>? Recycler { get; init; }

    /// <summary>Gives the batch back to its connection; blocks must have been taken out or returned.</summary>
    public void Recycle()
    {
        Messages.Clear();
        WireBytes = 0;
        Recycler?.Invoke(this);
    }
}

/// <summary>Why a connection ended: a stable code (the codes of reliability.md 3.5) and a sentence.</summary>
/// <param name="Code">peer.closed, peer.timeout, peer.protocol, peer.msg_len, peer.msg_too_large, peer.index, peer.flood, peer.self, peer.banned, local.stopped, ...</param>
/// <param name="Message">One sentence for the log and the peer list.</param>
/// <param name="IsMisbehaviour">The peer broke the protocol: a strike.</param>
internal sealed record DisconnectReason(string Code, string Message, bool IsMisbehaviour = false);
