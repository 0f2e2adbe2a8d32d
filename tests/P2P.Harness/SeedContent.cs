using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace P2P.Harness;

/// <summary>A file of pseudo-random bytes that is never stored: any byte follows from its offset and the seed.</summary>
internal sealed class SeedContent
{
    /// <summary>Bytes per piece.</summary>
    public const int PieceLength = 256 * 1024;

    private readonly ulong _seed;

    /// <summary>Hashes the whole content once, for the .torrent.</summary>
    public SeedContent(long length, int seed)
    {
        (Length, _seed) = (length, unchecked((ulong)seed * 0x9E3779B97F4A7C15));
        PieceCount = (int)((length + PieceLength - 1) / PieceLength);
        var hashes = new byte[PieceCount * 20];
        var piece = new byte[PieceLength];
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        for (var i = 0; i < PieceCount; i++)
        {
            var bytes = piece.AsSpan(0, (int)Math.Min(PieceLength, length - ((long)i * PieceLength)));
            Read((long)i * PieceLength, bytes);
            SHA1.HashData(bytes, hashes.AsSpan(i * 20, 20));
            whole.AppendData(bytes);
        }

        PieceHashes = hashes;
        Sha1 = Convert.ToHexStringLower(whole.GetHashAndReset());
        Name = string.Create(CultureInfo.InvariantCulture, $"harness-{length >> 20}-{seed}.bin");
        var info = Concat(
            $"d6:lengthi{length}e4:name{Name.Length}:{Name}12:piece lengthi{PieceLength}e6:pieces{hashes.Length}:", hashes, "e");
        InfoHash = SHA1.HashData(info);
        TorrentFile = Concat("d4:info", info, "e");
    }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>Number of pieces.</summary>
    public int PieceCount { get; }

    /// <summary>The file's name.</summary>
    public string Name { get; }

    /// <summary>20 bytes per piece.</summary>
    public byte[] PieceHashes { get; }

    /// <summary>SHA-1 of the whole file, hex.</summary>
    public string Sha1 { get; }

    /// <summary>20 bytes.</summary>
    public byte[] InfoHash { get; }

    /// <summary>The .torrent file.</summary>
    public byte[] TorrentFile { get; }

    /// <summary>Fills <paramref name="destination"/> with the bytes at <paramref name="offset"/>, a multiple of 8.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(destination);
        var first = (ulong)offset / 8;
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = Mix(_seed + first + (ulong)i);
        }

        if (destination.Length % 8 is var rest and > 0)
        {
            BitConverter.GetBytes(Mix(_seed + first + (ulong)words.Length)).AsSpan(0, rest).CopyTo(destination[^rest..]);
        }
    }

    /// <summary>Does this piece, as read from a disk, hash right?</summary>
    public bool IsRight(int piece, ReadOnlySpan<byte> bytes) => SHA1.HashData(bytes).AsSpan().SequenceEqual(PieceHashes.AsSpan(piece * 20, 20));

    /// <summary>Bytes of a piece.</summary>
    public int LengthOf(int piece) => (int)Math.Min(PieceLength, Length - ((long)piece * PieceLength));

    // The finaliser of SplitMix64: every input bit reaches every output bit.
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    private static byte[] Concat(string head, byte[] middle, string tail) => [.. Encoding.ASCII.GetBytes(head), .. middle, .. Encoding.ASCII.GetBytes(tail)];
}
