using System.Buffers.Binary;
using System.Security.Cryptography;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Serving;

/// <summary>Connection ids of a UDP tracker (BEP 15): a keyed hash of the source's address, so a connect costs no memory and forged sources learn nothing. Thread-safe.</summary>
/// <remarks>BEP 15 lets a client use an id for a minute and a server accept it for two; the secret changes every minute and the one before it counts, too.</remarks>
internal sealed class ConnectionIds(Action<Span<byte>> entropy)
{
    private const long RotationMs = 60_000;

    private readonly Lock _lock = new();
    private byte[] _secret = Fresh(entropy);
    private byte[] _previous = Fresh(entropy);
    private long _rotatedAtMs = long.MinValue;

    /// <summary>The id for a source now.</summary>
    public long For(PeerEndpoint source, long nowMs) => Make(Secrets(nowMs).Current, source);

    /// <summary>Was it given to this source lately?</summary>
    public bool Accepts(long id, PeerEndpoint source, long nowMs)
    {
        var (current, previous) = Secrets(nowMs);
        return id == Make(current, source) || id == Make(previous, source);
    }

    private static byte[] Fresh(Action<Span<byte>> entropy)
    {
        var secret = new byte[32];
        entropy(secret);
        return secret;
    }

    // The input always has the same length and the hash is cut, so a plain hash behind the secret cannot be extended.
    private static long Make(byte[] secret, PeerEndpoint source)
    {
        Span<byte> input = stackalloc byte[32 + 16];
        secret.CopyTo(input);
        source.WriteAddress(input[32..]);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(input, hash);
        return BinaryPrimitives.ReadInt64BigEndian(hash);
    }

    private (byte[] Current, byte[] Previous) Secrets(long nowMs)
    {
        lock (_lock)
        {
            if (_rotatedAtMs == long.MinValue)
            {
                _rotatedAtMs = nowMs;
            }
            else if (nowMs - _rotatedAtMs >= RotationMs)
            {
                (_previous, _secret) = (nowMs - _rotatedAtMs < 2 * RotationMs ? _secret : Fresh(entropy), Fresh(entropy));
                _rotatedAtMs = nowMs;
            }

            return (_secret, _previous);
        }
    }
}
