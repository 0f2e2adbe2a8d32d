namespace P2P.Engine.Metainfo;

/// <summary>A .torrent that cannot be used; the only exception <see cref="MetainfoReader"/> throws.</summary>
/// <param name="code">Stable: torrent.*, path.* or bencode.*.</param>
/// <param name="message">One sentence for the user: what is wrong and what to do.</param>
/// <param name="offset">Where in the file, in bytes, when one place is to blame.</param>
internal sealed class MetainfoException(string code, string message, long? offset = null) : Exception(message)
{
    /// <summary>Stable: torrent.*, path.* or bencode.*.</summary>
    public string Code { get; } = code;

    /// <summary>Where in the file, in bytes, when one place is to blame.</summary>
    public long? Offset { get; } = offset;
}
