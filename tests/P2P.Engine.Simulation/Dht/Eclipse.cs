using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Discovery.Dht;
using P2P.Engine.Primitives;
using P2P.Engine.Transport;

namespace P2P.Engine.Simulation;

/// <summary>An attacker with one /24 who makes up identities next to a torrent's place, praises them to everybody, and swallows what is stored with them.</summary>
internal sealed class Eclipse
{
    private readonly SimulatedNetwork _network;
    private readonly Dictionary<PeerEndpoint, NodeId> _identities = [];
    private readonly List<(IDatagramSocket Socket, NodeId Id)> _sockets = [];

    /// <summary>Begins to listen with <paramref name="count"/> identities on <paramref name="addresses"/> addresses.</summary>
    public Eclipse(SimulatedNetwork network, NodeId target, int count, int addresses)
    {
        _network = network;
        for (var i = 0; i < addresses; i++)
        {
            var card = network.AddCard($"liar{i}", new IPAddress([66, 6, 6, (byte)(i + 1)]), new Link(Latency: TimeSpan.FromMilliseconds(1)));
            var own = new ProcessNetwork(card, network.World.Root);
            for (var j = 0; j < count / addresses; j++)
            {
                // The target itself but for its last bits: nobody honest is nearer.
                var bytes = target.ToArray();
                bytes[^1] ^= (byte)(i + 1);
                bytes[^2] ^= (byte)j;
                var socket = own.BindUdp(card.Address, 6_881 + j);
                _identities.Add(socket.Local, new NodeId(bytes));
                _sockets.Add((socket, new NodeId(bytes)));
                _ = ServeAsync(socket, new NodeId(bytes));
            }
        }
    }

    /// <summary>Queries answered.</summary>
    public int Answered { get; private set; }

    /// <summary>Announces swallowed.</summary>
    public int Announces { get; private set; }

    /// <summary>Is it one of the attacker's?</summary>
    public static bool IsOne(PeerEndpoint endpoint) => endpoint.ToString().StartsWith("66.6.6.", StringComparison.Ordinal);

    /// <summary>Every identity asks every node something, to get into its table.</summary>
    public void Advertise(IEnumerable<PeerEndpoint> nodes)
    {
        foreach (var node in nodes)
        {
            foreach (var (socket, id) in _sockets)
            {
                var question = new KrpcMessage { Kind = KrpcKind.Query, Transaction = new byte[] { 1, 2 }, Id = id, Query = KrpcQuery.Ping };
                _network.World.After(
                    TimeSpan.FromMilliseconds(_network.World.Random.Next(60_000)), () => _ = socket.SendAsync(Print(question), node, default).AsTask());
            }
        }
    }

    private static byte[] Print(KrpcMessage message)
    {
        var output = new ArrayBufferWriter<byte>();
        KrpcCodec.Write(message, output);
        return output.WrittenSpan.ToArray();
    }

    private async Task ServeAsync(IDatagramSocket socket, NodeId id)
    {
        var buffer = new byte[2_000];
        while (true)
        {
            var (length, from) = await socket.ReceiveAsync(buffer, default).ConfigureAwait(false);
            if (!KrpcCodec.TryRead(buffer.AsMemory(0, length).ToArray(), out var query, out _) || query is not { Kind: KrpcKind.Query })
            {
                continue;
            }

            Answered++;
            Announces += query.Query == KrpcQuery.AnnouncePeer ? 1 : 0;
            ImmutableArray<DhtContact> friends = [.. _identities.Skip(Answered % 900).Take(16).Select(other => new DhtContact(other.Value, other.Key))];
            var answer = new KrpcMessage { Kind = KrpcKind.Response, Transaction = query.Transaction, Id = id, Token = new byte[4], Nodes = friends, YourEndpoint = new PeerEndpoint(IPAddress.Parse("9.9.9.9"), 1) };
            await socket.SendAsync(Print(answer), from, default).ConfigureAwait(false);
        }
    }
}
