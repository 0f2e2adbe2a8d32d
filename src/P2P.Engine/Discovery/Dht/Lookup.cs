using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>One iterative search for the nodes nearest to a place (BEP 5): told who answered what, it says whom to ask next. Pure.</summary>
/// <remarks>
/// Ends when the eight nearest that live have answered. A node silent for <see cref="ShortMs"/> is slow: another is asked beside it, and it is
/// waited for only while fewer than eight have answered. A node whose id does not fit its address (BEP 42) is asked, but neither ends the
/// lookup nor is announced to (R-D04). Of one address one node, of one /24 or /64 two; local addresses are free of that (D12, D20).
/// </remarks>
/// <param name="target">The place.</param>
/// <param name="isIPv6">It runs in BEP 32's table.</param>
/// <param name="ourId">Our own id there: nobody needs to ask himself (D12).</param>
/// <param name="ourAddress">Our own public address; null while unknown.</param>
internal sealed class Lookup(NodeId target, bool isIPv6, NodeId ourId, IPAddress? ourAddress)
{
    /// <summary>Nodes looked for: K of BEP 5.</summary>
    public const int Wanted = RoutingTable.BucketSize;

    /// <summary>Queries under way at once that are not slow. The Kademlia paper has 3, libtorrent 5; measured in the simulation of 300 nodes.</summary>
    public const int Alpha = 4;

    /// <summary>1.5 s: nearly every living node answers sooner, and a dead one delays the lookup no longer.</summary>
    public const long ShortMs = 1_500;

    /// <summary>Fewer than eight have answered: the slow are waited for so long when somebody answered, for ever (their full time-out) otherwise.</summary>
    public const long SlowWaitMs = 3_000;

    /// <summary>Most queries of one lookup: who invents nearer and nearer nodes is not followed for ever. A usual one takes 20..40.</summary>
    public const int MaxQueries = 128;

    /// <summary>Most nodes remembered, nearest first: those beyond could be asked only after all these.</summary>
    public const int MaxCandidates = 200;

    /// <summary>Nodes read of one answer (DhtRouting).</summary>
    public const int MaxRead = 16;

    private const int MaxPerNetwork = RoutingTable.MaxPerNetwork;

    private readonly List<LookupNode> _nodes = []; // nearest first
    private readonly HashSet<NodeId> _ids = [];
    private readonly HashSet<PeerEndpoint> _endpoints = [];
    private readonly Dictionary<ulong, int> _networks = [];
    private readonly HashSet<IPAddress> _addresses = [];
    private readonly Comparer<LookupNode> _byDistance = Comparer<LookupNode>.Create((a, b) => NodeId.CompareDistance(target, a.Contact.Id, b.Contact.Id));

    private enum Verdict
    {
        /// <summary>Passed over: failed, or not counted.</summary>
        Ignored,

        /// <summary>Answered and fit: one of the eight.</summary>
        Counted,

        /// <summary>Must be asked or waited for first.</summary>
        Open,

        /// <summary>Slow: waited for only when eight are not found.</summary>
        Late,
    }

    /// <summary>The place looked for.</summary>
    public NodeId Target => target;

    /// <summary>It runs in BEP 32's table.</summary>
    public bool IsIPv6 => isIPv6;

    /// <summary>Queries sent.</summary>
    public int Queries { get; private set; }

    /// <summary>Answers received.</summary>
    public int Replies { get; private set; }

    /// <summary>Nodes that were silent or answered as somebody else.</summary>
    public int Failures { get; private set; }

    /// <summary>Length of the longest chain of answers that led to a node asked; 0 for those we knew.</summary>
    public int Hops { get; private set; }

    /// <summary>Leading bits the nearest node that answered shares with the target.</summary>
    public int ClosestSharedBits { get; private set; }

    /// <summary>Offers nodes we know already.</summary>
    public void Begin(IEnumerable<DhtContact> known)
    {
        foreach (var contact in known)
        {
            Add(contact, hop: 0);
        }
    }

    /// <summary>The next node to ask, which then counts as asked; null when none is to be asked now.</summary>
    public LookupNode? Next(long nowMs)
    {
        if (Queries >= MaxQueries || _nodes.Count(node => node.State == LookupState.Asked && nowMs - node.AskedMs < ShortMs) >= Alpha)
        {
            return null;
        }

        var counted = 0;
        foreach (var node in _nodes)
        {
            if (node.State == LookupState.Fresh)
            {
                (node.State, node.AskedMs) = (LookupState.Asked, nowMs);
                Queries++;
                Hops = Math.Max(Hops, node.Hop);
                return node;
            }

            if (node is { State: LookupState.Answered, Fits: true } && ++counted == Wanted)
            {
                break;
            }
        }

        return null;
    }

    /// <summary>A node could not be asked after all; it may be later.</summary>
    public void TakeBack(LookupNode node)
    {
        node.State = LookupState.Fresh;
        Queries--;
    }

    /// <summary>A node answered, in its own name: with nodes it knows and the token it wants back with an announce.</summary>
    /// <param name="node">Who.</param>
    /// <param name="nodes">Nodes of this family; those that may not be told by it are left out here.</param>
    /// <param name="token">Its write token; copied.</param>
    public void OnAnswer(LookupNode node, IEnumerable<DhtContact> nodes, ReadOnlyMemory<byte> token)
    {
        if (node.State != LookupState.Asked)
        {
            return;
        }

        (node.State, node.Token) = (LookupState.Answered, token.ToArray());
        Replies++;
        ClosestSharedBits = Math.Max(ClosestSharedBits, target.SharedBits(node.Contact.Id));
        var teller = node.Contact.Endpoint.Address;
        foreach (var contact in nodes.Take(MaxRead))
        {
            if (AddressScope.MayTell(teller, contact.Endpoint))
            {
                Add(contact, node.Hop + 1);
            }
        }
    }

    /// <summary>A node was silent for its full time, or refused, or answered with another id than it was told by (D06).</summary>
    public void OnFailed(LookupNode node)
    {
        if (node.State == LookupState.Asked)
        {
            node.State = LookupState.Failed;
            Failures++;
        }
    }

    /// <summary>Nothing is left to ask or to wait for.</summary>
    public bool IsDone(long nowMs)
    {
        var (counted, late) = (0, false);
        foreach (var node in _nodes)
        {
            switch (Judge(node, nowMs))
            {
                case Verdict.Open:
                    return false;
                case Verdict.Late:
                    late = true;
                    break;
                case Verdict.Counted when ++counted == Wanted:
                    return true;
            }
        }

        return !late;
    }

    /// <summary>The nearest nodes that answered and fit their address, at most eight, nearest first.</summary>
    public ImmutableArray<LookupNode> Closest() =>
        [.. _nodes.Where(node => node is { State: LookupState.Answered, Fits: true }).Take(Wanted)];

    private Verdict Judge(LookupNode node, long nowMs)
    {
        var askedForMs = nowMs - node.AskedMs;
        return node.State switch
        {
            LookupState.Answered => node.Fits ? Verdict.Counted : Verdict.Ignored,
            LookupState.Fresh => Queries < MaxQueries ? Verdict.Open : Verdict.Ignored,
            LookupState.Asked when askedForMs < ShortMs => Verdict.Open,
            LookupState.Asked when askedForMs < SlowWaitMs || Replies == 0 => Verdict.Late,
            _ => Verdict.Ignored,
        };
    }

    private void Add(DhtContact contact, int hop)
    {
        var address = contact.Endpoint.Address;
        if (contact.Endpoint.IsIPv4 == isIPv6 || !contact.Endpoint.IsConnectable || contact.Id == ourId || address.Equals(ourAddress)
            || _ids.Contains(contact.Id) || _endpoints.Contains(contact.Endpoint))
        {
            return;
        }

        var node = new LookupNode(contact, hop, NodeIdRule.Fits(contact.Id, address));
        var at = _nodes.BinarySearch(node, _byDistance);
        if (~at >= MaxCandidates)
        {
            return;
        }

        if (!NodeScope.IsLocal(address))
        {
            var network = NodeScope.NetworkOf(address);
            if (_networks.GetValueOrDefault(network) >= MaxPerNetwork || !_addresses.Add(address))
            {
                return;
            }

            _networks[network] = _networks.GetValueOrDefault(network) + 1;
        }

        _ids.Add(contact.Id);
        _endpoints.Add(contact.Endpoint);
        _nodes.Insert(~at, node);
        if (_nodes.Count > MaxCandidates && _nodes.FindLastIndex(other => other.State == LookupState.Fresh) is >= 0 and var farthest)
        {
            _nodes.RemoveAt(farthest);
        }
    }
}

/// <summary>How far a node of a lookup is.</summary>
internal enum LookupState
{
    /// <summary>Not asked.</summary>
    Fresh,

    /// <summary>Asked, no answer yet.</summary>
    Asked,

    /// <summary>Answered.</summary>
    Answered,

    /// <summary>Silent, or somebody else.</summary>
    Failed,
}

/// <summary>A node of a lookup. Changed by its <see cref="Lookup"/> only.</summary>
internal sealed class LookupNode(DhtContact contact, int hop, bool fits)
{
    /// <summary>Id and endpoint.</summary>
    public DhtContact Contact { get; } = contact;

    /// <summary>Answers that led to it.</summary>
    public int Hop { get; } = hop;

    /// <summary>Its id fits its address (BEP 42).</summary>
    public bool Fits { get; } = fits;

    /// <summary>How far it is.</summary>
    public LookupState State { get; internal set; }

    /// <summary>When it was asked, ms.</summary>
    public long AskedMs { get; internal set; }

    /// <summary>What it wants back with an announce; empty when it gave none.</summary>
    public ReadOnlyMemory<byte> Token { get; internal set; }
}
