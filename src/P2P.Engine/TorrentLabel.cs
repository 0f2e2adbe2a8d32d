namespace P2P.Engine;

/// <summary>A label torrents can carry, one each, with what it brings along. Immutable.</summary>
/// <param name="Name">1..60 printable characters, no line breaks; labels are told apart whatever the case.</param>
public sealed record TorrentLabel(string Name)
{
    /// <summary>Absolute folder where finished files of torrents added with it go; null for the shared folder.</summary>
    public string? SavePath { get; init; }

    /// <summary>Share limits of its torrents that have none of their own; null follows the session.</summary>
    public ShareLimits? ShareLimits { get; init; }
}

/// <summary>Where in the queue a torrent is put.</summary>
public enum QueueMove
{
    /// <summary>Before all others.</summary>
    Top,

    /// <summary>One place earlier.</summary>
    Up,

    /// <summary>One place later.</summary>
    Down,

    /// <summary>After all others.</summary>
    Bottom,
}
