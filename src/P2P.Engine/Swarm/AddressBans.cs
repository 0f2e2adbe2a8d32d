using System.Net;
using P2P.Engine.Primitives;

namespace P2P.Engine.Swarm;

/// <summary>Banned addresses and strikes against them; loop only, told the time.</summary>
/// <remarks>
/// An address is a <see cref="PeerEndpoint"/> with port 0, which makes an IPv4-mapped address equal to the IPv4 one. Both tables are bounded:
/// when one is full what has run out is dropped, then the entry nearest to its end. Limits: reliability.md 2.3 (BanTime, Strikes).
/// </remarks>
internal sealed class AddressBans
{
    private const long BanMs = 24 * 3_600_000L;
    private const long StrikeBanMs = 3_600_000;
    private const long StrikeWindowMs = 600_000;
    private const int StrikesToBan = 3;

    /// <summary>4,096 addresses, about 300 KB; as many sources as the DHT's limiter tracks.</summary>
    private const int Capacity = 4096;

    private readonly Dictionary<PeerEndpoint, long> _bannedUntilMs = [];
    private readonly Dictionary<PeerEndpoint, List<long>> _strikesMs = [];

    /// <summary>Bans an address for 24 h; returns until when.</summary>
    public long Ban(IPAddress address, long nowMs) => Ban(new PeerEndpoint(address, 0), nowMs, nowMs + BanMs);

    /// <summary>Is the endpoint's address banned now? A ban that ran out is forgotten.</summary>
    public bool IsBanned(PeerEndpoint endpoint, long nowMs)
    {
        if (_bannedUntilMs.Count == 0)
        {
            return false;
        }

        var address = endpoint.WithPort(0);
        if (!_bannedUntilMs.TryGetValue(address, out var until))
        {
            return false;
        }

        if (until > nowMs)
        {
            return true;
        }

        _bannedUntilMs.Remove(address);
        return false;
    }

    /// <summary>Counts a strike; when it is the third within 10 minutes bans the address for an hour and returns until when.</summary>
    public long? Strike(PeerEndpoint endpoint, long nowMs)
    {
        var address = endpoint.WithPort(0);
        if (!_strikesMs.TryGetValue(address, out var strikes))
        {
            MakeRoom(_strikesMs, times => times[^1] + StrikeWindowMs, nowMs);
            _strikesMs[address] = strikes = [];
        }

        strikes.RemoveAll(at => at <= nowMs - StrikeWindowMs);
        strikes.Add(nowMs);
        if (strikes.Count < StrikesToBan)
        {
            return null;
        }

        _strikesMs.Remove(address);
        return Ban(address, nowMs, nowMs + StrikeBanMs);
    }

    private static void MakeRoom<TValue>(Dictionary<PeerEndpoint, TValue> table, Func<TValue, long> endsAtMs, long nowMs)
    {
        if (table.Count < Capacity)
        {
            return;
        }

        var nearest = default(PeerEndpoint);
        var nearestMs = long.MaxValue;
        foreach (var (address, value) in table)
        {
            var end = endsAtMs(value);
            if (end <= nowMs)
            {
                // .NET lets an entry be removed while a dictionary is enumerated.
                table.Remove(address);
            }
            else if (end < nearestMs)
            {
                (nearest, nearestMs) = (address, end);
            }
        }

        if (table.Count >= Capacity)
        {
            table.Remove(nearest);
        }
    }

    private long Ban(PeerEndpoint address, long nowMs, long untilMs)
    {
        if (!_bannedUntilMs.TryGetValue(address, out var known))
        {
            MakeRoom(_bannedUntilMs, until => until, nowMs);
        }

        // A short ban never ends a longer one.
        return _bannedUntilMs[address] = Math.Max(known, untilMs);
    }
}
