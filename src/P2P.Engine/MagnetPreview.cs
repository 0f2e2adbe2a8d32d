using System.Collections.Immutable;
using P2P.Engine.Primitives;

namespace P2P.Engine;

/// <summary>What a magnet link says, without asking anybody.</summary>
/// <param name="InfoHash">The torrent it names.</param>
/// <param name="Name">Sanitised display name; null when it tells none.</param>
/// <param name="Trackers">Announce URLs, unusable ones dropped.</param>
/// <param name="Peers">Peers it names.</param>
/// <param name="IsKnown">The torrent is here already.</param>
/// <param name="Warnings">What was ignored, as sentences.</param>
public sealed record MagnetPreview(
    InfoHash InfoHash, string? Name, ImmutableArray<string> Trackers, int Peers, bool IsKnown, ImmutableArray<string> Warnings);
