namespace P2P.Engine.Storage;
internal static class BlockDigest { public static ulong Of(ReadOnlySpan<byte> b) => (ulong)b.Length; }
