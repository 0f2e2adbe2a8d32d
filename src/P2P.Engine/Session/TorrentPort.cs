using P2P.Engine.Primitives;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>What the world outside sees of one torrent: the loop to post to, and the latest snapshots. One writer, any readers.</summary>
internal sealed class TorrentPort(SwarmLoop loop, TorrentSnapshot first)
{
    private volatile TorrentSnapshot _snapshot = first;
    private volatile TorrentDetails? _details;

    public InfoHash InfoHash => loop.InfoHash;

    public SwarmLoop Loop => loop;

    /// <summary>The row as of the last beat.</summary>
    public TorrentSnapshot Snapshot => _snapshot;

    /// <summary>Details as of the last beat; null until a watch has seen one.</summary>
    public TorrentDetails? Details => _details;

    public void Publish(TorrentSnapshot snapshot) => _snapshot = snapshot;

    public void Publish(TorrentDetails details) => _details = details;
}
