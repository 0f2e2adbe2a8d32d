using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Our queries that wait for an answer, each under its own unforeseeable transaction. Pure: it is told the time.</summary>
/// <remarks>An answer counts only when address, port and transaction match (R-D01): whoever cannot see our query cannot answer it.</remarks>
internal sealed class QueryDesk(Action<Span<byte>> entropy)
{
    /// <summary>How long an answer may take: then nobody answers.</summary>
    public const long FullMs = 10_000;

    /// <summary>25 a second and 50 at once: at about 100 bytes each 2,500 B/s at most, far less when nobody searches.</summary>
    public const int PerSecond = 25;

    /// <summary>A lookup of usual size starts at once.</summary>
    public const int Burst = 50;

    private readonly Dictionary<uint, PendingQuery> _pending = [];
    private readonly Queue<(uint Transaction, PendingQuery Query)> _byAge = new();
    private readonly QueryBudget _budget = new(PerSecond, Burst);

    /// <summary>Queries that wait.</summary>
    public int Count => _pending.Count;

    /// <summary>Does the budget allow a query now?</summary>
    public bool CanBook(long nowMs) => _budget.CanTake(nowMs);

    /// <summary>Books a query and gives its transaction; null when the budget is spent: ask again later.</summary>
    public byte[]? TryBook(PendingQuery query, long nowMs)
    {
        if (!_budget.TryTake(nowMs))
        {
            return null;
        }

        var bytes = new byte[4];
        uint transaction;
        do
        {
            entropy(bytes);
            transaction = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        }
        while (_pending.ContainsKey(transaction));
        query.SentMs = nowMs;
        _pending.Add(transaction, query);
        _byAge.Enqueue((transaction, query));
        return bytes;
    }

    /// <summary>Takes the query that a datagram answers: same transaction, same address, same port.</summary>
    public bool TryTake(ReadOnlySpan<byte> transaction, PeerEndpoint from, [NotNullWhen(true)] out PendingQuery? query)
    {
        query = null;
        if (transaction.Length != 4)
        {
            return false;
        }

        var key = BinaryPrimitives.ReadUInt32BigEndian(transaction);
        return _pending.TryGetValue(key, out query) && query.To == from && _pending.Remove(key);
    }

    /// <summary>Takes a query that waited its full time; null when there is none.</summary>
    public PendingQuery? TakeExpired(long nowMs)
    {
        while (_byAge.TryPeek(out var oldest) && (nowMs - oldest.Query.SentMs >= FullMs || !_pending.ContainsKey(oldest.Transaction)))
        {
            _byAge.Dequeue();
            if (_pending.TryGetValue(oldest.Transaction, out var query) && query == oldest.Query)
            {
                _pending.Remove(oldest.Transaction);
                return query;
            }
        }

        return null;
    }
}

/// <summary>A query under way.</summary>
/// <param name="To">Whom we asked.</param>
/// <param name="Expected">Who is said to be there; null when nobody said.</param>
/// <param name="OnOutcome">Told the answer, or null: silence, an error, or somebody else's id.</param>
internal sealed record PendingQuery(PeerEndpoint To, NodeId? Expected, Action<KrpcMessage?> OnOutcome)
{
    /// <summary>When it was sent, ms.</summary>
    public long SentMs { get; set; }
}
