using System.Collections.Immutable;
using P2P.Engine.Discovery.Trackers;
using P2P.Engine.Metainfo;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>One torrent in the session's table: its record, its loop, its announcer. Session loop only.</summary>
internal sealed class TorrentEntry(TorrentIdentity identity, TorrentRecord record, TorrentPort port)
{
    /// <summary>Null while a magnet link has no info dictionary.</summary>
    public TorrentMetainfo? Metainfo { get; private set; } = identity.Metainfo;

    /// <summary>The link it was added by; null when it was added by a .torrent.</summary>
    public MagnetLink? Magnet { get; } = identity.Magnet;

    public TorrentRecord Record { get; set; } = record;

    public TorrentPort Port { get; } = port;

    public SwarmLoop Loop => Port.Loop;

    /// <summary>The row as its loop last told it; null before it told one.</summary>
    public TorrentSnapshot? Row { get; private set; }

    /// <summary>The row with what the session adds; what the world sees.</summary>
    public TorrentSnapshot? Snapshot { get; private set; }

    /// <summary>What the session adds to the row.</summary>
    public RowMark Mark { get; private set; } = RowMark.Plain;

    /// <summary>The record as it was when the mark was made.</summary>
    public TorrentRecord? MarkedRecord { get; private set; }

    /// <summary>Its record is durable: it may run.</summary>
    public bool IsReady { get; set; }

    /// <summary>The queue lets it run: its loop was told to start.</summary>
    public bool IsLetRun { get; set; }

    /// <summary>The queue has decided of it since it was last told anything.</summary>
    public bool WasDecided { get; set; }

    /// <summary>The kind of slot it was given when it was let run; null when it holds none.</summary>
    public TorrentTurn? Turn { get; set; }

    /// <summary>When the sums of a seed were last put on record.</summary>
    public long KeptAtMs { get; set; }

    /// <summary>Slower than the limit for a minute.</summary>
    public bool IsSlow { get; set; }

    /// <summary>Slower than the limit at the last beat, and since when it has been as it is.</summary>
    public bool IsSlowNow { get; set; }

    public long SpeedSinceMs { get; set; }

    /// <summary>Payload sent as of the last beat, and when it last was more.</summary>
    public long LastSent { get; set; }

    public long LastSentMs { get; set; }

    /// <summary>Whoever waits for its files to be moved; null when nobody does.</summary>
    public TaskCompletionSource? MoveReply { get; set; }

    /// <summary>Its loop is the one that was made for the move.</summary>
    public bool IsRelocated { get; set; }

    /// <summary>Lets nothing more be told by the announcer, which may still have trackers to leave.</summary>
    public Action? SilenceAnnouncer { get; set; }

    public IAnnouncer? Announcer { get; set; }

    public bool IsActive { get; set; }

    /// <summary>BEP 27; of a magnet link not known yet, so not private.</summary>
    public bool IsPrivate => Metainfo?.IsPrivate ?? false;

    /// <summary>Announce URLs in force.</summary>
    public ImmutableArray<ImmutableArray<string>> Tiers => Record.Trackers ?? Metainfo?.Trackers ?? Magnet?.Tiers ?? [];

    /// <summary>The metadata is here: another loop owns the torrent from now on.</summary>
    public void Become(TorrentMetainfo metainfo, TorrentLoop loop)
    {
        Metainfo = metainfo;
        (Row, Snapshot) = (null, null);
        (IsActive, IsLetRun, WasDecided, Turn) = (false, false, false, null);
        Port.Replace(loop);
    }

    /// <summary>Its loop told another row.</summary>
    public void Take(TorrentSnapshot row)
    {
        Row = row;
        Show(row);
    }

    /// <summary>The session has something else to add. True when the row says something new.</summary>
    public bool Remark(RowMark mark)
    {
        MarkedRecord = Record;
        if (ReferenceEquals(mark, Mark) || mark == Mark)
        {
            return false;
        }

        Mark = mark;
        Port.Mark = mark;
        if (Row is { } row)
        {
            Show(row);
        }

        return true;
    }

    /// <summary>The user starts it, or it is to be told anew whatever it was told.</summary>
    public void Forget() => (IsLetRun, WasDecided) = (false, false);

    private void Show(TorrentSnapshot row)
    {
        Snapshot = Mark.Apply(row);
        Port.Publish(Snapshot);
    }

    /// <summary>Takes the part of the record that the torrent's loop owns.</summary>
    public void Merge(TorrentProgress progress) => Record = Record with
    {
        Have = progress.Have,
        PartialPieces = progress.PartialPieces,
        Fingerprints = progress.Fingerprints,
        IsInSharedRoot = progress.IsInSharedRoot,
        MovedFrom = progress.IsInSharedRoot ? null : Record.MovedFrom,
        IsCleanStop = progress.IsCleanStop,
        Downloaded = progress.Downloaded,
        Uploaded = progress.Uploaded,
        CompletedAt = progress.CompletedAt,
        SeedingTime = Port.SeedingTime,
        LastActivityAt = Port.LastActivityAt,
        WasChecked = true,
    };
}

/// <summary>Kinds of slots that the queue gives.</summary>
internal enum TorrentTurn
{
    /// <summary>One of the active downloads.</summary>
    Download,

    /// <summary>One of the active seeds.</summary>
    Seed,
}

/// <summary>What is known of a torrent: its metainfo, or a link that names it. One of the two, or both after the link's metadata came.</summary>
internal readonly record struct TorrentIdentity(TorrentMetainfo? Metainfo, MagnetLink? Magnet);
