using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>Makes messages to the session of what torrents tell. Called on their loops; only posts.</summary>
internal sealed class TorrentReports(SessionLoop session) : ITorrentHost
{
    /// <inheritdoc/>
    public void OnSnapshot(SwarmLoop torrent, TorrentSnapshot snapshot) => session.Post(new SessionCommand.RowChanged(torrent, snapshot));

    /// <inheritdoc/>
    public void OnDetails(SwarmLoop torrent, TorrentDetails details)
    {
        if (session.Ports.TryGetValue(torrent.InfoHash, out var port))
        {
            port.Publish(details);
        }
    }

    /// <inheritdoc/>
    public void OnActive(SwarmLoop torrent, bool isComplete) => session.Post(new SessionCommand.Active(torrent, isComplete));

    /// <inheritdoc/>
    public void OnInactive(SwarmLoop torrent) => session.Post(new SessionCommand.Inactive(torrent));

    /// <inheritdoc/>
    public void OnCompleted(SwarmLoop torrent) => session.Post(new SessionCommand.Completed(torrent));

    /// <inheritdoc/>
    public void OnWantsPeers(SwarmLoop torrent, bool wantsPeers) => session.Post(new SessionCommand.WantsPeers(torrent, wantsPeers));

    /// <inheritdoc/>
    public void OnProgress(SwarmLoop torrent, TorrentProgress progress) => session.Post(new SessionCommand.Progress(torrent, progress));

    /// <inheritdoc/>
    public void OnMetadata(SwarmLoop torrent, ReadOnlyMemory<byte> infoBytes, ImmutableArray<PeerEndpoint> peers) =>
        session.Post(new SessionCommand.MetadataFound(torrent, infoBytes, peers));

    /// <inheritdoc/>
    public void OnDhtNode(SwarmLoop torrent, PeerEndpoint node) => session.Post(new SessionCommand.DhtNodeFound(node));

    /// <inheritdoc/>
    public void OnEvent(SwarmLoop torrent, TorrentNews news) => session.Post(new SessionCommand.Tell(torrent.InfoHash, news));
}
