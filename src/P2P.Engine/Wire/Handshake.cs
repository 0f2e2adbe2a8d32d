using P2P.Engine.Primitives;

namespace P2P.Engine.Wire;

/// <summary>Abilities a peer shows in the eight reserved bytes of its handshake.</summary>
[Flags]
internal enum HandshakeFeatures
{
    /// <summary>Plain BEP 3.</summary>
    None = 0,

    /// <summary>Fast extension: bit 0x04 of the last reserved byte (BEP 6).</summary>
    Fast = 1,

    /// <summary>Extension protocol: bit 0x10 of reserved byte 5 (BEP 10).</summary>
    Extensions = 2,

    /// <summary>Runs a DHT node: bit 0x01 of the last reserved byte (BEP 5).</summary>
    Dht = 4,
}

/// <summary>The first 68 bytes on a connection: protocol name, reserved bits, infohash, peer id.</summary>
/// <remarks>Shape: 1 + 19 + 8 + 20 + 20 bytes. Source: BEP 3, "peer protocol"; reserved bits by BEP 5, 6 and 10.</remarks>
internal readonly record struct Handshake(InfoHash InfoHash, PeerId PeerId, HandshakeFeatures Features)
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 68;

    /// <summary>Bytes up to the end of the infohash: enough to know whether to answer.</summary>
    public const int InfoHashEnd = 48;

    private const int ReservedStart = 20;

    private static ReadOnlySpan<byte> Protocol => "\u0013BitTorrent protocol"u8;

    /// <summary>Writes the 68 bytes to the start of <paramref name="destination"/>.</summary>
    public void Write(Span<byte> destination)
    {
        Protocol.CopyTo(destination);
        var reserved = destination.Slice(ReservedStart, 8);
        reserved.Clear();
        reserved[5] = (byte)(Features.HasFlag(HandshakeFeatures.Extensions) ? 0x10 : 0);
        reserved[7] = (byte)((Features.HasFlag(HandshakeFeatures.Fast) ? 0x04 : 0) | (Features.HasFlag(HandshakeFeatures.Dht) ? 0x01 : 0));
        InfoHash.CopyTo(destination[28..]);
        PeerId.CopyTo(destination[InfoHashEnd..]);
    }

    /// <summary>Can a handshake begin with these bytes (any number, also none)? False as soon as one byte of length or name is wrong.</summary>
    public static bool CanBegin(ReadOnlySpan<byte> bytes)
    {
        var known = Math.Min(bytes.Length, Protocol.Length);
        return bytes[..known].SequenceEqual(Protocol[..known]);
    }

    /// <summary>The infohash of the first 48 bytes, for which <see cref="CanBegin"/> holds.</summary>
    public static InfoHash ReadInfoHash(ReadOnlySpan<byte> bytes) => new(bytes[28..InfoHashEnd]);

    /// <summary>Reads 68 bytes for which <see cref="CanBegin"/> holds; unknown reserved bits are ignored, as BEP 3 asks.</summary>
    public static Handshake Read(ReadOnlySpan<byte> bytes)
    {
        var reserved = bytes.Slice(ReservedStart, 8);
        var features = ((reserved[7] & 0x04) != 0 ? HandshakeFeatures.Fast : 0)
            | ((reserved[5] & 0x10) != 0 ? HandshakeFeatures.Extensions : 0)
            | ((reserved[7] & 0x01) != 0 ? HandshakeFeatures.Dht : 0);
        return new Handshake(ReadInfoHash(bytes), new PeerId(bytes[InfoHashEnd..]), features);
    }
}
