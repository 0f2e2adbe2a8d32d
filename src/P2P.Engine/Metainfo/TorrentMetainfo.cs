using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine.Metainfo;

/// <summary>What a .torrent says, checked and sanitised. Immutable.</summary>
/// <remarks>Source: BEP 3, 12, 19, 27, 47, 52. Made by <c>MetainfoReader</c> only.</remarks>
internal sealed record TorrentMetainfo
{
    /// <summary>SHA-1 of the exact bytes of the info dictionary; for a v2-only torrent its truncated SHA-256.</summary>
    public required InfoHash InfoHash { get; init; }

    /// <summary>32 bytes of SHA-256 of the info dictionary when it is v2 or hybrid; else null.</summary>
    public ReadOnlyMemory<byte>? InfoHashV2 { get; init; }

    /// <summary>The exact bytes of the info dictionary, as read.</summary>
    public required ReadOnlyMemory<byte> InfoBytes { get; init; }

    /// <summary>Can it be transferred as v1 (v1 or hybrid)? False for v2-only, which is read but not transferred yet.</summary>
    public required bool HasV1 { get; init; }

    /// <summary>Sanitised name: the file's, or the folder's of a multi-file torrent.</summary>
    public required string Name { get; init; }

    /// <summary>Pieces and blocks: contiguous for v1 and hybrid, file-aligned for v2-only.</summary>
    public required PieceGeometry Geometry { get; init; }

    /// <summary>20 bytes of SHA-1 for every piece; empty for v2-only.</summary>
    public required ReadOnlyMemory<byte> PieceHashes { get; init; }

    /// <summary>All files in order, pads included, paths sanitised and unique.</summary>
    public required ImmutableArray<MetainfoFile> Files { get; init; }

    /// <summary>v2 and hybrid: 32 bytes of SHA-256 for every piece of a file, by position in <see cref="Files"/>; empty entries for files of at
    /// most one piece (their root is the piece's hash) and for pads. No entries at all for v1.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> PieceLayers { get; init; } = [];

    /// <summary>BEP 27.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Announce URLs by tier (BEP 12), unusable ones dropped; at most 1,000 in all.</summary>
    public ImmutableArray<ImmutableArray<string>> Trackers { get; init; } = [];

    /// <summary>Web seeds (BEP 19), kept for later; at most 100.</summary>
    public ImmutableArray<string> WebSeeds { get; init; } = [];

    /// <summary>DHT nodes (BEP 5, "nodes"): addresses only, names are never resolved on a stranger's word; at most 50.</summary>
    public ImmutableArray<PeerEndpoint> Nodes { get; init; } = [];

    /// <summary>Free text, at most 4,096 characters.</summary>
    public string? Comment { get; init; }

    /// <summary>Free text, at most 4,096 characters.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When it was made; null when absent or absurd.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>What was changed or ignored while reading, as sentences for the user.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <summary>Bytes of all files, pads left out.</summary>
    public long PayloadLength => Files.Where(file => !file.IsPad).Sum(file => file.Length);
}

/// <summary>One file of a torrent.</summary>
/// <param name="Path">Sanitised, unique, '/'-separated, relative to the save folder; includes the torrent's folder for multi-file torrents. A pad's is a label.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Offset">Offset in the concatenation of all files (pads included), bytes.</param>
/// <param name="IsPad">A pad file (BEP 47): zeros, never on disk.</param>
/// <param name="PiecesRoot">32 bytes of the v2 Merkle root; null for v1 or empty files.</param>
internal sealed record MetainfoFile(string Path, long Length, long Offset, bool IsPad, ReadOnlyMemory<byte>? PiecesRoot = null);
