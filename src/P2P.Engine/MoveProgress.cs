namespace P2P.Engine;

/// <summary>How far the files of a torrent are on their way to another folder. Immutable.</summary>
/// <param name="To">Absolute folder they go to.</param>
/// <param name="MovedBytes">Bytes there already.</param>
/// <param name="TotalBytes">Bytes to move.</param>
public sealed record MoveProgress(string To, long MovedBytes, long TotalBytes);
