namespace P2P.Engine;

/// <summary>What the session has come to: since it was first started, since this start, and what disk and network do now. Immutable.</summary>
public sealed record SessionStatistics
{
    /// <summary>Over all runs; a killed process loses a minute at most.</summary>
    public SessionTotals AllTime { get; init; } = new();

    /// <summary>Since this start.</summary>
    public SessionTotals SinceStart { get; init; } = new();

    /// <summary>The disk queue.</summary>
    public DiskStatistics Disk { get; init; } = new();

    /// <summary>Connections.</summary>
    public NetworkStatistics Network { get; init; } = new();
}

/// <summary>Sums over torrents, removed ones included.</summary>
public sealed record SessionTotals
{
    /// <summary>Payload bytes received.</summary>
    public long Downloaded { get; init; }

    /// <summary>Payload bytes sent.</summary>
    public long Uploaded { get; init; }

    /// <summary>Bytes received in vain.</summary>
    public long Wasted { get; init; }

    /// <summary>Pieces whose hash was wrong.</summary>
    public long FailedHashes { get; init; }

    /// <summary>Downloads that finished.</summary>
    public long FinishedDownloads { get; init; }

    /// <summary>Starts of the engine.</summary>
    public long Sessions { get; init; }

    /// <summary>Seconds the engine ran.</summary>
    public long SecondsRunning { get; init; }
}

/// <summary>What the disk queue does; counts since this start.</summary>
public sealed record DiskStatistics
{
    /// <summary>Jobs waiting or running.</summary>
    public int WaitingJobs { get; init; }

    /// <summary>How long the oldest of them has been there; zero when there is none.</summary>
    public TimeSpan OldestWait { get; init; }

    /// <summary>Bytes per second written.</summary>
    public long WriteRate { get; init; }

    /// <summary>Bytes per second read, checks included.</summary>
    public long ReadRate { get; init; }

    /// <summary>Bytes written.</summary>
    public long BytesWritten { get; init; }

    /// <summary>Bytes read, checks included.</summary>
    public long BytesRead { get; init; }
}

/// <summary>How connections came about; counts since this start.</summary>
public sealed record NetworkStatistics
{
    /// <summary>Connections of peers that came to us and shook hands.</summary>
    public long Incoming { get; init; }

    /// <summary>Connections that came to us and came to nothing: no room, an unknown torrent, a handshake that failed.</summary>
    public long IncomingRefused { get; init; }

    /// <summary>Connections we opened, hands shaken.</summary>
    public long Outgoing { get; init; }

    /// <summary>Dials that came to nothing.</summary>
    public long OutgoingFailed { get; init; }

    /// <summary>Connections open or being opened.</summary>
    public int Open { get; init; }

    /// <summary>The limit of those.</summary>
    public int MaxOpen { get; init; }
}
