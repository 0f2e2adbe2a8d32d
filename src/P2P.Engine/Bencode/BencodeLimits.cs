namespace P2P.Engine.Bencode;

/// <summary>How much a stranger's bencoding may ask of us.</summary>
/// <param name="MaxDepth">Lists and dictionaries open at once.</param>
/// <param name="MaxTokens">Values in all: numbers, strings (keys too), lists and dictionaries.</param>
internal sealed record BencodeLimits(int MaxDepth, int MaxTokens)
{
    /// <summary>For .torrent files and metadata: a file list of 500,000 entries fits.</summary>
    public static BencodeLimits File { get; } = new(100, 5_000_000);

    /// <summary>For datagrams of the DHT: at most 1,500 bytes, so a thousand values would be nearly nothing else.</summary>
    public static BencodeLimits Dht { get; } = new(16, 1_000);

    /// <summary>For messages of peers and answers of trackers.</summary>
    public static BencodeLimits Wire { get; } = new(16, 20_000);
}
