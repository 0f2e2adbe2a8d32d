using System.Collections.Immutable;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;
using P2P.Engine.Session.Creation;
using P2P.Engine.Session.History;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>The messages the <see cref="SessionLoop"/> accepts.</summary>
internal abstract record SessionCommand
{
    /// <summary>The state was loaded: make the torrents and start those that should run.</summary>
    internal sealed record Loaded(LoadedSession Session, HistoryAtStart History, TaskCompletionSource Done) : SessionCommand;

    /// <summary>Add a torrent that was read already.</summary>
    /// <param name="Metainfo">What was read.</param>
    /// <param name="Request">Its file and how to treat it.</param>
    /// <param name="Made">Set when it was made here from files that need no check.</param>
    /// <param name="Reply">Answered when it is durable.</param>
    internal sealed record Add(TorrentMetainfo Metainfo, AddTorrentRequest Request, CreationResult? Made, TaskCompletionSource<TorrentPort> Reply) : SessionCommand;

    /// <summary>Add a magnet link that was read already.</summary>
    internal sealed record AddMagnet(MagnetLink Magnet, AddTorrentRequest Request, TaskCompletionSource<TorrentPort> Reply) : SessionCommand;

    /// <summary>The first record of a new torrent is durable (or failed to be).</summary>
    internal sealed record Added(InfoHash InfoHash, Exception? Failure, TaskCompletionSource<TorrentPort> Reply) : SessionCommand;

    /// <summary>Remove a torrent.</summary>
    internal sealed record Remove(InfoHash InfoHash, bool DeleteData, TaskCompletionSource Reply) : SessionCommand;

    /// <summary>The torrent let go of its files: forget it.</summary>
    internal sealed record Removed(InfoHash InfoHash, Exception? Failure, TaskCompletionSource Reply) : SessionCommand;

    /// <summary>Change a torrent's intent: the record first, then the command to its loop; <paramref name="Reply"/> when the record is durable.</summary>
    internal sealed record Change(InfoHash InfoHash, Func<TorrentRecord, TorrentRecord> Edit, TorrentCommand? Command, TaskCompletionSource Reply) : SessionCommand;

    /// <summary>Announce a torrent to these trackers from now on; they were checked.</summary>
    internal sealed record SetTrackers(InfoHash InfoHash, ImmutableArray<ImmutableArray<string>> Tiers, TaskCompletionSource Reply) : SessionCommand;

    /// <summary>Move a torrent's files to another absolute folder; answered when they are there.</summary>
    internal sealed record MoveStorage(InfoHash InfoHash, string Folder, TaskCompletionSource Reply) : SessionCommand;

    /// <summary>A torrent that is to move has stopped.</summary>
    internal sealed record Relocate(InfoHash InfoHash, string Folder) : SessionCommand;

    /// <summary>The record of a move is durable, or failed to be; <paramref name="Before"/> is what it was.</summary>
    internal sealed record Relocated(TorrentRecord Before, Exception? Failure) : SessionCommand;

    /// <summary>Add trackers; they were checked. Answered with how many were new.</summary>
    internal sealed record AddTrackers(InfoHash InfoHash, ImmutableArray<string> Urls, TaskCompletionSource<int> Reply) : SessionCommand;

    /// <summary>Move a torrent in the queue.</summary>
    internal sealed record MoveInQueue(InfoHash InfoHash, QueueMove Move, TaskCompletionSource Reply) : SessionCommand;

    /// <summary>Announce a torrent now.</summary>
    internal sealed record Announce(InfoHash InfoHash, TaskCompletionSource Reply) : SessionCommand;

    /// <summary>Change settings.</summary>
    internal sealed record ChangeSettings(EngineSettingsPatch Patch, TaskCompletionSource Reply) : SessionCommand;

    /// <summary>A torrent's row changed.</summary>
    internal sealed record RowChanged(SwarmLoop Torrent, TorrentSnapshot Snapshot) : SessionCommand;

    /// <summary>A torrent has progress to put on record.</summary>
    internal sealed record Progress(SwarmLoop Torrent, TorrentProgress What) : SessionCommand;

    /// <summary>A torrent began to transfer.</summary>
    internal sealed record Active(SwarmLoop Torrent, bool IsComplete) : SessionCommand;

    /// <summary>A torrent no longer transfers.</summary>
    internal sealed record Inactive(SwarmLoop Torrent) : SessionCommand;

    /// <summary>A download finished.</summary>
    internal sealed record Completed(SwarmLoop Torrent) : SessionCommand;

    /// <summary>A torrent wants more peers, or no longer does.</summary>
    internal sealed record WantsPeers(SwarmLoop Torrent, bool IsWanting) : SessionCommand;

    /// <summary>A magnet link's info dictionary is here.</summary>
    internal sealed record MetadataFound(SwarmLoop Torrent, ReadOnlyMemory<byte> InfoBytes, ImmutableArray<PeerEndpoint> Peers) : SessionCommand;

    /// <summary>The .torrent of a magnet link is durable (or failed to be).</summary>
    internal sealed record MetadataKept(
        SwarmLoop Torrent, TorrentMetainfo Metainfo, TorrentRecord Record, ImmutableArray<PeerEndpoint> Peers, TaskCompletionSource<TorrentPort>? Reply) : SessionCommand
    {
        /// <summary>Why it is not durable; null when it is.</summary>
        public Exception? Failure { get; init; }
    }

    /// <summary>Ask the discovery something; the answer goes where the asker waits.</summary>
    internal sealed record Ask(Action<DiscoveryBridge> Answer) : SessionCommand;

    /// <summary>Somebody told of a DHT node.</summary>
    internal sealed record DhtNodeFound(PeerEndpoint Node) : SessionCommand;

    /// <summary>Something worth telling.</summary>
    internal sealed record Tell(InfoHash Torrent, TorrentNews News) : SessionCommand;

    /// <summary>Rates over time, of the session or of one torrent.</summary>
    internal sealed record ReadRates(InfoHash? Torrent, RateRange Range, TaskCompletionSource<RateHistory> Reply) : SessionCommand;

    /// <summary>Keep what is remembered of this run: it is over.</summary>
    internal sealed record EndHistory(TaskCompletionSource Reply) : SessionCommand;

    /// <summary>The beat.</summary>
    internal sealed record Beat : SessionCommand;

    /// <summary>Stop every torrent; the reply completes when all have stopped and said good-bye.</summary>
    internal sealed record Shutdown(TaskCompletionSource Reply) : SessionCommand;
}
