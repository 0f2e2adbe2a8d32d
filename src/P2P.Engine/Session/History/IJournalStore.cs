using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine.Session.History;

/// <summary>Bounded logs beside the database: worth keeping over a restart, never worth waiting for. Thread-safe.</summary>
/// <remarks>
/// Frames are kept in the order of the calls. The device is not waited for: a kill of the process loses nothing that was appended, a power cut
/// the last ones. What cannot be written or read is logged and left out, never an error to the caller.
/// </remarks>
internal interface IJournalStore
{
    /// <summary>Appends frames, oldest first; when there are many more than may be kept, the oldest go.</summary>
    Task AppendAsync(JournalName name, ImmutableArray<byte[]> frames);

    /// <summary>The newest frames, oldest first, at most as many as are kept; empty when there are none.</summary>
    Task<ImmutableArray<byte[]>> ReadAsync(JournalName name);
}

/// <summary>One log: its file's name, and how many frames are kept.</summary>
/// <param name="File">Name in the folder of histories; no path.</param>
/// <param name="Keep">Newest frames that are kept, at least.</param>
internal readonly record struct JournalName(string File, int Keep)
{
    /// <summary>Most bytes of one frame.</summary>
    public const int MaxFrame = 64 * 1024;

    /// <summary>Ends the name of a torrent's rounds.</summary>
    public const string RoundsSuffix = ".rounds";

    /// <summary>16.7 hours of rounds at the default interval of 30 s.</summary>
    private const int KeptRounds = 2_000;

    /// <summary>Sums of all runs: the newest frame is what counts.</summary>
    public static JournalName Statistics => new("session.sums", 1);

    /// <summary>Coarse rates of the session: the newest frame is what counts.</summary>
    public static JournalName Rates => new("session.rates", 1);

    /// <summary>Events of all torrents and of the session.</summary>
    public static JournalName Events => new("events.log", 2_000);

    /// <summary>A torrent's choke rounds.</summary>
    public static JournalName Rounds(InfoHash infoHash) => new(infoHash + RoundsSuffix, KeptRounds);
}
