using P2P.Engine;
using P2P.Engine.Primitives;

namespace P2P.Blazor.Api;

/// <summary>One torrent in a list.</summary>
/// <param name="InfoHash">Its name in the network, 40 hex digits.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Progress">0..1 of the wanted bytes; while checking, of the pieces checked.</param>
/// <param name="Size">Bytes of all files.</param>
/// <param name="Downloaded">Payload bytes received, all runs.</param>
/// <param name="Uploaded">Payload bytes sent, all runs.</param>
/// <param name="DownloadRate">Payload bytes per second in.</param>
/// <param name="UploadRate">Payload bytes per second out.</param>
/// <param name="ConnectedPeers">Connected peers.</param>
/// <param name="Seeds">Connected peers that have everything.</param>
/// <param name="EtaSeconds">Seconds until done at this rate; null when unknown.</param>
/// <param name="Error">Why it cannot go on, in one sentence; null when it can.</param>
internal record TorrentSummary(
    InfoHash InfoHash, string Name, TorrentState State, double Progress, long Size, long Downloaded, long Uploaded, long DownloadRate,
    long UploadRate, int ConnectedPeers, int Seeds, long? EtaSeconds, string? Error)
{
    /// <summary>From the engine's row.</summary>
    public static TorrentSummary Of(TorrentSnapshot row) => new(
        row.InfoHash, row.Name, row.State, row.Progress, row.Size, row.Downloaded, row.Uploaded, row.DownloadRate, row.UploadRate,
        row.ConnectedPeers, row.Seeds, row.EtaSeconds, row.Error);
}

/// <summary>One torrent with everything its row holds: the summary's members first.</summary>
internal sealed record TorrentView : TorrentSummary
{
    private TorrentView(TorrentSummary summary)
        : base(summary)
    {
    }

    /// <summary>Stable code of the error; null when there is none.</summary>
    public string? ErrorCode { get; private init; }

    /// <summary>What it is doing and why, in one sentence.</summary>
    public string Reason { get; private init; } = "";

    /// <summary>The same as data, to be worded in another language: code, values, and which button helps.</summary>
    public Diagnosis Diagnosis { get; private init; } = Diagnosis.Unknown;

    /// <summary>Bytes of the wanted files.</summary>
    public long WantedSize { get; private init; }

    /// <summary>Verified bytes on disk.</summary>
    public long HaveBytes { get; private init; }

    /// <summary>Bytes received in vain.</summary>
    public long Wasted { get; private init; }

    /// <summary>Uploaded / downloaded.</summary>
    public double Ratio { get; private init; }

    /// <summary>Endpoints known.</summary>
    public int KnownPeers { get; private init; }

    /// <summary>Peers that let us download.</summary>
    public int UnchokingUs { get; private init; }

    /// <summary>Peers we let download.</summary>
    public int Unchoked { get; private init; }

    /// <summary>Copies of the rarest piece among connected peers; null when unknown.</summary>
    public double? Availability { get; private init; }

    /// <summary>Number of pieces.</summary>
    public int PieceCount { get; private init; }

    /// <summary>Bytes per piece.</summary>
    public int PieceLength { get; private init; }

    /// <summary>Verified pieces.</summary>
    public int HavePieces { get; private init; }

    /// <summary>Pieces are asked for in order.</summary>
    public bool Sequential { get; private init; }

    /// <summary>Its own strict switch; null follows the session.</summary>
    public bool? StrictTitForTat { get; private init; }

    /// <summary>Its label; null when it has none.</summary>
    public string? Label { get; private init; }

    /// <summary>Place in the queue from 1.</summary>
    public int QueuePosition { get; private init; }

    /// <summary>Runs whatever the queue says.</summary>
    public bool Forced { get; private init; }

    /// <summary>Its own limits, bytes per second; 0 = none.</summary>
    public long MaxDownloadRate { get; private init; }

    /// <summary>As <see cref="MaxDownloadRate"/>.</summary>
    public long MaxUploadRate { get; private init; }

    /// <summary>Its own share limits; null follows its label, then the session.</summary>
    public ShareLimits? ShareLimits { get; private init; }

    /// <summary>Only its own trackers may name peers (BEP 27).</summary>
    public bool IsPrivate { get; private init; }

    /// <summary>Absolute folder of the files now.</summary>
    public string SavePath { get; private init; } = "";

    /// <summary>When it was added, UTC.</summary>
    public DateTimeOffset AddedAt { get; private init; }

    /// <summary>When it finished, UTC; null before.</summary>
    public DateTimeOffset? CompletedAt { get; private init; }

    /// <summary>From the engine's row, all of it.</summary>
    public static new TorrentView Of(TorrentSnapshot row) => new(TorrentSummary.Of(row))
    {
        ErrorCode = row.ErrorCode,
        Reason = row.Reason,
        Diagnosis = row.Diagnosis,
        WantedSize = row.WantedSize,
        HaveBytes = row.HaveBytes,
        Wasted = row.Wasted,
        Ratio = double.IsFinite(row.Ratio) ? row.Ratio : 0,
        KnownPeers = row.KnownPeers,
        UnchokingUs = row.UnchokingUs,
        Unchoked = row.Unchoked,
        Availability = row.Availability >= 0 && double.IsFinite(row.Availability) ? row.Availability : null,
        PieceCount = row.PieceCount,
        PieceLength = row.PieceLength,
        HavePieces = row.HavePieces,
        Sequential = row.IsSequential,
        StrictTitForTat = row.StrictTitForTat,
        Label = row.Label,
        QueuePosition = row.QueuePosition,
        Forced = row.IsForced,
        MaxDownloadRate = row.MaxDownloadRate,
        MaxUploadRate = row.MaxUploadRate,
        ShareLimits = row.ShareLimits,
        IsPrivate = row.IsPrivate,
        SavePath = row.SavePath,
        AddedAt = row.AddedAt,
        CompletedAt = row.CompletedAt,
    };
}
