using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Runs lookups, at most four at once: for our own place, for idle buckets, for torrents; and announces where a torrent's lookup ended.</summary>
/// <remarks>Loop only. Queries go through <see cref="DhtCore.TryAsk"/>, which keeps the rate; what cannot be asked now is asked at the next tick.</remarks>
internal sealed class DhtSearches(DhtCore core, DhtSchedule schedule, Func<int> peerPort)
{
    /// <summary>Lookups that look at once.</summary>
    public const int MaxRunning = 4;

    /// <summary>Ended ones shown.</summary>
    public const int MaxShown = 50;

    /// <summary>Peers taken of one search: what a torrent remembers at most (PeerList).</summary>
    public const int MaxPeers = 3_000;

    private const int MaxWaiting = 64;

    private readonly List<DhtSearch> _running = [];
    private readonly Queue<(DhtFamily Family, NodeId Target, string Purpose)> _waiting = new();
    private ImmutableList<DhtLookupSnapshot> _ended = [];

    /// <summary>Something runs or waits: ticks must come often.</summary>
    public bool IsBusy => _running.Count > 0 || _waiting.Count > 0;

    private int Looking => _running.Count(search => search.ToAnnounce is null);

    /// <summary>Those that run and those that ended, newest first.</summary>
    public ImmutableArray<DhtLookupSnapshot> ToSnapshot() =>
        [.. _running.Select(search => search.ToSnapshot()).Concat(_ended).OrderByDescending(search => search.StartedAt)];

    /// <summary>A bucket is to be looked after when there is room.</summary>
    public void Refresh(DhtFamily family, int bucket, NodeId target)
    {
        if (_waiting.Count < MaxWaiting)
        {
            _waiting.Enqueue((family, target, string.Create(CultureInfo.InvariantCulture, $"bucket {bucket}")));
        }
    }

    /// <summary>Looks around our own place, at once: everything else works better after it.</summary>
    public void Join(DhtFamily family) => Start(family, family.Table.OurId, "our own neighbourhood", round: null, isJoin: true);

    /// <summary>Begins what there is room for and moves everything on.</summary>
    public void Advance()
    {
        while (Looking < MaxRunning && _waiting.TryDequeue(out var next))
        {
            Start(next.Family, next.Target, next.Purpose, round: null);
        }

        DhtFamily[] families = [.. core.Families.Where(family => family is { IsReachable: true, HasNodes: true })];
        while (families.Length > 0 && Looking + families.Length <= MaxRunning && schedule.Next(core.NowMs) is { } torrent)
        {
            Start(torrent, families);
        }

        foreach (var search in _running.ToArray())
        {
            Advance(search);
        }
    }

    /// <summary>A torrent is followed no more: its searches end without a word.</summary>
    public void Forget(FollowedTorrent torrent) => _running.RemoveAll(search => search.Round?.Torrent == torrent);

    private static string Count(int count, string one) => string.Create(CultureInfo.InvariantCulture, $"{count} {one}{(count == 1 ? "" : "s")}");

    private void Start(FollowedTorrent torrent, DhtFamily[] families)
    {
        var round = new TorrentRound(torrent) { Open = families.Length };
        core.Tell(torrent, DiscoveryState.Asking, "Looking for peers");
        foreach (var family in families)
        {
            Take(round.Peers, round, core.StoredHere(torrent.InfoHash, family.IsIPv6));
            Start(family, NodeId.Of(torrent.InfoHash), $"peers of {torrent.Name}", round);
        }
    }

    private void Start(DhtFamily family, NodeId target, string purpose, TorrentRound? round, bool isJoin = false)
    {
        var lookup = new Lookup(target, family.IsIPv6, family.Table.OurId, family.Votes.Current);
        lookup.Begin(family.FirstFor(target));
        var search = new DhtSearch(lookup, purpose, round, core.Now, core.NowMs) { IsJoin = isJoin };
        _running.Add(search);
        Advance(search);
    }

    private void Advance(DhtSearch search)
    {
        if (search.ToAnnounce is null)
        {
            Look(search);
        }

        if (search.ToAnnounce is not null)
        {
            Announce(search);
        }
    }

    private void Look(DhtSearch search)
    {
        var lookup = search.Lookup;
        while (lookup.Next(core.NowMs) is { } node)
        {
            if (!core.TryAsk(node.Contact.Endpoint, node.Contact.Id, Question(search), reply => OnReply(search, node, reply)))
            {
                lookup.TakeBack(node);
                break;
            }
        }

        if (!lookup.IsDone(core.NowMs))
        {
            return;
        }

        search.EndedMs = core.NowMs;
        var canAnnounce = search.Round is not null && peerPort() > 0;
        search.ToAnnounce = new Queue<LookupNode>(canAnnounce ? lookup.Closest().Where(node => !node.Token.IsEmpty) : []);
        if (search.IsJoin)
        {
            core.FamilyOf(lookup.IsIPv6).Joined(lookup.Replies > 0);
        }

        if (search.Round is { } round)
        {
            round.Replies += lookup.Replies;
            round.Queries += lookup.Queries;
            if (search.ToAnnounce.Count > 0)
            {
                core.Tell(round.Torrent, DiscoveryState.Asking, $"Found {Count(round.Peers.Count, "peer")}, announcing to {Count(search.ToAnnounce.Count, "node")}");
            }
        }
    }

    private KrpcMessage Question(DhtSearch search) => search.Round is { } round
        ? DhtCore.Ask(KrpcQuery.GetPeers) with
        {
            InfoHash = round.Torrent.InfoHash,
            Want = core.Want(search.Lookup.IsIPv6),
            WantsNoSeeds = round.Torrent.IsSeed,
        }
        : DhtCore.Ask(KrpcQuery.FindNode) with { Target = search.Lookup.Target, Want = core.Want(search.Lookup.IsIPv6) };

    private void OnReply(DhtSearch search, LookupNode node, KrpcMessage? reply)
    {
        if (reply is null)
        {
            search.Lookup.OnFailed(node);
        }
        else
        {
            search.Lookup.OnAnswer(node, search.Lookup.IsIPv6 ? reply.Nodes6 : reply.Nodes, reply.Token);
            if (search.Round is { } round && schedule.Find(round.Torrent.InfoHash) == round.Torrent)
            {
                TakePeers(search, round, node.Contact.Endpoint.Address, reply);
            }
        }

        if (_running.Contains(search))
        {
            Advance(search);
        }
    }

    private void TakePeers(DhtSearch search, TorrentRound round, IPAddress teller, KrpcMessage reply)
    {
        // Whoever tells where it sees us knows us under that address as a peer too.
        var ourselves = reply.YourEndpoint is { } seen && peerPort() is > 0 and var port ? seen.WithPort(port) : default;
        Take(search.Peers, round, reply.Values.Where(peer => peer != ourselves && AddressScope.MayTell(teller, peer)));
    }

    private static void Take(HashSet<PeerEndpoint> seen, TorrentRound round, IEnumerable<PeerEndpoint> peers)
    {
        ImmutableArray<PeerEndpoint> found = [.. peers.Where(peer => seen.Count < MaxPeers && (seen.Add(peer) | round.Peers.Add(peer)))];
        if (!found.IsEmpty)
        {
            round.Torrent.Sink.OnPeersFound(DiscoverySource.Dht, found);
        }
    }

    private void Announce(DhtSearch search)
    {
        while (search.ToAnnounce!.TryPeek(out var node))
        {
            var torrent = search.Round!.Torrent;
            var question = DhtCore.Ask(KrpcQuery.AnnouncePeer) with
            {
                InfoHash = torrent.InfoHash,
                Port = peerPort(),
                Token = node.Token,
                IsSeed = torrent.IsSeed,
            };
            if (!core.TryAsk(node.Contact.Endpoint, node.Contact.Id, question, reply => OnAnnounced(search, reply)))
            {
                return;
            }

            search.ToAnnounce.Dequeue();
            search.AnnouncesUnderWay++;
        }

        if (search.AnnouncesUnderWay == 0)
        {
            End(search);
        }
    }

    private void OnAnnounced(DhtSearch search, KrpcMessage? reply)
    {
        search.AnnouncesUnderWay--;
        search.Announced += reply is null ? 0 : 1;
        if (_running.Contains(search))
        {
            Advance(search);
        }
    }

    private void End(DhtSearch search)
    {
        var lookup = search.Lookup;
        _running.Remove(search);
        _ended = _ended.Insert(0, search.ToSnapshot());
        _ended = _ended.Count > MaxShown ? _ended.RemoveAt(MaxShown) : _ended;
        core.LogEnd(search);
        if (search.Round is not { } round)
        {
            return;
        }

        round.Announced += search.Announced;
        if (--round.Open > 0)
        {
            return;
        }

        var torrent = round.Torrent;
        schedule.Ended(torrent, round.Peers.Count, round.Replies, core.NowMs);
        if (round.Replies == 0)
        {
            core.Tell(torrent, DiscoveryState.Failing, $"None of {Count(round.Queries, "node")} asked answered");
            return;
        }

        torrent.LastAt = core.Now;
        core.Tell(torrent, DiscoveryState.Working, $"Found {Count(round.Peers.Count, "peer")}, announced to {Count(round.Announced, "node")}");
    }
}
