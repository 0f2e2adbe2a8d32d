using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;

namespace P2P.Engine.Discovery.Dht;

/// <summary>The DHT node without its socket: datagrams and time go in, datagrams come out (BEP 5, 32, 42, 43). Loop only, synchronous.</summary>
internal sealed class DhtCore
{
    /// <summary>Client and version as in our peer id (BEP 5, "v").</summary>
    private readonly byte[] _version = [(byte)'P', (byte)'2', 1, 0];

    private readonly DhtSetup _setup;
    private readonly Random _random;
    private readonly Action<byte[], PeerEndpoint> _send;
    private readonly Action<string, string, int> _resolve;
    private readonly DhtFamily _family4;
    private readonly DhtFamily _family6;
    private readonly QueryDesk _desk;
    private readonly ProbeQueue _probes = new();
    private readonly SourceLimiter _limiter = new();
    private readonly OutputBudget _output = new();
    private readonly DhtResponder _responder;
    private readonly DhtBootstrap _bootstrap = new();
    private readonly DhtSchedule _schedule;
    private readonly DhtSearches _searches;
    private DhtTrafficSnapshot _traffic = new();
    private bool _isAskerLocal;

    /// <summary>Makes a node that knows what the last run left and has no socket yet.</summary>
    /// <param name="setup">What it is made of.</param>
    /// <param name="send">Sends a datagram, without waiting.</param>
    /// <param name="resolve">Begins to look up a bootstrap node (its text, host, port); <see cref="OnResolved"/> or <see cref="OnUnknown"/> follows.</param>
    public DhtCore(DhtSetup setup, Action<byte[], PeerEndpoint> send, Action<string, string, int> resolve)
    {
        (_setup, _send, _resolve, _random) = (setup, send, resolve, new Random(setup.Seed));
        var state = DhtState.Read(setup.State);
        _family4 = new DhtFamily(isIPv6: false, state.Id, state.Nodes, External(isIPv6: false), setup.Entropy);
        _family6 = new DhtFamily(isIPv6: true, state.Id6, state.Nodes, External(isIPv6: true), setup.Entropy);
        Families = [_family4, _family6];
        _desk = new QueryDesk(setup.Entropy);
        _responder = new DhtResponder(new DhtResponderSetup
        {
            OurId = isIPv6 => FamilyOf(isIPv6).Table.OurId,
            Closest = (target, isIPv6, count) => FamilyOf(isIPv6).Table.Closest(target, count, includesLocal: _isAskerLocal),
            Entropy = setup.Entropy,
            Clock = setup.Clock,
        });
        _schedule = new DhtSchedule(_random);
        _searches = new DhtSearches(this, _schedule, setup.PeerPort);
        _bootstrap.Set(setup.Bootstrap);
    }

    /// <summary>IPv4 and IPv6.</summary>
    public ImmutableArray<DhtFamily> Families { get; }

    /// <summary>Monotonic milliseconds.</summary>
    public long NowMs => _setup.Clock.NowMs();

    /// <summary>UTC, for what is shown.</summary>
    public DateTimeOffset Now => _setup.Clock.GetUtcNow();

    /// <summary>Good nodes of both families.</summary>
    public int GoodNodes => Families.Sum(family => family.Table.GoodCount(NowMs));

    /// <summary>Something is under way: ticks must come often.</summary>
    public bool IsBusy => _searches.IsBusy || _desk.Count > 0 || !_probes.IsEmpty;

    private bool IsReachable => _family4.IsReachable || _family6.IsReachable;

    /// <summary>A question of ours without what <see cref="TryAsk"/> fills in.</summary>
    public static KrpcMessage Ask(KrpcQuery query) => new() { Kind = KrpcKind.Query, Transaction = default, Query = query };

    /// <summary>One of the two families.</summary>
    public DhtFamily FamilyOf(bool isIPv6) => isIPv6 ? _family6 : _family4;

    /// <summary>Which nodes to ask for: of the other family too while we know few there (BEP 32).</summary>
    public KrpcWant Want(bool isIPv6) =>
        FamilyOf(!isIPv6) is { IsReachable: true } other && other.IsPoor(NowMs) ? KrpcWant.IPv4 | KrpcWant.IPv6 : KrpcWant.None;

    /// <summary>The socket is bound, and reaches one family or both.</summary>
    public void OnBound(PeerEndpoint local)
    {
        var isDual = !local.IsIPv4 && local.Address.Equals(IPAddress.IPv6Any);
        _family4.IsReachable = local.IsIPv4 || isDual;
        _family6.IsReachable = !local.IsIPv4;
        Tick();
    }

    /// <summary>The socket is gone.</summary>
    public void OnUnbound() => (_family4.IsReachable, _family6.IsReachable) = (false, false);

    /// <summary>A stranger's datagram, at most <see cref="DhtLoop.MaxDatagram"/> bytes.</summary>
    public void OnDatagram(ReadOnlyMemory<byte> datagram, PeerEndpoint from)
    {
        _traffic = _traffic with { PacketsIn = _traffic.PacketsIn + 1, BytesIn = _traffic.BytesIn + datagram.Length };
        if (!from.IsConnectable)
        {
            Drop();
        }
        else if (!KrpcCodec.TryRead(datagram, out var message, out var error) || message is null)
        {
            Drop();
            if (error is not null && IsAnswered(from.Address))
            {
                Reply(error, from);
            }
        }
        else if (message.Kind == KrpcKind.Query)
        {
            OnQuery(message, from);
        }
        else
        {
            OnAnswer(message, from);
        }
    }

    /// <summary>Time passed: what waited too long has failed, what is due begins.</summary>
    public void Tick()
    {
        while (_desk.TakeExpired(NowMs) is { } query)
        {
            _traffic = _traffic with { Timeouts = _traffic.Timeouts + 1 };
            Fail(query);
        }

        if (!IsReachable)
        {
            return;
        }

        if (GoodNodes < DhtFamily.PoorBelow)
        {
            while (_bootstrap.Next(NowMs) is { } host)
            {
                _resolve(host.Text, host.Host, host.Port);
            }
        }
        else
        {
            _bootstrap.OnRich();
        }

        Probe();
        foreach (var family in Families.Where(family => family.IsReachable))
        {
            Tend(family);
        }

        _searches.Advance();
    }

    /// <summary>Looks for the peers of a torrent and announces it, now and again and again. The torrent must not be private (BEP 27).</summary>
    public void Follow(InfoHash infoHash, string name, bool isSeed, IDiscoverySink sink)
    {
        Unfollow(infoHash);
        var torrent = _schedule.Follow(infoHash, name, isSeed, sink, NowMs);
        if (!Families.Any(family => family is { IsReachable: true, HasNodes: true }))
        {
            Tell(torrent, DiscoveryState.Waiting, "No DHT node is known yet");
        }

        _searches.Advance();
    }

    /// <summary>We have everything, or no more.</summary>
    public void SetSeed(InfoHash infoHash, bool isSeed)
    {
        if (_schedule.Find(infoHash) is { } torrent)
        {
            torrent.IsSeed = isSeed;
        }
    }

    /// <summary>It wants peers, or no more.</summary>
    public void SetWantsPeers(InfoHash infoHash, bool wantsPeers) => _schedule.SetWantsPeers(infoHash, wantsPeers);

    /// <summary>The user asks.</summary>
    public void SearchNow(InfoHash infoHash)
    {
        _schedule.AskNow(infoHash, NowMs);
        _searches.Advance();
    }

    /// <summary>Looks for it no more.</summary>
    public void Unfollow(InfoHash infoHash)
    {
        if (_schedule.Find(infoHash) is { } torrent)
        {
            _searches.Forget(torrent);
            _schedule.Unfollow(infoHash);
        }
    }

    /// <summary>Somebody is said to be a node (by hand, PORT, .torrent, local network): it is pinged first.</summary>
    public void AddNode(PeerEndpoint node)
    {
        if (node.IsConnectable)
        {
            _probes.Add(node, isStranger: false, NowMs);
            Probe();
        }
    }

    /// <summary>Replaces the bootstrap nodes.</summary>
    public void SetBootstrap(ImmutableArray<string> hosts)
    {
        _bootstrap.Set(hosts);
        Tick();
    }

    /// <summary>A bootstrap node's name was looked up.</summary>
    public void OnResolved(string text, int port, IPAddress[] addresses)
    {
        foreach (var address in _bootstrap.OnResolved(text, addresses))
        {
            var node = new PeerEndpoint(address, port);
            if (!FamilyOf(!node.IsIPv4).IsReachable || !TryAsk(node, null, Ask(KrpcQuery.Ping), reply => _bootstrap.OnOutcome(text, reply is not null)))
            {
                _bootstrap.OnOutcome(text, hasAnswered: false);
            }
        }
    }

    /// <summary>A bootstrap node's name could not be looked up.</summary>
    public void OnUnknown(string text, string why)
    {
        DhtLog.BootstrapFailed(_setup.Logger, BootstrapNode.Shown(text), why);
        _bootstrap.OnUnknown(text, why);
    }

    /// <summary>What the next run begins with.</summary>
    public byte[] Save() =>
        new DhtState(_family4.Table.OurId, _family6.Table.OurId, [.. _family4.ToKeep(), .. _family6.ToKeep()]).Write();

    /// <summary>For the page.</summary>
    public DhtSnapshot ToSnapshot(int port, string? error)
    {
        var (now, nowMs) = (Now, NowMs);
        return new DhtSnapshot
        {
            IsRunning = IsReachable,
            Error = error,
            Port = port,
            Tables = [.. Families.Where(family => family.IsReachable && (!family.IsIPv6 || family.HasNodes || !_family4.IsReachable)).Select(family => family.Table.ToSnapshot(family.IsIPv6, nowMs, now))],
            ExternalAddress = _family4.Votes.Current ?? _family6.Votes.Current,
            IsReadOnly = _setup.IsReadOnly,
            Bootstrap = _bootstrap.ToSnapshot(),
            Lookups = _searches.ToSnapshot(),
            Store = _responder.Snapshot(now),
            Traffic = _traffic,
        };
    }

    /// <summary>Sends a question; false: not now, the rate of our own queries is used up.</summary>
    /// <param name="to">Whom.</param>
    /// <param name="expected">Who is said to be there; anybody else's answer is none (D06).</param>
    /// <param name="question">From <see cref="Ask"/>.</param>
    /// <param name="onOutcome">Told the answer, or null. Never inside this call.</param>
    public bool TryAsk(PeerEndpoint to, NodeId? expected, KrpcMessage question, Action<KrpcMessage?> onOutcome)
    {
        if (_desk.TryBook(new PendingQuery(to, expected, onOutcome), NowMs) is not { } transaction)
        {
            return false;
        }

        var table = FamilyOf(!to.IsIPv4).Table;
        table.OnAsked(to, NowMs);
        _traffic = _traffic with { QueriesOut = _traffic.QueriesOut + 1 };
        Send(Print(question with { Transaction = transaction, Id = table.OurId, IsReadOnly = _setup.IsReadOnly, Version = _version }), to);
        return true;
    }

    /// <summary>Peers of a torrent that others put down with us: nobody else may know them.</summary>
    public ImmutableArray<PeerEndpoint> StoredHere(InfoHash infoHash, bool isIPv6)
    {
        var question = Ask(KrpcQuery.GetPeers) with { Transaction = new byte[1], Id = FamilyOf(isIPv6).Table.OurId, InfoHash = infoHash };
        var ourselves = new PeerEndpoint(isIPv6 ? IPAddress.IPv6Loopback : IPAddress.Loopback, 1);
        return _responder.Answer(question, ourselves, NowMs)?.Values ?? [];
    }

    /// <summary>Tells a torrent what its search is doing.</summary>
    public void Tell(FollowedTorrent torrent, DiscoveryState state, string message) => torrent.Sink.OnStatus(new DiscoverySnapshot
    {
        Source = DiscoverySource.Dht,
        State = state,
        Message = message,
        LastAt = torrent.LastAt,
        NextAt = torrent.IsUnderWay || state == DiscoveryState.Waiting ? null : Now + TimeSpan.FromMilliseconds(Math.Max(0, torrent.DueMs - NowMs)),
    });

    /// <summary>A search ended.</summary>
    public void LogEnd(DhtSearch search) => DhtLog.LookupEnded(
        _setup.Logger, search.Purpose, search.Lookup.Queries, search.Lookup.Replies, search.Lookup.Hops, search.Peers.Count, search.Announced);

    private static byte[] Print(KrpcMessage message)
    {
        var output = new ArrayBufferWriter<byte>(512);
        KrpcCodec.Write(message, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>"LT 2.8" of two letters and two numbers, as nearly everybody writes it; otherwise the printable letters.</summary>
    private static string ClientOf(KrpcMessage message)
    {
        var version = message.Version.Span;
        return version.Length == 4 && char.IsAsciiLetterOrDigit((char)version[0]) && char.IsAsciiLetterOrDigit((char)version[1])
            ? string.Create(CultureInfo.InvariantCulture, $"{(char)version[0]}{(char)version[1]} {version[2]}.{version[3]}")
            : string.Concat(message.Version.ToArray().Where(letter => letter is > 0x20 and < 0x7F).Select(letter => (char)letter));
    }

    /// <summary>
    /// Within its share? Many nodes on one machine share its loopback address, and what goes there reaches nobody else: it is not limited,
    /// neither here nor in bytes.
    /// </summary>
    private bool IsAnswered(IPAddress source) => AddressScope.IsLoopback(source) || _limiter.Allows(source, NowMs);

    /// <summary>The address we are bound to, when that is a public one.</summary>
    private IPAddress? External(bool isIPv6) => _setup.Address is { } address
        && new PeerEndpoint(address, 1) is var bound && bound.IsIPv4 != isIPv6 && bound.IsConnectable && !NodeScope.IsLocal(bound.Address) ? bound.Address : null;

    private void OnQuery(KrpcMessage query, PeerEndpoint from)
    {
        // Our own query sent back by a reflecting node, or somebody who says it is us (D09).
        if (Families.Any(family => query.Id == family.Table.OurId))
        {
            Drop();
            return;
        }

        if (!IsAnswered(from.Address))
        {
            _traffic = _traffic with { Silenced = _traffic.Silenced + 1 };
            return;
        }

        _isAskerLocal = NodeScope.IsLocal(from.Address);
        if (_responder.Answer(query, from, NowMs) is { } answer)
        {
            Reply(answer, from);
            if (query.Query == KrpcQuery.AnnouncePeer && answer.Kind == KrpcKind.Response)
            {
                OnAnnounced(query, from);
            }
        }

        if (!query.IsReadOnly && query.Id is { } id && FamilyOf(!from.IsIPv4).Table.HasRoomFor(new DhtContact(id, from), NowMs))
        {
            _probes.Add(from, isStranger: true, NowMs);
            Probe();
        }
    }

    /// <summary>A peer of a torrent we follow put itself down with us: in a small network that is how we hear of it first.</summary>
    private void OnAnnounced(KrpcMessage announce, PeerEndpoint from)
    {
        if (announce.InfoHash is { } infoHash && _schedule.Find(infoHash) is { } torrent)
        {
            torrent.Sink.OnPeersFound(DiscoverySource.Dht, [announce.HasImpliedPort ? from : from.WithPort(announce.Port)]);
            (torrent.FoundNone, torrent.LastAt) = (false, Now);
            if (!torrent.IsUnderWay)
            {
                Tell(torrent, DiscoveryState.Working, "A peer announced itself to us");
            }
        }
    }

    private void OnAnswer(KrpcMessage answer, PeerEndpoint from)
    {
        if (!_desk.TryTake(answer.Transaction.Span, from, out var query))
        {
            Drop();
        }
        else if (answer.Kind == KrpcKind.Error)
        {
            query.OnOutcome(null); // It lives; it only does not want to.
        }
        else if (answer.Id is not { } id || Families.Any(family => id == family.Table.OurId))
        {
            Fail(query);
        }
        else if (query.Expected is { } expected && expected != id)
        {
            // The lookup counts it as silent (D06); the table forgets who is not there, and asks who is there now in its own right.
            FamilyOf(!from.IsIPv4).Table.OnGone(new DhtContact(expected, from), NowMs);
            _probes.Add(from, isStranger: true, NowMs);
            query.OnOutcome(null);
        }
        else
        {
            OnAnswered(new DhtContact(id, from), answer, (int)(NowMs - query.SentMs));
            query.OnOutcome(answer);
        }
    }

    private void OnAnswered(DhtContact contact, KrpcMessage answer, int roundTripMs)
    {
        var family = FamilyOf(!contact.Endpoint.IsIPv4);
        var isNew = family.OnAnswer(contact, roundTripMs, ClientOf(answer), NowMs);
        if (answer.YourEndpoint is { } told && family.OnTold(contact.Endpoint.Address, told.Address, _setup.Entropy, NowMs))
        {
            DhtLog.Moved(_setup.Logger, told.Address.ToString(), family.Table.OurId.ToString());
        }

        var other = FamilyOf(!family.IsIPv6);
        if (other.IsReachable && other.IsPoor(NowMs))
        {
            foreach (var node in (family.IsIPv6 ? answer.Nodes : answer.Nodes6).Where(node => AddressScope.MayTell(contact.Endpoint.Address, node.Endpoint)).Take(Lookup.Wanted))
            {
                _probes.Add(node.Endpoint, isStranger: true, NowMs);
            }
        }

        if (family.BeginJoin(NowMs))
        {
            _searches.Join(family);
        }

        if (isNew)
        {
            _searches.Advance(); // With the first node of all, torrents that waited for one can be looked for.
        }
    }

    private void Fail(PendingQuery query)
    {
        if (query.Expected is { } id)
        {
            FamilyOf(!query.To.IsIPv4).Table.OnFailed(new DhtContact(id, query.To), NowMs);
        }

        query.OnOutcome(null);
    }

    private void Tend(DhtFamily family)
    {
        if (family.Table.NextToPing(NowMs) is { } doubtful)
        {
            TryAsk(doubtful.Endpoint, doubtful.Id, Ask(KrpcQuery.Ping), static _ => { });
        }

        if (family.Table.NextToRefresh(_random, NowMs) is (var bucket, var target))
        {
            _searches.Refresh(family, bucket, target);
        }

        if (family.BeginJoin(NowMs))
        {
            _searches.Join(family);
        }
    }

    /// <summary>Pings those who wait for it, as far as the rate of our own queries allows.</summary>
    private void Probe()
    {
        while (IsReachable && _desk.CanBook(NowMs) && _probes.TryNext(NowMs, out var node))
        {
            if (FamilyOf(!node.IsIPv4).IsReachable)
            {
                TryAsk(node, null, Ask(KrpcQuery.Ping), static _ => { });
            }
        }
    }

    private void Reply(KrpcMessage answer, PeerEndpoint to)
    {
        var bytes = Print(answer.Kind == KrpcKind.Response ? answer with { Version = _version } : answer);
        if (AddressScope.IsLoopback(to.Address) || _output.TryTake(bytes.Length, NowMs))
        {
            _traffic = _traffic with { QueriesIn = _traffic.QueriesIn + 1 };
            Send(bytes, to);
        }
        else
        {
            _traffic = _traffic with { Silenced = _traffic.Silenced + 1 };
        }
    }

    private void Drop() => _traffic = _traffic with { Dropped = _traffic.Dropped + 1 };

    private void Send(byte[] datagram, PeerEndpoint to)
    {
        _traffic = _traffic with { PacketsOut = _traffic.PacketsOut + 1, BytesOut = _traffic.BytesOut + datagram.Length };
        _send(datagram, to);
    }
}
