using System.Collections.Immutable;
using System.Net;
using System.Text;
using P2P.Engine.Bencode;
using P2P.Engine.Primitives;

namespace P2P.Engine.Metainfo;

/// <summary>Reads "nodes" (BEP 5): a list of [host, port]; whatever is no address and port is left out.</summary>
internal static class NodeListReader
{
    /// <summary>More would only be pinged in vain: a table takes eight from one place.</summary>
    public const int MaxNodes = 50;

    /// <summary>The nodes given by address, each once.</summary>
    public static ImmutableArray<PeerEndpoint> Read(RawValue list)
    {
        var nodes = ImmutableArray.CreateBuilder<PeerEndpoint>();
        foreach (var (_, item) in list.Items)
        {
            if (nodes.Count == MaxNodes)
            {
                break;
            }

            if (item.Kind != BencodeKind.List)
            {
                continue;
            }

            var pair = new List<RawValue>(2);
            foreach (var (_, part) in item.Items)
            {
                pair.Add(part);
            }

            if (pair is [{ Text: { } host }, { Number: > 0 and <= ushort.MaxValue and var port }] && host.Length <= 45
                && IPAddress.TryParse(Encoding.ASCII.GetString(host.Span), out var address) && address is not null
                && new PeerEndpoint(address, (int)port) is { IsConnectable: true } node && !nodes.Contains(node))
            {
                nodes.Add(node);
            }
        }

        return nodes.ToImmutable();
    }
}
