using System.Buffers;
using System.Collections.Immutable;
using P2P.Engine.Bencode;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>What a node keeps from one run to the next: its ids and nodes to ask first. Immutable.</summary>
/// <param name="Id">Our id in the IPv4 table; null: make one.</param>
/// <param name="Id6">The same of IPv6.</param>
/// <param name="Nodes">Nodes of both families that answered lately.</param>
internal sealed record DhtState(NodeId? Id, NodeId? Id6, ImmutableArray<DhtContact> Nodes)
{
    /// <summary>Longest state read: 1 MiB; what we write is below 32 KiB.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Nodes kept of each family.</summary>
    public const int MaxNodes = 400;

    private const int Compact4 = NodeId.Length + 6;
    private const int Compact6 = NodeId.Length + 18;

    /// <summary>Nothing kept.</summary>
    public static DhtState Empty { get; } = new(null, null, []);

    /// <summary>Reads what <see cref="Write"/> wrote; of anything odd what is sound, at worst nothing (D23).</summary>
    public static DhtState Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty || bytes.Length > MaxBytes || !BValue.TryParse(bytes, BencodeLimits.Wire, out var value, out _) || value is not BDictionary root)
        {
            return Empty;
        }

        ImmutableArray<DhtContact> nodes = [.. ReadNodes(root.GetString("nodes"u8), Compact4), .. ReadNodes(root.GetString("nodes6"u8), Compact6)];
        return new DhtState(ReadId(root.GetString("id"u8)), ReadId(root.GetString("id6"u8)), nodes);
    }

    /// <summary>As bytes: a bencoded dictionary of ids and compact nodes (BEP 5, BEP 32).</summary>
    public byte[] Write()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        WriteId(writer, "id"u8, Id);
        WriteId(writer, "id6"u8, Id6);
        writer.Write("nodes"u8, Compact(isIPv6: false));
        writer.Write("nodes6"u8, Compact(isIPv6: true));
        writer.End();
        return output.WrittenSpan.ToArray();
    }

    private static NodeId? ReadId(BString? text) => text is { Value.Length: NodeId.Length } ? new NodeId(text.Span) : null;

    private static List<DhtContact> ReadNodes(BString? text, int length)
    {
        var nodes = new List<DhtContact>();
        for (var at = 0; text is not null && at + length <= text.Value.Length && nodes.Count < MaxNodes; at += length)
        {
            var compact = text.Span.Slice(at, length);
            var contact = new DhtContact(new NodeId(compact[..NodeId.Length]), PeerEndpoint.FromCompact(compact[NodeId.Length..]));
            if (contact.Endpoint.IsConnectable && contact.Endpoint.IsIPv4 == (length == Compact4))
            {
                nodes.Add(contact);
            }
        }

        return nodes;
    }

    private static void WriteId(BencodeWriter writer, ReadOnlySpan<byte> key, NodeId? id)
    {
        if (id is { } some)
        {
            writer.Write(key, some.ToArray());
        }
    }

    private byte[] Compact(bool isIPv6)
    {
        var output = new MemoryStream();
        Span<byte> one = stackalloc byte[Compact6];
        foreach (var contact in Nodes.Where(node => node.Endpoint.IsIPv4 != isIPv6).Take(MaxNodes))
        {
            contact.Id.CopyTo(one);
            output.Write(one[..(NodeId.Length + contact.Endpoint.WriteCompact(one[NodeId.Length..]))]);
        }

        return output.ToArray();
    }
}
