using System.Net;
using System.Security.Cryptography;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Write tokens (BEP 5): proof that whoever stores something with us can receive at the address it claims. Told the time in ms; one owner.</summary>
/// <remarks>8 bytes of HMAC-SHA256 over the address, so there is nothing to remember; the secret changes every 5 minutes and the one before it is accepted, too.</remarks>
internal sealed class TokenKeeper(Action<Span<byte>> entropy)
{
    /// <summary>Bytes of a token.</summary>
    public const int Length = 8;

    /// <summary>Time a secret makes tokens, ms; they are accepted for up to twice as long.</summary>
    public const long RotationMs = 300_000;

    private readonly byte[] _secret = Fresh(entropy);
    private readonly byte[] _previous = Fresh(entropy);
    private long? _rotatedAtMs;

    /// <summary>The token for an address.</summary>
    public byte[] For(IPAddress address, long nowMs)
    {
        Rotate(nowMs);
        return Make(_secret, address);
    }

    /// <summary>Was it made for this address, lately?</summary>
    public bool Accepts(ReadOnlySpan<byte> token, IPAddress address, long nowMs)
    {
        Rotate(nowMs);
        return CryptographicOperations.FixedTimeEquals(token, Make(_secret, address)) || CryptographicOperations.FixedTimeEquals(token, Make(_previous, address));
    }

    private static byte[] Fresh(Action<Span<byte>> entropy)
    {
        var secret = new byte[32];
        entropy(secret);
        return secret;
    }

    private static byte[] Make(byte[] secret, IPAddress address) => HMACSHA256.HashData(secret, address.MapToIPv6().GetAddressBytes())[..Length];

    private void Rotate(long nowMs)
    {
        var age = nowMs - (_rotatedAtMs ??= nowMs);
        if (age < RotationMs)
        {
            return;
        }

        _rotatedAtMs = nowMs;
        if (age < 2 * RotationMs)
        {
            _secret.CopyTo(_previous, 0);
        }
        else
        {
            entropy(_previous); // nobody asked for so long that the last secret's tokens are old as well
        }

        entropy(_secret);
    }
}
