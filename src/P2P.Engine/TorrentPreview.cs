using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>A look inside a .torrent before it is added.</summary>
/// <param name="InfoHash">Its name in the network.</param>
/// <param name="Name">Sanitised name.</param>
/// <param name="Size">Bytes of all files, pads left out.</param>
/// <param name="PieceLength">Bytes per piece.</param>
/// <param name="PieceCount">Number of pieces.</param>
/// <param name="IsPrivate">BEP 27.</param>
/// <param name="Comment">At most 4,096 characters, as text.</param>
/// <param name="CreatedBy">Program that made it.</param>
/// <param name="CreatedAt">When, if it says and the date is sane.</param>
/// <param name="Files">Files without pads, in order.</param>
/// <param name="Trackers">Tiers of announce URLs.</param>
/// <param name="IsPresent">The session holds this torrent already.</param>
/// <param name="Warnings">What was changed or ignored, as sentences.</param>
public sealed record TorrentPreview(
    InfoHash InfoHash, string Name, long Size, int PieceLength, int PieceCount, bool IsPrivate, string? Comment, string? CreatedBy,
    DateTimeOffset? CreatedAt, ImmutableArray<PreviewFile> Files, ImmutableArray<ImmutableArray<string>> Trackers, bool IsPresent,
    ImmutableArray<string> Warnings);

/// <summary>One file of a preview.</summary>
/// <param name="Index">Position for priorities (counts every file of the torrent but pads).</param>
/// <param name="Path">Relative, '/'-separated, sanitised.</param>
/// <param name="Length">Bytes.</param>
public sealed record PreviewFile(int Index, string Path, long Length);
