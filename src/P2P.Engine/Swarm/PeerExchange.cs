using System.Collections.Immutable;
using System.Net;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Wire;

namespace P2P.Engine.Swarm;

/// <summary>Exchange of peers with one peer: what it was told, and when it may tell again. One owner.</summary>
internal sealed class ExchangePartner
{
    /// <summary>Its number for ut_pex; 0 while it does not speak it.</summary>
    public byte SubId { get; set; }

    /// <summary>When we told it last, ms; null before the first time.</summary>
    public long? ToldAtMs { get; set; }

    /// <summary>When it told us last, ms.</summary>
    public long? HeardAtMs { get; set; }

    /// <summary>Messages that came too soon.</summary>
    public int TooSoon { get; set; }

    /// <summary>It told at least once.</summary>
    public bool HasTold { get; set; }

    /// <summary>Endpoints it was told of and not told to drop.</summary>
    public HashSet<PeerEndpoint> Told { get; } = [];
}

/// <summary>What to tell of our peers, and what to believe of what others tell (BEP 11). Policy, told the time; one owner.</summary>
/// <remarks>
/// We tell a partner at most every 60 s, at most 50 endpoints that came and 50 that went (200 the first time), and only of peers that can be
/// dialled: those we dialled, or that told their port. Of what we hear one port of each address counts, and a list's first 50 (200 the first
/// time), and nothing narrower than where the teller itself is: nobody on the internet sends us into our own network. A partner that tells more often than every 45 s is not listened to, and after <see cref="Grace"/> such messages struck. Never for
/// private torrents: the caller sees to it. Limits: reliability.md 2.3, "UtPex".
/// </remarks>
internal sealed class PeerExchange
{
    /// <summary>Time between two messages of ours to one peer.</summary>
    public const long IntervalMs = 60_000;

    /// <summary>Earlier than this after the last, a message of theirs is too soon: clocks and beats differ a little from ours.</summary>
    public const long SoonestMs = 45_000;

    /// <summary>Messages too soon before it is an offence.</summary>
    public const int Grace = 3;

    /// <summary>Endpoints in one list after the first message.</summary>
    public const int PerMessage = 50;

    /// <summary>Endpoints in the first message.</summary>
    public const int PerFirstMessage = 200;

    private int _heard;
    private int _told;
    private int _tellers;
    private DateTimeOffset? _lastAt;

    /// <summary>Its figures.</summary>
    public ExchangeCounts Counts(int speakers) => new(speakers, _tellers, _heard, _told, _lastAt);

    /// <summary>The message to send a partner now; null when it is not time or there is nothing new.</summary>
    /// <param name="partner">Whom.</param>
    /// <param name="self">The partner's own endpoint, which it need not be told.</param>
    /// <param name="peers">Connected peers that can be dialled, with their flags.</param>
    /// <param name="nowMs">When.</param>
    public PexMessage? Tell(ExchangePartner partner, PeerEndpoint self, IReadOnlyCollection<(PeerEndpoint Endpoint, PexFlags Flags)> peers, long nowMs)
    {
        if (partner.SubId == 0 || (partner.ToldAtMs is { } last && nowMs - last < IntervalMs))
        {
            return null;
        }

        var most = partner.ToldAtMs is null ? PerFirstMessage : PerMessage;
        var added = peers.Where(peer => peer.Endpoint != self && !partner.Told.Contains(peer.Endpoint)).Take(most).ToImmutableArray();
        var present = peers.Select(peer => peer.Endpoint).ToHashSet();
        var dropped = partner.Told.Where(endpoint => !present.Contains(endpoint)).Take(PerMessage).ToImmutableArray();
        if (added.IsEmpty && dropped.IsEmpty)
        {
            return null;
        }

        partner.ToldAtMs = nowMs;
        partner.Told.UnionWith(added.Select(peer => peer.Endpoint));
        partner.Told.ExceptWith(dropped);
        _told += added.Length;
        return new PexMessage(added, dropped);
    }

    /// <summary>A partner tells: the endpoints worth knowing, or a reason to part from it.</summary>
    /// <param name="partner">Who tells.</param>
    /// <param name="teller">Its address.</param>
    /// <param name="message">What.</param>
    /// <param name="nowMs">When, for the limits.</param>
    /// <param name="now">When, for the page.</param>
    public (ImmutableArray<PeerEndpoint> Endpoints, DisconnectReason? Reason) Hear(
        ExchangePartner partner, IPAddress teller, PexMessage message, long nowMs, DateTimeOffset now)
    {
        if (partner.HeardAtMs is { } last && nowMs - last < SoonestMs)
        {
            return ++partner.TooSoon > Grace
                ? ([], new DisconnectReason("peer.pex_flood", "It told of other peers far more often than once a minute.", IsMisbehaviour: true))
                : ([], null);
        }

        var most = partner.HeardAtMs is null ? PerFirstMessage : PerMessage;
        partner.HeardAtMs = nowMs;
        var addresses = new HashSet<IPAddress>();
        var endpoints = message.Added
            .Take(most)
            .Select(peer => peer.Endpoint)
            .Where(endpoint => AddressScope.MayTell(teller, endpoint))
            .Where(endpoint => IPAddress.IsLoopback(endpoint.Address) || addresses.Add(endpoint.Address))
            .ToImmutableArray();
        if (!endpoints.IsEmpty)
        {
            _tellers += partner.HasTold ? 0 : 1;
            (partner.HasTold, _lastAt) = (true, now);
            _heard += endpoints.Length;
        }

        return (endpoints, null);
    }
}
