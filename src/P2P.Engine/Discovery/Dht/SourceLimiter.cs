using System.Net;

namespace P2P.Engine.Discovery.Dht;

/// <summary>How often one address is answered: 50 queries in 10 s, then silence for 5 minutes (libtorrent has the same). Told the time in ms; one owner.</summary>
/// <remarks>
/// Remembers at most <see cref="Capacity"/> addresses: a new one takes the place of the one that began its window first, so that forged
/// sources cost no memory and push out each other before those that are silenced. The /64 of an IPv6 address counts as one.
/// </remarks>
internal sealed class SourceLimiter
{
    /// <summary>Queries of one address in one window.</summary>
    public const int PerWindow = 50;

    /// <summary>Length of a window, ms.</summary>
    public const long WindowMs = 10_000;

    /// <summary>Time an address that asked too much is not answered, ms.</summary>
    public const long SilenceMs = 300_000;

    /// <summary>Addresses remembered.</summary>
    public const int Capacity = 4_096;

    private readonly Dictionary<IPAddress, Source> _sources = [];
    private readonly Queue<(IPAddress Address, long BeganAtMs)> _order = new();

    /// <summary>Addresses remembered now.</summary>
    public int Count => _sources.Count;

    /// <summary>One more query of an address: is it answered?</summary>
    public bool Allows(IPAddress address, long nowMs)
    {
        var key = KeyOf(address);
        if (!_sources.TryGetValue(key, out var source))
        {
            MakeRoom(nowMs);
            source = new Source { BeganAtMs = nowMs };
            _sources.Add(key, source);
            _order.Enqueue((key, nowMs));
        }

        if (source.SilentUntilMs > nowMs)
        {
            return false;
        }

        if (nowMs - source.BeganAtMs >= WindowMs)
        {
            (source.BeganAtMs, source.Count) = (nowMs, 0);
        }

        if (++source.Count <= PerWindow)
        {
            return true;
        }

        source.SilentUntilMs = nowMs + SilenceMs;
        return false;
    }

    private static IPAddress KeyOf(IPAddress address)
    {
        if (address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6 || address.IsIPv4MappedToIPv6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private void MakeRoom(long nowMs)
    {
        // Those that are silenced are worth most; each is passed over while others can go.
        for (var passed = 0; _sources.Count >= Capacity && _order.TryDequeue(out var oldest); passed++)
        {
            if (_sources.TryGetValue(oldest.Address, out var source) && source.SilentUntilMs > nowMs && passed < Capacity / 2)
            {
                _order.Enqueue(oldest);
                continue;
            }

            _sources.Remove(oldest.Address);
        }
    }

    private sealed class Source
    {
        public long BeganAtMs { get; set; }

        public int Count { get; set; }

        public long SilentUntilMs { get; set; } = long.MinValue;
    }
}
