using System.Collections.Immutable;
using System.Text;
using P2P.Engine.Metainfo;
using P2P.Engine.Primitives;

namespace P2P.Engine.Session;

/// <summary>Which torrents of the last run can be loaded, and of the others why not. Pure; records and files stay as they are.</summary>
/// <param name="Torrents">What goes into the table.</param>
/// <param name="Refusals">What does not, with a sentence each.</param>
/// <param name="Notice">What the user is told of the start as a whole; null when all is well.</param>
internal sealed record LoadPlan(
    ImmutableArray<(TorrentIdentity Identity, TorrentRecord Record)> Torrents, ImmutableArray<(InfoHash InfoHash, string Reason)> Refusals, string? Notice)
{
    // A notice is read by a person: a few names, then a number.
    private const int MaxNamed = 3;

    private const string Remedy = "add the right .torrent again, and what is on disk is checked and kept.";

    /// <summary>Looks at everything that the store found.</summary>
    public static LoadPlan Make(LoadedSession session)
    {
        var torrents = ImmutableArray.CreateBuilder<(TorrentIdentity, TorrentRecord)>();
        var refusals = ImmutableArray.CreateBuilder<(InfoHash, string)>();
        var sentences = new List<string>();
        foreach (var (record, file) in session.Torrents)
        {
            var (identity, reason) = Read(record, file);
            if (identity is { } known)
            {
                torrents.Add((known, record));
                continue;
            }

            refusals.Add((record.InfoHash, reason));
            sentences.Add($"{(record.Name.Length > 0 ? record.Name : record.InfoHash)} was not loaded: {reason}");
        }

        if (sentences.Count > MaxNamed)
        {
            var more = sentences.Count - MaxNamed;
            sentences.RemoveRange(MaxNamed, more);
            sentences.Add($"{more} more were not loaded; the log names them.");
        }

        var notice = string.Join(' ', sentences.Prepend(session.RecoveryNotice).OfType<string>());
        return new LoadPlan(torrents.DrainToImmutable(), refusals.DrainToImmutable(), notice.Length > 0 ? notice : null);
    }

    private static (TorrentIdentity? Identity, string Reason) Read(TorrentRecord record, byte[] file)
    {
        if (file.Length == 0)
        {
            return (null, $"its .torrent is missing or cannot be read; {Remedy}");
        }

        try
        {
            if (file.AsSpan().StartsWith("magnet:"u8))
            {
                var magnet = MagnetLink.Parse(Encoding.UTF8.GetString(file));
                return magnet.InfoHash == record.InfoHash
                    ? (new TorrentIdentity(null, magnet), "")
                    : (null, $"the magnet link kept for it names another torrent ({magnet.InfoHash}); {Remedy}");
            }

            // A record claims pieces of its own torrent: of another one's content the claims would be false (row S08).
            var metainfo = MetainfoReader.Read(file);
            return metainfo.InfoHash == record.InfoHash
                ? (new TorrentIdentity(metainfo, null), "")
                : (null, $"the .torrent kept for it is another torrent's ({metainfo.InfoHash}); {Remedy}");
        }
        catch (MetainfoException exception)
        {
            return (null, exception.Message);
        }
    }
}
