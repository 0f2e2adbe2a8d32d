using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using P2P.Engine.Primitives;

namespace P2P.Engine.Wire;

/// <summary>Which pieces a peer may ask for while choked: the same set whichever side computes it.</summary>
/// <remarks>Source: BEP 6, "Allowed Fast", with the BEP's two vectors in the tests.</remarks>
internal static class AllowedFastSet
{
    /// <summary>Pieces we allow each peer: 10, the number BEP 6 suggests and libtorrent uses.</summary>
    public const int DefaultCount = 10;

    /// <summary>The set for a peer at <paramref name="address"/>, in the order generated; at most <paramref name="pieceCount"/> pieces.</summary>
    /// <returns>0..<paramref name="count"/> distinct pieces; none for an IPv6 peer, for which BEP 6 defines no set.</returns>
    public static int[] Generate(IPAddress address, InfoHash infoHash, int pieceCount, int count = DefaultCount)
    {
        ArgumentNullException.ThrowIfNull(address);
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (address.AddressFamily != AddressFamily.InterNetwork || pieceCount < 1)
        {
            return [];
        }

        // The last byte of the address is masked, so that a reconnect from the same /24 wins nothing new.
        Span<byte> seed = stackalloc byte[24];
        address.TryWriteBytes(seed, out _);
        seed[3] = 0;
        infoHash.CopyTo(seed[4..]);

        count = Math.Min(count, pieceCount);
        var pieces = new List<int>(count);
        var digest = SHA1.HashData(seed);
        while (pieces.Count < count)
        {
            for (var i = 0; i < 5 && pieces.Count < count; i++)
            {
                var piece = (int)(BinaryPrimitives.ReadUInt32BigEndian(digest.AsSpan(i * 4)) % (uint)pieceCount);
                if (!pieces.Contains(piece))
                {
                    pieces.Add(piece);
                }
            }

            digest = SHA1.HashData(digest);
        }

        return [.. pieces];
    }
}
