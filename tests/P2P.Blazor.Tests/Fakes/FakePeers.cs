using System.Collections.Immutable;
using System.Net;
using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Tests.Fakes;

/// <summary>Invents what is told of single peers: who is known and why not connected, what each has, who supplies a piece.</summary>
public static class FakePeers
{
    /// <summary>Who gave blocks of the pieces in progress.</summary>
    public static readonly ImmutableArray<PeerEndpoint> Suppliers = [new(new IPAddress([198, 51, 100, 1]), 6881)];

    /// <summary>The connected ones, then one in each other condition and some more that wait.</summary>
    public static ImmutableArray<KnownPeerSnapshot> Known(ImmutableArray<PeerSnapshot> connected, DateTimeOffset now)
    {
        if (connected.IsEmpty)
        {
            return [];
        }

        return
        [
            .. connected.Select((peer, i) => new KnownPeerSnapshot(peer.Endpoint, i % 2 == 0 ? "tracker" : "incoming", KnownPeerCondition.Connected, null, 0, null)),
            new(At(1), "dht", KnownPeerCondition.Connecting, null, 0, null),
            new(At(2), "tracker", KnownPeerCondition.Failed, $"{At(2)} refused the connection.", 1, now.AddSeconds(12)),
            new(At(3), "exchange", KnownPeerCondition.Failed, "It did not answer within 10 s.", 3, now.AddMinutes(6)),
            new(At(4), "resume", KnownPeerCondition.Banned, "Banned: it alone sent piece 7, which failed its hash.", 0, now.AddHours(23)),
            .. Enumerable.Range(5, 7).Select(i => new KnownPeerSnapshot(At(i), "lan", KnownPeerCondition.Waiting, i == 5 ? "The torrent has as many connections as it may." : null, 0, null)),
        ];
    }

    /// <summary>As many pieces as its progress says, spread over the torrent.</summary>
    public static ImmutableArray<byte> Pieces(PeerSnapshot peer, int count)
    {
        var bits = new byte[(count + 7) / 8];
        for (var piece = 0; piece < count; piece++)
        {
            bits[piece / 8] |= (piece * 37 % 100) < peer.Progress * 100 ? (byte)(0x80 >> (piece % 8)) : (byte)0;
        }

        return [.. bits];
    }

    private static PeerEndpoint At(int i) => new(new IPAddress([203, 0, 113, (byte)i]), 6881);
}
