using System.Collections.Immutable;

namespace P2P.Engine;

/// <summary>A torrent to add: the bytes of a .torrent file or a magnet link, and how to treat it.</summary>
public sealed record AddTorrentRequest
{
    /// <summary>The .torrent file, at most 64 MiB; empty when <see cref="Magnet"/> is given.</summary>
    public ReadOnlyMemory<byte> TorrentFile { get; init; }

    /// <summary>A magnet link (BEP 9) or an infohash of 40 hex or 32 base32 digits; null when <see cref="TorrentFile"/> is given.</summary>
    public string? Magnet { get; init; }

    /// <summary>Of a magnet link: fetch the metadata, then wait, stopped, until the user chose the files and starts it.</summary>
    public bool ChooseFiles { get; init; }

    /// <summary>Absolute folder where the finished files go; null for the default shared folder.</summary>
    public string? SavePath { get; init; }

    /// <summary>Its label; one of the session's, or null. Without a <see cref="SavePath"/> the label's is used.</summary>
    public string? Label { get; init; }

    /// <summary>Start at once; false adds it stopped.</summary>
    public bool Start { get; init; } = true;

    /// <summary>Ask for pieces in order instead of rarest first.</summary>
    public bool Sequential { get; init; }

    /// <summary>Priority per file, in the order of the torrent; empty for all normal.</summary>
    public ImmutableArray<FilePriority> FilePriorities { get; init; } = [];
}

/// <summary>How much a file is wanted.</summary>
public enum FilePriority
{
    /// <summary>Not wanted: never downloaded but for pieces shared with wanted files.</summary>
    Skip = 0,

    /// <summary>After the others.</summary>
    Low = 1,

    /// <summary>The default.</summary>
    Normal = 2,

    /// <summary>Before the others.</summary>
    High = 3,
}
