using System.Collections.Immutable;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session;

/// <summary>What the session adds to the row of a torrent: its label, its place, its limits, and that it waits. Immutable; equal by content.</summary>
internal sealed record RowMark
{
    /// <summary>Adds nothing.</summary>
    public static readonly RowMark Plain = new();

    public string? Label { get; init; }

    public int QueuePosition { get; init; }

    public bool IsForced { get; init; }

    public long MaxDownloadRate { get; init; }

    public long MaxUploadRate { get; init; }

    public ShareLimits? ShareLimits { get; init; }

    /// <summary>The share limits that hold for it.</summary>
    public ShareLimits InForce { get; init; } = ShareLimits.None;

    /// <summary>It waits for its turn: place, running, slots; null when it does not.</summary>
    public (int Place, int Running, int Slots)? Waiting { get; init; }

    /// <summary>The share limit it was stopped by; null when it was not.</summary>
    public string? LimitReached { get; init; }

    /// <summary>Its name in the list; null for its own.</summary>
    public string? Name { get; init; }

    /// <summary>The row with all this.</summary>
    public TorrentSnapshot Apply(TorrentSnapshot row)
    {
        var marked = row with
        {
            Name = Name ?? row.Name,
            Label = Label,
            QueuePosition = QueuePosition,
            IsForced = IsForced,
            MaxDownloadRate = MaxDownloadRate,
            MaxUploadRate = MaxUploadRate,
            ShareLimits = ShareLimits,
        };
        var diagnosis = row.State != TorrentState.Stopped ? null
            : Waiting is { } wait ? DiagnosisTable.Queue(wait.Place, wait.Running, wait.Slots)
            : LimitReached is { } limit ? DiagnosisTable.GivenEnough(limit)
            : null;
        return diagnosis is null ? marked : marked with
        {
            State = Waiting is null ? TorrentState.Stopped : TorrentState.Queued,
            Reason = diagnosis.Sentence,
            Diagnosis = diagnosis,
        };
    }
}
