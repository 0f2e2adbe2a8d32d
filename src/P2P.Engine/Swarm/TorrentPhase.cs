namespace P2P.Engine.Swarm;

/// <summary>What runs in a torrent now.</summary>
/// <remarks>
/// Legal moves: Stopped → Probing → (Checking →) Active → Stopping → Stopped; any → Failed; Failed → Probing or Stopped;
/// Active → Checking by a re-check; any → Removed.
/// </remarks>
internal enum TorrentPhase
{
    /// <summary>Nothing runs; no file is open.</summary>
    Stopped,

    /// <summary>Looking at what is on disk.</summary>
    Probing,

    /// <summary>Hashing what is on disk.</summary>
    Checking,

    /// <summary>Transfers: downloads or seeds.</summary>
    Active,

    /// <summary>Writing down what is unfinished and closing.</summary>
    Stopping,

    /// <summary>Cannot go on; the user (or time) may start it again.</summary>
    Failed,

    /// <summary>Gone; ignores everything.</summary>
    Removed,
}
