using P2P.Engine.Peers;

namespace P2P.Engine.Swarm;

/// <summary>Which of two connections with one peer stays. Pure.</summary>
/// <remarks>
/// Two peers that learn of each other at the same moment dial each other at the same moment, by IPv4 and by IPv6 perhaps: up to four
/// connections. When each end keeps what it saw first, each may close the other's choice, and both wait out a back-off with nothing. So both
/// ends use one order that needs no talk: first those that the greater peer id opened, then global IPv6 before IPv4 before link-local IPv6.
/// Of equals, and when the older one is older than <see cref="Window"/>, the older one stays: a second connection later on is no better than
/// a working one. Measured: two of us on one machine, one link, first peer after 15 s in 5 of 6 runs without the order; four machines on one
/// LAN with both families, with the first rule alone, 2 of 9.
/// </remarks>
internal static class SimultaneousOpen
{
    /// <summary>An older connection than this is not replaced.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    /// <summary>Does <paramref name="newer"/> take the place of <paramref name="older"/>? Both are with the same peer id.</summary>
    /// <param name="older">The connection that is open.</param>
    /// <param name="age">How long it is open.</param>
    /// <param name="newer">The one that just finished its handshake.</param>
    public static bool NewerStays(HandshakeInfo older, TimeSpan age, HandshakeInfo newer) => age < Window && Rank(newer) > Rank(older);

    // The same at both ends: who opened it, and which family it runs over.
    private static int Rank(HandshakeInfo handshake)
    {
        var isOfTheGreater = handshake.IsIncoming == handshake.OurId.CompareTo(handshake.PeerId) < 0;
        var family = handshake.Remote.IsIPv4 ? 1 : handshake.Remote.IsLinkLocalIPv6 ? 0 : 2;
        return (isOfTheGreater ? 4 : 0) + family;
    }
}
