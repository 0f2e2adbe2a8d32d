using System.Collections.Immutable;

namespace P2P.Engine;

/// <summary>The embedded tracker as of one moment. Immutable.</summary>
public sealed record TrackerServerSnapshot
{
    /// <summary>It answers announces.</summary>
    public required bool IsRunning { get; init; }

    /// <summary>Why it does not, in one sentence; null when it does or is switched off.</summary>
    public string? Error { get; init; }

    /// <summary>TCP port; 0 while not listening.</summary>
    public int HttpPort { get; init; }

    /// <summary>UDP port; 0 while not bound.</summary>
    public int UdpPort { get; init; }

    /// <summary>It serves every torrent; false: only this client's.</summary>
    public bool ServesAny { get; init; }

    /// <summary>URLs to put into a .torrent: this machine's LAN addresses first, HTTP then UDP.</summary>
    public ImmutableArray<string> AnnounceUrls { get; init; } = [];

    /// <summary>Swarms known.</summary>
    public int Swarms { get; init; }

    /// <summary>Peers of all swarms.</summary>
    public int Peers { get; init; }

    /// <summary>The 200 swarms with most peers.</summary>
    public ImmutableArray<TrackedSwarmSnapshot> Largest { get; init; } = [];

    /// <summary>Announces answered since the start.</summary>
    public long Announces { get; init; }

    /// <summary>Scrapes answered since the start.</summary>
    public long Scrapes { get; init; }

    /// <summary>Requests refused or dropped since the start.</summary>
    public long Refused { get; init; }
}

/// <summary>One swarm of the embedded tracker.</summary>
/// <param name="InfoHash">40 hex digits.</param>
/// <param name="Name">Name of the torrent when it is one of ours; else null.</param>
/// <param name="Seeds">Peers that have everything.</param>
/// <param name="Leechers">The others.</param>
/// <param name="Downloads">Completed downloads counted.</param>
/// <param name="LastAnnounceAt">When it was last announced to.</param>
public sealed record TrackedSwarmSnapshot(string InfoHash, string? Name, int Seeds, int Leechers, int Downloads, DateTimeOffset LastAnnounceAt);
