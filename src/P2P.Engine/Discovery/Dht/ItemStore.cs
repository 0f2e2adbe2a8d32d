using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace P2P.Engine.Discovery.Dht;

/// <summary>An item kept for others (BEP 44). Immutable.</summary>
/// <param name="Value">Its bencoded value, 1..1,000 bytes.</param>
/// <param name="PublicKey">32 bytes of a mutable item; empty otherwise.</param>
/// <param name="Signature">64 bytes of a mutable item; empty otherwise.</param>
/// <param name="Sequence">Of a mutable item.</param>
internal sealed record DhtItem(byte[] Value, byte[] PublicKey, byte[] Signature, long Sequence);

/// <summary>Arbitrary data stored by strangers (BEP 44): a table with limits, served and never used by us. Told the time in ms; one owner.</summary>
/// <remarks>At most 700 items of 1,000 bytes, kept for two hours after the last put; the one put longest ago makes room. Ed25519 by BouncyCastle: .NET 10 has none.</remarks>
internal sealed class ItemStore
{
    /// <summary>Items kept.</summary>
    public const int MaxItems = 700;

    /// <summary>Bytes of a value.</summary>
    public const int MaxValue = 1_000;

    /// <summary>Bytes of a salt.</summary>
    public const int MaxSalt = 64;

    /// <summary>Time an item is kept after it was put, ms: BEP 44 has two hours.</summary>
    public const long ExpiryMs = 7_200_000;

    private readonly Dictionary<NodeId, (DhtItem Item, long AtMs)> _items = [];

    /// <summary>Items kept.</summary>
    public int Count => _items.Count;

    /// <summary>Where an immutable item belongs.</summary>
#pragma warning disable CA5350 // BEP 44 names items by SHA-1.
    public static NodeId TargetOf(ReadOnlySpan<byte> value) => new(SHA1.HashData(value));

    /// <summary>Where a mutable item belongs.</summary>
    public static NodeId TargetOf(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> salt) => new(SHA1.HashData((byte[])[.. publicKey, .. salt]));
#pragma warning restore CA5350

    /// <summary>What is signed: salt if any, sequence and value, as bencoded one after the other.</summary>
    public static byte[] SignedBytes(ReadOnlySpan<byte> salt, long sequence, ReadOnlySpan<byte> value)
    {
        byte[] prefix = salt.IsEmpty ? [] : [.. Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"4:salt{salt.Length}:")), .. salt];
        return [.. prefix, .. Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"3:seqi{sequence}e1:v")), .. value];
    }

    /// <summary>Keeps what a put query brings; null when kept, else the error's code and words.</summary>
    public (int Code, string Text)? Put(KrpcMessage put, long nowMs)
    {
        if (put.Value.Length > MaxValue)
        {
            return (205, "message (v field) too big");
        }

        if (put.PublicKey.IsEmpty)
        {
            Keep(TargetOf(put.Value.Span), new DhtItem(put.Value.ToArray(), [], [], 0), nowMs);
            return null;
        }

        if (put.Salt.Length > MaxSalt)
        {
            return (207, "salt (salt field) too big");
        }

        if (put.Sequence is not { } sequence || put.Signature.IsEmpty)
        {
            return (203, "seq and sig must be there");
        }

        var target = TargetOf(put.PublicKey.Span, put.Salt.Span);
        if (Find(target, nowMs) is { } present)
        {
            if (put.CompareAndSwap is { } expected && expected != present.Sequence)
            {
                return (301, "the CAS hash mismatched, re-read value and try again");
            }

            if (sequence < present.Sequence || (sequence == present.Sequence && !put.Value.Span.SequenceEqual(present.Value)))
            {
                return (302, "sequence number less than current");
            }
        }

        // Last, because it costs most.
        var signed = SignedBytes(put.Salt.Span, sequence, put.Value.Span);
        if (!Ed25519.Verify(put.Signature.ToArray(), 0, put.PublicKey.ToArray(), 0, signed, 0, signed.Length))
        {
            return (206, "invalid signature");
        }

        Keep(target, new DhtItem(put.Value.ToArray(), put.PublicKey.ToArray(), put.Signature.ToArray(), sequence), nowMs);
        return null;
    }

    /// <summary>The item at a place; null when there is none.</summary>
    public DhtItem? Find(NodeId target, long nowMs) =>
        _items.TryGetValue(target, out var kept) && nowMs - kept.AtMs < ExpiryMs ? kept.Item : null;

    private void Keep(NodeId target, DhtItem item, long nowMs)
    {
        if (!_items.ContainsKey(target) && _items.Count >= MaxItems)
        {
            _items.Remove(_items.MinBy(entry => entry.Value.AtMs).Key);
        }

        _items[target] = (item, nowMs);
    }
}
