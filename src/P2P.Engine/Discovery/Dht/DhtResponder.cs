using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Discovery.Dht;

/// <summary>What a responder is given. Immutable.</summary>
internal sealed record DhtResponderSetup
{
    /// <summary>Our id in a family's table; true for IPv6.</summary>
    public required Func<bool, NodeId> OurId { get; init; }

    /// <summary>Good nodes nearest to a target in a family's table, at most so many.</summary>
    public required Func<NodeId, bool, int, ImmutableArray<DhtContact>> Closest { get; init; }

    /// <summary>For secrets.</summary>
    public required Action<Span<byte>> Entropy { get; init; }

    /// <summary>For what is shown only.</summary>
    public required TimeProvider Clock { get; init; }
}

/// <summary>Answers the queries of other nodes and keeps what they store with us (BEP 5, 32, 33, 42, 44, 51). Told the time in ms; one owner.</summary>
/// <remarks>Answers fit into <see cref="KrpcCodec.MaxOut"/> bytes: about ten times a get_peers query. How often anybody is answered is its caller's matter.</remarks>
internal sealed class DhtResponder
{
    private const int NodesPerAnswer = 8;
    private const int LowestPort = 1_024;
    private const int SamplesPerAnswer = 20;
    private const long SampleIntervalMs = 60_000;
    private const int SampleInterval = 21_600;

    // Bytes of an answer without nodes, values and filters, generously: id, token, ip, version, keys, a transaction of 32 bytes.
    private const int FixedBytes = 190;

    private readonly DhtResponderSetup _setup;
    private readonly TokenKeeper _tokens;
    private readonly PeerStore _peers;
    private readonly ItemStore _items = new();
    private readonly Dictionary<IPAddress, long> _sampled = [];

    public DhtResponder(DhtResponderSetup setup)
    {
        _setup = setup;
        _tokens = new TokenKeeper(setup.Entropy);
        Span<byte> seed = stackalloc byte[4];
        setup.Entropy(seed);
        _peers = new PeerStore(new Random(System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(seed)));
    }

    /// <summary>The answer to a query; null when there is none.</summary>
    public KrpcMessage? Answer(KrpcMessage query, PeerEndpoint from, long nowMs)
    {
        var answer = new KrpcMessage
        {
            Kind = KrpcKind.Response,
            Transaction = query.Transaction,
            Id = _setup.OurId(!from.IsIPv4),
            YourEndpoint = from,
        };
        return query.Query switch
        {
            KrpcQuery.Ping => answer,
            KrpcQuery.GetPeers => GetPeers(answer, query, from, nowMs),
            KrpcQuery.AnnouncePeer => Announce(answer, query, from, nowMs),
            KrpcQuery.Get => Get(answer, query, from, nowMs),
            KrpcQuery.Put => Put(answer, query, from, nowMs),
            KrpcQuery.SampleInfoHashes => Samples(answer, query, from, nowMs),
            KrpcQuery.FindNode or KrpcQuery.Unknown => WithNodes(answer, query, from),
            _ => null,
        };
    }

    /// <summary>What others stored with us.</summary>
    public DhtStoreSnapshot Snapshot(DateTimeOffset now) => new()
    {
        InfoHashes = _peers.InfoHashes,
        Peers = _peers.Peers,
        Items = _items.Count,
        Swarms = _peers.Largest(100, now, _setup.Clock.NowMs()),
    };

    private KrpcMessage WithNodes(KrpcMessage answer, KrpcMessage query, PeerEndpoint from)
    {
        var want = query.Want != KrpcWant.None ? query.Want : from.IsIPv4 ? KrpcWant.IPv4 : KrpcWant.IPv6;
        var target = query.Target ?? default;
        return answer with
        {
            Nodes = want.HasFlag(KrpcWant.IPv4) ? _setup.Closest(target, false, NodesPerAnswer) : [],
            Nodes6 = want.HasFlag(KrpcWant.IPv6) ? _setup.Closest(target, true, NodesPerAnswer) : [],
        };
    }

    private KrpcMessage GetPeers(KrpcMessage answer, KrpcMessage query, PeerEndpoint from, long nowMs)
    {
        var infoHash = query.InfoHash!.Value;
        answer = WithNodes(answer, query, from) with { Token = _tokens.For(from.Address, nowMs) };
        var room = KrpcCodec.MaxOut - FixedBytes - (answer.Nodes.Length * 26) - (answer.Nodes6.Length * 38);
        if (query.IsScrape && room > 2 * (PeerFilter.Length + 10) && _peers.Filters(infoHash, nowMs) is var (seeds, leechers))
        {
            answer = answer with { SeedFilter = seeds.Bytes, PeerFilter = leechers.Bytes };
            room -= 2 * (PeerFilter.Length + 10);
        }

        var bytesPerPeer = from.IsIPv4 ? 8 : 21;
        return answer with { Values = _peers.Sample(infoHash, !from.IsIPv4, Math.Clamp(room / bytesPerPeer, 0, 100), query.WantsNoSeeds, nowMs) };
    }

    private KrpcMessage Announce(KrpcMessage answer, KrpcMessage query, PeerEndpoint from, long nowMs)
    {
        var port = query.HasImpliedPort ? from.Port : query.Port;
        if (!_tokens.Accepts(query.Token.Span, from.Address, nowMs))
        {
            return KrpcCodec.Error(query.Transaction, 203, "bad token");
        }

        if (port < LowestPort)
        {
            return KrpcCodec.Error(query.Transaction, 203, "bad port");
        }

        _peers.Add(query.InfoHash!.Value, from.WithPort(port), query.IsSeed, nowMs);
        return answer;
    }

    private KrpcMessage Get(KrpcMessage answer, KrpcMessage query, PeerEndpoint from, long nowMs)
    {
        var item = _items.Find(query.Target!.Value, nowMs);
        answer = answer with { Token = _tokens.For(from.Address, nowMs) };

        // A value of the longest leaves no room for nodes; who gets a value needs none.
        if (item is null)
        {
            return WithNodes(answer, query, from);
        }

        var isKnown = !item.PublicKey.AsSpan().IsEmpty && query.Sequence >= item.Sequence;
        answer = answer with
        {
            Sequence = item.PublicKey.Length > 0 ? item.Sequence : null,
            PublicKey = isKnown ? default : item.PublicKey,
            Signature = isKnown ? default : item.Signature,
            Value = isKnown ? default : item.Value,
        };
        return item.Value.Length > 400 ? answer : WithNodes(answer, query, from);
    }

    private KrpcMessage Put(KrpcMessage answer, KrpcMessage query, PeerEndpoint from, long nowMs) =>
        !_tokens.Accepts(query.Token.Span, from.Address, nowMs) ? KrpcCodec.Error(query.Transaction, 203, "bad token")
        : _items.Put(query, nowMs) is var (code, text) ? KrpcCodec.Error(query.Transaction, code, text)
        : answer;

    // Once a minute for each address (row D24); in between there is no answer, which costs nobody anything.
    private KrpcMessage? Samples(KrpcMessage answer, KrpcMessage query, PeerEndpoint from, long nowMs)
    {
        if (_sampled.TryGetValue(from.Address, out var last) && nowMs - last < SampleIntervalMs)
        {
            return null;
        }

        if (_sampled.Count >= SourceLimiter.Capacity)
        {
            _sampled.Clear(); // forged sources: forgetting who asked is cheaper than remembering more
        }

        _sampled[from.Address] = nowMs;
        return WithNodes(answer, query, from) with { Interval = SampleInterval, Stored = _peers.InfoHashes, Samples = _peers.SampleInfoHashes(SamplesPerAnswer) };
    }
}
