using System.Security.Cryptography;

namespace P2P.Engine.Metainfo;

/// <summary>The SHA-256 trees of v2 torrents: leaves are blocks of 16 KiB, missing leaves are 32 zero bytes. Source: BEP 52.</summary>
internal static class MerkleTree
{
    /// <summary>Bytes of one hash.</summary>
    public const int HashLength = 32;

    /// <summary>The root over one layer of hashes.</summary>
    /// <param name="layer">Hashes of 32 bytes each, at least one; kept by the caller.</param>
    /// <param name="height">How many levels above the leaves the layer is: 0 for blocks, log2(piece length / 16 KiB) for pieces.</param>
    public static byte[] RootOf(ReadOnlySpan<byte> layer, int height)
    {
        Span<byte> pad = stackalloc byte[HashLength];
        pad.Clear();
        for (var i = 0; i < height; i++)
        {
            HashPair(pad, pad, pad);
        }

        // Each level overwrites the one below in place; a level of odd count is completed by the hash of an all-missing subtree.
        var level = layer.ToArray();
        for (var count = level.Length / HashLength; count > 1; count = (count + 1) / 2)
        {
            for (var i = 0; i < count; i += 2)
            {
                var left = level.AsSpan(i * HashLength, HashLength);
                ReadOnlySpan<byte> right = i + 1 < count ? level.AsSpan((i + 1) * HashLength, HashLength) : pad;
                HashPair(left, right, level.AsSpan(i / 2 * HashLength, HashLength));
            }

            HashPair(pad, pad, pad);
        }

        return level[..HashLength];
    }

    private static void HashPair(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> result)
    {
        Span<byte> pair = stackalloc byte[2 * HashLength];
        left.CopyTo(pair);
        right.CopyTo(pair[HashLength..]);
        SHA256.HashData(pair, result);
    }
}
