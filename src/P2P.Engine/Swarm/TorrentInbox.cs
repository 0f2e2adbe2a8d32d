using System.Collections.Immutable;
using P2P.Engine.Peers;
using P2P.Engine.Primitives;
using P2P.Engine.Storage;
using P2P.Engine.Transport;

namespace P2P.Engine.Swarm;

/// <summary>The messages a <see cref="TorrentLoop"/> accepts.</summary>
internal abstract record TorrentCommand
{
    /// <summary>Run: probe, check what must be checked, transfer.</summary>
    internal sealed record Start : TorrentCommand;

    /// <summary>Stop cleanly; <paramref name="Done"/> completes when the files are closed and the progress is on record.</summary>
    internal sealed record Stop(TaskCompletionSource? Done) : TorrentCommand;

    /// <summary>Hash everything again.</summary>
    internal sealed record Recheck : TorrentCommand;

    /// <summary>Stop, delete the data if asked, never start again.</summary>
    internal sealed record Remove(bool DeleteData, TaskCompletionSource Done) : TorrentCommand;

    /// <summary>Connect to a peer by hand, or endpoints found by discovery.</summary>
    internal sealed record PeersFound(ImmutableArray<PeerEndpoint> Endpoints, PeerSource Source) : TorrentCommand;

    /// <summary>A handshake succeeded, ours or theirs; the torrent owns the connection now.</summary>
    internal sealed record PeerJoined(IConnection Connection, HandshakeInfo Handshake) : TorrentCommand;

    /// <summary>A dial came to nothing.</summary>
    internal sealed record DialFailed(PeerEndpoint Endpoint, DisconnectReason Reason) : TorrentCommand;

    /// <summary>Messages of one receive.</summary>
    internal sealed record PeerMessages(PeerConnection Peer, PeerBatch Batch) : TorrentCommand;

    /// <summary>Piece messages left for the socket.</summary>
    internal sealed record BlocksSent(PeerConnection Peer, int Blocks, int PayloadBytes) : TorrentCommand;

    /// <summary>A connection ended.</summary>
    internal sealed record PeerGone(PeerConnection Peer, DisconnectReason Reason) : TorrentCommand;

    /// <summary>A disk job ended.</summary>
    internal sealed record Disk(DiskCompletion Completion) : TorrentCommand;

    /// <summary>The progress with this sequence is on record.</summary>
    internal sealed record ProgressRecorded(long Sequence) : TorrentCommand;

    /// <summary>State of the trackers changed.</summary>
    internal sealed record TrackersChanged(ImmutableArray<TrackerSnapshot> Trackers) : TorrentCommand;

    /// <summary>What a source of peers is doing; counts of peers are the torrent's own to fill in.</summary>
    internal sealed record DiscoveryChanged(DiscoverySnapshot Source) : TorrentCommand;

    /// <summary>It cannot go on, by the session's word.</summary>
    internal sealed record Fail(DiskError Error) : TorrentCommand;

    /// <summary>Priorities by file index (pads not counted).</summary>
    internal sealed record SetPriorities(ImmutableArray<FilePriority> Priorities) : TorrentCommand;

    /// <summary>In order, or rarest first.</summary>
    internal sealed record SetSequential(bool IsSequential) : TorrentCommand;

    /// <summary>Its own strict switch.</summary>
    internal sealed record SetStrict(bool? IsStrict) : TorrentCommand;

    /// <summary>Read bytes of the torrent for a reader, at least one and at most <paramref name="Length"/>, once they are here.</summary>
    /// <param name="Reader">Who reads; one read at a time.</param>
    /// <param name="Offset">Where in the torrent, bytes.</param>
    /// <param name="Length">Most bytes wanted.</param>
    /// <param name="FileEnd">Where the file ends in the torrent: nothing beyond is fetched ahead.</param>
    /// <param name="Reply">The bytes.</param>
    internal sealed record ReadFile(object Reader, long Offset, int Length, long FileEnd, TaskCompletionSource<ReadOnlyMemory<byte>> Reply) : TorrentCommand;

    /// <summary>Where a file lies in the torrent, by its index among the visible ones; null when there is none.</summary>
    internal sealed record FindFile(int Index, TaskCompletionSource<(long Begin, long Length)?> Reply) : TorrentCommand;

    /// <summary>A reader is done.</summary>
    internal sealed record CloseReader(object Reader) : TorrentCommand;

    /// <summary>Close the connection to a peer, and refuse its address if asked.</summary>
    internal sealed record DropPeer(PeerEndpoint Endpoint, bool IsBanned) : TorrentCommand;

    /// <summary>Which pieces a peer has, as wire bytes; empty when it is not connected.</summary>
    internal sealed record ReadPeerPieces(PeerEndpoint Endpoint, TaskCompletionSource<ImmutableArray<byte>> Reply) : TorrentCommand;

    /// <summary>Its own rate limits, bytes per second; 0 = none.</summary>
    internal sealed record SetOwnRates(long Download, long Upload) : TorrentCommand;

    /// <summary>Settings changed.</summary>
    internal sealed record RulesChanged(SwarmRules Rules) : TorrentCommand;

    /// <summary>U was computed again: share, lent part and F.</summary>
    internal sealed record RatesComputed(long Share, long Lent, int UploadingTorrents, DateTimeOffset At) : TorrentCommand;

    /// <summary>Build details: once for <paramref name="Reply"/>, completed with what the loop does not know.</summary>
    internal sealed record BuildDetails(TaskCompletionSource<TorrentDetails> Reply, Func<TorrentDetails, TorrentDetails> Complete) : TorrentCommand;

    /// <summary>Number of the last choke round kept by an earlier process; 0 when there is none.</summary>
    internal sealed record RoundsBegin(long Last) : TorrentCommand;

    /// <summary>Read kept choke rounds, those that wait included: from a number upwards, or the newest below 1.</summary>
    internal sealed record ReadRounds(long From, int Count, TaskCompletionSource<ImmutableArray<ChokeJournalRound>> Reply) : TorrentCommand;

    /// <summary>One more (+1) or one fewer (-1) page watches.</summary>
    internal sealed record Watch(int Change) : TorrentCommand;

    /// <summary>The beat. <paramref name="IsFull"/>: a second passed; otherwise only rate budgets were refilled.</summary>
    internal sealed record Tick(bool IsFull) : TorrentCommand;
}
