using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Our half of one address family: id, table, and what others say our address is. Loop only; told the time.</summary>
internal sealed class DhtFamily
{
    /// <summary>Fewer good nodes than this: ask the bootstrap nodes, look around again whenever a new one comes.</summary>
    public const int PoorBelow = RoutingTable.BucketSize;

    /// <summary>Shortest pause between two looks around our own place: a network that starts all at once is whole after a few.</summary>
    public const long JoinPauseMs = 1_000;

    /// <summary>Longest pause while we know few: afterwards the refresh of buckets does as much.</summary>
    public const long LongestJoinPauseMs = RoutingTable.FreshMs;

    private long _joinedMs = long.MinValue / 2;
    private long _joinPauseMs = JoinPauseMs;
    private bool _hasNews;

    /// <summary>Begins with what the last run left; an id that does not fit the address told is made anew.</summary>
    public DhtFamily(bool isIPv6, NodeId? keptId, IEnumerable<DhtContact> keptNodes, IPAddress? external, Action<Span<byte>> entropy)
    {
        IsIPv6 = isIPv6;
        Votes = new AddressVotes(external);
        var isKept = keptId is { } id && (external is null || NodeIdRule.Fits(id, external));
        Table = new RoutingTable(isKept ? keptId!.Value : NodeIdRule.Create(external, entropy));
        Remembered = [.. keptNodes.Where(node => node.Endpoint.IsIPv4 != isIPv6 && node.Id != Table.OurId)];
        _hasNews = !Remembered.IsEmpty;
    }

    /// <summary>BEP 32's.</summary>
    public bool IsIPv6 { get; }

    /// <summary>Our socket reaches it.</summary>
    public bool IsReachable { get; set; }

    /// <summary>The nodes we know.</summary>
    public RoutingTable Table { get; private set; }

    /// <summary>What others say our address is.</summary>
    public AddressVotes Votes { get; }

    /// <summary>Nodes of the last run, to ask first; empty once somebody answered.</summary>
    public ImmutableArray<DhtContact> Remembered { get; private set; }

    /// <summary>There is somebody to ask.</summary>
    public bool HasNodes => Table.Count > 0;

    /// <summary>It lacks good nodes.</summary>
    public bool IsPoor(long nowMs) => Table.GoodCount(nowMs) < PoorBelow;

    /// <summary>A node answered; true when it is new in the table.</summary>
    public bool OnAnswer(DhtContact contact, int roundTripMs, string client, long nowMs)
    {
        var isNew = Table.OnAnswer(contact, roundTripMs, client, NodeIdRule.Fits(contact.Id, contact.Endpoint.Address), nowMs);
        _hasNews |= isNew && IsPoor(nowMs);
        return isNew;
    }

    /// <summary>A node told where it sees us; true when we took another id for it.</summary>
    public bool OnTold(IPAddress teller, IPAddress told, Action<Span<byte>> entropy, long nowMs)
    {
        if (!Votes.Vote(teller, told) || NodeIdRule.Fits(Table.OurId, told))
        {
            return false;
        }

        Table = Table.MovedTo(NodeIdRule.Create(told, entropy), nowMs);
        _hasNews = true;
        return true;
    }

    /// <summary>
    /// Shall we look around our own place now: there is news (the first node, another id, a new node while we know few), or we still know few
    /// and have waited twice as long as before? Those we know may have known nobody themselves when we asked. A yes begins it.
    /// </summary>
    public bool BeginJoin(long nowMs)
    {
        if (nowMs - _joinedMs < (_hasNews ? JoinPauseMs : _joinPauseMs) || (!HasNodes && Remembered.IsEmpty) || (!_hasNews && !IsPoor(nowMs)))
        {
            return false;
        }

        _joinPauseMs = _hasNews ? JoinPauseMs : Math.Min(LongestJoinPauseMs, _joinPauseMs * 2);
        (_hasNews, _joinedMs) = (false, nowMs);
        return true;
    }

    /// <summary>Whom to ask first about a place: the nearest we know and, while we know nobody, those of the last run.</summary>
    public IEnumerable<DhtContact> FirstFor(NodeId target)
    {
        var nearest = Table.Closest(target, Lookup.Wanted * 2);
        if (!nearest.IsEmpty)
        {
            return nearest;
        }

        return [.. Table.Closest(target, Lookup.Wanted * 2, includesBad: true), .. Remembered];
    }

    /// <summary>A lookup around our own place ended.</summary>
    public void Joined(bool hasAnswers) => Remembered = hasAnswers ? [] : Remembered;

    /// <summary>Nodes worth keeping, those that answered last first.</summary>
    public IEnumerable<DhtContact> ToKeep() => HasNodes
        ? Table.Nodes.Where(node => !node.IsBad).OrderByDescending(node => node.LastAnswerMs).Select(node => node.Contact)
        : Remembered;
}
