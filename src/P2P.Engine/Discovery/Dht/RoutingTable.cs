using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>The nodes we know of one address family, more of them the nearer to our own id (BEP 5). Pure: it is told the time.</summary>
/// <remarks>
/// Loop only. It holds only nodes that have answered us. Bucket <c>i</c> holds ids that share exactly <c>i</c> leading bits with ours, the last
/// one those that share at least as many; only the last is split. In a bucket at most two nodes of one /24 or /64, in the table one node
/// for each address (D12, D20); both limits are lifted for local addresses, where many nodes share a network by nature.
/// </remarks>
internal sealed class RoutingTable(NodeId ourId)
{
    /// <summary>K of BEP 5: nodes in a bucket, and replacements waiting beside it.</summary>
    public const int BucketSize = 8;

    /// <summary>Nodes of one /24 or /64 in a bucket, and as many among its replacements.</summary>
    public const int MaxPerNetwork = 2;

    /// <summary>A node is good for 15 min after its answer, a bucket fresh for 15 min after it was looked after (BEP 5).</summary>
    public const long FreshMs = 15 * 60_000;

    /// <summary>A doubtful node is asked again after this; a bad one, kept only because nobody waits for its place, after <see cref="FreshMs"/>.</summary>
    public const long DoubtMs = 30_000;

    /// <summary>Silences after which a node is forgotten though nobody waits for its place.</summary>
    private const int MaxFailures = 5;

    private readonly List<Bucket> _buckets = [new()];
    private readonly Dictionary<PeerEndpoint, TableNode> _nodes = [];
    private readonly HashSet<IPAddress> _addresses = [];
    private long _lastAnswerMs = long.MinValue / 2;

    /// <summary>The place the table is seen from.</summary>
    public NodeId OurId => ourId;

    /// <summary>Nodes in buckets; replacements left out.</summary>
    public int Count => _buckets.Sum(bucket => bucket.Nodes.Count);

    /// <summary>Buckets, from the farthest to the one that would hold our own id.</summary>
    public int BucketCount => _buckets.Count;

    /// <summary>Nodes that answered in the last 15 min and did not fail twice since.</summary>
    public int GoodCount(long nowMs) => _buckets.Sum(bucket => bucket.Nodes.Count(node => node.IsGood(nowMs)));

    /// <summary>A node answered: kept when there is room for it. True when it is new in a bucket.</summary>
    public bool OnAnswer(DhtContact contact, int roundTripMs, string client, bool fits, long nowMs)
    {
        if (contact.Id == ourId)
        {
            return false;
        }

        _lastAnswerMs = nowMs;
        if (_nodes.TryGetValue(contact.Endpoint, out var node) && node.Id != contact.Id)
        {
            Forget(node); // Its program was started anew and just proved to have another id.
            node = null;
        }

        var isNew = node is null;
        if (node is null)
        {
            var bucket = BucketOf(contact.Id);
            if (bucket.Find(contact.Id) is { } namesake)
            {
                if (namesake.IsGood(nowMs))
                {
                    return false; // Whoever takes a living node's id does not get its place.
                }

                Forget(namesake);
            }

            node = new TableNode(contact, fits);
            if (!node.IsLocal && _addresses.Contains(node.Address))
            {
                return false;
            }
        }

        (node.LastAnswerMs, node.RoundTripMs, node.Client, node.Failures) = (nowMs, roundTripMs, client, 0);
        if (!isNew)
        {
            BucketOf(node.Id).OnAnswer(node, nowMs);
            return false;
        }

        return Place(node, nowMs);
    }

    /// <summary>A node was asked something: its silence is counted when it does not answer.</summary>
    public void OnAsked(PeerEndpoint endpoint, long nowMs)
    {
        if (_nodes.TryGetValue(endpoint, out var node))
        {
            node.LastAskedMs = nowMs;
        }
    }

    /// <summary>A node was silent or answered as somebody else: bad after the second time, then replaced by who waits.</summary>
    public void OnFailed(DhtContact contact, long nowMs)
    {
        if (!_nodes.TryGetValue(contact.Endpoint, out var node) || node.Id != contact.Id)
        {
            return;
        }

        node.SilentSinceMs = node.Failures++ == 0 ? nowMs : node.SilentSinceMs;
        var bucket = BucketOf(node.Id);
        var isReplaceable = node.IsBad && bucket.Promotable(node) is not null;

        // Has anybody answered since? Otherwise it may be our own line that fails.
        var isForgotten = node.Failures >= MaxFailures && _lastAnswerMs > node.SilentSinceMs;
        if (isReplaceable || isForgotten || bucket.Replacements.Contains(node))
        {
            Leave(node, nowMs);
        }
    }

    /// <summary>Somebody else answered at a node's address: whatever it was, it is not there any more.</summary>
    public void OnGone(DhtContact contact, long nowMs)
    {
        if (_nodes.TryGetValue(contact.Endpoint, out var node) && node.Id == contact.Id)
        {
            Leave(node, nowMs);
        }
    }

    /// <summary>Is it worth a ping to learn whether a stranger who asked us something answers?</summary>
    public bool HasRoomFor(DhtContact contact, long nowMs)
    {
        var address = contact.Endpoint.Address;
        if (_nodes.TryGetValue(contact.Endpoint, out var known))
        {
            return known.Id != contact.Id && contact.Id != ourId; // It may have taken another id.
        }

        var bucket = BucketOf(contact.Id);
        var isCrowding = !NodeScope.IsLocal(address) && (_addresses.Contains(address) || bucket.IsCrowdedBy(NodeScope.NetworkOf(address)));
        return contact.Id != ourId && !isCrowding
            && (bucket.Nodes.Count < BucketSize || bucket == _buckets[^1] || bucket.Nodes.Exists(node => !node.IsGood(nowMs)));
    }

    /// <summary>The nodes nearest to a place, nearest first; bad ones only when <paramref name="includesBad"/>.</summary>
    /// <param name="target">The place.</param>
    /// <param name="count">At most so many.</param>
    /// <param name="includesLocal">Local ones too: they are nobody else's business than of who is local as well.</param>
    /// <param name="includesBad">Silent ones too: when nobody else is left to ask.</param>
    public ImmutableArray<DhtContact> Closest(NodeId target, int count, bool includesLocal = true, bool includesBad = false)
    {
        var found = new List<TableNode>(_nodes.Count);
        foreach (var bucket in _buckets)
        {
            foreach (var node in bucket.Nodes)
            {
                if ((includesBad || !node.IsBad) && (includesLocal || !node.IsLocal))
                {
                    found.Add(node);
                }
            }
        }

        found.Sort((a, b) => NodeId.CompareDistance(target, a.Id, b.Id));
        return [.. found.Take(count).Select(node => node.Contact)];
    }

    /// <summary>The node that has been doubtful longest and was not asked lately; null when there is none.</summary>
    public TableNode? NextToPing(long nowMs)
    {
        TableNode? next = null;
        foreach (var bucket in _buckets)
        {
            foreach (var node in bucket.Nodes)
            {
                var isDoubtful = node.Failures > 0 || nowMs - node.LastAnswerMs >= FreshMs;
                var isDue = nowMs - node.LastAskedMs >= (node.IsBad ? FreshMs : DoubtMs);
                if (isDoubtful && isDue && (next is null || node.LastAnswerMs < next.LastAnswerMs))
                {
                    next = node;
                }
            }
        }

        return next;
    }

    /// <summary>A place to look for in a bucket that nobody looked after for 15 min, which then counts as looked after; null when all are fresh.</summary>
    /// <returns>The number of the bucket and a random id of it.</returns>
    public (int Bucket, NodeId Target)? NextToRefresh(Random random, long nowMs)
    {
        for (var i = 0; i < _buckets.Count; i++)
        {
            var bucket = _buckets[i];

            // In a full bucket the answers to our pings are care enough; one that is not full may have new inhabitants.
            var caredMs = bucket.Nodes.Count == BucketSize ? Math.Max(bucket.RefreshedMs, bucket.ChangedMs ?? 0) : bucket.RefreshedMs;
            if (_nodes.Count > 0 && nowMs - caredMs >= FreshMs)
            {
                bucket.RefreshedMs = nowMs;
                return (i, RandomIn(i, random));
            }
        }

        return null;
    }

    /// <summary>The same nodes seen from another place; for when our id changes.</summary>
    public RoutingTable MovedTo(NodeId newId, long nowMs)
    {
        var table = new RoutingTable(newId) { _lastAnswerMs = _lastAnswerMs };
        foreach (var node in _buckets.SelectMany(bucket => bucket.Nodes).Where(node => node.Id != newId))
        {
            table.Place(node, nowMs);
        }

        return table;
    }

    /// <summary>All nodes, bucket by bucket.</summary>
    public IEnumerable<TableNode> Nodes => _buckets.SelectMany(bucket => bucket.Nodes);

    /// <summary>For the page.</summary>
    public DhtTableSnapshot ToSnapshot(bool isIPv6, long nowMs, DateTimeOffset now) => new(
        isIPv6,
        ourId.ToString(),
        [.. _buckets.Select((bucket, i) => bucket.ToSnapshot(i, nowMs, now))],
        [.. Nodes.Select(node => node.ToSnapshot(ourId, nowMs, now))]);

    private Bucket BucketOf(NodeId id) => _buckets[Math.Min(ourId.SharedBits(id), _buckets.Count - 1)];

    private bool Place(TableNode node, long nowMs)
    {
        while (true)
        {
            var bucket = BucketOf(node.Id);
            if (!node.IsLocal && bucket.IsCrowdedBy(node.Network))
            {
                return false;
            }

            if (bucket.Nodes.Count == BucketSize)
            {
                if (bucket == _buckets[^1] && _buckets.Count < NodeId.Bits)
                {
                    Split(nowMs);
                    continue;
                }

                if ((bucket.Nodes.Find(other => other.IsBad) ?? (node.Fits ? bucket.Nodes.Find(other => !other.Fits) : null)) is not { } weaker)
                {
                    Wait(bucket, node);
                    return false;
                }

                Forget(weaker);
            }

            Remember(node);
            bucket.Add(node, nowMs);
            return true;
        }
    }

    private void Wait(Bucket bucket, TableNode node)
    {
        if (!node.IsLocal && bucket.Replacements.Count(other => other.Network == node.Network) >= MaxPerNetwork)
        {
            return;
        }

        if (bucket.Replacements.Count == BucketSize)
        {
            Forget(bucket.Replacements[0]);
        }

        Remember(node);
        bucket.Replacements.Add(node);
    }

    private void Leave(TableNode node, long nowMs)
    {
        var bucket = BucketOf(node.Id);
        Forget(node);
        if (bucket.Nodes.Count < BucketSize && bucket.Promotable(null) is { } next)
        {
            bucket.Promote(next, nowMs);
        }
    }

    private void Split(long nowMs)
    {
        var (old, depth) = (_buckets[^1], _buckets.Count - 1);
        var near = new Bucket { ChangedMs = old.ChangedMs, RefreshedMs = old.RefreshedMs };
        _buckets.Add(near);
        foreach (var (from, to) in new[] { (old.Nodes, near.Nodes), (old.Replacements, near.Replacements) })
        {
            to.AddRange(from.Where(node => ourId.SharedBits(node.Id) > depth));
            from.RemoveAll(node => ourId.SharedBits(node.Id) > depth);
        }

        foreach (var bucket in new[] { old, near })
        {
            while (bucket.Nodes.Count < BucketSize && bucket.Promotable(null) is { } next)
            {
                bucket.Promote(next, nowMs);
            }
        }
    }

    private void Remember(TableNode node)
    {
        _nodes[node.Endpoint] = node;
        if (!node.IsLocal)
        {
            _addresses.Add(node.Address);
        }
    }

    private void Forget(TableNode node)
    {
        var bucket = BucketOf(node.Id);
        bucket.Nodes.Remove(node);
        bucket.Replacements.Remove(node);
        _nodes.Remove(node.Endpoint);
        _addresses.Remove(node.Address);
    }

    private NodeId RandomIn(int bucket, Random random)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        Span<byte> ours = stackalloc byte[NodeId.Length];
        random.NextBytes(bytes);
        ourId.CopyTo(ours);
        for (var bit = 0; bit <= bucket; bit++)
        {
            var mask = (byte)(0x80 >> (bit % 8));

            // Our own bits up to the bucket's depth, the next one turned over; the last bucket has no next one.
            var value = bit < bucket ? ours[bit / 8] : bucket < _buckets.Count - 1 ? (byte)~ours[bit / 8] : bytes[bit / 8];
            bytes[bit / 8] = (byte)((bytes[bit / 8] & ~mask) | (value & mask));
        }

        return new NodeId(bytes);
    }

    private sealed class Bucket
    {
        public List<TableNode> Nodes { get; } = new(BucketSize);

        /// <summary>Nodes that answered and found no place, oldest answer first.</summary>
        public List<TableNode> Replacements { get; } = [];

        /// <summary>When a node came or answered; null before the first.</summary>
        public long? ChangedMs { get; set; }

        /// <summary>When it was last looked after by a lookup.</summary>
        public long RefreshedMs { get; set; }

        public TableNode? Find(NodeId id) => Nodes.Find(node => node.Id == id) ?? Replacements.Find(node => node.Id == id);

        public bool IsCrowdedBy(ulong network) => Nodes.Count(node => node.Network == network) >= MaxPerNetwork;

        public void Add(TableNode node, long nowMs)
        {
            RefreshedMs = ChangedMs is null ? nowMs : RefreshedMs;
            ChangedMs = nowMs;
            Nodes.Add(node);
        }

        public void OnAnswer(TableNode node, long nowMs)
        {
            if (Replacements.Remove(node))
            {
                Replacements.Add(node);
            }
            else
            {
                ChangedMs = nowMs;
            }
        }

        /// <summary>Who gets the place of <paramref name="leaving"/>: the replacement that answered last and does not crowd its network.</summary>
        public TableNode? Promotable(TableNode? leaving) => Replacements.FindLast(
            node => node.IsLocal || Nodes.Count(other => other != leaving && other.Network == node.Network) < MaxPerNetwork);

        public void Promote(TableNode node, long nowMs)
        {
            Replacements.Remove(node);
            Add(node, nowMs);
        }

        public DhtBucketSnapshot ToSnapshot(int sharedBits, long nowMs, DateTimeOffset now)
        {
            var good = Nodes.Count(node => node.IsGood(nowMs));
            return new DhtBucketSnapshot(sharedBits, good, Nodes.Count - good, Replacements.Count, now - TimeSpan.FromMilliseconds(nowMs - (ChangedMs ?? nowMs)));
        }
    }
}

/// <summary>A node of the table. Changed by its <see cref="RoutingTable"/> only.</summary>
internal sealed class TableNode(DhtContact contact, bool fits)
{
    /// <summary>Id and endpoint.</summary>
    public DhtContact Contact { get; } = contact;

    /// <summary>Its id.</summary>
    public NodeId Id => Contact.Id;

    /// <summary>Where it is reached.</summary>
    public PeerEndpoint Endpoint => Contact.Endpoint;

    /// <summary>Its address.</summary>
    public IPAddress Address { get; } = contact.Endpoint.Address;

    /// <summary>It is on our own machine or network.</summary>
    public bool IsLocal { get; } = NodeScope.IsLocal(contact.Endpoint.Address);

    /// <summary>Its /24 or /64.</summary>
    public ulong Network { get; } = NodeScope.NetworkOf(contact.Endpoint.Address);

    /// <summary>Its id fits its address (BEP 42).</summary>
    public bool Fits { get; } = fits;

    /// <summary>When it last answered, ms.</summary>
    public long LastAnswerMs { get; internal set; }

    /// <summary>When it was last asked something, ms.</summary>
    public long LastAskedMs { get; internal set; } = long.MinValue / 2;

    /// <summary>When it was first silent after its last answer, ms.</summary>
    public long SilentSinceMs { get; internal set; }

    /// <summary>Silences since its last answer.</summary>
    public int Failures { get; internal set; }

    /// <summary>Last round trip, ms.</summary>
    public int RoundTripMs { get; internal set; }

    /// <summary>Version it tells, printable.</summary>
    public string Client { get; internal set; } = "";

    /// <summary>It was silent twice in a row: not asked in lookups, not told to others.</summary>
    public bool IsBad => Failures >= 2;

    /// <summary>It answered in the last 15 min and is not bad.</summary>
    public bool IsGood(long nowMs) => !IsBad && nowMs - LastAnswerMs < RoutingTable.FreshMs;

    /// <summary>For the page.</summary>
    public DhtNodeSnapshot ToSnapshot(NodeId ourId, long nowMs, DateTimeOffset now) => new(
        Id.ToString(), Endpoint, ourId.SharedBits(Id), IsGood(nowMs), Fits, RoundTripMs, now - TimeSpan.FromMilliseconds(nowMs - LastAnswerMs), Client);
}
