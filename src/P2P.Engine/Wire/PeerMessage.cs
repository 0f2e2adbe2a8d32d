using P2P.Engine.Runtime;

namespace P2P.Engine.Wire;

/// <summary>Ids of the messages of the peer protocol (BEP 3, BEP 6, BEP 10).</summary>
internal enum MessageId : byte
{
    Choke = 0,
    Unchoke = 1,
    Interested = 2,
    NotInterested = 3,
    Have = 4,
    Bitfield = 5,
    Request = 6,
    Piece = 7,
    Cancel = 8,
    Port = 9,
    Suggest = 13,
    HaveAll = 14,
    HaveNone = 15,
    Reject = 16,
    AllowedFast = 17,
    Extended = 20,

    /// <summary>Not on the wire: a length prefix of zero.</summary>
    KeepAlive = 255,
}

/// <summary>One message of the peer protocol, in or out; a struct so that a batch of them costs no allocation.</summary>
/// <remarks>
/// <see cref="Piece"/>, <see cref="Begin"/> and <see cref="Length"/> are the raw 32-bit integers of the wire: they are proven by
/// <c>PieceGeometry.TryBlock</c> before use. <see cref="Data"/> is set for Piece (owned by whoever holds the message),
/// <see cref="Payload"/> for Bitfield and Extended. Port keeps its number in <see cref="Begin"/>; Extended its sub-id in <see cref="Begin"/>.
/// </remarks>
internal readonly record struct PeerMessage(MessageId Id, uint Piece = 0, uint Begin = 0, uint Length = 0)
{
    /// <summary>Block bytes of a Piece message; one owner, who returns it.</summary>
    public BlockPool.Block? Data { get; init; }

    /// <summary>Bitfield bytes, or the bencoded body of an Extended message.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }
}
