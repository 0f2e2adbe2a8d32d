namespace P2P.Engine;

/// <summary>The one exception the public API throws on purpose: a stable code and one sentence for the user.</summary>
public sealed class TorrentEngineException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Stable: bencode.*, torrent.*, path.*, torrent.duplicate, torrent.not_found, net.port_in_use, state.locked, settings.invalid, disk.*, ...</summary>
    public string Code { get; } = code;

    /// <summary>Byte offset in the input where it went wrong, for parse errors.</summary>
    public long? Offset { get; init; }
}
