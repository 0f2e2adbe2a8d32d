using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>A torrent to make from a file or a folder on this machine (v1; hybrid and v2 come later).</summary>
public sealed record CreateTorrentRequest
{
    /// <summary>Absolute path of a file or a folder.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes per piece, a power of two from 16 KiB to 64 MiB; null to have it chosen by the size of the content.</summary>
    public int? PieceLength { get; init; }

    /// <summary>Announce URLs by tier (BEP 12); empty for none.</summary>
    public ImmutableArray<ImmutableArray<string>> Trackers { get; init; } = [];

    /// <summary>Web seeds (BEP 19).</summary>
    public ImmutableArray<string> WebSeeds { get; init; } = [];

    /// <summary>BEP 27: peers by its trackers only.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Free text; null for none.</summary>
    public string? Comment { get; init; }

    /// <summary>Mark of the site it is for, inside the info dictionary: makes the infohash its own; null for none.</summary>
    public string? Source { get; init; }

    /// <summary>Seed at once; false adds it stopped.</summary>
    public bool Start { get; init; } = true;
}

/// <summary>What the making of a torrent is doing.</summary>
public enum TorrentCreationState
{
    /// <summary>Listing and hashing files.</summary>
    Hashing,

    /// <summary>Made; added and seeding if that was asked.</summary>
    Done,

    /// <summary>Could not be made; see the error.</summary>
    Failed,

    /// <summary>Given up by the user.</summary>
    Cancelled,
}

/// <summary>Progress of the making of a torrent. Immutable.</summary>
public sealed record TorrentCreationSnapshot
{
    /// <summary>Its name while this process lives.</summary>
    public required string Id { get; init; }

    /// <summary>The file or folder.</summary>
    public required string Path { get; init; }

    /// <summary>What it is doing.</summary>
    public required TorrentCreationState State { get; init; }

    /// <summary>Bytes hashed.</summary>
    public long HashedBytes { get; init; }

    /// <summary>Bytes in all; 0 while files are listed.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Files in all.</summary>
    public int Files { get; init; }

    /// <summary>Bytes per piece; 0 until chosen.</summary>
    public int PieceLength { get; init; }

    /// <summary>Pieces; 0 until known.</summary>
    public int PieceCount { get; init; }

    /// <summary>What was left out (hidden files, links), as sentences.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <summary>Why it failed, one sentence that says what to do; null otherwise.</summary>
    public string? Error { get; init; }

    /// <summary>Stable code of the error.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The torrent made; null until done.</summary>
    public InfoHash? InfoHash { get; init; }
}

/// <summary>What the making of a torrent would come to, without hashing.</summary>
/// <param name="Files">Files that would be in it.</param>
/// <param name="TotalBytes">Bytes of these.</param>
/// <param name="PieceLength">Bytes per piece as chosen or given.</param>
/// <param name="PieceCount">Pieces.</param>
/// <param name="TorrentBytes">About how long the .torrent would be.</param>
/// <param name="Warnings">What would be left out, as sentences.</param>
public sealed record CreationPreview(int Files, long TotalBytes, int PieceLength, int PieceCount, long TorrentBytes, ImmutableArray<string> Warnings);
