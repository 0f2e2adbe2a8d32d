using System.Net;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;

namespace P2P.Engine.Tests.Discovery.Dht;

/// <summary>Short ways to write ids and nodes.</summary>
internal static class DhtFacts
{
    /// <summary>An id that begins with these bytes and is zero behind them.</summary>
    public static NodeId Id(params byte[] first)
    {
        var bytes = new byte[NodeId.Length];
        first.CopyTo(bytes, 0);
        return new NodeId(bytes);
    }

    /// <summary>A node by its first bytes and "address:port".</summary>
    public static DhtContact Node(string endpoint, params byte[] first) => new(Id(first), At(endpoint));

    /// <summary>"address:port" as a value.</summary>
    public static PeerEndpoint At(string endpoint) => PeerEndpoint.From(IPEndPoint.Parse(endpoint));

    /// <summary>An id that fits its public address (BEP 42).</summary>
    public static DhtContact Fit(string endpoint, int seed) =>
        new(NodeIdRule.Create(At(endpoint).Address, bytes => new Random(seed).NextBytes(bytes)), At(endpoint));
}
