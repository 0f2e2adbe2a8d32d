using System.Collections.Immutable;
using P2P.Engine.Primitives;
using P2P.Engine.Session;

namespace P2P.Engine.Persistence;

/// <summary>Everything a database holds whose checksum fits, and what is wrong with the rest.</summary>
internal sealed class DatabaseContent
{
    /// <summary>Records by infohash, each with the revision that wrote it.</summary>
    public Dictionary<InfoHash, (TorrentRecord Record, long Revision)> Torrents { get; } = [];

    /// <summary>Settings kept by the page; null when the document is missing or damaged.</summary>
    public ImmutableDictionary<string, string>? Settings { get; set; }

    /// <summary>The document about the database itself; null when it is missing or damaged.</summary>
    public StateMeta? Meta { get; set; }

    /// <summary>What does not verify, as the end of "the state database ..."; null when everything does.</summary>
    public string? Damage { get; set; }

    /// <summary>Nothing at all was found, not even damage: a file that LiteDB made and nobody wrote to.</summary>
    public bool IsBlank => Meta is null && Settings is null && Torrents.Count == 0;

    /// <summary>The highest revision seen.</summary>
    public long Revision => Math.Max(Meta?.Revision ?? 0, Torrents.Count == 0 ? 0 : Torrents.Values.Max(entry => entry.Revision));
}

/// <summary>The document about the database itself, written with every batch.</summary>
/// <param name="Revision">Number of the last batch.</param>
/// <param name="TorrentCount">How many torrent documents there are: a missing one is damage, not absence.</param>
/// <param name="IsCleanStop">The last process stopped cleanly.</param>
internal sealed record StateMeta(long Revision, int TorrentCount, bool IsCleanStop);
