using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Runtime;
using P2P.Engine.Storage;

namespace P2P.Engine.Swarm;

/// <summary>The owner of one swarm's state, whatever is known of the torrent: <see cref="TorrentLoop"/>, or <see cref="MetadataLoop"/> of a magnet link.</summary>
/// <remarks>A serial loop. Connections and the disk tell it their news by posting.</remarks>
internal abstract class SwarmLoop(ILoopScheduler scheduler) : SerialLoop<TorrentCommand>(scheduler), IPeerSink, IDiskSink
{
    /// <summary>Its name in the network.</summary>
    public abstract InfoHash InfoHash { get; }

    /// <summary>How it uses its share of the upload rate; swapped whole by the loop, read by the session.</summary>
    public UploadUse UploadUse { get; protected set; } = new(false, 0, false);

    /// <summary>Bytes moved in this run, and missing; any thread.</summary>
    public abstract (long Uploaded, long Downloaded, long Left) Totals { get; }

    /// <inheritdoc/>
    public void OnMessages(PeerConnection peer, PeerBatch batch) => Post(new TorrentCommand.PeerMessages(peer, batch));

    /// <inheritdoc/>
    public void OnSent(PeerConnection peer, int blocks, int payloadBytes) => Post(new TorrentCommand.BlocksSent(peer, blocks, payloadBytes));

    /// <inheritdoc/>
    public void OnClosed(PeerConnection peer, DisconnectReason reason) => Post(new TorrentCommand.PeerGone(peer, reason));

    /// <inheritdoc/>
    public void OnDisk(DiskCompletion completion) => Post(new TorrentCommand.Disk(completion));

    /// <summary>The row of a torrent nobody has posted to yet, so that whoever finds it can show it at once. Its maker only.</summary>
    public abstract TorrentSnapshot FirstRow();
}
