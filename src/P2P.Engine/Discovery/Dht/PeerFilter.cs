using System.Net;
using System.Security.Cryptography;

namespace P2P.Engine.Discovery.Dht;

/// <summary>A Bloom filter of peers' addresses (BEP 33): 2,048 bits, two bits an address. Counts a swarm without naming anybody.</summary>
internal sealed class PeerFilter
{
    /// <summary>Bytes.</summary>
    public const int Length = 256;

    private const int Bits = Length * 8;

    private readonly byte[] _bits = new byte[Length];

    /// <summary>The filter's bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _bits;

    /// <summary>Puts an address in, 4 or 16 bytes as it is.</summary>
    public void Add(IPAddress address)
    {
#pragma warning disable CA5350 // BEP 33 hashes with SHA-1.
        var hash = SHA1.HashData(address.GetAddressBytes());
#pragma warning restore CA5350
        Set((hash[0] | (hash[1] << 8)) % Bits);
        Set((hash[2] | (hash[3] << 8)) % Bits);
    }

    /// <summary>About how many addresses a filter holds.</summary>
    public static double Estimate(ReadOnlySpan<byte> filter)
    {
        var zeros = 0;
        foreach (var part in filter)
        {
            zeros += 8 - System.Numerics.BitOperations.PopCount(part);
        }

        var share = Math.Min(Math.Max(zeros, 1), Bits - 1) / (double)Bits;
        return Math.Log(share) / (2 * Math.Log(1 - (1.0 / Bits)));
    }

    private void Set(int bit) => _bits[bit / 8] |= (byte)(1 << (bit % 8));
}
