using System.Buffers.Binary;
using System.Security.Cryptography;

namespace P2P.Engine.Storage;

/// <summary>Eight bytes that tell two versions of a block apart, to find who sent the wrong one (R-P06).</summary>
internal static class BlockDigest
{
    /// <summary>The first 8 bytes of the block's SHA-1, little-endian: a stranger must not be able to make two blocks alike.</summary>
    public static ulong Of(ReadOnlySpan<byte> block)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(block, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}
