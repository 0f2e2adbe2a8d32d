using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using P2P.Engine.Bencode;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>KRPC datagrams to messages and back (BEP 5, 32, 33, 42, 43, 44, 51). Stateless; never throws on a stranger's bytes.</summary>
internal static class KrpcCodec
{
    /// <summary>Longest datagram read, bytes (reliability.md 2.3, "DhtPacketIn").</summary>
    public const int MaxIn = 1_500;

    /// <summary>Longest datagram sent, bytes ("DhtPacketOut").</summary>
    public const int MaxOut = 1_024;

    private const int MaxTransaction = 32;
    private const int MaxNodes = 16;
    private const int MaxValues = 100;
    private const int MaxSamples = 20;
    private const int NodeLength = NodeId.Length + 6;
    private const int Node6Length = NodeId.Length + 18;
    private const int FilterLength = 256;

    /// <summary>Reads a datagram; false means that it is dropped.</summary>
    /// <param name="datagram">The result points into it.</param>
    /// <param name="message">The message.</param>
    /// <param name="errorReply">When false: the one error that may be sent to whoever asked wrongly, at most 100 bytes; null when nothing may.</param>
    public static bool TryRead(ReadOnlyMemory<byte> datagram, out KrpcMessage? message, out KrpcMessage? errorReply)
    {
        (message, errorReply) = (null, null);
        if (datagram.Length is 0 or > MaxIn || datagram.Span[0] != (byte)'d'
            || !BValue.TryParse(datagram, BencodeLimits.Dht, out var value, out _) || value is not BDictionary fields
            || fields.GetString("t"u8) is not { Span.Length: > 0 and <= MaxTransaction } transaction)
        {
            return false;
        }

        var heard = new KrpcMessage
        {
            Kind = KrpcKind.Query,
            Transaction = BytesOf(transaction),
            Version = fields.GetString("v"u8) is { Span.Length: <= 16 } version ? BytesOf(version) : default,
            IsReadOnly = fields.GetNumber("ro"u8) == 1,
            YourEndpoint = fields.GetString("ip"u8) is { Span.Length: 6 or 18 } ip ? PeerEndpoint.FromCompact(ip.Span) : null,
        };
        return fields.GetString("y"u8) switch
        {
            { Span: [(byte)'q'] } => TryReadQuery(heard, fields, out message, out errorReply),
            { Span: [(byte)'r'] } => TryReadResponse(heard with { Kind = KrpcKind.Response }, fields.GetDictionary("r"u8), out message),
            { Span: [(byte)'e'] } => TryReadError(heard with { Kind = KrpcKind.Error }, fields.GetList("e"u8), out message),
            _ => false,
        };
    }

    /// <summary>Prints a message, keys in the standard order.</summary>
    public static void Write(KrpcMessage message, IBufferWriter<byte> output)
    {
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        switch (message.Kind)
        {
            case KrpcKind.Query:
                writer.WriteKey("a"u8);
                WriteArguments(writer, message);
                break;
            case KrpcKind.Error:
                writer.WriteKey("e"u8);
                writer.BeginList();
                writer.WriteNumber(message.ErrorCode);
                writer.WriteString(message.ErrorText);
                writer.End();
                break;
            default:
                break;
        }

        if (message.YourEndpoint is { } endpoint)
        {
            writer.Write("ip"u8, Compact(endpoint));
        }

        if (message.Kind == KrpcKind.Query)
        {
            writer.Write("q"u8, NameOf(message.Query));
        }
        else if (message.Kind == KrpcKind.Response)
        {
            writer.WriteKey("r"u8);
            WriteResults(writer, message);
        }

        if (message.IsReadOnly)
        {
            writer.Write("ro"u8, 1);
        }

        writer.Write("t"u8, message.Transaction.Span);
        if (!message.Version.IsEmpty)
        {
            writer.Write("v"u8, message.Version.Span);
        }

        writer.Write("y"u8, message.Kind switch { KrpcKind.Query => "q"u8, KrpcKind.Response => "r"u8, _ => "e"u8 });
        writer.End();
    }

    /// <summary>An error that answers a query.</summary>
    public static KrpcMessage Error(ReadOnlyMemory<byte> transaction, int code, string text) =>
        new() { Kind = KrpcKind.Error, Transaction = transaction, ErrorCode = code, ErrorText = text };

    private static bool TryReadQuery(KrpcMessage heard, BDictionary fields, out KrpcMessage? message, out KrpcMessage? errorReply)
    {
        (message, errorReply) = (null, null);
        if (fields.GetString("q"u8) is not { } name)
        {
            return false;
        }

        var query = QueryOf(name.Span);
        if (fields.GetDictionary("a"u8) is not { } arguments || IdOf(arguments, "id"u8) is not { } id)
        {
            errorReply = Error(heard.Transaction, 203, "id must be 20 bytes");
            return false;
        }

        var infoHash = arguments.GetString("info_hash"u8) is { Span.Length: InfoHash.Length } hash ? new InfoHash(hash.Span) : (InfoHash?)null;
        message = heard with
        {
            Query = query,
            Id = id,
            Target = IdOf(arguments, "target"u8) ?? (infoHash is { } place ? NodeId.Of(place) : null),
            InfoHash = infoHash,
            Token = arguments.GetString("token"u8) is { Span.Length: <= 64 } token ? BytesOf(token) : default,
            Port = arguments.GetNumber("port"u8) is > 0 and <= ushort.MaxValue and var port ? (int)port : 0,
            HasImpliedPort = arguments.GetNumber("implied_port"u8) is not (null or 0),
            IsSeed = arguments.GetNumber("seed"u8) == 1,
            WantsNoSeeds = arguments.GetNumber("noseed"u8) == 1,
            IsScrape = arguments.GetNumber("scrape"u8) == 1,
            Want = WantOf(arguments.GetList("want"u8)),
            Value = arguments.Get("v"u8)?.RawBytes ?? default,
            PublicKey = arguments.GetString("k"u8) is { Span.Length: 32 } key ? BytesOf(key) : default,
            Salt = arguments.GetString("salt"u8) is { } salt ? BytesOf(salt) : default,
            Signature = arguments.GetString("sig"u8) is { Span.Length: 64 } signature ? BytesOf(signature) : default,
            Sequence = arguments.GetNumber("seq"u8),
            CompareAndSwap = arguments.GetNumber("cas"u8),
        };
        var missing = query switch
        {
            KrpcQuery.FindNode or KrpcQuery.Get or KrpcQuery.SampleInfoHashes when message.Target is null => "target must be 20 bytes",
            KrpcQuery.GetPeers or KrpcQuery.AnnouncePeer when message.InfoHash is null => "info_hash must be 20 bytes",
            KrpcQuery.Put when message.Value.IsEmpty => "v is missing",
            _ => null,
        };
        if (query == KrpcQuery.Unknown && message.Target is null)
        {
            errorReply = Error(heard.Transaction, 204, "method unknown");
        }
        else if (missing is not null)
        {
            errorReply = Error(heard.Transaction, 203, missing);
        }

        message = errorReply is null ? message : null;
        return errorReply is null;
    }

    private static bool TryReadResponse(KrpcMessage heard, BDictionary? results, out KrpcMessage? message)
    {
        message = null;
        if (results is null || IdOf(results, "id"u8) is not { } id)
        {
            return false;
        }

        message = heard with
        {
            Id = id,
            Token = results.GetString("token"u8) is { Span.Length: <= 64 } token ? BytesOf(token) : default,
            Nodes = ReadNodes(results.GetString("nodes"u8), NodeLength),
            Nodes6 = ReadNodes(results.GetString("nodes6"u8), Node6Length),
            Values = ReadValues(results.GetList("values"u8)),
            SeedFilter = results.GetString("BFsd"u8) is { Span.Length: FilterLength } seeds ? BytesOf(seeds) : default,
            PeerFilter = results.GetString("BFpe"u8) is { Span.Length: FilterLength } peers ? BytesOf(peers) : default,
            Interval = results.GetNumber("interval"u8) is >= 0 and <= 21_600 and var interval ? (int)interval : 0,
            Stored = results.GetNumber("num"u8) is >= 0 and <= int.MaxValue and var number ? (int)number : 0,
            Samples = ReadSamples(results.GetString("samples"u8)),
            Value = results.Get("v"u8)?.RawBytes ?? default,
            PublicKey = results.GetString("k"u8) is { Span.Length: 32 } key ? BytesOf(key) : default,
            Signature = results.GetString("sig"u8) is { Span.Length: 64 } signature ? BytesOf(signature) : default,
            Sequence = results.GetNumber("seq"u8),
        };
        return true;
    }

    private static bool TryReadError(KrpcMessage heard, BList? error, out KrpcMessage? message)
    {
        message = null;
        if (error is not [BNumber code, BString text, ..])
        {
            return false;
        }

        message = heard with
        {
            ErrorCode = (int)Math.Clamp(code.Value, 0, 999),
            ErrorText = new string([.. Encoding.UTF8.GetString(text.Span[..Math.Min(text.Span.Length, 200)]).Where(c => !char.IsControl(c))]),
        };
        return true;
    }

    private static ReadOnlyMemory<byte> BytesOf(BString text) => text.Value;

    private static NodeId? IdOf(BDictionary fields, ReadOnlySpan<byte> key) =>
        fields.GetString(key) is { Span.Length: NodeId.Length } id ? new NodeId(id.Span) : null;

    private static KrpcQuery QueryOf(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("ping"u8) => KrpcQuery.Ping,
        _ when name.SequenceEqual("find_node"u8) => KrpcQuery.FindNode,
        _ when name.SequenceEqual("get_peers"u8) => KrpcQuery.GetPeers,
        _ when name.SequenceEqual("announce_peer"u8) => KrpcQuery.AnnouncePeer,
        _ when name.SequenceEqual("get"u8) => KrpcQuery.Get,
        _ when name.SequenceEqual("put"u8) => KrpcQuery.Put,
        _ when name.SequenceEqual("sample_infohashes"u8) => KrpcQuery.SampleInfoHashes,
        _ => KrpcQuery.Unknown,
    };

    private static string NameOf(KrpcQuery query) => query switch
    {
        KrpcQuery.Ping => "ping",
        KrpcQuery.FindNode => "find_node",
        KrpcQuery.GetPeers => "get_peers",
        KrpcQuery.AnnouncePeer => "announce_peer",
        KrpcQuery.Get => "get",
        KrpcQuery.Put => "put",
        KrpcQuery.SampleInfoHashes => "sample_infohashes",
        _ => throw new ArgumentOutOfRangeException(nameof(query), query, "Only queries with a name are sent."),
    };

    private static KrpcWant WantOf(BList? want)
    {
        var wanted = KrpcWant.None;
        foreach (var item in want ?? Enumerable.Empty<BValue>())
        {
            wanted |= item is BString text ? text.Span switch
            {
                _ when text.Span.SequenceEqual("n4"u8) => KrpcWant.IPv4,
                _ when text.Span.SequenceEqual("n6"u8) => KrpcWant.IPv6,
                _ => KrpcWant.None,
            } : KrpcWant.None;
        }

        return wanted;
    }

    private static ImmutableArray<DhtContact> ReadNodes(BString? nodes, int length)
    {
        if (nodes is null || nodes.Span.Length % length != 0)
        {
            return [];
        }

        var read = ImmutableArray.CreateBuilder<DhtContact>();
        for (var at = 0; at < nodes.Span.Length && read.Count < MaxNodes; at += length)
        {
            read.Add(new DhtContact(new NodeId(nodes.Span.Slice(at, NodeId.Length)), PeerEndpoint.FromCompact(nodes.Span[(at + NodeId.Length)..(at + length)])));
        }

        return read.ToImmutable();
    }

    private static ImmutableArray<PeerEndpoint> ReadValues(BList? values) =>
    [
        .. (values ?? Enumerable.Empty<BValue>()).OfType<BString>().Where(value => value.Span.Length is 6 or 18).Take(MaxValues)
            .Select(value => PeerEndpoint.FromCompact(value.Span)),
    ];

    private static ImmutableArray<InfoHash> ReadSamples(BString? samples)
    {
        var read = ImmutableArray.CreateBuilder<InfoHash>();
        for (var at = 0; samples is not null && samples.Span.Length % InfoHash.Length == 0 && at < samples.Span.Length && read.Count < MaxSamples; at += InfoHash.Length)
        {
            read.Add(new InfoHash(samples.Span.Slice(at, InfoHash.Length)));
        }

        return read.ToImmutable();
    }

    private static void WriteArguments(BencodeWriter writer, KrpcMessage message)
    {
        writer.BeginDictionary();
        WriteNumber(writer, "cas"u8, message.CompareAndSwap);
        writer.Write("id"u8, (message.Id ?? default).ToArray());
        if (message.Query == KrpcQuery.AnnouncePeer)
        {
            writer.Write("implied_port"u8, message.HasImpliedPort ? 1 : 0);
        }

        if (message.InfoHash is { } infoHash && message.Query is KrpcQuery.GetPeers or KrpcQuery.AnnouncePeer)
        {
            writer.Write("info_hash"u8, message.InfoHash!.Value.ToArray());
        }

        WriteBytes(writer, "k"u8, message.PublicKey);
        WriteNumber(writer, "noseed"u8, message.WantsNoSeeds ? 1 : null);
        WriteNumber(writer, "port"u8, message.Query == KrpcQuery.AnnouncePeer ? message.Port : null);
        WriteBytes(writer, "salt"u8, message.Salt);
        WriteNumber(writer, "scrape"u8, message.IsScrape ? 1 : null);
        WriteNumber(writer, "seed"u8, message.IsSeed ? 1 : null);
        WriteNumber(writer, "seq"u8, message.Sequence);
        WriteBytes(writer, "sig"u8, message.Signature);
        if (message.Target is { } target && message.Query is KrpcQuery.FindNode or KrpcQuery.Get or KrpcQuery.SampleInfoHashes)
        {
            writer.Write("target"u8, message.Target!.Value.ToArray());
        }

        WriteBytes(writer, "token"u8, message.Token);
        WriteRaw(writer, "v"u8, message.Value);
        if (message.Want != KrpcWant.None)
        {
            writer.WriteKey("want"u8);
            writer.BeginList();
            if (message.Want.HasFlag(KrpcWant.IPv4))
            {
                writer.WriteString("n4"u8);
            }

            if (message.Want.HasFlag(KrpcWant.IPv6))
            {
                writer.WriteString("n6"u8);
            }

            writer.End();
        }

        writer.End();
    }

    private static void WriteResults(BencodeWriter writer, KrpcMessage message)
    {
        writer.BeginDictionary();
        WriteBytes(writer, "BFpe"u8, message.PeerFilter);
        WriteBytes(writer, "BFsd"u8, message.SeedFilter);
        writer.Write("id"u8, (message.Id ?? default).ToArray());
        WriteNumber(writer, "interval"u8, message.Interval > 0 ? message.Interval : null);
        WriteBytes(writer, "k"u8, message.PublicKey);
        WriteNodes(writer, "nodes"u8, message.Nodes);
        WriteNodes(writer, "nodes6"u8, message.Nodes6);
        WriteNumber(writer, "num"u8, message.Interval > 0 ? message.Stored : null);
        if (message.Interval > 0)
        {
            writer.Write("samples"u8, message.Samples.SelectMany(sample => sample.ToArray()).ToArray());
        }

        WriteNumber(writer, "seq"u8, message.Sequence);
        WriteBytes(writer, "sig"u8, message.Signature);
        WriteBytes(writer, "token"u8, message.Token);
        WriteRaw(writer, "v"u8, message.Value);
        if (!message.Values.IsDefaultOrEmpty)
        {
            writer.WriteKey("values"u8);
            writer.BeginList();
            foreach (var peer in message.Values)
            {
                writer.WriteString(Compact(peer));
            }

            writer.End();
        }

        writer.End();
    }

    private static void WriteNodes(BencodeWriter writer, ReadOnlySpan<byte> key, ImmutableArray<DhtContact> nodes)
    {
        if (!nodes.IsDefaultOrEmpty)
        {
            writer.Write(key, nodes.SelectMany(node => (IEnumerable<byte>)[.. node.Id.ToArray(), .. Compact(node.Endpoint)]).ToArray());
        }
    }

    private static void WriteNumber(BencodeWriter writer, ReadOnlySpan<byte> key, long? value)
    {
        if (value is { } number)
        {
            writer.Write(key, number);
        }
    }

    private static void WriteBytes(BencodeWriter writer, ReadOnlySpan<byte> key, ReadOnlyMemory<byte> value)
    {
        if (!value.IsEmpty)
        {
            writer.Write(key, value.Span);
        }
    }

    private static void WriteRaw(BencodeWriter writer, ReadOnlySpan<byte> key, ReadOnlyMemory<byte> value)
    {
        if (!value.IsEmpty)
        {
            writer.WriteKey(key);
            writer.WriteEncoded(value.Span);
        }
    }

    private static byte[] Compact(PeerEndpoint endpoint)
    {
        var bytes = new byte[18];
        return bytes[..endpoint.WriteCompact(bytes)];
    }
}
