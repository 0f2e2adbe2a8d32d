using System.Diagnostics.CodeAnalysis;
using P2P.Engine.Swarm;

namespace P2P.Engine.Session.History;

/// <summary>What torrents add to the sums between two beats, told as their counts of this run. Session loop only; no clock.</summary>
internal sealed class StatisticsKeeper
{
    private readonly Dictionary<SwarmLoop, TorrentCounts> _last = [];
    private SessionTotals _before = new();

    /// <summary>Sums of this run.</summary>
    public SessionTotals SinceStart { get; private set; } = new() { Sessions = 1 };

    /// <summary>Sums of all runs.</summary>
    public SessionTotals AllTime => new()
    {
        Downloaded = _before.Downloaded + SinceStart.Downloaded,
        Uploaded = _before.Uploaded + SinceStart.Uploaded,
        Wasted = _before.Wasted + SinceStart.Wasted,
        FailedHashes = _before.FailedHashes + SinceStart.FailedHashes,
        FinishedDownloads = _before.FinishedDownloads + SinceStart.FinishedDownloads,
        Sessions = _before.Sessions + SinceStart.Sessions,
        SecondsRunning = _before.SecondsRunning + SinceStart.SecondsRunning,
    };

    /// <summary>What earlier runs came to.</summary>
    public void Begin(SessionTotals before) => _before = before;

    /// <summary>A torrent's counts now; returns payload received and sent since the last time.</summary>
    public (long Downloaded, long Uploaded) Observe(SwarmLoop torrent, TorrentCounts now)
    {
        var last = _last.GetValueOrDefault(torrent);
        if (last == now)
        {
            return (0, 0);
        }

        _last[torrent] = now;
        var (down, up) = (Math.Max(0, now.Downloaded - last.Downloaded), Math.Max(0, now.Uploaded - last.Uploaded));
        SinceStart = SinceStart with
        {
            Downloaded = SinceStart.Downloaded + down,
            Uploaded = SinceStart.Uploaded + up,
            Wasted = SinceStart.Wasted + Math.Max(0, now.Wasted - last.Wasted),
            FailedHashes = SinceStart.FailedHashes + Math.Max(0, now.FailedHashes - last.FailedHashes),
        };
        return (down, up);
    }

    /// <summary>A torrent is gone; what it had added stays.</summary>
    public void Forget(SwarmLoop torrent) => _last.Remove(torrent);

    /// <summary>A download finished.</summary>
    public void OnFinished() => SinceStart = SinceStart with { FinishedDownloads = SinceStart.FinishedDownloads + 1 };

    /// <summary>The engine has run so long.</summary>
    public void OnRunning(TimeSpan time) => SinceStart = SinceStart with { SecondsRunning = (long)time.TotalSeconds };

    /// <summary>Sums as a frame: version 1, then seven numbers as <see cref="FieldWriter"/> writes them.</summary>
    public static byte[] Write(SessionTotals sums) => new FieldWriter().Byte(1)
        .Number(sums.Downloaded).Number(sums.Uploaded).Number(sums.Wasted).Number(sums.FailedHashes).Number(sums.FinishedDownloads)
        .Number(sums.Sessions).Number(sums.SecondsRunning).ToArray();

    /// <summary>False when the frame is not one of a version we know.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, [NotNullWhen(true)] out SessionTotals? sums)
    {
        var fields = new FieldReader(frame);
        var isKnown = fields.Byte() == 1;
        var read = new SessionTotals
        {
            Downloaded = fields.Number(),
            Uploaded = fields.Number(),
            Wasted = fields.Number(),
            FailedHashes = fields.Number(),
            FinishedDownloads = fields.Number(),
            Sessions = fields.Number(),
            SecondsRunning = fields.Number(),
        };
        sums = isKnown && fields.IsAtEnd ? read : null;
        return sums is not null;
    }
}

/// <summary>A torrent's counts in this run.</summary>
internal readonly record struct TorrentCounts(long Downloaded, long Uploaded, long Wasted, long FailedHashes);
