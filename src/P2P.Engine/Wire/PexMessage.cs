using System.Buffers;
using System.Collections.Immutable;
using P2P.Engine.Bencode;
using P2P.Engine.Primitives;

namespace P2P.Engine.Wire;

/// <summary>What ut_pex tells of a peer (BEP 11).</summary>
[Flags]
internal enum PexFlags : byte
{
    None = 0,
    PrefersEncryption = 0x01,
    IsSeed = 0x02,
    SupportsUtp = 0x04,
    SupportsHolepunch = 0x08,
    IsReachable = 0x10,
}

/// <summary>One ut_pex message (BEP 11): peers that came and went since the last. Immutable.</summary>
/// <param name="Added">Peers that came, both families.</param>
/// <param name="Dropped">Peers that went.</param>
internal sealed record PexMessage(ImmutableArray<(PeerEndpoint Endpoint, PexFlags Flags)> Added, ImmutableArray<PeerEndpoint> Dropped)
{
    /// <summary>Name in the extension handshake.</summary>
    public const string Name = "ut_pex";

    /// <summary>Longest body read (reliability.md 2.3, "UtPex").</summary>
    public const int MaxLength = 65_536;

    /// <summary>Peers read of each list: the first message may have more than the 50 of later ones.</summary>
    public const int MaxPeers = 200;

    private const int CompactIPv4 = 6;
    private const int CompactIPv6 = 18;

    /// <summary>Reads a body; false when it is no dictionary. Lists of a wrong length are read as far as they go; what cannot be dialled is left out.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, out PexMessage? message)
    {
        message = null;
        BDictionary? fields;
        try
        {
            fields = body.Length <= MaxLength ? BValue.ParsePrefix(body, BencodeLimits.Wire, out _) as BDictionary : null;
        }
        catch (BencodeException)
        {
            return false;
        }

        if (fields is null)
        {
            return false;
        }

        var added = ImmutableArray.CreateBuilder<(PeerEndpoint, PexFlags)>();
        Read(fields.GetString("added"u8), fields.GetString("added.f"u8), CompactIPv4, added);
        Read(fields.GetString("added6"u8), fields.GetString("added6.f"u8), CompactIPv6, added);
        var dropped = ImmutableArray.CreateBuilder<(PeerEndpoint Endpoint, PexFlags)>();
        Read(fields.GetString("dropped"u8), null, CompactIPv4, dropped);
        Read(fields.GetString("dropped6"u8), null, CompactIPv6, dropped);
        message = new PexMessage(added.ToImmutable(), [.. dropped.Select(peer => peer.Endpoint)]);
        return true;
    }

    /// <summary>The whole as a message for a peer whose handshake gave ut_pex this sub-id.</summary>
    public PeerMessage ToMessage(byte subId)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        WriteList(writer, "added"u8, Added.Where(peer => peer.Endpoint.IsIPv4).Select(peer => peer.Endpoint), CompactIPv4);
        writer.Write("added.f"u8, Flags(isIPv4: true));
        WriteList(writer, "added6"u8, Added.Where(peer => !peer.Endpoint.IsIPv4).Select(peer => peer.Endpoint), CompactIPv6);
        writer.Write("added6.f"u8, Flags(isIPv4: false));
        WriteList(writer, "dropped"u8, Dropped.Where(peer => peer.IsIPv4), CompactIPv4);
        WriteList(writer, "dropped6"u8, Dropped.Where(peer => !peer.IsIPv4), CompactIPv6);
        writer.End();
        return new PeerMessage(MessageId.Extended, Begin: subId) { Payload = output.WrittenMemory };
    }

    private static void Read(BString? list, BString? flags, int length, ImmutableArray<(PeerEndpoint, PexFlags)>.Builder into)
    {
        if (list is null)
        {
            return;
        }

        var count = Math.Min(list.Span.Length / length, MaxPeers);
        for (var i = 0; i < count; i++)
        {
            var endpoint = PeerEndpoint.FromCompact(list.Span.Slice(i * length, length));
            if (endpoint.IsConnectable)
            {
                into.Add((endpoint, flags is not null && i < flags.Span.Length ? (PexFlags)flags.Span[i] : PexFlags.None));
            }
        }
    }

    private static void WriteList(BencodeWriter writer, ReadOnlySpan<byte> key, IEnumerable<PeerEndpoint> endpoints, int length)
    {
        var compact = new List<byte>();
        Span<byte> one = stackalloc byte[CompactIPv6];
        foreach (var endpoint in endpoints)
        {
            endpoint.WriteCompact(one);
            compact.AddRange(one[..length]);
        }

        writer.Write(key, compact.ToArray());
    }

    private byte[] Flags(bool isIPv4) => [.. Added.Where(peer => peer.Endpoint.IsIPv4 == isIPv4).Select(peer => (byte)peer.Flags)];
}
