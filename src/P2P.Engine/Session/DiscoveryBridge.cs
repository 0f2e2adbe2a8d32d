using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>The only place where discovery and swarms meet: endpoints go one way, totals the other.</summary>
internal sealed class DiscoveryBridge(EngineEnvironment environment, PeerId ourId, Func<int> port, Random random, ILogger logger)
{
    /// <summary>An announcer for a torrent that just became active; null when it has no trackers.</summary>
    public IAnnouncer? Announce(TorrentMetainfo metainfo, TorrentRecord record, SwarmLoop torrent, TimeSpan minInterval)
    {
        var tiers = record.Trackers ?? metainfo.Trackers;
        return tiers.IsDefaultOrEmpty
            ? null
            : new TorrentAnnouncer(
                metainfo.InfoHash, ourId, port, tiers, environment.Network, environment.Clock, environment.Scheduler,
                new Random(random.Next()), minInterval, new Sink(torrent), logger);
    }

    private sealed class Sink(SwarmLoop torrent) : IAnnounceSink
    {
        public TransferTotals Totals
        {
            get
            {
                var (uploaded, downloaded, left) = torrent.Totals;
                return new TransferTotals(uploaded, downloaded, left);
            }
        }

        public void OnPeersFound(ImmutableArray<PeerEndpoint> peers) => torrent.Post(new TorrentCommand.PeersFound(peers, PeerSource.Tracker));

        public void OnTrackersChanged(ImmutableArray<TrackerSnapshot> trackers) => torrent.Post(new TorrentCommand.TrackersChanged(trackers));
    }
}
