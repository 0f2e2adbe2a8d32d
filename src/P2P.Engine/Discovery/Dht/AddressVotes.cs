using System.Net;

namespace P2P.Engine.Discovery.Dht;

/// <summary>Our address of one family as other nodes see it (BEP 42, "ip"): believed once eight networks agree (D21). Pure.</summary>
/// <remarks>One voice for each network of voters (/24, /64), the newest 32 of them; a liar needs that many networks, not that many nodes.</remarks>
internal sealed class AddressVotes(IPAddress? current)
{
    /// <summary>Networks that must agree.</summary>
    public const int Quorum = 8;

    /// <summary>Voices kept: a moved line outvotes its old address after 17 networks spoke.</summary>
    public const int MaxVoices = 32;

    private readonly List<(ulong Network, IPAddress Told)> _voices = [];

    /// <summary>What is believed; null while unknown.</summary>
    public IPAddress? Current { get; private set; } = current;

    /// <summary>A node at <paramref name="voter"/> says it sees us at <paramref name="told"/>; true when that changed what is believed.</summary>
    public bool Vote(IPAddress voter, IPAddress told)
    {
        // Who is near sees our local address, which says nothing about the public one.
        if (NodeScope.IsLocal(voter) || NodeScope.IsLocal(told) || voter.AddressFamily != told.AddressFamily)
        {
            return false;
        }

        var network = NodeScope.NetworkOf(voter);
        _voices.RemoveAll(voice => voice.Network == network);
        if (_voices.Count == MaxVoices)
        {
            _voices.RemoveAt(0);
        }

        _voices.Add((network, told));
        if (told.Equals(Current) || Count(told) < Quorum || (Current is not null && Count(told) <= Count(Current)))
        {
            return false;
        }

        Current = told;
        return true;
    }

    private int Count(IPAddress told) => _voices.Count(voice => voice.Told.Equals(told));
}
